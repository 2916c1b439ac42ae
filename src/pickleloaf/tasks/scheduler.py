"""Who runs what, where and when: events in, instructions out.

    driver: task(f, *args) ──> bytes ─┐                         ┌─> Send, TakeBack, Deliver ─> worker's socket
                                      ├─ event ─> Scheduler ─>──┼─> Settle ─> somebody's future
    worker: result, new task, wish ───┘                         └─> Forget ─> memory is given back

The scheduler knows no socket, no clock and no pickler, only numbers of values and names of workers. Whoever
drives it keeps the bytes under the same numbers and carries out the instructions in their order.

1. Everything is a value: the result of a task, what `put` stored, several values together (`combined`). A
   value is pending, then settled once: ready or failed.
2. A value is forgotten when it is settled and nobody needs it: no holder (driver or worker) has a handle on
   it, no task that is still to run takes it, and no value that is remembered mentions it.
3. A worker is given a few tasks in advance, so that it never waits for the driver; more, when it has run out of
   them while others waited. It runs them in the order in which they were sent: the first is running, the
   others have not begun, and can be taken back.
4. A task that waits for others, or is asynchronous, is *aside*: it does not keep its worker from the next.
5. When a worker dies, what was running there has failed, unless it may be retried; what had not begun is
   simply sent to another.
6. A task for one worker by name waits for that name, whoever bears it: the replacement of a dead one does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pickleloaf.tasks.dispatch import Dispatch, Worker
from pickleloaf.tasks.instructions import DRIVER, Deliver, Forget, Instruction, Interrupt, Settle, Start
from pickleloaf.tasks.values import Value

__all__ = ["Scheduler"]


class Scheduler(Dispatch):
    """The state machine; every method is an event and returns what is to be done."""

    # -- tasks and values ------------------------------------------------------------------------------

    def submitted(
        self,
        ident: int,
        *,
        needs: Iterable[int] = (),
        mentions: Iterable[int] = (),
        to: str | None = None,
        retries: int = 0,
        holder: str | None = DRIVER,
    ) -> list[Instruction]:
        """Take in a task.

        Args:
            ident: its number, which is also that of its result.
            needs: values that it takes: it waits for them, and fails with the first that fails.
            mentions: values that its arguments have handles on.
            to: the only worker that may run it.
            retries: how often it may be tried again.
            holder: who has a handle on the result; None for nobody.
        """
        value = Value(ident, tuple(needs), tuple(mentions))
        value.to = to
        value.retries = retries
        failed = self.values.add(value, holder)
        if failed is not None:
            self._settle(value, ok=False, source=failed)
        elif not value.waits:
            self._enqueue(value)
            if (
                to is not None or len(self.queue) == 1
            ):  # behind others it waits, since no worker could take these
                self._dispatch()
        return self._taken()

    def stored(
        self, ident: int, *, mentions: Iterable[int] = (), holder: str | None = DRIVER
    ) -> list[Instruction]:
        """Take in a value that is ready."""
        value = Value(ident, (), tuple(mentions))
        self.values.add(value, holder)
        self._settle(value, ok=True)
        return self._taken()

    def combined(
        self, ident: int, parts: Sequence[int], *, first: bool = False, holder: str | None = DRIVER
    ) -> list[Instruction]:
        """Take in a value that consists of others: of all, or is the first of them to be settled."""
        value = Value(ident, tuple(parts))
        value.parts = value.needs
        value.first = first
        failed = self.values.add(value, holder)
        if first:
            settled = [part for part in parts if self.values[part].settled]
            if settled:
                self._follow(value, settled[0])
        elif failed is not None:
            self._settle(value, ok=False, source=failed)
        elif not value.waits:
            self._settle(value, ok=True)
        return self._taken()

    def wanted(self, worker: str, ident: int) -> list[Instruction]:
        """A worker waits for a value, and holds it until it is delivered; then it is `dropped`."""
        self.values.hold(worker, ident)
        value = self.values.get(ident)
        if value is None or value.settled:
            self._out.append(Deliver(worker, ident))
        else:
            value.wanted = [*(value.wanted or ()), worker]
        return self._taken()

    def held(self, holder: str, ident: int) -> list[Instruction]:
        """Somebody has got a handle on a value."""
        self.values.hold(holder, ident)
        return self._taken()

    def dropped(self, holder: str, ident: int) -> list[Instruction]:
        """Somebody has given up a handle on a value."""
        self._forget(self.values.drop(holder, ident))
        return self._taken()

    def cancelled(self, ident: int, cause: str = "cancelled") -> list[Instruction]:
        """Nobody wants the result of a task any more; it fails with this cause if it is not settled."""
        value = self.values.get(ident)
        if value is None or value.settled:
            return self._taken()
        worker = self.workers.get(value.worker or "")
        if worker is None:
            self._unqueue(value)
        elif ident in worker.aside or (worker.line and worker.line[0] == ident):
            self._out.append(Interrupt(worker.name, ident))
        else:
            self._ask_back(worker, (ident,))
        self._settle(value, ok=False, cause=cause)
        return self._taken()

    # -- workers ---------------------------------------------------------------------------------------

    def joined(self, name: str) -> list[Instruction]:
        """A worker is ready for tasks: a new name, or the replacement of one that died."""
        self.workers.setdefault(name, Worker(name, self._ahead)).up = True
        self._dispatch()
        return self._taken()

    def expected(self, name: str) -> list[Instruction]:
        """A worker of this name is being started."""
        self.workers.setdefault(name, Worker(name, self._ahead))
        return self._taken()

    def finished(
        self, name: str, ident: int, *, ok: bool, follows: int | None = None, mentions: Iterable[int] = ()
    ) -> list[Instruction]:
        """A worker has run a task.

        Args:
            name: the worker.
            ident: the task.
            ok: whether it returned, rather than raised.
            follows: the value that stands for its result: it returned a promise.
            mentions: values that its result has handles on.
        """
        self._leave(self.workers[name], ident)
        value = self.values.get(ident)
        if value is not None and not value.settled:
            if follows is not None:
                self._follow(value, follows)
            elif not ok and value.retries:
                value.retries -= 1
                value.worker = None
                self._enqueue(value)
            else:
                if mentions or value.mentions:
                    self.values.mention(value, tuple(mentions))
                self._settle(value, ok=ok)
        self._dispatch()
        return self._taken()

    def returned(self, name: str, idents: Iterable[int]) -> list[Instruction]:
        """A worker has given back tasks that it had not begun."""
        worker = self.workers[name]
        worker.asked.clear()
        for ident in sorted(idents, reverse=True):
            self._leave(worker, ident)
            self._again(ident)
        self._dispatch()
        return self._taken()

    def set_aside(self, name: str, ident: int) -> list[Instruction]:
        """A task waits for others, goes on asynchronously, or has begun beside another one: the next need not wait."""
        worker = self.workers[name]
        if ident in worker.line:
            was_first = worker.line[0] == ident
            worker.line.remove(ident)
            worker.aside.add(ident)
            if was_first:
                self._begin(worker)
            else:
                self._out.append(Start(ident))
            self._dispatch()
        return self._taken()

    def died(self, name: str, last: int | None = None) -> list[Instruction]:
        """A worker is gone, with what it was running.

        Args:
            name: the worker.
            last: the task that it began last, if that is known; by default the first in its line.
        """
        worker = self.workers.get(name)
        if worker is None:  # it was given up before its end
            self._forget(self.values.drop_all(name))
            return self._taken()
        worker.up = False
        unbegun = list(worker.line)
        nbegun = min(1, len(unbegun)) if last is None else unbegun.index(last) + 1 if last in unbegun else 0
        running = [*worker.aside, *unbegun[:nbegun]]
        del unbegun[:nbegun]
        worker.line.clear()
        worker.aside.clear()
        worker.asked.clear()
        worker.sent = 0
        for ident in reversed(unbegun):
            self._again(ident)
        for ident in running:
            value = self.values.get(ident)
            if value is None or value.settled:
                continue
            if value.retries:
                value.retries -= 1
                self._again(ident)
            else:
                self._settle(value, ok=False, cause="died")
        self._forget(self.values.drop_all(name))
        self._dispatch()
        return self._taken()

    def gone(self, name: str) -> list[Instruction]:
        """A worker will not come back, and nobody in its place: what was for it alone fails."""
        worker = self.workers.pop(name)
        for ident in worker.pinned:
            value = self.values.get(ident)
            if value is not None and not value.settled:
                self._settle(value, ok=False, cause="gone")
        return self._taken()

    # -- how -------------------------------------------------------------------------------------------

    def _enqueue(self, value: Value) -> None:
        worker = self.workers.get(value.to) if value.to is not None else None
        if value.to is None:
            self.queue.append(value.ident)
        elif worker is None:
            self._settle(value, ok=False, cause="gone")
        else:
            worker.pinned.append(value.ident)

    def _follow(self, value: Value, other: int) -> None:
        """Let a value become what another one is, or will be."""
        target = self.values.get(other)
        if target is None:
            self._settle(value, ok=False, cause="lost")
        elif target.settled:
            self._settle(value, ok=target.ok, source=other)
        else:
            self.values.depend(value, other)
            value.source = other

    def _settle(self, value: Value, *, ok: bool, cause: str = "", source: int | None = None) -> None:
        pending = [(value, ok, cause, source)]
        while pending:
            value, ok, cause, source = pending.pop()
            if value.settled:
                continue
            unheld = self.values.settle(value, ok=ok, source=source)
            self._out.append(Settle(value.ident, ok, cause))
            if value.wanted:
                self._out += [Deliver(worker, value.ident) for worker in value.wanted]
            waiting, value.waiting = value.waiting, None
            for other in waiting or ():
                waiter = self.values.get(other)
                if waiter is not None and not waiter.settled:
                    self._arrived(waiter, value, pending)
            if unheld:
                self._forget(unheld)

    def _arrived(
        self, waiter: Value, value: Value, pending: list[tuple[Value, bool, str, int | None]]
    ) -> None:
        """Take note that one of the values that another waits for is settled."""
        if waiter.waits is not None:
            waiter.waits.discard(value.ident)
        if waiter.source == value.ident or waiter.first or not value.ok:
            pending.append((waiter, value.ok, "", value.ident))
        elif not waiter.waits:
            if waiter.parts:
                pending.append((waiter, True, "", None))
            else:
                self._enqueue(waiter)
                self._dispatch()

    def _forget(self, idents: Iterable[int]) -> None:
        self._out += [Forget(ident) for ident in idents]
