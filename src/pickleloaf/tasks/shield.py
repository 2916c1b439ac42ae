"""Signals of the main thread, where Python runs their handlers between any two steps: also where that would do harm."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # what is in `signal` turns everything into enums and back, at ten times the cost
import threading
from types import FrameType
from typing import Any, Self

__all__ = ["Shield", "has_handlers", "in_main_thread"]


def in_main_thread() -> bool:
    """Tell whether the main thread calls this."""
    return threading.get_ident() == threading.main_thread().ident


class Shield:
    """Holds Ctrl-C back within a block, but where it is lowered. In other threads than the main one it does nothing."""

    def __init__(self) -> None:
        self.raised = False
        self._before: Any = None
        self._held_back: tuple[int, FrameType | None] | None = None

    def __enter__(self) -> Self:
        if in_main_thread():
            self.raised = True
            before = _signal.getsignal(_signal.SIGINT)
            if callable(before):
                self._before = before
                _signal.signal(_signal.SIGINT, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        if not in_main_thread():
            return
        self.raised = True
        if self._before is not None:
            before, self._before = self._before, None
            _signal.signal(_signal.SIGINT, before)
            if self._held_back is not None:
                self._deliver(before)

    def lower(self) -> None:
        """Let it through, also what was held back."""
        self.raised = False
        if self._held_back is not None:
            self._deliver(self._before)

    def _deliver(self, handler: Any) -> None:
        held_back: Any
        held_back, self._held_back = self._held_back, None
        handler(*held_back)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.raised:
            self._held_back = (number, frame)
        else:
            self._before(number, frame)


#: Signals for which programs have handlers, besides Ctrl-C.
_USUAL = [
    getattr(_signal, name)
    for name in "SIGALRM SIGTERM SIGUSR1 SIGUSR2 SIGHUP SIGCHLD SIGVTALRM SIGPROF SIGIO SIGWINCH".split()
    if hasattr(_signal, name)
]


def has_handlers() -> bool:
    """Tell whether the calling thread is the main one, and runs handlers of the program's own."""
    return in_main_thread() and any(callable(_signal.getsignal(each)) for each in _USUAL)
