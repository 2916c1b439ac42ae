"""A worker as its cluster sees it: a process, the link to it, and what it has already been sent."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from pickleloaf.tasks.link import Kind, Link, encode_frame
from pickleloaf.tasks.output import Output
from pickleloaf.tasks.parcels import Parcel
from pickleloaf.tasks.shared_memory import Segment
from pickleloaf.tasks.system import exit_notice, resident

__all__ = ["Member"]

LOG = logging.getLogger("pickleloaf.tasks")

_PACKAGES = str(Path(__file__).parents[2])
_PROGRAM = f"import sys; sys.path.insert(0, {_PACKAGES!r}); from pickleloaf.tasks.worker import main; main()"
#: Functions that a worker knows by number, and bytes of them, before it is told to forget them all.
_FUNCTIONS = 512
_FUNCTION_BYTES = 1 << 24


class Member:
    """One worker process.

    Attributes:
        name: stays the same when the process is replaced.
        serial: never used twice; part of the numbers of what the worker makes.
        up: it has said hello; up_since_s: when, by the monotonic clock.
        has: the values that it keeps.
        last_begun: the task that it began last, which it notes in memory that outlives it; 0 for none.
    """

    def __init__(self, name: str, serial: int, output: Output) -> None:
        ours, theirs = socket.socketpair()
        self._board = Segment.create(8)
        self._last: memoryview | None = self._board.map().cast("Q")
        self.last_begun = 0  # known once the process has ended
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - a fixed command
                [*_interpreter(), "-c", _PROGRAM, str(theirs.fileno()), str(self._board.fd), name],
                pass_fds=[theirs.fileno(), self._board.fd],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        self.name = name
        self.serial = serial
        self.pid = self.process.pid
        self.link = Link(ours, blocking=False)
        self.notice = exit_notice(self.pid)
        self.up = False
        self.up_since_s = 0.0
        self.heard_s = time.monotonic()
        self.asked = False  # whether it is there, and has not answered yet
        self.reported = False  # that it does not answer
        self.why = ""  # we ended it
        self.ended = False
        self.has: set[int] = set()
        self.functions: dict[bytes, int] = {}
        self._function_bytes = 0
        for pipe, stream in ((self.process.stdout, "stdout"), (self.process.stderr, "stderr")):
            if pipe is not None:
                output.add(os.dup(pipe.fileno()), name, stream)
                pipe.close()

    def greet(self, workers: list[str], memory_limit: int, initializer: Parcel) -> None:
        """Tell the worker who it is."""
        facts = (self.name, self.serial, workers, sys.path[:], memory_limit, initializer.layout)
        frame = encode_frame(Kind.HELLO, 0, facts, initializer.data, with_fd=initializer.fd >= 0)
        self.link.send(frame, initializer.fd)

    def number_of(self, function: bytes) -> tuple[int, bool]:
        """Return the number under which a function travels, and whether it does so for the first time."""
        number = self.functions.get(function)
        if number is not None:
            return number, False
        if len(self.functions) >= _FUNCTIONS or self._function_bytes > _FUNCTION_BYTES:
            self.functions.clear()
            self._function_bytes = 0
        number = len(self.functions) + 1  # number 1 tells the worker to forget the others
        self.functions[function] = number
        self._function_bytes += len(function)
        return number, True

    def facts(self) -> dict[str, Any]:
        """Return what is known of the process, as plain data."""
        return {
            "pid": self.pid,
            "up": self.up,
            "rss_bytes": resident(self.pid),
            "sent_bytes": self.link.nsent,
            "received_bytes": self.link.nreceived,
        }

    def kill(self) -> None:
        """End the process and what it has started, at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def is_silent(self, silent_s: float, *, replace: bool) -> None:
        """Report that the process does not answer, or end it, so that it is replaced."""
        if replace:
            self.why = f"did not answer for {silent_s:.1f} s and was replaced"
            LOG.error("%s (process %s) %s", self.name, self.pid, self.why)
            self.kill()
        elif not self.reported:
            self.reported = True
            LOG.warning(
                "%s (process %s) has not answered for %.0f s: it is stopped, or C code keeps its interpreter; "
                "with deadline_s it would be replaced",
                self.name,
                self.pid,
                silent_s,
            )

    def reap(self) -> int:
        """End whatever is left, give everything back, and return the exit code."""
        self.kill()
        code = self.process.wait()
        self.link.close()
        if self._last is not None:
            self.last_begun = self._last[0]
            self._last = None
        self._board.close()
        if self.notice is not None:
            os.close(self.notice)
            self.notice = None
        return code

    def wait(self, timeout_s: float) -> bool:
        """Wait for the process to end by itself; tell whether it has. It is not reaped."""
        if self.notice is None:
            return True
        poll = select.poll()
        poll.register(self.notice, select.POLLIN)
        return bool(poll.poll(timeout_s * 1000))


def _interpreter() -> list[str]:
    """Return the command for a Python like this one."""
    flags: Any = getattr(subprocess, "_args_from_interpreter_flags", list)
    return [sys.executable, *flags()]
