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
3. A worker is given a few tasks in advance, so that it never waits for the driver. It runs them in the
   order in which they were sent: the first is running, the others have not begun, and can be taken back.
4. A task that waits for others, or is asynchronous, is *aside*: it does not keep its worker from the next.
5. When a worker dies, what was running there has failed, unless it may be retried; what had not begun is
   simply sent to another.
6. A task for one worker by name waits for that name, whoever bears it: the replacement of a dead one does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pickleloaf.tasks.values import Value, Values

__all__ = [
    "Deliver",
    "Forget",
    "Instruction",
    "Interrupt",
    "Retire",
    "Scheduler",
    "Send",
    "Settle",
    "Start",
    "TakeBack",
    "Worker",
]

#: Who holds what the program itself has handles on.
DRIVER = ""


class Send(NamedTuple):
    """Send a task to a worker."""

    worker: str
    ident: int


class Start(NamedTuple):
    """A task begins to run, as far as the driver can know."""

    ident: int


class TakeBack(NamedTuple):
    """Ask a worker for tasks that it has not begun."""

    worker: str
    idents: tuple[int, ...]


class Settle(NamedTuple):
    """A value is ready, or has failed; `cause` says why where no worker said it."""

    ident: int
    ok: bool
    cause: str = ""


class Deliver(NamedTuple):
    """Send a settled value to a worker that asked for it."""

    worker: str
    ident: int


class Forget(NamedTuple):
    """Drop the bytes of a value."""

    ident: int


class Interrupt(NamedTuple):
    """Interrupt a task that runs, and end its worker when that does not help."""

    worker: str
    ident: int


class Retire(NamedTuple):
    """Replace a worker that has run as many tasks as it may."""

    worker: str


Instruction = Send | Start | TakeBack | Settle | Deliver | Forget | Interrupt | Retire


class Worker:
    """What the scheduler knows of a worker."""

    __slots__ = ("aside", "asked", "line", "name", "pinned", "sent", "up")

    def __init__(self, name: str) -> None:
        self.name = name
        self.up = False
        self.line: deque[int] = deque()  # sent; the first is running
        self.aside: set[int] = set()  # running, and in nobody's way
        self.pinned: deque[int] = deque()  # for this worker only, and not yet sent
        self.asked: set[int] = set()  # asked back
        self.sent = 0


