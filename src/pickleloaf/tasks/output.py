"""What workers print: to the driver's own streams, each line with its worker's name in front.

The last lines of each worker are kept for the error that tells of its death. A thread of its own reads, so
that a stream of the driver's that nobody reads blocks no result.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import sys
import threading
from collections import deque
from typing import Any

__all__ = ["Output"]

_KEPT_LINES = 10
_LONGEST = 1 << 16  # a line is cut after so many bytes
_CHUNK = 1 << 16


class Output:
    """Reads the pipes of all workers."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = os.pipe()
        self._selector.register(self._wake, selectors.EVENT_READ)
        self._lock = threading.Lock()
        self._new: list[tuple[int, str, str]] = []
        self._tails: dict[str, deque[str]] = {}
        self._closed = False
        self._thread = threading.Thread(target=self._read, name="pickleloaf-output", daemon=True)
        self._thread.start()

    def add(self, fd: int, worker: str, stream: str) -> None:
        """Read a pipe from now on, and close it at its end."""
        with self._lock:
            self._new.append((fd, worker, stream))
            self._tails[worker] = deque(maxlen=_KEPT_LINES)
        os.write(self._woken, b"+")

    def tail(self, worker: str) -> str:
        """Return the last lines of a worker."""
        with self._lock:
            return "\n".join(self._tails.get(worker, ()))

    def close(self, timeout_s: float = 1.0) -> None:
        """Read to the ends, which the workers have left behind, and stop."""
        self._closed = True
        with contextlib.suppress(BrokenPipeError):  # the thread has seen it already, and is done
            os.write(self._woken, b"-")
        self._thread.join(timeout_s)
        os.close(self._woken)

    def _read(self) -> None:
        rest: dict[int, bytes] = {}
        while not self._closed or len(self._selector.get_map()) > 1 or self._new:
            ready = self._selector.select(0.2 if self._closed else None)
            if self._closed and not ready:
                break  # a process that a task left behind holds the pipe
            for key, _ in ready:
                if key.fd == self._wake:
                    os.read(self._wake, _CHUNK)
                    self._register()
                else:
                    self._take(key, rest)
        for key in list(self._selector.get_map().values()):
            if key.fd != self._wake:
                os.close(key.fd)
        self._selector.close()
        os.close(self._wake)

    def _register(self) -> None:
        with self._lock:
            new, self._new = self._new, []
        for fd, worker, stream in new:
            self._selector.register(fd, selectors.EVENT_READ, (worker, stream))

    def _take(self, key: selectors.SelectorKey, rest: dict[int, bytes]) -> None:
        data = os.read(key.fd, _CHUNK)
        worker, stream = key.data
        *lines, last = (rest.pop(key.fd, b"") + data).split(b"\n")
        if last and (not data or len(last) > _LONGEST):
            lines.append(last)
            last = b""
        rest[key.fd] = last
        if lines:
            self._show(worker, stream, [line.decode(errors="replace") for line in lines])
        if not data:
            rest.pop(key.fd, None)
            self._selector.unregister(key.fd)
            os.close(key.fd)

    def _show(self, worker: str, stream: str, lines: list[str]) -> None:
        with self._lock:
            self._tails[worker].extend(lines[-_KEPT_LINES:])
        target: Any = getattr(sys, stream, None)
        text = "".join(f"[{worker}] {line}\n" for line in lines)
        try:
            target.write(text)
            target.flush()
        except (OSError, ValueError, AttributeError):  # the driver has no such stream, or has closed it
            return
