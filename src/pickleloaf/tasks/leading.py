"""Who reads what workers say: the driver thread, or in its stead whoever waits for a result.

To wake a thread, and to pass the interpreter's lock on to it, takes several times as long as a small task. So:

1. Who waits for a future reads the sockets meanwhile: it *leads*. The driver thread sees them through a gate,
   which is shut as long as somebody leads; so it sleeps on, but for exits and deadlines.
2. One thread leads at a time. Others that wait are told by it, as they are by the driver thread.
3. The leader leaves when its future is done. If somebody else has seen to that, the leader is roused.
4. Users' callbacks, and exceptions of theirs that are to be unpickled, are left to the driver thread.
5. Ctrl-C reaches a leader while it waits, and not while it heeds a frame, of which half would be lost.
6. The main thread does not lead where the program has handlers of signals of its own (see shield): one that raises, or
   takes long, would hold up whoever else waits.

Without epoll (so on macOS) there is no gate, and the driver thread always reads.
"""

from __future__ import annotations

import contextlib
import os
import select
import selectors
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from pickleloaf.tasks.shield import Shield, has_handlers

__all__ = ["Sockets"]

#: What is called with the data of a socket that is ready, with `selectors` events, and whether by a leader.
Heed = Callable[[Any, int, bool], None]


class Sockets:
    """The sockets of all workers, and whoever reads them."""

    def __init__(self, heed: Heed) -> None:
        self._heed = heed
        self._selector: Any = selectors.DefaultSelector()
        self._rouse_in, self._rouse_out = os.pipe()
        os.set_blocking(self._rouse_in, False)
        os.set_blocking(self._rouse_out, False)
        self._selector.register(self._rouse_in, selectors.EVENT_READ)
        self._number: int = self._selector.fileno()
        self._gate: Any = select.epoll() if hasattr(select, "epoll") else None
        if self._gate is not None:
            self._gate.register(self._number, selectors.EVENT_READ)
        self._shield = Shield()
        self._leading = threading.Lock()
        self._leader = 0
        self._closed = False

    def fileno(self) -> int:
        """Return what is readable when a socket is ready and nobody leads."""
        return self._number if self._gate is None else int(self._gate.fileno())

    def add(self, fileobj: Any, data: Any) -> None:
        """Watch a socket."""
        self._selector.register(fileobj, selectors.EVENT_READ, data)

    def remove(self, fileobj: Any) -> None:
        """Watch a socket no more."""
        with contextlib.suppress(KeyError):
            self._selector.unregister(fileobj)

    def want(self, fileobj: Any, events: int) -> None:
        """Change the events that a socket is watched for; nothing if it is not watched."""
        with contextlib.suppress(KeyError):
            self._selector.modify(fileobj, events, self._selector.get_key(fileobj).data)

    def take(self) -> None:
        """Heed whatever is ready."""
        self._heed_all(self._selector.select(0), leads=False)

    def lead(self, future: Future[Any], timeout_s: float | None) -> None:
        """Read until a future is done or the time is over; nothing if somebody else does."""
        if self._gate is None or has_handlers() or not self._leading.acquire(blocking=False):
            return
        try:
            if not self._closed:
                self._lead(future, timeout_s)
        finally:
            self._leading.release()

    def rouse(self, _: Any = None) -> None:
        """Let the leader look around, if that is another thread."""
        if self._leader not in (0, threading.get_ident()):
            with contextlib.suppress(BlockingIOError):
                os.write(self._rouse_out, b"!")

    def close(self) -> None:
        """Wait for the leader to leave, and watch nothing any more."""
        self._closed = True
        self.rouse()
        with self._leading:
            self._selector.close()
            if self._gate is not None:
                self._gate.close()
            os.close(self._rouse_in)
            os.close(self._rouse_out)

    def _lead(self, future: Future[Any], timeout_s: float | None) -> None:
        until_s = None if timeout_s is None else time.monotonic() + timeout_s
        with self._shield as shield:
            self._leader = threading.get_ident()
            self._gate.modify(self._number, 0)
            try:
                while not (future.done() or self._closed):
                    shield.lower()
                    ready = self._selector.select(timeout_s)
                    shield.raised = True
                    self._heed_all(ready, leads=True)
                    if until_s is not None and (timeout_s := until_s - time.monotonic()) <= 0:
                        return
            finally:
                shield.raised = True
                self._leader = 0
                self._gate.modify(self._number, selectors.EVENT_READ)

    def _heed_all(self, ready: list[tuple[selectors.SelectorKey, int]], *, leads: bool) -> None:
        for key, events in ready:
            if key.data is not None:
                self._heed(key.data, events, leads)
                continue
            with contextlib.suppress(BlockingIOError):  # somebody else has read it
                os.read(self._rouse_in, 4096)
