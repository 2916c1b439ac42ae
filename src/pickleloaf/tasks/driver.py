"""The driver of a cluster: carries out what the scheduler says, and tells it what happens.

`cluster` has the rules. This file is the traffic: frames in, events; instructions out, frames and futures.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from concurrent.futures import BrokenExecutor, Future
from typing import Any

from pickleloaf.errors import TaskError, WorkerDied
from pickleloaf.tasks.calls import Call
from pickleloaf.tasks.futures import settle
from pickleloaf.tasks.link import Frame, Kind, encode_frame
from pickleloaf.tasks.member import Member
from pickleloaf.tasks.parcels import Parcel, pack
from pickleloaf.tasks.pool import Pool
from pickleloaf.tasks.scheduler import (
    DRIVER,
    Deliver,
    Forget,
    Interrupt,
    Retire,
    Scheduler,
    Send,
    Settle,
    Start,
    TakeBack,
)

__all__ = ["Driver"]

LOG = logging.getLogger("pickleloaf.tasks")


class Driver:
    """The state of a cluster in its driver."""

    def __init__(
        self, names: list[str], runtime: Any, *, max_tasks: int, grace_s: float, **options: Any
    ) -> None:
        self._runtime = runtime
        self._grace_s = grace_s
        self._lock = threading.Lock()
        self._scheduler = Scheduler(max_tasks=max_tasks)
        self._calls: dict[int, Call] = {}
        self._names: dict[int, str] = {}  # of tasks that run, for errors
        self._timeouts: dict[int, float] = {}
        self._parcels: dict[int, Parcel] = {}
        self._futures: dict[int, list[Future[Any]]] = {}
        self._dropped: deque[int] = deque()
        self._outgoing: dict[str, list[tuple[bytes, int]]] = {}
        self._settled: list[tuple[Future[Any], Any, bool, bool]] = []
        self._counts = {"done": 0, "failed": 0, "died": 0}
        self._last_death = ("", 0, "")
        self._broken: BaseException | None = None
        self._closed = False
        self._idle = threading.Condition(self._lock)
        for name in names:
            self._obey(self._scheduler.expected(name))
        self._pool = Pool(names, self, **options)

    # -- from the program, in any thread -----------------------------------------------------------------

    def submit(
        self,
        ident: int,
        call: Call,
        future: Future[Any] | None,
        *,
        to: str | None = None,
        retries: int = 0,
        timeout: float | None = None,
        holder: str | None = DRIVER,
    ) -> None:
        """Take in a task."""
        with self._lock:
            self._check_open()
            self._take_call(ident, call, to, retries, timeout, holder, future)
            settled = self._flush()
        self._settle_all(settled)

    def store(self, ident: int, parcel: Parcel, holder: str) -> None:
        """Take in a value."""
        with self._lock:
            self._check_open()
            self._parcels[ident] = parcel
            self._obey(self._scheduler.stored(ident, mentions=parcel.mentions, holder=holder))
            settled = self._flush()
        self._settle_all(settled)

    def combine(self, ident: int, parts: tuple[int, ...], holder: str, *, first: bool) -> None:
        """Take in a value that consists of others."""
        with self._lock:
            self._check_open()
            self._obey(self._scheduler.combined(ident, parts, first=first, holder=holder))
            settled = self._flush()
        self._settle_all(settled)

    def fetch(self, ident: int, future: Future[Any]) -> None:
        """Let a future get a value."""
        with self._lock:
            value = self._scheduler.values.get(ident)
            if value is None:
                error = TaskError(
                    "this value is forgotten: the cluster was closed, or every handle on it dropped"
                )
                self._settled.append((future, pack(error), False, False))
            elif value.settled:
                self._settled.append((future, self._value(ident), value.ok, False))
            else:
                self._futures.setdefault(ident, []).append(future)
            settled = self._flush()
        self._settle_all(settled)

    def hold(self, ident: int) -> None:
        """Count a handle."""
        with self._lock:
            self._obey(self._scheduler.held(DRIVER, ident))

    def drop(self, ident: int) -> None:
        """Note that a handle is gone; nothing else, as it may happen while the lock is held."""
        self._dropped.append(ident)
        self._pool.wake()

    def cancel(self, ident: int, cause: str = "cancelled") -> None:
        """Fail a task that has not ended."""
        with self._lock:
            self._obey(self._scheduler.cancelled(ident, cause))
            settled = self._flush()
        self._settle_all(settled)

    def cancel_pending(self) -> None:
        """Cancel the tasks that have not begun."""
        with self._lock:
            for ident in [ident for ident in self._calls if ident not in self._names]:
                self._obey(self._scheduler.cancelled(ident))
            settled = self._flush()
        self._settle_all(settled)

    def wait_for(self, wanted: int, timeout_s: float | None) -> None:
        """Block until so many workers are up.

        Raises:
            TimeoutError: they are not.
            BrokenExecutor: they cannot be started.
        """
        with self._idle:
            if not self._idle.wait_for(lambda: self._broken or self._pool.nup >= wanted, timeout_s):
                raise TimeoutError(f"{self._pool.nup} of {wanted} workers are ready after {timeout_s} s")
            self._check_open()

    def wait_until_idle(self) -> None:
        """Block until no task is left."""
        with self._idle:
            self._idle.wait_for(lambda: not self._calls or self._broken is not None or self._closed)

    def statistics(self) -> dict[str, Any]:
        """Return what is going on, as plain data."""
        with self._lock:
            scheduler = self._scheduler
            workers = {
                name: {
                    **self._pool.facts(name),
                    "running": [self._names.get(i, "") for i in [*list(worker.line)[:1], *worker.aside]],
                    "queued": max(len(worker.line) - 1, 0) + len(worker.pinned),
                }
                for name, worker in scheduler.workers.items()
            }
            return {
                "workers": workers,
                "queued": len(scheduler.queue),
                "pending": len(self._calls),
                "values": len(scheduler.values),
                "stored_bytes": sum(parcel.nbytes for parcel in self._parcels.values()),
                **self._counts,
            }

    def close(self) -> None:
        """Cancel what has not ended, and end the workers."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            left = [future for futures in self._futures.values() for future in futures]
            self._futures.clear()
            self._idle.notify_all()
        for future in left:
            error = pack(TaskError("the cluster was closed before the task ended"))
            settle(future, error, self._runtime, ok=False, cancelled=not future.running())
        self._pool.close()
        with self._lock:
            self._calls.clear()
            self._parcels.clear()

    # -- from the pool, in the driver thread ---------------------------------------------------------------

    def arrived(self, member: Member, frames: list[Frame]) -> None:
        """Heed what a worker says."""
        with self._lock:
            for frame in frames:
                self._heed(member, frame)
            settled = self._flush()
        self._settle_all(settled)

    def tick(self) -> None:
        """Do what is due whenever the driver thread wakes."""
        if self._dropped:
            with self._lock:
                while self._dropped:
                    self._obey(self._scheduler.dropped(DRIVER, self._dropped.popleft()))
                settled = self._flush()
            self._settle_all(settled)

    def lost(self, member: Member, code: int, output: str) -> None:
        """A worker is gone."""
        with self._lock:
            if self._closed:
                return
            self._counts["died"] += 1
            self._last_death = (member.name, code, output)
            self._obey(self._scheduler.died(member.name))
            settled = self._flush()
        self._settle_all(settled)

    def broke(self, error: BaseException) -> None:
        """There will be no workers: everything fails with this error."""
        with self._lock:
            self._broken = error
            left = [future for futures in self._futures.values() for future in futures]
            self._futures.clear()
            self._calls.clear()
            self._idle.notify_all()
        for future in left:
            if future.running() or future.set_running_or_notify_cancel():
                future.set_exception(error)

    # -- frames ------------------------------------------------------------------------------------------

    def _heed(self, member: Member, frame: Frame) -> None:
        _HEED[frame.kind](self, member, frame)

    def _on_result(self, member: Member, frame: Frame) -> None:
        layout, mentions, follows = frame.facts or _PLAIN
        ident = frame.ident
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

    def _on_hello(self, member: Member, frame: Frame) -> None:
        member.up = True
        self._idle.notify_all()
        self._obey(self._scheduler.joined(member.name))

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

    # -- instructions ------------------------------------------------------------------------------------

    def _obey(self, instructions: list[Any]) -> None:
        for each in instructions:
            _OBEY[type(each)](self, each)

    def _send(self, what: Send) -> None:
        member = self._pool.member(what.worker)
        call = self._calls[what.ident]
        for need in call.needs:
            self._send_value(member, need, keep=True)
        arguments = call.arguments
        number, new = member.number_of(call.function)
        facts = (number, len(call.function) if new else -1, arguments.layout, call.needs)
        body = call.function + arguments.data if new else arguments.data
        self._write(
            member, encode_frame(Kind.TASK, what.ident, facts, body, with_fd=arguments.fd >= 0), arguments.fd
        )

    def _send_value(self, member: Member, ident: int, *, keep: bool) -> None:
        """Send a value that is settled, unless the worker has it."""
        if keep and ident in member.has:
            return
        known = self._scheduler.values.get(ident)
        value = self._value(ident)
        kind = Kind.VALUE if known is not None and known.ok else Kind.FAILED
        if keep:
            member.has.add(ident)
        if type(value) is tuple:
            root = self._scheduler.values[self._scheduler.values.root(ident)]
            for part in root.parts:
                self._send_value(member, part, keep=True)
            self._write(member, encode_frame(kind, ident, (None, root.parts, keep)))
        else:
            frame = encode_frame(kind, ident, (value.layout, None, keep), value.data, with_fd=value.fd >= 0)
            self._write(member, frame, value.fd)

    def _value(self, ident: int) -> Any:
        """Return the bytes of a settled value: a parcel, or a tuple of them."""
        ident = self._scheduler.values.root(ident)
        value = self._scheduler.values.get(ident)
        if value is not None and value.ok and ident not in self._parcels:
            return tuple(self._value(part) for part in value.parts)
        if ident not in self._parcels:
            return pack(TaskError("this value is forgotten: every handle on it was dropped"))
        return self._parcels[ident]

    def _start(self, what: Start) -> None:
        call = self._calls.get(what.ident)
        if call is None:
            return
        self._names[what.ident] = call.name
        for future in self._futures.get(what.ident, ()):
            if not future.running() and not future.done() and not future.set_running_or_notify_cancel():
                self._futures.pop(what.ident)
                break
        timeout = self._timeouts.pop(what.ident, None)
        if timeout is not None:
            self._pool.after(timeout, lambda: self.cancel(what.ident, f"expired:{timeout}"))

    def _take_back(self, what: TakeBack) -> None:
        self._write(self._pool.member(what.worker), encode_frame(Kind.TAKE_BACK, 0, what.idents))

    def _settle(self, what: Settle) -> None:
        ident = what.ident
        call = self._calls.pop(ident, None)
        self._timeouts.pop(ident, None)
        if call is not None:
            self._counts["done" if what.ok else "failed"] += 1
            if not self._calls:
                self._idle.notify_all()
        name = self._names.pop(ident, None) or (call.name if call else "")
        if what.cause:
            self._parcels[ident] = pack(self._failure(what.cause, name))
        futures = self._futures.pop(ident, None)
        if futures:
            value = self._value(ident)
            self._settled += [(future, value, what.ok, what.cause == "cancelled") for future in futures]

    def _failure(self, cause: str, name: str) -> BaseException:
        if cause == "died":
            worker, code, output = self._last_death
            how = _ending(code)
            said = f"; it printed last:\n{output}" if output else ""
            return WorkerDied(f"{worker} {how} while it ran {name}{said}", name, worker, code, output)
        if cause == "cancelled":
            from concurrent.futures import CancelledError

            return CancelledError(f"task {name} was cancelled")
        if cause.startswith("expired"):
            return TimeoutError(f"task {name} took longer than its timeout of {cause.partition(':')[2]} s")
        if cause == "gone":
            return TaskError(f"task {name} is for a worker that is not there", name)
        return TaskError(f"task {name} returned a promise whose value is forgotten", name)

    def _deliver(self, what: Deliver) -> None:
        member = self._pool.member(what.worker)
        if member is not None:
            self._send_value(member, what.ident, keep=False)

    def _forget(self, what: Forget) -> None:
        self._parcels.pop(what.ident, None)
        for member in self._pool.members():
            if what.ident in member.has:
                member.has.remove(what.ident)
                self._write(member, encode_frame(Kind.FORGET, 0, (what.ident,)))

    def _interrupt(self, what: Interrupt) -> None:
        member = self._pool.member(what.worker)
        self._write(member, encode_frame(Kind.INTERRUPT, what.ident))
        self._pool.after(self._grace_s, lambda: self._kill_if_still(member, what.ident))

    def _kill_if_still(self, member: Member, ident: int) -> None:
        with self._lock:
            worker = self._scheduler.workers.get(member.name)
            still = worker is not None and (ident in worker.aside or ident in list(worker.line)[:1])
        if still and self._pool.member(member.name) is member:
            LOG.warning(
                "%s did not end a task within %s s of its interruption: killed", member.name, self._grace_s
            )
            member.kill()

    def _retire(self, what: Retire) -> None:
        self._pool.retire(what.worker)

    # -- afterwards ----------------------------------------------------------------------------------------

    def _write(self, member: Member, frame: bytes, fd: int = -1) -> None:
        self._outgoing.setdefault(member.name, []).append((frame, fd))

    def _flush(self) -> list[tuple[Future[Any], Any, bool, bool]]:
        """Send what is to be sent, in order; return the futures that are to be settled without the lock."""
        if self._outgoing:
            outgoing, self._outgoing = self._outgoing, {}
            for name, frames in outgoing.items():
                self._pool.send(name, frames)
        if not self._settled:
            return []
        settled, self._settled = self._settled, []
        return settled

    def _settle_all(self, settled: list[tuple[Future[Any], Any, bool, bool]]) -> None:
        for future, value, ok, cancelled in settled:
            settle(future, value, self._runtime, ok=ok, cancelled=cancelled)

    def _check_open(self) -> None:
        if self._broken is not None:
            raise BrokenExecutor(str(self._broken)) from self._broken.__cause__
        if self._closed:
            raise RuntimeError("the cluster is closed: open another one")


#: What a result says that is small and plain.
_PLAIN = (None, (), None)

_OBEY: dict[type, Any] = {
    Send: Driver._send,
    Start: Driver._start,
    TakeBack: Driver._take_back,
    Settle: Driver._settle,
    Deliver: Driver._deliver,
    Forget: Driver._forget,
    Interrupt: Driver._interrupt,
    Retire: Driver._retire,
}


#: What to do when a worker says something.
_HEED: dict[int, Any] = {
    Kind.RESULT: Driver._on_result,
    Kind.ERROR: Driver._on_result,
    Kind.TASK: Driver._on_task,
    Kind.STORE: Driver._on_store,
    Kind.COMBINE: Driver._on_combine,
    Kind.WANT: Driver._on_want,
    Kind.ASIDE: Driver._on_aside,
    Kind.RETURNED: Driver._on_returned,
    Kind.HOLD: Driver._on_hold,
    Kind.DROP: Driver._on_drop,
    Kind.CANCEL: Driver._on_cancel,
    Kind.HELLO: Driver._on_hello,
}


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    import signal

    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"was killed by {name}"