class Scheduler:
    """The state machine; every method is an event and returns what is to be done."""

    def __init__(self, *, ahead: int = 8, max_tasks: int = 0) -> None:
        """Set up a scheduler without workers.

        Args:
            ahead: how many tasks a worker has at most, the one that runs included.
            max_tasks: after how many tasks a worker is replaced; 0 for never.
        """
        self.workers: dict[str, Worker] = {}
        self.queue: deque[int] = deque()
        self.values = Values()
        self._ahead = ahead
        self._max_tasks = max_tasks
        self._out: list[Instruction] = []

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
        value = Value(ident, tuple(needs), tuple(mentions), to, retries)
        failed = self.values.add(value, holder)
        if failed is not None:
            self._settle(value, ok=False, source=failed)
        elif not value.waits:
            self._enqueue(value)
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
        value = Value(ident, (), (), parts=tuple(parts), first=first)
        value.needs = value.parts
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
        """A worker waits for a value."""
        value = self.values.get(ident)
        if value is None or value.settled:
            self._out.append(Deliver(worker, ident))
        else:
            value.wanted.append(worker)
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
        self.workers.setdefault(name, Worker(name)).up = True
        self._dispatch()
        return self._taken()

    def expected(self, name: str) -> list[Instruction]:
        """A worker of this name is being started."""
        self.workers.setdefault(name, Worker(name))
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
        """A task waits for others, or goes on asynchronously: its worker can run the next."""
        worker = self.workers[name]
        if ident in worker.line:
            worker.line.remove(ident)
            worker.aside.add(ident)
            self._begin(worker)
            self._dispatch()
        return self._taken()

    def died(self, name: str) -> list[Instruction]:
        """A worker is gone, with what it was running."""
        worker = self.workers[name]
        worker.up = False
        running = [*worker.aside, *([worker.line.popleft()] if worker.line else [])]
        unbegun = list(worker.line)
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

    def _taken(self) -> list[Instruction]:
        out, self._out = self._out, []
        return out

    def _enqueue(self, value: Value) -> None:
        worker = self.workers.get(value.to) if value.to is not None else None
        if value.to is None:
            self.queue.append(value.ident)
        elif worker is None:
            self._settle(value, ok=False, cause="gone")
        else:
            worker.pinned.append(value.ident)

    def _again(self, ident: int) -> None:
        value = self.values.get(ident)
        if value is None or value.settled:
            return
        value.worker = None
        (self.queue if value.to is None else self.workers[value.to].pinned).appendleft(ident)

    def _unqueue(self, value: Value) -> None:
        line = self.queue if value.to is None else self.workers[value.to].pinned
        if not value.waits and value.ident in line:
            line.remove(value.ident)

    def _leave(self, worker: Worker, ident: int) -> None:
        worker.asked.discard(ident)
        if ident in worker.aside:
            worker.aside.remove(ident)
        elif worker.line and worker.line[0] == ident:
            worker.line.popleft()
            self._begin(worker)
        elif ident in worker.line:
            worker.line.remove(ident)
        if self._spent(worker) and worker.up and not worker.line and not worker.aside:
            worker.up = False
            self._out.append(Retire(worker.name))

    def _begin(self, worker: Worker) -> None:
        if worker.line:
            self._out.append(Start(worker.line[0]))

    def _spent(self, worker: Worker) -> bool:
        return bool(self._max_tasks) and worker.sent >= self._max_tasks

    def _dispatch(self) -> None:
        """Give the tasks that wait to the workers that have the least to do."""
        idle = longest = 0
        for worker in self.workers.values():
            if worker.up and not self._spent(worker):
                while worker.pinned and len(worker.line) < self._ahead and not self._spent(worker):
                    self._send(worker, worker.pinned.popleft())
                idle += not worker.line
            longest = max(longest, len(worker.line))
        if self.queue:
            self._share_out()
        elif idle and longest > 1:
            self._rebalance(idle)

    def _share_out(self) -> None:
        able = [worker for worker in self.workers.values() if worker.up and not self._spent(worker)]
        while self.queue and able:
            worker = min(able, key=_load) if len(able) > 1 else able[0]
            if len(worker.line) >= self._ahead:
                return
            self._send(worker, self.queue.popleft())
            if self._spent(worker):
                able.remove(worker)

    def _send(self, worker: Worker, ident: int) -> None:
        self.values[ident].worker = worker.name
        worker.line.append(ident)
        worker.sent += 1
        self._out.append(Send(worker.name, ident))
        if len(worker.line) == 1:
            self._out.append(Start(ident))

    def _rebalance(self, idle: int) -> None:
        """Where workers have nothing to do, take back half of what others have not begun."""
        for worker in sorted(self.workers.values(), key=_load, reverse=True):
            if worker.asked or len(worker.line) < 2:
                continue
            unbegun = [ident for ident in list(worker.line)[1:] if self._may_move(ident)]
            if unbegun:
                self._ask_back(worker, tuple(unbegun[len(unbegun) // 2 :]))
                idle -= 1
            if idle <= 0:
                return

    def _may_move(self, ident: int) -> bool:
        value = self.values.get(ident)
        return value is not None and value.to is None

    def _ask_back(self, worker: Worker, idents: tuple[int, ...]) -> None:
        worker.asked.update(idents)
        self._out.append(TakeBack(worker.name, idents))

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
            self._out += [Deliver(worker, value.ident) for worker in value.wanted]
            for other in value.waiting:
                waiter = self.values.get(other)
                if waiter is not None and not waiter.settled:
                    self._arrived(waiter, value, pending)
            value.waiting.clear()
            self._forget(unheld)

    def _arrived(
        self, waiter: Value, value: Value, pending: list[tuple[Value, bool, str, int | None]]
    ) -> None:
        """Take note that one of the values that another waits for is settled."""
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


def _load(worker: Worker) -> int:
    return len(worker.line)
