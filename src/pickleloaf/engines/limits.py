"""A limit on how long a task takes, kept by the worker, in whatever thread the engine runs the task.

1. In the main thread a signal (SIGALRM) interrupts everything that can be, sleeping and waiting included.
2. In another thread, Dask's, an exception is raised when that thread next runs Python: what sleeps or computes in C
   is interrupted when it returns. CPython has nothing better to offer.
3. Where there is no SIGALRM, rule 2 holds everywhere.
"""

from __future__ import annotations

import contextlib
import ctypes
import signal
import threading
from collections.abc import Iterator
from typing import Any

from pickleloaf.tasks.calls import name_of

__all__ = ["limited"]


class Expired(BaseException):
    """Interrupts a task; nobody's ``except Exception`` is in its way."""


@contextlib.contextmanager
def limited(timeout_s: float, function: Any) -> Iterator[None]:
    """Interrupt a block after some seconds.

    Args:
        timeout_s: how many.
        function: what is called in the block, for the error.

    Raises:
        TimeoutError: it was interrupted.
    """
    in_main = threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer")
    try:
        with (_by_signal if in_main else _by_exception)(timeout_s):
            yield
    except Expired:
        said = f"task {name_of(function)} took longer than its timeout of {timeout_s} s"
        raise TimeoutError(said) from None


@contextlib.contextmanager
def _by_signal(timeout_s: float) -> Iterator[None]:
    def expire(*_: object) -> None:
        raise Expired

    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, max(timeout_s, 1e-6))  # 0 would be no limit
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _by_exception(timeout_s: float) -> Iterator[None]:
    thread = ctypes.c_ulong(threading.get_ident())
    lock = threading.Lock()
    ended = False

    def expire() -> None:
        with lock:
            if not ended:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(Expired))

    timer = threading.Timer(timeout_s, expire)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with lock:
            ended = True
        timer.cancel()
