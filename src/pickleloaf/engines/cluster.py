"""The face of `pickleloaf.Cluster` on an engine: the same promises and refs, so the same program.

A promise is a number and a runtime that knows about it (see tasks/promise). Here the runtime is `EngineCluster`, and
a number stands for a future or a ref of an `Executor`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any, NoReturn, Self

from pickleloaf.engines.executor import Executor
from pickleloaf.engines.payload import Payload
from pickleloaf.engines.values import EngineRef, Task, TaskFuture
from pickleloaf.errors import EngineError
from pickleloaf.tasks.promise import RUNTIMES, Promise, Taken, when_all, when_any
from pickleloaf.tasks.refs import Ref

__all__ = ["EngineCluster"]


class EngineCluster:
    """Tasks, promises and refs on an engine, as in `pickleloaf.Cluster`."""

    def __init__(self, executor: Executor) -> None:
        """Use an executor, which `close` shuts down."""
        self._executor = executor
        self._values: dict[int, Any] = {}
        RUNTIMES.append(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Wait for what runs, and leave the engine."""
        if self in RUNTIMES:
            RUNTIMES.remove(self)
        self._executor.shutdown()

    @property
    def workers(self) -> list[str]:
        """Names of the workers.

        Raises:
            EngineError: this engine has none.
        """
        return list(self._executor.workers)

    def task(
        self,
        f: Any,
        /,
        *args: Any,
        to: Any = None,
        retries: int = 0,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> Promise:
        """Let a worker call a function; return a promise of what it returns. See `Cluster.task`.

        Raises:
            EncodeError: a part of function or arguments cannot travel.
            EngineError: there is no such worker, or this engine cannot choose one.
        """
        return self.submit((f, args, kwargs), to=to, retries=retries, timeout=timeout)

    def submit(
        self,
        call: tuple[Any, tuple[Any, ...], dict[str, Any]],
        *,
        to: Any = None,
        retries: int = 0,
        timeout: float | None = None,
    ) -> Promise:
        """Let a call be made; see `task`."""
        f, args, kwargs = call
        future = self._executor.call(
            self._value(f),
            tuple(map(self._value, args)),
            {key: self._value(each) for key, each in kwargs.items()},
            to=None if to is None else str(to),
            retries=retries,
            timeout_s=timeout,
            known=self.known,
        )
        return Promise(self, self._number(future))

    def put(self, obj: Any) -> Ref:
        """Keep an object at the engine; return a ref to it.

        Raises:
            EncodeError: a part of it cannot travel.
        """
        return Ref(self, self._number(self._executor.put(obj)))

    def alloc(self, nbytes: int) -> NoReturn:
        """Refuse: memory that every task may write is there on one machine only.

        Raises:
            EngineError: always.
        """
        raise self._executor.engine.refusal("alloc")

    def statistics(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse, as `profile` and `watch` do: an engine has its own dashboard.

        Raises:
            EngineError: always.
        """
        raise self._executor.engine.refusal("seen")

    profile = watch = statistics

    def when_all(self, promises: Iterable[Promise]) -> Promise:
        """See `pickleloaf.when_all`."""
        promises = list(promises)
        return when_all(promises) if promises else self.combine((), first=False)

    def when_any(self, promises: Iterable[Promise]) -> Promise:
        """See `pickleloaf.when_any`."""
        return when_any(promises)

    # -- what promises and refs ask for ------------------------------------------------------------------

    def combine(self, idents: tuple[int, ...], *, first: bool) -> Promise:
        """Return a promise of several values, put together by a worker, or of the first that is there."""
        values = [self.known(ident) for ident in idents]
        if not first:
            return Promise(self, self._number(self._executor.submit(_listed, *values)))
        won = TaskFuture(self._executor, Task("when_any", Payload(b""), [], None), 0)
        for each in values:
            each.add_done_callback(lambda done: _first(won, done))
        return Promise(self, self._number(won))

    def fetch(self, ident: int, *, copy: bool = False) -> Future[Any]:
        """Return a future of a value."""
        value = self.known(ident)
        if isinstance(value, EngineRef):
            return self._executor.submit(_itself, value)
        return value  # type: ignore[no-any-return]

    fetch_stored = fetch

    def wait(self, future: Future[Any], timeout_s: float | None) -> Any:
        """Block until a future is done, and return what it holds."""
        return future.result(timeout_s)

    def hold(self, ident: int) -> None:
        """Count a handle that came out of a pickle; none does, since handles do not travel here."""

    def drop(self, ident: int) -> None:
        """Forget a value: its only handle is gone."""
        self._values.pop(ident, None)

    def cancel(self, ident: int) -> None:
        """Take a task back."""
        self.known(ident).cancel()

    def known(self, ident: int) -> Any:
        """Return what the executor has for a number.

        Raises:
            EngineError: it is none of this cluster's.
        """
        try:
            return self._values[ident]
        except KeyError:
            raise EngineError("a promise or ref of another cluster; get its value first") from None

    def _number(self, value: Any) -> int:
        ident = next(_NUMBERS)
        self._values[ident] = value
        return ident

    def _value(self, obj: Any) -> Any:
        """Return the executor's own for what stands for a value."""
        if isinstance(obj, Taken):
            return self.known(int(obj))
        return self.known(obj.ident) if isinstance(obj, Ref) else obj


#: Of promises and refs on engines; above those of local clusters, with which they must not be confused.
_NUMBERS = itertools.count(1 << 62)


def _listed(*values: Any) -> list[Any]:
    return list(values)


def _itself(value: Any) -> Any:
    return value


def _first(won: TaskFuture, done: Future[Any]) -> None:
    """Let the first future that is done decide."""
    if won.done():
        return
    if done.cancelled():
        won.cancel()
    elif done.exception() is not None:
        won.set_exception(done.exception())
    else:
        won.set_result(done.result())
