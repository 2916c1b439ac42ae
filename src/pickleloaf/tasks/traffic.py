"""The traffic of a cluster: frames in, events; instructions out, frames and futures. `cluster` has the rules."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from concurrent.futures import Future
from typing import Any

from pickleloaf.tasks.calls import Call
from pickleloaf.tasks.failures import Death, failure
from pickleloaf.tasks.futures import begin, is_inert, settle
from pickleloaf.tasks.instructions import (
    DRIVER,
    Deliver,
    Forget,
    Interrupt,
    Retire,
    Send,
    Settle,
    Start,
    TakeBack,
)
from pickleloaf.tasks.link import Frame, Kind, encode_frame
from pickleloaf.tasks.member import Member
from pickleloaf.tasks.outgoing import Outgoing
from pickleloaf.tasks.parcels import Parcel, pack
from pickleloaf.tasks.pool import Pool, Timer
from pickleloaf.tasks.scheduler import Scheduler
from pickleloaf.tasks.shield import Shield

__all__ = ["HEED", "Settled", "Traffic"]

LOG = logging.getLogger("pickleloaf.tasks")

#: A future, what it gets, whether that is a result, whether it is cancelled instead.
Settled = tuple[Future[Any], Any, bool, bool]


class Traffic(Outgoing):
    """The state of a cluster in its driver, and what changes it. All of it is under the lock."""

    def __init__(
        self, names: list[str], runtime: Any, *, max_tasks: int, grace_s: float, **options: Any
    ) -> None:
        self._runtime = runtime
        self._grace_s = grace_s
        self._lock = threading.Lock()
        self._shield = Shield()  # what is under the lock is done to its end, whatever Ctrl-C wants
        super().__init__(Scheduler(max_tasks=max_tasks))
        self._names: dict[int, str] = {}  # of tasks that run, for errors
        self._timeouts: dict[int, float] = {}
        self._expiries: dict[int, Timer] = {}  # of tasks that run
        self._futures: dict[int, list[Future[Any]]] = {}
        self._recording = False
        self._profiles: dict[str, Future[Any]] = {}
        self._kept: set[int] = set()  # values that we hold for the sake of futures
        self._dropped: deque[int] = deque()
        self._settled: list[Settled] = []
        self._counts = {"done": 0, "failed": 0, "died": 0}
        self._last_death = Death("", 0, "", "")
        self._broken: BaseException | None = None
        self._given_up: dict[str, BaseException] = {}  # workers that cannot be started, and why
        self._closed = False
        self._closer = 0  # the thread that has closed it
        self._idle = threading.Condition(self._lock)
        for name in names:
            self._obey(self._scheduler.expected(name))
        self._pool = Pool(names, self, **options)
        self.lead, self.rouse = self._pool.lead, self._pool.rouse

    def _on_result(self, member: Member, frame: Frame) -> None:
        layout, mentions, follows = frame.facts or _PLAIN
        ident = frame.ident
        if follows is not None and ident in self._futures:
            self._keep(ident)
        value = self._scheduler.values.get(ident)
        parcel = Parcel.received(frame.body, layout, frame.fd, mentions)
        if value is not None and not value.settled and follows is None:
            self._parcels[ident] = parcel
        ok = frame.kind == Kind.RESULT
        self._obey(self._scheduler.finished(member.name, ident, ok=ok, follows=follows, mentions=mentions))

    def _on_task(self, member: Member, frame: Frame) -> None:
        length, layout, needs, mentions, to, retries, timeout, called = frame.facts
        arguments = Parcel.received(frame.body[length:], layout, frame.fd, mentions)
        call = Call(frame.body[:length], arguments, needs, called)
        self._take_call(frame.ident, call, to, retries, timeout, member.name, None)

    def _on_store(self, member: Member, frame: Frame) -> None:
        layout, mentions = frame.facts
        self._parcels[frame.ident] = Parcel.received(frame.body, layout, frame.fd, mentions)
        self._obey(self._scheduler.stored(frame.ident, mentions=mentions, holder=member.name))

    def _on_combine(self, member: Member, frame: Frame) -> None:
        parts, first = frame.facts
        self._obey(self._scheduler.combined(frame.ident, parts, first=first, holder=member.name))

    def _on_want(self, member: Member, frame: Frame) -> None:
        self._obey(self._scheduler.wanted(member.name, frame.ident))

    def _on_aside(self, member: Member, frame: Frame) -> None:
        self._obey(self._scheduler.set_aside(member.name, frame.ident))

    def _on_returned(self, member: Member, frame: Frame) -> None:
        self._obey(self._scheduler.returned(member.name, frame.facts))

    def _on_hold(self, member: Member, frame: Frame) -> None:
        self._obey(self._scheduler.held(member.name, frame.ident))

    def _on_drop(self, member: Member, frame: Frame) -> None:
        for ident in frame.facts:
            self._obey(self._scheduler.dropped(member.name, ident))

    def _on_cancel(self, member: Member, frame: Frame) -> None:
        self._obey(self._scheduler.cancelled(frame.ident))

    def _on_pong(self, member: Member, frame: Frame) -> None:
        """It is there; the pool has noted when it spoke."""

    def _on_profile(self, member: Member, frame: Frame) -> None:
        future = self._profiles.pop(member.name, None)
        if future is not None:
            future.set_result(Parcel.received(frame.body, frame.facts, frame.fd))

    def _on_hello(self, member: Member, frame: Frame) -> None:
        member.up = True
        member.up_since_s = time.monotonic()
        self._idle.notify_all()
        if self._recording:
            self._write(member, encode_frame(Kind.PROFILE, 1))
        if self._broken is None:  # then nothing is left to be done
            self._obey(self._scheduler.joined(member.name))

    def _keep(self, ident: int) -> None:
        """Let a value be remembered until it is settled and its futures have it."""
        if ident not in self._kept:
            self._kept.add(ident)
            self._obey(self._scheduler.held(DRIVER, ident))

    def _take_call(
        self,
        ident: int,
        call: Call,
        to: str | None,
        retries: int,
        timeout: float | None,
        holder: str | None,
        future: Future[Any] | None,
    ) -> None:
        self._calls[ident] = call
        if timeout is not None:
            self._timeouts[ident] = timeout
        if future is not None:
            self._futures[ident] = [future]
        self._obey(
            self._scheduler.submitted(
                ident, needs=call.needs, mentions=call.mentions, to=to, retries=retries, holder=holder
            )
        )

    def _obey(self, instructions: list[Any]) -> None:
        for each in instructions:
            _OBEY[type(each)](self, each)

    def _start(self, what: Start) -> None:
        call = self._calls.get(what.ident)
        if call is None:
            return
        self._names[what.ident] = call.name
        for future in self._futures.get(what.ident, ()):
            if not begin(future):
                self._futures.pop(what.ident)
                break
        if what.ident in self._timeouts and what.ident not in self._expiries:
            timeout = self._timeouts[what.ident]
            self._expiries[what.ident] = self._pool.after(
                timeout, lambda: self.cancel(what.ident, f"expired:{timeout}")
            )

    def _settle(self, what: Settle) -> None:
        ident = what.ident
        call = self._calls.pop(ident, None)
        if self._timeouts:
            self._timeouts.pop(ident, None)
            self._stop_clock(ident)
        if call is not None:
            self._counts["done" if what.ok else "failed"] += 1
            if not self._calls:
                self._idle.notify_all()
        name = self._names.pop(ident, None)
        if what.cause:
            name = name or (call.name if call else "")
            self._parcels[ident] = pack(failure(what.cause, name, self._last_death))
        futures = self._futures.pop(ident, None)
        if futures:
            value = self._value(ident)
            self._settled += [(future, value, what.ok, what.cause == "cancelled") for future in futures]
        if ident in self._kept:
            self._kept.remove(ident)
            self._obey(self._scheduler.dropped(DRIVER, ident))

    def _stop_clock(self, ident: int) -> None:
        """Forget when an attempt at a task would be over; the next one has as much time."""
        expiry = self._expiries.pop(ident, None)
        if expiry is not None:
            self._pool.give_up(expiry)

    def _deliver(self, what: Deliver) -> None:
        member = self._pool.member(what.worker)
        if member is not None:
            self._send_value(member, what.ident, keep=False)
        self._obey(self._scheduler.dropped(what.worker, what.ident))

    def _interrupt(self, what: Interrupt) -> None:
        member = self._pool.member(what.worker)
        self._write(member, encode_frame(Kind.INTERRUPT, what.ident))
        self._pool.after(self._grace_s, lambda: self._kill_if_still(member, what.ident))

    def cancel(self, ident: int, cause: str = "cancelled") -> None:
        """Fail a task that has not ended."""
        with self._lock:
            self._obey(self._scheduler.cancelled(ident, cause))
            settled = self._flush()
        self.settle_all(settled)

    def _kill_if_still(self, member: Member, ident: int) -> None:
        with self._lock:
            worker = self._scheduler.workers.get(member.name)
            still = worker is not None and (ident in worker.aside or ident in list(worker.line)[:1])
        if still and self._pool.member(member.name) is member:
            member.why = f"was killed, as a task did not end within {self._grace_s} s of its interruption,"
            LOG.warning("%s %s", member.name, member.why)
            member.kill()

    def _flush(self) -> list[Settled]:
        """Send what is to be sent, in order; return the futures that are to be settled without the lock."""
        if self._outgoing:
            outgoing, self._outgoing = self._outgoing, {}
            for name, frames in outgoing.items():
                self._pool.send(name, frames)
        if not self._settled:
            return []
        settled, self._settled = self._settled, []
        return settled

    def settle_all(self, settled: list[Settled], *, leads: bool = False) -> None:
        """Settle futures; a leader leaves to the driver thread what may run a user's code."""
        if leads and (left := [each for each in settled if not (each[2] and is_inert(each[0]))]):
            settled = [each for each in settled if each not in left]
            self._pool.after(0.0, lambda: self.settle_all(left))
        for future, value, ok, cancelled in settled:
            settle(future, value, self._runtime, ok=ok, cancelled=cancelled)


#: What a result says that is small and plain.
_PLAIN = (None, (), None)

_OBEY: dict[type, Any] = {
    Send: Traffic._send,
    Start: Traffic._start,
    TakeBack: Traffic._take_back,
    Settle: Traffic._settle,
    Deliver: Traffic._deliver,
    Forget: Traffic._forget,
    Interrupt: Traffic._interrupt,
    Retire: Traffic._retire,
}


#: What to do when a worker says something.
HEED: dict[int, Any] = {
    Kind.RESULT: Traffic._on_result,
    Kind.ERROR: Traffic._on_result,
    Kind.TASK: Traffic._on_task,
    Kind.STORE: Traffic._on_store,
    Kind.COMBINE: Traffic._on_combine,
    Kind.WANT: Traffic._on_want,
    Kind.ASIDE: Traffic._on_aside,
    Kind.RETURNED: Traffic._on_returned,
    Kind.HOLD: Traffic._on_hold,
    Kind.DROP: Traffic._on_drop,
    Kind.CANCEL: Traffic._on_cancel,
    Kind.HELLO: Traffic._on_hello,
    Kind.PONG: Traffic._on_pong,
    Kind.PROFILE: Traffic._on_profile,
}
