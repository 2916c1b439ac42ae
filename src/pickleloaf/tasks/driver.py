"""The driver of a cluster: what its program asks for, and what its pool of workers reports.

`cluster` has the rules, `traffic` what both of them set in motion.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import BrokenExecutor, Future
from typing import Any

from pickleloaf.errors import TaskError
from pickleloaf.tasks.calls import Call
from pickleloaf.tasks.failures import Death, ending
from pickleloaf.tasks.futures import settle
from pickleloaf.tasks.instructions import DRIVER
from pickleloaf.tasks.link import Frame, Kind, encode_frame
from pickleloaf.tasks.member import Member
from pickleloaf.tasks.parcels import Parcel, pack
from pickleloaf.tasks.traffic import HEED, Settled, Traffic

__all__ = ["Driver"]

LOG = logging.getLogger("pickleloaf.tasks")


class Driver(Traffic):
    """Traffic, with the lock around it."""

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
        with self._shield, self._lock:
            self._check_open()
            self._take_call(ident, call, to, retries, timeout, holder, future)
            settled = self._flush()
        self.settle_all(settled)

    def store(self, ident: int, parcel: Parcel, holder: str) -> None:
        """Take in a value."""
        with self._shield, self._lock:
            self._check_open()
            self._parcels[ident] = parcel
            self._obey(self._scheduler.stored(ident, mentions=parcel.mentions, holder=holder))
            settled = self._flush()
        self.settle_all(settled)

    def combine(self, ident: int, parts: tuple[int, ...], holder: str, *, first: bool) -> None:
        """Take in a value that consists of others."""
        with self._shield, self._lock:
            self._check_open()
            self._obey(self._scheduler.combined(ident, parts, first=first, holder=holder))
            settled = self._flush()
        self.settle_all(settled)

    def fetch(self, ident: int, future: Future[Any]) -> None:
        """Let a future get a value."""
        with self._shield, self._lock:
            if self._closed:  # nobody else looks at them any more
                self._take_dropped()
            value = self._scheduler.values.get(ident)
            if self._broken is not None and value is not None and not value.settled:
                self._settled.append((future, pack(self._broken), False, False))
            elif value is None or (self._closed and not value.settled):
                error = TaskError(
                    "this value is not to be had: the cluster was closed before, or every handle on it dropped"
                )
                self._settled.append((future, pack(error), False, False))
            elif value.settled:
                self._settled.append((future, self._value(ident), value.ok, False))
            else:
                self._futures.setdefault(ident, []).append(future)
                self._keep(ident)
            settled = self._flush()
        self.settle_all(settled)

    def hold(self, ident: int) -> None:
        """Count a handle."""
        with self._lock:
            self._obey(self._scheduler.held(DRIVER, ident))

    def drop(self, ident: int) -> None:
        """Note that a handle is gone; nothing else, as it may happen while the lock is held."""
        self._dropped.append(ident)
        self._pool.wake()
        if self._closed and self._lock.acquire(blocking=False):  # there is no thread any more that would look
            try:
                self._take_dropped()
            finally:
                self._lock.release()

    def cancel_pending(self) -> None:
        """Cancel the tasks that have not begun; but one for each worker that is still being started."""
        with self._lock:
            unbegun = [ident for ident in self._calls if ident not in self._names]
            spared = len(self._scheduler.workers) - self._pool.nup
            for ident in unbegun[max(spared, 0) :]:
                self._obey(self._scheduler.cancelled(ident))
            settled = self._flush()
        self.settle_all(settled)

    def wait_for(self, wanted: int, timeout_s: float | None) -> None:
        """Block until so many workers are up.

        Raises:
            TimeoutError: they are not.
            BrokenExecutor: they cannot be started.
        """
        with self._idle:
            possible = len(self._scheduler.workers)
            if not self._idle.wait_for(
                lambda: self._broken or self._pool.nup >= wanted or len(self._scheduler.workers) < possible,
                timeout_s,
            ):
                raise TimeoutError(f"{self._pool.nup} of {wanted} workers are ready after {timeout_s} s")
            self._check_open()
            if self._pool.nup < wanted:
                name, error = next(iter(self._given_up.items()))
                raise BrokenExecutor(f"{name} is given up: {error}") from error.__cause__

    def wait_until_idle(self) -> None:
        """Block until no task is left."""
        with self._idle:
            self._idle.wait_for(lambda: not self._calls or self._broken is not None or self._closed)

    @property
    def is_own_thread(self) -> bool:
        """Whether this is called by the thread that watches the workers."""
        return self._pool.is_own_thread

    def start_profile(self) -> None:
        """Let all workers record from now on."""
        with self._lock:
            self._recording = True  # also those that come up later
            for member in self._pool.members():
                if member.up:
                    self._write(member, encode_frame(Kind.PROFILE, 1))
            self._flush()

    def stop_profile(self) -> list[Future[Any]]:
        """Let all workers hand over what they recorded; return a future of each one's parcel."""
        with self._lock:
            self._recording = False
            self._profiles = {member.name: Future() for member in self._pool.members() if member.up}
            for member in self._pool.members():
                self._write(member, encode_frame(Kind.PROFILE, 0))
            self._flush()
            return list(self._profiles.values())

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
            for name in self._given_up:
                workers[name] = {**self._pool.facts(name), "running": [], "queued": 0}
            return {
                "workers": workers,
                "queued": len(scheduler.queue),
                "pending": len(self._calls),
                "values": len(scheduler.values),
                "stored_bytes": sum(parcel.nbytes for parcel in self._parcels.values()),
                **self._counts,
            }

    def close(self) -> None:
        """Cancel what has not ended, and end the workers. When it returns they have, whoever has closed it first."""
        with self._lock:
            closer, self._closer = self._closer, self._closer or threading.get_ident()
            self._closed = True
            left = self._take_futures()
            self._idle.notify_all()
        if closer:
            if closer != threading.get_ident():  # it is not a callback of what is cancelled here
                self._pool.join()
            return
        for future in left:
            error = pack(TaskError("the cluster was closed before the task ended"))
            settle(future, error, self._runtime, ok=False, cancelled=not future.running())
        self._pool.close()
        with self._lock:
            self._calls.clear()
            self._take_dropped()

    def forsake(self) -> None:
        """Be closed, in a child that was forked: it has neither our thread nor our workers."""
        self._lock = threading.Lock()  # whoever held it is not there
        self._idle = threading.Condition(self._lock)
        self._closed = True
        self._closer = self._closer or -1
        left = self._take_futures()
        self._calls.clear()
        self._pool.forsake()
        error = RuntimeError("the cluster of this task belongs to the process that this one was forked from")
        for future in left:
            if not future.done():
                future.set_exception(error)

    def arrived(self, member: Member, frames: list[Frame]) -> list[Settled]:
        """Heed what a worker says; return what is to be settled."""
        with self._lock:
            if len(frames) == 1:
                HEED[frames[0].kind](self, member, frames[0])
                return self._flush()
            self._scheduler.batch_begins()
            try:
                for frame in frames:
                    HEED[frame.kind](self, member, frame)
            finally:
                self._obey(self._scheduler.batch_ends())
            return self._flush()

    def tick(self) -> None:
        """Do what is due whenever the driver thread wakes."""
        if self._dropped:
            with self._lock:
                self._take_dropped()
                settled = self._flush()
            self.settle_all(settled)

    def _take_futures(self) -> list[Future[Any]]:
        """Return the futures that wait, which the scheduler has nothing to tell any more."""
        left = [future for futures in self._futures.values() for future in futures]
        self._futures.clear()
        return left

    def _take_dropped(self) -> None:
        while self._dropped:
            self._obey(self._scheduler.dropped(DRIVER, self._dropped.popleft()))

    def lost(self, member: Member, code: int, output: str) -> None:
        """A worker is gone."""
        with self._lock:
            if self._closed:
                return
            self._counts["died"] += 1
            self._last_death = Death(member.name, code, member.why or ending(code), output)
            LOG.info("%s (process %s) %s", member.name, member.pid, self._last_death.how)
            self._obey(self._scheduler.died(member.name, member.last_begun))
            settled = self._flush()
        self.settle_all(settled)

    def gave_up(self, name: str, error: BaseException) -> None:
        """A worker cannot be started, while others can: what is for it alone fails."""
        with self._lock:
            self._given_up[name] = error
            self._obey(self._scheduler.gone(name))
            self._idle.notify_all()
            settled = self._flush()
        self.settle_all(settled)

    def broke(self, error: BaseException) -> None:
        """There will be no workers: everything fails with this error."""
        with self._lock:
            self._broken = error
            left = self._take_futures()
            self._calls.clear()
            self._idle.notify_all()
        for future in left:
            if future.running() or future.set_running_or_notify_cancel():
                future.set_exception(error)

    def _check_open(self) -> None:
        if self._broken is not None:
            raise BrokenExecutor(str(self._broken)) from self._broken.__cause__
        if self._closed:
            raise RuntimeError("cannot schedule new futures: the cluster is closed")
