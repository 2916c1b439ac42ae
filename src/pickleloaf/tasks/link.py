"""Frames over a socket pair.

    head (24 bytes): kind, whether a descriptor comes along, length of the facts, number, length of the body
    facts: a few plain values, by marshal: both ends are the same Python
    body: bytes that only the receiver of a task or result looks into

1. A frame is small: whatever is large lies in shared memory, and its descriptor comes with the frame
   (`SCM_RIGHTS`, with the frame's first byte). So no length is near a limit, and nobody waits for long.
2. Frames go out in the order in which they were given to `send`, from whichever thread.
3. A descriptor that this process has no room for is lost, and its frame says so: each read brings one at most,
   and the system tells when it kept it back. Whoever opens what it was of gets an error; the others go on.
4. A driver never waits for a worker to read (`blocking=False`): what does not fit is kept, and `flush`
   sends it on when the socket can take more. A worker does wait: its driver always reads.
"""

from __future__ import annotations

import array
import marshal
import os
import socket
import struct
import threading
from collections import deque
from enum import IntEnum
from typing import Any, NamedTuple

__all__ = ["LOST", "Frame", "Kind", "Link", "encode_frame"]

_HEAD = struct.Struct("<BBHIQQ")
#: In the place of a descriptor that did not fit into this process.
LOST = -2
_CHUNK = 1 << 17
_MAX_FDS = 253  # the most that Linux passes at once
_FD_SPACE = socket.CMSG_SPACE(_MAX_FDS * array.array("i").itemsize)


class Kind(IntEnum):
    """What a frame says."""

    HELLO = 1  # first of all, in both directions
    TASK = 2  # run this; from a worker: let this be run
    RESULT = 3
    ERROR = 4
    VALUE = 5  # what a worker asked for, or will need
    FAILED = 6  # the same, and it is an exception
    WANT = 7  # a worker waits for a value
    TAKE_BACK = 8
    RETURNED = 9
    ASIDE = 10  # a task waits, or is asynchronous
    HOLD = 11
    DROP = 12
    STORE = 13  # a worker has put a value
    COMBINE = 14
    INTERRUPT = 15
    CANCEL = 16  # a worker gives up a value
    FORGET = 17
    PING = 18
    PONG = 19
    PROFILE = 20
    STOP = 21


class Frame(NamedTuple):
    """A message as it arrived."""

    kind: int
    ident: int
    facts: Any
    body: bytes
    fd: int  # the receiver's to close; -1 for none, or LOST


_KINDS = tuple(Kind(number) if number else None for number in range(max(Kind) + 1))


def encode_frame(
    kind: int, ident: int = 0, facts: Any = None, body: bytes = b"", *, with_fd: bool = False
) -> bytes:
    """Return the bytes of a frame."""
    said = b"" if facts is None else marshal.dumps(facts)
    return _HEAD.pack(kind, with_fd, 0, len(said), ident, len(body)) + said + body


class Link:
    """One end of a socket pair."""

    def __init__(self, sock: socket.socket, *, blocking: bool) -> None:
        sock.setblocking(blocking)
        self.sock = sock
        self.fileno = sock.fileno
        self.nsent = 0
        self.nreceived = 0
        self._lock = threading.Lock()
        self._unsent: deque[tuple[bytes | memoryview, int]] = deque()
        self._buffer = memoryview(bytearray(_CHUNK))
        self._received = b""
        self._fds: deque[int] = deque()

    def send(self, data: bytes, fd: int = -1) -> bool:
        """Send a frame, or several in a row; tell whether all has gone out.

        Args:
            data: as `encode_frame` made it.
            fd: a descriptor that goes along; it stays the caller's.

        Raises:
            OSError: the other end is gone.
        """
        self.nsent += len(data)
        with self._lock:
            if self._unsent:
                self._keep(data, fd)
                return False
            return self._push(data, fd)

    def flush(self) -> bool:
        """Send on what was kept; tell whether all has gone out.

        Raises:
            OSError: the other end is gone.
        """
        with self._lock:
            while self._unsent:
                data, fd = self._unsent.popleft()
                done = self._push(data, fd, again=True)
                if fd >= 0:
                    os.close(fd)
                if not done:
                    return False
            return True

    def receive(self) -> list[Frame] | None:
        """Return the frames that have arrived: none if they are not whole yet; None at the end.

        Raises:
            BlockingIOError: there is nothing to read now.
        """
        try:
            nbytes, extra, flags, _ = self.sock.recvmsg_into([self._buffer], _FD_SPACE, _CLOEXEC)
        except (ConnectionResetError, BrokenPipeError):
            return None
        for level, kind, content in extra:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds = array.array("i")
                fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
                self._fds.extend(fds)
        if flags & socket.MSG_CTRUNC:
            self._fds.append(LOST)
        if not nbytes:
            return None
        self.nreceived += nbytes
        data = bytes(self._buffer[:nbytes])
        return self._parse(self._received + data if self._received else data)

    def close(self) -> None:
        """Close the socket, and whatever was to be passed on."""
        self.sock.close()
        with self._lock:
            for fd in [*self._fds, *(fd for _, fd in self._unsent)]:
                if fd >= 0:
                    os.close(fd)
            self._fds.clear()
            self._unsent.clear()

    def _parse(self, data: bytes) -> list[Frame]:
        frames = []
        at, end = 0, len(data)
        while end - at >= 24:
            kind, with_fd, _, nfacts, ident, nbody = _HEAD.unpack_from(data, at)
            start = at + 24 + nfacts
            stop = start + nbody
            if stop > end:
                break
            facts = marshal.loads(data[at + 24 : start]) if nfacts else None
            frames.append(Frame(kind, ident, facts, data[start:stop], self._fds.popleft() if with_fd else -1))
            at = stop
        self._received = data[at:] if at < end else b""
        return frames

    def _push(self, data: bytes | memoryview, fd: int, *, again: bool = False) -> bool:
        """Write as much as the socket takes, and keep the rest."""
        view = data
        while view:
            try:
                if fd >= 0:
                    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))]
                    sent = self.sock.sendmsg([view], rights)
                else:
                    sent = self.sock.send(view)
            except BlockingIOError:
                self._keep(view, fd, first=again)
                return False
            if sent == len(view):
                return True
            fd = -1
            view = memoryview(view)[sent:]
        return True

    def _keep(self, data: bytes | memoryview, fd: int, *, first: bool = False) -> None:
        kept = (bytes(data), os.dup(fd) if fd >= 0 else -1)
        if first:
            self._unsent.appendleft(kept)
        else:
            self._unsent.append(kept)


_CLOEXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
