"""Promises: what a task will have returned. They can be awaited, waited for, chained and passed on.

A promise is a handle: the number of a value, and the runtime (a cluster in the driver, the worker in a
task) that knows about it. Handles are counted; a value is forgotten with the last one anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING, Any, Protocol, Self

from pickleloaf.errors import DecodeError, EncodeError
from pickleloaf.tasks.parcels import MENTIONS
from pickleloaf.wire import verb

if TYPE_CHECKING:
    from concurrent.futures import Future

__all__ = ["Handle", "Promise", "Runtime", "Taken", "current", "rebuild_promise", "when_all", "when_any"]


class Runtime(Protocol):
    """What a handle asks of the process that it is in."""

    def submit(
        self,
        call: tuple[Any, tuple[Any, ...], dict[str, Any]],
        *,
        to: Any = None,
        retries: int = 0,
        timeout: float | None = None,
    ) -> Promise:
        """Let a function be called."""

    def fetch(self, ident: int) -> Future[Any]:
        """Return a future of a value."""

    def wait(self, future: Future[Any], timeout_s: float | None) -> Any:
        """Block until a future is done, and return what it holds."""

    def combine(self, idents: tuple[int, ...], *, first: bool) -> Promise:
        """Make one promise of several."""

    def hold(self, ident: int) -> None:
        """Count a handle that has come out of a pickle."""

    def drop(self, ident: int) -> None:
        """Give up a handle."""

    def cancel(self, ident: int) -> None:
        """Let nobody work for a value any more."""


class Handle:
    """A value's number, counted."""

    __slots__ = ("__weakref__", "_runtime", "ident")

    def __init__(self, runtime: Runtime, ident: int) -> None:
        self._runtime = runtime
        self.ident = ident

    def __del__(self) -> None:
        if hasattr(self, "ident"):
            self._runtime.drop(self.ident)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.ident == self.ident

    def __hash__(self) -> int:
        return hash(self.ident)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def _mention(self) -> None:
        """Let whoever is pickling know that the value is in use.

        Raises:
            EncodeError: nobody in this cluster is.
        """
        if MENTIONS.into is None:
            kind = type(self).__name__.lower()
            raise EncodeError(
                f"a {kind} travels only as part of a task's arguments, its result or what `put` is given",
                hint=f"send what it stands for: await the {kind} first",
            )
        MENTIONS.into.append(self.ident)


