"""What a cluster keeps in bytes, and what its workers are sent of it. The lower half of the traffic."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

from pickleloaf.errors import TaskError
from pickleloaf.tasks.calls import Call
from pickleloaf.tasks.instructions import Forget, Retire, Send, TakeBack
from pickleloaf.tasks.link import Kind, encode_frame
from pickleloaf.tasks.member import Member
from pickleloaf.tasks.parcels import Parcel, pack
from pickleloaf.tasks.pool import Pool
from pickleloaf.tasks.scheduler import Scheduler

__all__ = ["Outgoing"]


class Outgoing:
    """Calls and values by their numbers, and frames that are to be written."""

    _pool: Pool

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._calls: dict[int, Call] = {}
        self._parcels: dict[int, Parcel] = {}
        self._outgoing: dict[str, list[tuple[bytes, int]]] = {}

    @abstractmethod
    def _stop_clock(self, ident: int) -> None: ...

    def _send(self, what: Send) -> None:
        member: Member = self._pool.member(what.worker)
        call = self._calls[what.ident]
        self._stop_clock(what.ident)
        for need in call.needs:
            self._send_value(member, need, keep=True)
        arguments, fd = call.arguments, call.arguments.fd
        number, new = member.number_of(call.function)
        facts = (number, len(call.function) if new else -1, arguments.layout, call.needs)
        body = call.function + arguments.data if new else arguments.data
        self._write(member, encode_frame(Kind.TASK, what.ident, facts, body, with_fd=fd >= 0), fd)

    def _send_value(self, member: Member, ident: int, *, keep: bool) -> None:
        """Send a value that is settled, after its parts, unless the worker has it."""
        todo = [(ident, keep, False)]
        while todo:
            ident, keep, has_parts = todo.pop()
            if keep and ident in member.has and not has_parts:
                continue
            known = self._scheduler.values.get(ident)
            kind = Kind.VALUE if known is not None and known.ok else Kind.FAILED
            if keep:
                member.has.add(ident)
            value = self._found(ident)
            if not isinstance(value, tuple):
                facts = (value.layout, None, keep)
                self._write(
                    member, encode_frame(kind, ident, facts, value.data, with_fd=value.fd >= 0), value.fd
                )
            elif has_parts:
                self._write(member, encode_frame(kind, ident, (None, value, keep)))
            else:
                todo.append((ident, keep, True))
                todo.extend((part, True, False) for part in reversed(value))

    def _value(self, ident: int) -> Any:
        """Return the bytes of a settled value: a parcel, or a tuple of them, which may be nested deep."""
        found = self._found(ident)
        if type(found) is not tuple:
            return found
        open_ones: list[tuple[Iterator[int], list[Any]]] = [(iter(found), [])]
        while True:
            parts, made = open_ones[-1]
            for part in parts:
                found = self._found(part)
                if type(found) is tuple:
                    open_ones.append((iter(found), []))
                    break
                made.append(found)
            else:
                open_ones.pop()
                if not open_ones:
                    return tuple(made)
                open_ones[-1][1].append(tuple(made))

    def _found(self, ident: int) -> Parcel | tuple[int, ...]:
        """Return the bytes of a settled value, or the values that it consists of."""
        parcel = self._parcels.get(ident)
        if parcel is not None:
            return parcel
        ident = self._scheduler.values.root(ident)
        value = self._scheduler.values.get(ident)
        if value is not None and value.ok and ident not in self._parcels:
            return value.parts
        if ident not in self._parcels:
            return pack(TaskError("this value is forgotten: every handle on it was dropped"))
        return self._parcels[ident]

    def _take_back(self, what: TakeBack) -> None:
        self._write(self._pool.member(what.worker), encode_frame(Kind.TAKE_BACK, 0, what.idents))

    def _forget(self, what: Forget) -> None:
        self._parcels.pop(what.ident, None)
        for member in self._pool.members():
            if what.ident in member.has:
                member.has.remove(what.ident)
                self._write(member, encode_frame(Kind.FORGET, 0, (what.ident,)))

    def _retire(self, what: Retire) -> None:
        self._pool.retire(what.worker)

    def _write(self, member: Member, frame: bytes, fd: int = -1) -> None:
        self._outgoing.setdefault(member.name, []).append((frame, fd))
