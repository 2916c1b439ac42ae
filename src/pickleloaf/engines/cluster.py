"""The face of `pickleloaf.Cluster` on an engine: the same promises and refs, so the same program.

A promise is a number and a runtime that knows about it (see tasks/promise). Here the runtime is `EngineCluster`, and
a number stands for a future or a ref of an `Executor`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any, NoReturn, Self

from pickleloaf.engines.executor import EngineRef, Executor, Task, TaskFuture
from pickleloaf.engines.payload import Payload
from pickleloaf.errors import EngineError
from pickleloaf.tasks.promise import RUNTIMES, Handle, Promise, Taken, when_all, when_any
from pickleloaf.tasks.refs import Ref

__all__ = ["EngineCluster"]


class EngineCluster:
    """Tasks, promises and refs on an engine, as in `pickleloaf.Cluster`."""

    def __init__(self, executor: Executor) -> None:
        """Use an executor, which `close` shuts down."""
        self._executor = executor
        self._numbers = itertools.count(1)
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

    def task(self, f: Any, /, *args: Any, to: Any = None, retries: int = 0, **kwargs: Any) -> Promise:
        """Let a worker call a function; return a promise of what it returns. See `Cluster.task`.

        Raises:
            EncodeError: a part of function or arguments cannot travel.
            EngineError: there is no such worker, or this engine cannot choose one; a timeout was set.
        """
        return self.submit((f, args, kwargs), to=to, retries=retries, timeout=kwargs.pop("timeout", None))

    def submit(
        self,
        call: tuple[Any, tuple[Any, ...], dict[str, Any]],
        *,
        to: Any = None,
        retries: int = 0,
        timeout: float | None = None,
    ) -> Promise:
        """Let a call be made; see `task`."""
        if timeout is not None:
            self._refuse("end a task after a time")
        f, args, kwargs = call
        future = self._executor.task(
            self._value(f),
            *map(self._value, args),
            to=None if to is None else str(to),
            retries=retries,
            **{key: self._value(each) for key, each in kwargs.items()},
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
        self._refuse("share memory that can be written")

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
        values = [self._values[ident] for ident in idents]
        if not first:
            return Promise(self, self._number(self._executor.submit(_listed, *values)))
        won = TaskFuture(self._executor, Task("when_any", Payload(b""), [], None), 0)
        for each in values:
            each.add_done_callback(lambda done: _first(won, done))
        return Promise(self, self._number(won))

    def fetch(self, ident: int, *, copy: bool = False) -> Future[Any]:
        """Return a future of a value."""
        value = self._values[ident]
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
        self._values[ident].cancel()

    def _number(self, value: Any) -> int:
        ident = next(self._numbers)
        self._values[ident] = value
        return ident

    def _value(self, obj: Any) -> Any:
        """Return the executor's own for what stands for a value."""
        if isinstance(obj, Taken):
            return self._values[int(obj)]
        if isinstance(obj, Promise):
            self._refuse("hand a promise to a task as a promise; hand over its value with then or when_all")
        if isinstance(obj, Handle):
            if obj._runtime is not self:
                raise EngineError(f"a {type(obj).__name__} of another cluster; get its value first")
            return self._values[obj.ident]
        return obj

    def _refuse(self, what: str) -> NoReturn:
        raise EngineError(f"on an engine ({self._executor.engine.name}), pickleloaf cannot {what}")


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