class Promise(Handle):
    """What a task will have returned.

    ``await promise`` in an async function, ``promise.result()`` anywhere else.
    """

    __slots__ = ("_future",)

    _future: Future[Any]

    def future(self) -> Future[Any]:
        """Return a `concurrent.futures.Future` of the value, always the same one."""
        if not hasattr(self, "_future"):
            self._future = self._runtime.fetch(self.ident)
        return self._future

    def result(self, timeout: float | None = None) -> Any:
        """Block until the value is there, and return it. In a task, its worker runs others meanwhile.

        Args:
            timeout: seconds to wait at most.

        Raises:
            TimeoutError: it is not there yet.
            concurrent.futures.CancelledError: it was cancelled.
            Exception: whatever the task raised, with its traceback; `WorkerDied`.
        """
        return self._runtime.wait(self.future(), timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Block until the task has ended; return what it raised, or None.

        Raises:
            TimeoutError: it has not ended.
            concurrent.futures.CancelledError: it was cancelled.
        """
        try:
            self.result(timeout)
        except BaseException as error:
            if not self.future().done() or self.future().cancelled():
                raise
            return error
        return None

    def done(self) -> bool:
        """Tell whether the task has ended, in whatever way."""
        return self.future().done()

    def cancel(self) -> None:
        """Let the task not begin, or interrupt it; whoever waits for it gets a `CancelledError`."""
        self._runtime.cancel(self.ident)

    def then(self, f: Callable[[Any], Any], *, to: Any = None, **options: Any) -> Promise:
        """Return a promise of ``f(value)``, called by a worker once the value is there.

        Args:
            f: takes the value; not called when the task fails, since then this promise fails likewise.
            to: the worker that calls it.
            options: as for `Cluster.task`.
        """
        return self._runtime.submit((f, (Taken(self.ident),), {}), to=to, **options)

    def next(self, f: Callable[[], Any], *, to: Any = None, **options: Any) -> Promise:
        """Return a promise of ``f()``, called by a worker once the value is there; see `then`."""
        return self._runtime.submit((_Ignoring(f), (Taken(self.ident),), {}), to=to, **options)

    def __await__(self) -> Generator[Any, None, Any]:
        import asyncio

        # Others may wait for the same future, which one that gives up (asyncio.wait_for) has no right to cancel.
        future = self.future()
        if MENTIONS.current is not None:
            MENTIONS.current.announce(future)
        return asyncio.shield(asyncio.wrap_future(future)).__await__()

    def __reduce__(self) -> tuple[Any, ...]:
        self._mention()
        return rebuild_promise, (self.ident,)

    def __repr__(self) -> str:
        return f"<Promise {self.ident}>"


class Taken(int):
    """The number of a value that a task takes, in the place of an argument."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild_taken, (int(self),)


@verb
def rebuild_taken(ident: int) -> Taken:
    """Make what stands for an argument until the task begins."""
    return Taken(ident)


class _Ignoring:
    """Calls a function without the value that it comes after."""

    def __init__(self, f: Callable[[], Any]) -> None:
        self._f = f

    def __call__(self, _: Any) -> Any:
        return self._f()

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild_ignoring, (self._f,)


@verb
def rebuild_ignoring(f: Callable[[], Any]) -> Any:
    """Make a function that takes an argument and ignores it."""
    return _Ignoring(f)


@verb
def rebuild_promise(ident: int) -> Promise:
    """Make a handle for the runtime that is unpickling.

    Raises:
        DecodeError: none is.
    """
    return Promise(receiving(ident), ident)


def receiving(ident: int) -> Runtime:
    """Return the runtime that is unpickling, which now has one handle more.

    Raises:
        DecodeError: none is.
    """
    runtime: Runtime | None = MENTIONS.runtime
    if runtime is None:
        raise DecodeError("this payload has a promise or ref in it, which only its own cluster can load")
    runtime.hold(ident)
    return runtime


#: The runtimes of this process, the one in use last: in a worker there is one.
RUNTIMES: list[Any] = []


def current() -> Any:
    """Return the cluster that this process belongs to.

    In a task it is the one that it runs in, in a driver the one that was opened last. It has `task`, `put`,
    `alloc`, `workers`, `when_all` and `when_any`.

    Raises:
        RuntimeError: there is none.
    """
    if MENTIONS.current is not None:
        return MENTIONS.current
    if not RUNTIMES:
        raise RuntimeError(
            "no cluster is open here; open one: with pickleloaf.Cluster(workers=2) as cluster: ..."
        )
    return RUNTIMES[-1]


def when_all(promises: Iterable[Promise]) -> Promise:
    """Return a promise of the list of all values; it fails with the first that fails.

    Raises:
        TypeError: not promises.
    """
    return _combined(promises, first=False)


def when_any(promises: Iterable[Promise]) -> Promise:
    """Return a promise of whatever the first of some promises turns out to be, a value or a failure.

    Raises:
        TypeError: not promises.
        ValueError: there is none.
    """
    promises = list(promises)
    if not promises:
        raise ValueError("when_any needs at least one promise, or nothing would ever come of it")
    return _combined(promises, first=True)


def _combined(promises: Iterable[Promise], *, first: bool) -> Promise:
    handles: list[Any] = list(promises)
    for each in handles:
        if not isinstance(each, Handle):
            import inspect

            what = (
                "a coroutine; pass the promise itself"
                if inspect.isawaitable(each)
                else repr(type(each).__name__)
            )
            raise TypeError(f"when_all and when_any take promises, not {what}")
    runtime: Runtime = handles[0]._runtime if handles else current()
    return runtime.combine(tuple(each.ident for each in handles), first=first)
