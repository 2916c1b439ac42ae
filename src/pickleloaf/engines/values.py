"""What an executor on an engine hands out: futures of what tasks return, and refs of what the engine keeps."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from concurrent.futures import CancelledError, Future, InvalidStateError
from typing import Any, NamedTuple

from pickleloaf.engines.base import Job
from pickleloaf.engines.payload import Payload
from pickleloaf.errors import EncodeError
from pickleloaf.tasks.parcels import MENTIONS

__all__ = ["Asked", "EngineRef", "Known", "Mentioned", "Task", "TaskFuture"]


class EngineRef:
    """An object that an engine keeps; as an argument of a task it is replaced by the object."""

    __slots__ = ("_handle", "_owner", "nbytes")

    def __init__(self, owner: Any, handle: Any, nbytes: int) -> None:
        self._owner = owner
        self._handle = handle
        self.nbytes = nbytes

    def __reduce__(self) -> Any:
        raise EncodeError("a ref stands among the arguments of a task", hint="not inside of another argument")


class Asked(NamedTuple):
    """A future or ref of which a task may ask the value, a failure included."""

    value: Any


#: Returns what stands for the value of a promise or ref, by its number.
Known = Callable[[int], Any]


class Mentioned(list[int]):
    """Takes the numbers of promises and refs that are pickled, and sees to it that their values go along."""

    def __init__(self, needs: list[Any], places: list[Any], known: Known) -> None:
        super().__init__()
        self._needs, self._places, self._known = needs, places, known

    def append(self, ident: int) -> None:
        """Add a value to what a task needs."""
        self._needs.append(Asked(self._known(ident)))
        self._places.append((ident,))


class Task(NamedTuple):
    """A task, as often as it is tried."""

    name: str
    payload: Payload
    #: The refs and futures that it takes, in order.
    needs: list[Any]
    to: str | None


class TaskFuture(Future[Any]):
    """A `concurrent.futures.Future` that can be awaited, chained, and given to other tasks as an argument."""

    def __init__(self, owner: Any, task: Task, retries: int) -> None:
        super().__init__()
        self._owner = owner
        self._task = task
        self._retries = retries
        self._job: Job | None = None
        self._asked = retries > 0  # whether anybody wants to know of it who is not in `result`

    def then(self, function: Callable[..., Any], *, to: str | None = None, retries: int = 0) -> TaskFuture:
        """Call a function with the result, on a worker, once it is there; a failure is passed on instead.

        Raises:
            EncodeError: the function cannot travel.
            EngineError: the engine cannot do that.
        """
        future: TaskFuture = self._owner.task(function, self, to=to, retries=retries)
        return future

    def result(self, timeout: float | None = None) -> Any:
        """Wait for what the task returned; it may be a task itself that waits.

        Raises:
            BaseException: what the task raised; `WorkerDied`; `EngineError`.
            TimeoutError: it is not done yet.
        """
        return super().result(self._awaited(timeout))

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait for what the task raised, or None; see `result`.

        Raises:
            TimeoutError, CancelledError: it is not done yet, or never will be.
        """
        return super().exception(self._awaited(timeout))

    def add_done_callback(self, fn: Callable[[Future[Any]], object]) -> None:
        """Let a function be called once the task is done."""
        self._ask()
        super().add_done_callback(fn)

    def done(self) -> bool:
        """Tell whether the task is done."""
        self._ask()
        return super().done()

    @property
    def _waiters(self) -> list[Any]:
        """Where `concurrent.futures.wait` and `as_completed` leave word."""
        self._ask()
        return self._words

    @_waiters.setter
    def _waiters(self, words: list[Any]) -> None:
        self._words = words

    def _ask(self) -> None:
        """Let the engine know that somebody wants to know of this task, though no thread waits for it."""
        self._asked = True
        if self._job is not None:
            self._owner.engine.attend(self._job)

    def _awaited(self, timeout: float | None) -> float | None:
        """Let the engine know that this thread is about to block; return what is left of the time."""
        until_s = None if timeout is None else time.monotonic() + timeout
        job = None
        while self._job is not job and not super().done():  # another one, where it is tried again
            job = self._job
            self._owner.engine.wait(job, timeout)
            timeout = None if until_s is None else max(until_s - time.monotonic(), 0)
        return timeout

    def cancel(self) -> bool:
        """Give the task up, and tell whether that was possible; see the table of engines for what has begun."""
        if self.done():
            return self.cancelled()
        if self._job is not None and not self._owner.engine.cancel(self._job):
            return False
        return self._cancel()

    def _cancel(self) -> bool:
        """Become cancelled, once, and wake whoever waits."""
        cancelled = super().cancel()
        with self._condition:
            if self._state == "CANCELLED":
                self.set_running_or_notify_cancel()
        return cancelled

    def _settle(self, value: Any = None, error: BaseException | None = None) -> None:
        """Become done, unless it was cancelled meanwhile, and let go of what it has needed."""
        self._task.needs.clear()
        try:
            if error is not None:
                self.set_exception(error)
            else:
                self.set_result(value)
        except InvalidStateError:
            if not self.cancelled():
                raise

    def _failure(self) -> BaseException | None:
        """Return what it has failed with, now that it is done."""
        return CancelledError() if self.cancelled() else self.exception()

    def __await__(self) -> Generator[Any, None, Any]:
        import asyncio

        if MENTIONS.current is not None:
            MENTIONS.current.announce(self)
        return asyncio.wrap_future(self).__await__()
