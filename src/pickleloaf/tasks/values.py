"""Which values there are, who holds them, and which need which: what the scheduler counts with."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["Value", "Values"]


class Value:
    """A value that somebody will have, has, or could not get.

    Most tasks take, mention and are waited for by nothing: so much of it is the class's, until there is something.
    """

    to: str | None = None  # the only worker that may make it
    retries = 0
    parts: tuple[int, ...] = ()
    first = False  # rather than all parts, the first that is settled
    worker: str | None = None  # where it is being made
    source: int | None = None  # the value that it is another name of
    waits: set[int] | None = None
    waiting: list[int] | None = None  # values that wait for this one
    wanted: list[str] | None = None  # workers that wait for this one
    holders: dict[str, int] | None = None  # how many handles who has
    uses = 0  # values that need or mention it
    settled = False
    ok = False

    def __init__(self, ident: int, needs: tuple[int, ...] = (), mentions: tuple[int, ...] = ()) -> None:
        self.ident = ident
        self.needs = needs  # taken by the task, until it is settled
        self.mentions = mentions  # handles that its bytes contain


class Values:
    """All values that are remembered."""

    def __init__(self) -> None:
        self._known: dict[int, Value] = {}

    def __getitem__(self, ident: int) -> Value:
        return self._known[ident]

    def __contains__(self, ident: int) -> bool:
        return ident in self._known

    def __len__(self) -> int:
        return len(self._known)

    def get(self, ident: int) -> Value | None:
        """Return a value, or None when it is forgotten."""
        return self._known.get(ident)

    def add(self, value: Value, holder: str | None) -> int | None:
        """Take in a value; return one that it needs and that has failed, if there is one.

        Raises:
            LookupError: it needs a value that is forgotten.
        """
        failed = None
        for ident in value.needs:
            other = self._known[ident]
            if not other.settled:
                self._wait(value, other)
            elif not other.ok:
                failed = ident
        self._known[value.ident] = value
        if value.needs or value.mentions:
            self._use((*value.needs, *value.mentions))
        if holder is not None:
            value.holders = {holder: 1}
        return failed

    def _wait(self, value: Value, other: Value) -> None:
        value.waits = value.waits or set()
        value.waits.add(other.ident)
        other.waiting = other.waiting or []
        other.waiting.append(value.ident)

    def depend(self, value: Value, other: int) -> None:
        """Let a value wait for one more."""
        self._use((other,))
        value.needs += (other,)
        self._wait(value, self._known[other])

    def mention(self, value: Value, mentions: tuple[int, ...]) -> None:
        """The result of a task has handles on these; what its arguments had is given up on settling."""
        self._use(mentions)
        value.needs += value.mentions
        value.mentions = mentions

    def settle(self, value: Value, *, ok: bool, source: int | None) -> list[int]:
        """Mark a value as settled; return the values that are forgotten."""
        value.settled = True
        value.ok = ok
        value.source = source
        if source is not None:
            self._use((source,))
            value.mentions += (source,)
        used, value.needs = value.needs, value.parts if ok and not value.first else ()
        if value.needs:
            self._use(value.needs)
        released = self._release(used) if used else ()
        if not released and (value.holders or value.uses):
            return []
        return self._unused((*released, value.ident))

    def hold(self, holder: str, ident: int) -> None:
        """Count a handle."""
        value = self._known.get(ident)
        if value is not None:
            value.holders = value.holders or {}
            value.holders[holder] = value.holders.get(holder, 0) + 1

    def drop(self, holder: str, ident: int) -> list[int]:
        """Give up a handle; return the values that are forgotten."""
        value = self._known.get(ident)
        if value is None:
            return []
        if value.holders:
            left = value.holders.pop(holder, 0) - 1
            if left > 0:
                value.holders[holder] = left
        return self._unused((ident,))

    def drop_all(self, holder: str) -> list[int]:
        """Give up every handle of a holder; return the values that are forgotten."""
        values = self._known.values()
        return self._unused([each.ident for each in values if each.holders and each.holders.pop(holder, 0)])

    def root(self, ident: int) -> int:
        """Return the number under which a settled value keeps its bytes: its own, or that of its source."""
        value = self._known.get(ident)
        while value is not None and value.source is not None:
            ident = value.source
            value = self._known.get(ident)
        return ident

    def _use(self, idents: Iterable[int]) -> None:
        for ident in idents:
            if ident in self._known:
                self._known[ident].uses += 1

    def _release(self, idents: Iterable[int]) -> list[int]:
        released = [ident for ident in idents if ident in self._known]
        for ident in released:
            self._known[ident].uses -= 1
        return released

    def _unused(self, idents: Iterable[int]) -> list[int]:
        """Forget those of some values that nobody needs, and what only they needed."""
        gone, look = [], list(idents)
        while look:
            value = self._known.get(look.pop())
            if value is None or not value.settled or value.uses or value.holders:
                continue
            del self._known[value.ident]
            gone.append(value.ident)
            if value.needs or value.mentions:
                look += self._release((*value.needs, *value.mentions))
        return gone
