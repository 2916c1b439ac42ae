"""Who runs what: the workers, what was sent to them, and what waits. The lower half of the scheduler."""

from __future__ import annotations

from collections import deque

from pickleloaf.tasks.instructions import Instruction, Retire, Send, Start, TakeBack
from pickleloaf.tasks.values import Value, Values

__all__ = ["Dispatch", "Worker"]

#: How long the line of a worker becomes at most.
_MOST_AHEAD = 64


class Worker:
    """What the scheduler knows of a worker."""

    __slots__ = ("ahead", "aside", "asked", "line", "name", "pinned", "sent", "up")

    def __init__(self, name: str, ahead: int) -> None:
        self.name = name
        self.ahead = ahead  # how long its line may be
        self.up = False
        self.line: deque[int] = deque()  # sent; the first is running
        self.aside: set[int] = set()  # running, and in nobody's way
        self.pinned: deque[int] = deque()  # for this worker only, and not yet sent
        self.asked: set[int] = set()  # asked back
        self.sent = 0


class Dispatch:
    """The lines of tasks: one for everybody, and two for each worker."""

    def __init__(self, *, ahead: int = 8, max_tasks: int = 0) -> None:
        """Set up a scheduler without workers.

        Args:
            ahead: how many tasks a worker has, the one that runs included, until it turns out that it needs more.
            max_tasks: after how many tasks a worker is replaced; 0 for never.
        """
        self.workers: dict[str, Worker] = {}
        self.queue: deque[int] = deque()
        self.values = Values()
        self._ahead = ahead
        self._max_tasks = max_tasks
        self._out: list[Instruction] = []
        self._in_batch = False

    def batch_begins(self) -> None:
        """Several events come at once: until the last of them no task is given to a worker."""
        self._in_batch = True

    def batch_ends(self) -> list[Instruction]:
        """That was the last of them."""
        self._in_batch = False
        self._dispatch()
        return self._taken()

    def _taken(self) -> list[Instruction]:
        out, self._out = self._out, []
        return out

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
        line = worker.line
        if worker.asked:
            worker.asked.discard(ident)
        if line and line[0] == ident:
            line.popleft()
            self._begin(worker)
            if not line and self.queue:  # it has had nothing to do since: its tasks are short
                worker.ahead = min(2 * worker.ahead, _MOST_AHEAD)
        elif ident in worker.aside:
            worker.aside.remove(ident)
        elif ident in line:
            line.remove(ident)
        if self._max_tasks and self._spent(worker) and worker.up and not line and not worker.aside:
            worker.up = False
            self._out.append(Retire(worker.name))

    def _begin(self, worker: Worker) -> None:
        if worker.line:
            self._out.append(Start(worker.line[0]))

    def _spent(self, worker: Worker) -> bool:
        return bool(self._max_tasks) and worker.sent >= self._max_tasks

    def _dispatch(self) -> None:
        """Give the tasks that wait to the workers that have the least to do."""
        if self._in_batch:
            return
        idle = longest = 0
        for worker in self.workers.values():
            if worker.pinned:
                self._send_pinned(worker)
            length = len(worker.line)
            if length > longest:
                longest = length
            elif not length and worker.up and not self._spent(worker):
                idle += 1
        if self.queue:
            self._share_out()
        elif idle and longest > 1:
            self._rebalance(idle)

    def _send_pinned(self, worker: Worker) -> None:
        while worker.up and worker.pinned and len(worker.line) < worker.ahead:
            if self._spent(worker) and not _only_waits(worker):
                return
            self._send(worker, worker.pinned.popleft())

    def _share_out(self) -> None:
        while self.queue:
            least, chosen = _MOST_AHEAD, None
            for worker in self.workers.values():
                length = len(worker.line)
                if length < least and length < worker.ahead and worker.up and not self._spent(worker):
                    least, chosen = length, worker
            if chosen is None:
                chosen = self._spent_one()
            if chosen is None:
                return
            self._send(chosen, self.queue.popleft())

    def _spent_one(self) -> Worker | None:
        """Return a worker that has done its share, where all have, and that waits for what nobody else would do."""
        if not self._max_tasks or not all(self._spent(each) for each in self.workers.values()):
            return None
        return next((each for each in self.workers.values() if each.up and _only_waits(each)), None)

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
                worker.ahead = self._ahead
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


def _only_waits(worker: Worker) -> bool:
    """Tell whether all tasks of a worker wait: maybe for others that only it can do."""
    return bool(worker.aside) and not worker.line


def _load(worker: Worker) -> int:
    return len(worker.line)
