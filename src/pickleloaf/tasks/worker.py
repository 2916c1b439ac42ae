"""A worker: ``python -m pickleloaf.tasks.worker``, started by a cluster, which holds the other end of its socket.

Who reads the socket:

1. The main thread, while it has nothing else to do: a task that arrives is begun without a change of threads.
2. The follower, a second thread, as soon as the main thread has been at one task for about a millisecond:
   so a worker that computes still answers. It hands back when the main thread needs a task.
3. The follower polls only while tasks are running; when nothing has happened for a while it sleeps, and the
   next task wakes it.
4. When the socket ends, the driver is gone, and so is the worker, whatever it is doing.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterable
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from pickleloaf.tasks.asking import Asking
from pickleloaf.tasks.calls import Call, name_of, pack_error
from pickleloaf.tasks.link import Frame, Kind, Link, encode_frame
from pickleloaf.tasks.parcels import Parcel, pack, unpack
from pickleloaf.tasks.promise import RUNTIMES, Promise
from pickleloaf.tasks.running import LeftError, Runners
from pickleloaf.tasks.shared_memory import Segment
from pickleloaf.tasks.system import die_with, limit_memory

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import Future

    from pickleloaf.tasks.profiling import Recording

__all__ = ["Worker", "main"]

#: How long a task runs before the follower reads the socket, and how often the follower looks.
_TICK_S = 0.001
#: After so many ticks without a task the follower sleeps.
_QUIET = 100


_NO_VALUES: dict[int, Any] = {}


class ShieldedLink:
    """A link whose frames are written whole, whatever interrupts the task that has them written."""

    def __init__(self, link: Link, runners: Runners) -> None:
        self._link = link
        self._runners = runners
        self.receive = link.receive

    def send(self, data: bytes, fd: int = -1) -> bool:
        """Send a frame; see `Link.send`."""
        if not self._runners.may_interrupt:  # the task has ended, and this is its result
            return self._link.send(data, fd)
        with self._runners.shielded():
            return self._link.send(data, fd)


class Worker(Asking):
    """The runtime of a worker, and its main loop."""

    def __init__(self, link: Link, board: memoryview, name: str, serial: int, workers: Iterable[str]) -> None:
        self._hurry = threading.Semaphore(0)
        runners = Runners(self._run)
        super().__init__(ShieldedLink(link, runners), serial, runners, self._hurry.release)
        self.name = name
        self._board = board  # the driver reads there what was begun last
        self.workers = list(workers)
        self._functions: dict[int, bytes] = {}
        self._reading = threading.Lock()
        self._asleep = True
        self._alarm = threading.Semaphore(0)
        self._busy = False  # the main thread has a task
        self._turn = 0  # counts its tasks
        self._pid, self._parent = os.getpid(), os.getppid()
        self._recording: Recording | None = None
        self._latest: Segment | None = None  # of the latest task: the next one may be for the same array

    def __repr__(self) -> str:
        return f"<Worker {self.name}>"

    # -- the main thread -------------------------------------------------------------------------------

    def serve(self) -> None:
        """Run tasks until the driver says that it is over, or is gone."""
        threading.Thread(target=self._follow_to_the_end, name="pickleloaf-follower", daemon=True).start()
        runners = self._runners
        while True:
            while runners.unbegun:
                self._turn += 1
                self._busy = True
                if self._asleep:
                    self._asleep = False
                    self._alarm.release()
                runners.run_next()
                self._busy = False
            if self._reading.acquire(blocking=False):
                try:
                    self._read()
                finally:
                    self._reading.release()
            else:
                runners.main_waits = True
                if not runners.unbegun:
                    runners.wait_for_wake()
                runners.main_waits = False

    def _follow_to_the_end(self) -> None:
        try:
            self._follow()
        except BaseException:  # noqa: BLE001 - an error of our own
            sys.excepthook(*sys.exc_info())
            os._exit(1)  # a worker that no longer answers would be waited for; one that has died is replaced

    def _follow(self) -> None:
        """Read the socket while the main thread cannot."""
        die_with(self._parent)
        while True:
            self._alarm.acquire()
            quiet, before = 0, -1
            while quiet < _QUIET:
                hurry = self._hurry.acquire(timeout=_TICK_S)
                busy, turn = self._busy, self._turn
                if self._dropped:
                    self._tell_dropped()
                if hurry or (busy and turn == before):
                    self._lead()
                quiet = 0 if busy else quiet + 1
                before = turn
            self._latest = None
            self._asleep = True
            if self._busy:  # it began just now, and thought us awake
                self._asleep = False
                self._alarm.release()

    def _lead(self) -> None:
        with self._reading:
            while self._busy or not self._runners.unbegun:
                self._read()
                if self._runners.main_waits and self._runners.unbegun:
                    break
        self._runners.wake()

    def _read(self) -> None:
        """Wait for frames and heed them."""
        frames = self._link.receive()
        if frames is None:
            os._exit(0)  # the driver is gone, and nobody is interested any more
        for frame in frames:
            self.heed(frame)

    def on_signal(self, *what: Any) -> None:
        """Handle SIGINT."""
        self._runners.on_signal(*what)

    # -- what the driver says --------------------------------------------------------------------------

    def heed(self, frame: Frame) -> None:
        """Do what a frame says."""
        kind, ident, facts = frame.kind, frame.ident, frame.facts
        if kind == Kind.TASK:
            number, length, layout, needs = facts
            if length >= 0:
                if number <= 1:
                    self._functions.clear()
                self._functions[number] = frame.body[:length]
            body = frame.body[length:] if length > 0 else frame.body
            arguments = Parcel.received(body, layout, frame.fd)
            self._latest = arguments.segment
            values = {need: self._values[need] for need in needs} if needs else _NO_VALUES
            self._runners.add(ident, (Call(self._functions[number], arguments, needs), values))
        elif kind in (Kind.VALUE, Kind.FAILED):
            self._take_value(frame)
        elif kind == Kind.FORGET:
            for each in facts:
                self._values.pop(each, None)
        elif kind == Kind.TAKE_BACK:
            self._link.send(encode_frame(Kind.RETURNED, 0, tuple(self._runners.take_back(facts))))
        elif kind == Kind.INTERRUPT:
            self._runners.interrupt(ident)
        elif kind == Kind.PING:
            self._link.send(encode_frame(Kind.PONG, ident))
        elif kind == Kind.HELLO:
            self.workers = list(facts)
        elif kind == Kind.PROFILE:
            self._record(start=bool(ident))
        elif kind == Kind.STOP:
            self._stop()

    def _stop(self) -> None:
        self._runners.stopped = True
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        os._exit(0)

    # -- tasks -----------------------------------------------------------------------------------------

    def _run(self, ident: int, task: tuple[Call, dict[int, Any]]) -> None:
        call, values = task
        self._board[0] = ident
        try:
            if self._runners.crowded:  # the driver takes it for one that waits behind the other
                self._link.send(encode_frame(Kind.ASIDE, ident))
            result = self._call(call, values)
            if type(result) is CoroutineType:
                self._link.send(encode_frame(Kind.ASIDE, ident))
                name = name_of(result)
                self._runners.start_coroutine(
                    ident, result, lambda done: self._end_coroutine(ident, name, done)
                )
                return
            self._runners.ended(ident)
            self._leave_if_forked(None)
            self._succeed(ident, result)
        except BaseException as error:  # noqa: BLE001 - a task may raise anything, and its worker lives on
            self._runners.ended(ident)
            self._leave_if_forked(error)
            self._fail(ident, error, call.name)
        if self._dropped:
            self._tell_dropped()

    def _leave_if_forked(self, error: BaseException | None) -> None:
        """End a child that a task has forked, as a script of that child would: it does not answer for the task."""
        if os.getpid() == self._pid:
            return
        code = 0 if error is None else 1
        if isinstance(error, SystemExit):
            code = error.code if isinstance(error.code, int) else int(error.code is not None)
        elif error is not None:
            sys.excepthook(type(error), error, error.__traceback__)
        self._flush()
        os._exit(code)

    def _call(self, call: Call, values: dict[int, Any]) -> Any:
        recording = self._recording
        if recording is None:
            return call.run(self, lambda need: self._open(values[need]))
        return recording.record(
            lambda: call.run(self, lambda need: self._open(values[need])), lambda: call.name
        )

    def wait(self, future: Future[Any], timeout_s: float | None) -> Any:
        """Block until a future is done, while this worker runs other tasks, and records those."""
        with contextlib.nullcontext() if self._recording is None else self._recording.pause():
            return super().wait(future, timeout_s)

    def _record(self, *, start: bool) -> None:
        """Begin to record what tasks do, or hand it over."""
        from pickleloaf.tasks.profiling import Recording

        before, self._recording = self._recording, Recording(self.name) if start else None
        if not start:
            parcel = pack(before.taken() if before is not None else ([], []))
            frame = encode_frame(Kind.PROFILE, 0, parcel.layout, parcel.data, with_fd=parcel.fd >= 0)
            self._link.send(frame, parcel.fd)

    def _succeed(self, ident: int, result: Any) -> None:
        if type(result) is Promise:
            self._link.send(encode_frame(Kind.RESULT, ident, (None, (result.ident,), result.ident)))
            return
        parcel = pack(result, self.patches)
        facts = (
            None if parcel.layout is None and not parcel.mentions else (parcel.layout, parcel.mentions, None)
        )
        frame = encode_frame(Kind.RESULT, ident, facts, parcel.data, with_fd=parcel.fd >= 0)
        self._flush()
        self._link.send(frame, parcel.fd)

    def _fail(self, ident: int, error: BaseException, name: str) -> None:
        parcel = pack_error(error, name, self.name)
        facts = (parcel.layout, parcel.mentions, None)
        frame = encode_frame(Kind.ERROR, ident, facts, parcel.data, with_fd=parcel.fd >= 0)
        self._flush()
        self._link.send(frame, parcel.fd)

    def _end_coroutine(self, ident: int, name: str, done: asyncio.Task[Any]) -> None:
        try:
            self._succeed(ident, done.result())
        except LeftError as left:
            self._fail(ident, left.__cause__ or left, name)
        except BaseException as error:  # noqa: BLE001 - as above
            self._fail(ident, error, name)
        if self._dropped:
            self._tell_dropped()

    def _flush(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError, AttributeError):  # a task closed or replaced it
                pass


def main() -> None:
    """Be a worker: take over the socket whose number is the first argument."""
    link = Link(socket.socket(fileno=int(sys.argv[1])), blocking=True)
    board = Segment.attach(int(sys.argv[2]), 8).map(writable=True).cast("Q")
    frames: list[Frame] = []
    while not frames:
        received = link.receive()
        if received is None:
            return
        frames = received
    name, serial, workers, path, memory_limit, layout = frames[0].facts
    sys.path[:] = path
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    worker = Worker(link, board, name, serial, workers)
    RUNTIMES.append(worker)
    if hasattr(os, "register_at_fork"):  # a child is no worker, and asks the driver for nothing
        os.register_at_fork(after_in_child=RUNTIMES.clear)
    signal.signal(signal.SIGINT, worker.on_signal)
    try:
        if memory_limit:
            limit_memory(memory_limit)
        initializer, initargs, worker.patches = unpack(Parcel.received(frames[0].body, layout, frames[0].fd))
        if initializer is not None:
            initializer(*initargs)
    except BaseException as error:  # noqa: BLE001 - an initializer may raise anything
        parcel = pack_error(error, "the initializer", name)
        facts = (parcel.layout, (), None)
        link.send(encode_frame(Kind.ERROR, 0, facts, parcel.data, with_fd=parcel.fd >= 0), parcel.fd)
        return
    link.send(encode_frame(Kind.HELLO, os.getpid()))
    for frame in frames[1:]:
        worker.heed(frame)
    worker.serve()


if __name__ == "__main__":
    from pickleloaf.tasks.worker import main as main_by_name  # not a second copy of this module

    main_by_name()
