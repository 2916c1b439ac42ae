"""The worker processes of a cluster, and the thread that watches them.

The thread waits for sockets (unless somebody else reads them, see leading), for exits and for the next deadline,
all in one place, and hands everything on to the driver. It starts the workers, also in the place of dead ones.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import os
import selectors
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from typing import Any

from pickleloaf.tasks.futures import open_value
from pickleloaf.tasks.leading import Sockets
from pickleloaf.tasks.link import Frame, Kind, encode_frame
from pickleloaf.tasks.member import Member
from pickleloaf.tasks.output import Output
from pickleloaf.tasks.parcels import Parcel

__all__ = ["Pool"]

LOG = logging.getLogger("pickleloaf.tasks")

#: Workers that end before they were ready, in a row, before we give up.
_FALSE_STARTS = 3
#: One that ends so soon after it was ready, and has begun nothing, was not ready.
_FALSE_START_S = 2.0
#: How long workers have to end by themselves when the cluster is closed.
_FAREWELL_S = 0.5
#: How long a worker may be silent before it is asked whether it is there, and before that is reported.
_SILENT_S = 5.0
_REPORTED_S = 10.0


#: When, which of those that are due at once, and what is to be done, or None.
Timer = list[Any]
#: So many timers that were given up may be kept.
_MANY = 64


class Pool:
    """Processes, and their thread."""

    def __init__(
        self,
        names: list[str],
        driver: Any,
        *,
        initializer: Parcel,
        memory_limit: int,
        deadline_s: float | None,
    ) -> None:
        self._names = names
        self._driver = driver
        self._initializer = initializer
        self._memory_limit = memory_limit
        self._deadline_s = deadline_s
        self._serials = itertools.count(1)
        self._members: dict[str, Member] = {}
        self._timers: list[Timer] = []
        self._timing = threading.Lock()
        self._nstale = 0  # timers that have been given up
        self._order = itertools.count()
        self._false_starts: Counter[str] = Counter()  # in a row, by name
        self._given_up: set[str] = set()
        self._closing = False
        self._period_s = min(_SILENT_S, deadline_s / 3) if deadline_s else _SILENT_S
        self._awake = False
        self._output = Output()
        self._selector = selectors.DefaultSelector()
        self._sockets = Sockets(self._heed)
        self._selector.register(self._sockets, selectors.EVENT_READ, self._sockets)
        self._receiving = threading.Lock()  # one at a time, so that frames are heeded in their order
        self.lead, self.rouse = self._sockets.lead, self._sockets.rouse
        self._wake_in, self._wake_out = os.pipe()
        os.set_blocking(self._wake_out, False)
        self._selector.register(self._wake_in, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._watch, name="pickleloaf-driver", daemon=True)
        self._thread.start()

    # -- from any thread -----------------------------------------------------------------------------------

    @property
    def nup(self) -> int:
        """How many workers are ready."""
        return sum(member.up and not member.ended for member in self.members())

    def member(self, name: str) -> Any:
        """Return the worker that bears a name now, or None."""
        return self._members.get(name)

    def members(self) -> list[Member]:
        """Return all workers."""
        return list(self._members.values())

    def facts(self, name: str) -> dict[str, Any]:
        """Return what is known of a process, as plain data."""
        member = self._members.get(name)
        if member is None:
            return {"pid": None, "up": False, "rss_bytes": 0, "sent_bytes": 0, "received_bytes": 0}
        return member.facts()

    def send(self, name: str, frames: list[tuple[bytes, int]]) -> None:
        """Write frames to a worker, as far as its socket takes them now; the rest follows."""
        member = self._members.get(name)
        if member is None:
            return
        done = True
        try:
            if len(frames) == 1:
                done = member.link.send(*frames[0])
            else:
                for with_fd, group in itertools.groupby(frames, key=lambda frame: frame[1] >= 0):
                    if with_fd:
                        for data, fd in group:
                            done = member.link.send(data, fd)
                    else:
                        done = member.link.send(b"".join([data for data, _ in group]))
        except OSError:  # it has died, which we are going to hear of
            return
        if not done:
            self.after(0.0, lambda: self._watch_for_room(member))

    def wake(self) -> None:
        """Let the thread look around. It may be called anywhere, also by the garbage collector."""
        if self._awake:
            return
        self._awake = True
        try:
            os.write(self._wake_out, b"!")
        except (BlockingIOError, OSError):
            return

    def after(self, delay_s: float, do: Callable[[], None]) -> Timer:
        """Let the thread do something later; return what `give_up` takes."""
        timer: Timer = [time.monotonic() + delay_s, next(self._order), do]
        with self._timing:
            heapq.heappush(self._timers, timer)
        self.wake()
        return timer

    def give_up(self, timer: Timer) -> None:
        """Let something not be done that was to be done later, and forget it."""
        with self._timing:
            if timer[2] is None:
                return
            timer[2] = None
            self._nstale += 1
            if self._nstale > max(_MANY, len(self._timers) // 2):
                self._timers = [each for each in self._timers if each[2] is not None]
                heapq.heapify(self._timers)
                self._nstale = 0

    def retire(self, name: str) -> None:
        """End a worker that has nothing to do any more; another one takes its place."""
        self.send(name, [(encode_frame(Kind.STOP), -1)])

    @property
    def is_own_thread(self) -> bool:
        """Whether this is called by the thread."""
        return threading.current_thread() is self._thread

    def close(self) -> None:
        """End everything."""
        self._closing = True
        self._awake = False
        self.wake()
        self.join()

    def forsake(self) -> None:
        """Close our copies of the sockets, in a child that was forked; what they lead to goes on without us."""
        self._closing = self._awake = True
        if self._wake_out < 0:  # it had ended before
            return
        for member in self.members():
            member.link.sock.close()
        self._selector.close()  # and nothing is taken out of it: the parent selects from the same one
        for fd in (self._wake_in, self._wake_out):
            os.close(fd)
        self._wake_out = -1

    def join(self) -> None:
        """Wait until everything has ended."""
        if not self.is_own_thread:
            self._thread.join()

    # -- the thread ----------------------------------------------------------------------------------------

    def _watch(self) -> None:
        for name in self._names:
            self._start(name)
        self._beat()
        while not self._closing:
            try:
                self._step()
            except Exception:
                LOG.exception("an error of pickleloaf's own; please report it")
        self._end()

    def _beat(self) -> None:
        """Ask the workers whether they are there; report, and end, those that have not answered."""
        now = time.monotonic()
        patience_s = self._deadline_s or _REPORTED_S
        for member in self.members():
            silent_s = now - member.heard_s
            if member.up and member.asked and silent_s > patience_s:
                member.is_silent(silent_s, replace=self._deadline_s is not None)
            elif member.up and silent_s > self._period_s / 2:
                member.asked = True
                self.send(member.name, [(encode_frame(Kind.PING), -1)])
        self.after(self._period_s, self._beat)

    def _step(self) -> None:
        with self._timing:
            wait_s = max(self._timers[0][0] - time.monotonic(), 0.0) if self._timers else None
        ready = self._selector.select(wait_s)
        for key, _ in ready:
            if key.data is None:
                os.read(self._wake_in, 4096)
                self._awake = False
                self._driver.tick()
            elif key.data is self._sockets:
                self._sockets.take()
            else:
                self._ended(key.data)
        while (do := self._due()) is not None:
            do()

    def _due(self) -> Callable[[], None] | None:
        """Return the next thing that is due."""
        with self._timing:
            while self._timers and self._timers[0][0] <= time.monotonic():
                timer = heapq.heappop(self._timers)
                do: Callable[[], None] | None = timer[2]
                if do is not None:
                    timer[2] = None
                    return do
                self._nstale -= 1
        return None

    def _start(self, name: str) -> None:
        """Start a worker; without it, tasks would wait for ever, so what prevents it ends them all."""
        try:
            member = Member(name, next(self._serials), self._output)
        except Exception as error:  # noqa: BLE001 - no memory, no processes or no files left
            broken = BrokenExecutor(f"{name} cannot be started: {type(error).__name__}: {error}")
            broken.__cause__ = error
            self._driver.broke(broken)
            return
        self._members[name] = member
        with contextlib.suppress(OSError):  # it has died, which we are going to hear of
            member.greet(self._names, self._memory_limit, self._initializer)
        self._sockets.add(member.link, member)
        if member.notice is not None:
            self._selector.register(member.notice, selectors.EVENT_READ, member)

    def _read(self, member: Member, *, leads: bool = False, last: bool = False) -> bool:
        """Take what a worker says; tell whether there may be more. When it has ended, `_ended` takes the last of it."""
        with self._receiving:
            if member.ended and not last:
                return False
            try:
                frames = member.link.receive()
            except BlockingIOError:
                return False
            if frames is None:
                self._sockets.remove(member.link)
                if member.notice is None:
                    self.after(0.0, lambda: self._ended(member))
                return False
            member.heard_s = time.monotonic()
            member.asked = member.reported = False
            if not member.up and frames and frames[0].kind == Kind.ERROR and not frames[0].ident:
                self.after(0.0, lambda: self._refused(member, frames[0]))
                return False
            settled = self._driver.arrived(member, frames)
        self._driver.settle_all(settled, leads=leads)
        return True

    def _heed(self, member: Member, events: int, leads: bool) -> None:
        if events & selectors.EVENT_WRITE:
            self._flush(member)
        if events & selectors.EVENT_READ:
            self._read(member, leads=leads)

    def _refused(self, member: Member, frame: Frame) -> None:
        """The initializer has failed: it would fail in every other worker, too."""
        cause = open_value(Parcel.received(frame.body, frame.facts[0], frame.fd), None)
        error = BrokenExecutor(f"the initializer failed on {member.name}: {type(cause).__name__}: {cause}")
        error.__cause__ = cause
        self._give_up(member.name, error)

    def _ended(self, member: Member) -> None:
        """A process has ended: hear its last words, bury it, and start another in its place."""
        if self._members.get(member.name) is not member or member.ended:
            return
        member.ended = True
        while self._read(member, last=True):
            pass
        self._sockets.remove(member.link)
        if member.notice is not None:
            self._selector.unregister(member.notice)
        code = member.reap()
        is_false = not member.up or (
            not member.last_begun and time.monotonic() - member.up_since_s < _FALSE_START_S
        )
        self._false_starts[member.name] = self._false_starts[member.name] + 1 if is_false else 0
        time.sleep(0.01)  # what it printed last may still be on its way through the other thread
        output = self._output.tail(member.name)
        self._driver.lost(member, code, output)  # until then it is still written to, in vain
        del self._members[member.name]
        if self._closing:
            return
        if member.name in self._given_up:
            return
        if self._false_starts[member.name] < _FALSE_STARTS:
            self._start(member.name)
        else:
            said = f"; it printed last:\n{output}" if output else ""
            what = f"workers end with code {code} before they are ready{said}"
            self._give_up(member.name, BrokenExecutor(what))

    def _give_up(self, name: str, error: BrokenExecutor) -> None:
        """Start a worker no more: what is for it alone fails; and everything, where it was the last."""
        self._given_up.add(name)
        if any(member.name not in self._given_up and not member.ended for member in self.members()):
            LOG.warning("%s is given up: %s", name, error)
            self._driver.gave_up(name, error)
        else:
            self._driver.broke(error)

    def _watch_for_room(self, member: Member) -> None:
        with self._receiving:
            if not member.ended:
                self._sockets.want(member.link, selectors.EVENT_READ | selectors.EVENT_WRITE)

    def _flush(self, member: Member) -> None:
        with self._receiving, contextlib.suppress(OSError):  # it has died, and will be heard of
            if not member.ended and member.link.flush():
                self._sockets.want(member.link, selectors.EVENT_READ)

    def _end(self) -> None:
        members = self.members()
        for member in members:
            try:
                member.link.send(encode_frame(Kind.STOP))
            except OSError:
                continue
        until_s = time.monotonic() + _FAREWELL_S
        for member in members:
            member.wait(max(until_s - time.monotonic(), 0.0))
            member.reap()
        self._output.close()
        self._sockets.close()
        self._selector.close()
        os.close(self._wake_in)
        wake_out, self._wake_out, self._awake = self._wake_out, -1, True
        os.close(wake_out)
