"""Futures of what tasks return, made when somebody asks for it.

A result is unpickled by whoever wants it first, in that thread: what a user's class does on that occasion
can neither hold up nor harm the driver, and a result that cannot be made is an error of this one future.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, InvalidStateError
from typing import Any

from pickleloaf.errors import TaskError
from pickleloaf.tasks.parcels import mentioning, opened, unpack

__all__ = ["TaskFuture", "Unopened", "begin", "is_inert", "open_value", "settle"]


class Unopened:
    """A result that nobody has looked at: a parcel, or several (as a tuple, nested)."""

    __slots__ = ("runtime", "value")

    def __init__(self, value: Any, runtime: Any) -> None:
        self.value = value
        self.runtime = runtime


class TaskFuture(Future[Any]):
    """The future of a task.

    Attributes:
        nbytes: the size of the task's arguments in bytes.
    """

    nbytes = 0
    _cluster: Any = None
    _ident = 0
    _led = False  # somebody has waited for it, and is to be roused

    def __init__(self, *, copy: bool = False) -> None:
        super().__init__()
        self._copy = copy

    def belong(self, cluster: Any, ident: int) -> None:
        """Say whose result this will be."""
        self._cluster = cluster
        self._ident = ident

    def result(self, timeout: float | None = None) -> Any:
        """Return the result, as `concurrent.futures.Future.result` does.

        Raises:
            TimeoutError, CancelledError: it is not there, or will not be.
            BaseException: what the task raised, or what keeps its result from being made here.
        """
        if self._state != "FINISHED":
            timeout = self._awaited(timeout)
            super().result(timeout)
        if type(self._result) is Unopened:
            self._open()
        return super().result()

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Return what the task raised, or None, as `concurrent.futures.Future.exception` does.

        Raises:
            TimeoutError, CancelledError: it has not ended, or will not.
        """
        error = super().exception(self._awaited(timeout))
        if error is None and type(self._result) is Unopened:
            self._open()
            error = super().exception(timeout)
        return error

    def cancel(self) -> bool:
        """Cancel the task if it has not begun; tell whether it is cancelled."""
        cancelled = super().cancel()
        if cancelled and self._cluster is not None:
            cluster, self._cluster = self._cluster, None
            cluster.cancel(self._ident)
        return cancelled

    def _get_snapshot(self) -> Any:
        """Return result and exception at once: from 3.15 on asyncio reads them so (asyncio/futures.py)."""
        if type(self._result) is Unopened:
            self._open()
        return super()._get_snapshot()  # type: ignore[misc]

    def _awaited(self, timeout: float | None) -> float | None:
        """Read what workers say until this future is done, if nobody else does; return how much time is left."""
        if self._cluster is None or self.done():
            return timeout
        until_s = None if timeout is None else time.monotonic() + timeout
        if not self._led:
            self._led = True
            self.add_done_callback(self._cluster.rouse)
        self._cluster.lead(self, timeout)
        return None if until_s is None else max(until_s - time.monotonic(), 0.0)

    def _open(self) -> None:
        with self._condition:
            unopened: Any = self._result
            if type(unopened) is not Unopened:
                return
            try:
                self._result = open_value(unopened.value, unopened.runtime, copy=self._copy)
            except KeyboardInterrupt:  # Ctrl-C, most likely, and so nothing that is wrong with the result
                raise
            except BaseException as error:  # noqa: BLE001 - whatever a user's class raises when it is made
                self._result = None
                self._exception = error


def begin(future: Future[Any]) -> bool:
    """Mark a future as running, unless it is already; tell whether it was not cancelled."""
    return future._state in ("RUNNING", "FINISHED") or future.set_running_or_notify_cancel()


def is_inert(future: Future[Any]) -> bool:
    """Tell whether to give a future its result runs no code of a user's: no callback, and it is not opened."""
    return isinstance(future, TaskFuture) and len(future._done_callbacks) == future._led  # type: ignore[attr-defined]


def open_value(value: Any, runtime: Any, *, copy: bool = False) -> Any:
    """Make what a parcel, or a tuple of them, holds.

    Raises:
        BaseException: it cannot be made here.
        TaskError: it would end this process.
    """
    with mentioning(runtime):
        try:
            return opened(value, lambda part: unpack(part, copy=copy))
        except SystemExit as error:
            raise TaskError(
                f"what a task returned raises SystemExit({error.code!r}) when it is loaded"
            ) from error


def settle(future: Future[Any], value: Any, runtime: Any, *, ok: bool, cancelled: bool) -> None:
    """Give a future its result, unopened, or its exception."""
    try:
        if cancelled and Future.cancel(future):
            future.set_running_or_notify_cancel()
            return
        if ok:
            future.set_result(
                Unopened(value, runtime) if isinstance(future, TaskFuture) else open_value(value, runtime)
            )
            return
        try:
            error = open_value(value, runtime)
        except BaseException as why:  # noqa: BLE001 - an exception that cannot be made here
            error = why
        future.set_exception(error)
    except InvalidStateError:  # it was cancelled just now
        return
