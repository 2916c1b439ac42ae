"""One change to an importable module or class, as data."""

from __future__ import annotations

from typing import Any

from pickleloaf.code.baseline import Description
from pickleloaf.patching.place import Place
from pickleloaf.wire import ask_for, verb

__all__ = ["REMOVED", "Patch"]


class _Removed:
    """The type of `REMOVED`."""

    def __repr__(self) -> str:
        return "<removed>"


#: The value of a patch that takes an attribute away.
REMOVED = _Removed()


class Patch:
    """One change to an importable module or class. Made by dumping; see ``docs/how-to/patches.md``.

    Attributes:
        place: the attribute: its module, the class in it ("" for none) and its name. ``str(place)`` is
            ``requests.sessions.Session.get``.
        value: what is put there, or `REMOVED`.
        origin: what it is and where it was defined: ``function __main__.mine``.
        before: what it replaced, for a receiver to compare; None where that is not known.
        digest: of the value as it was dumped. Patches of one place with the same digest are the same.
        shares: whether the payload that brought it shares changeable state with it.
    """

    __slots__ = ("before", "digest", "origin", "place", "shares", "value")

    def __init__(
        self,
        place: Place,
        value: Any,
        origin: str,
        before: Description | None,
        digest: bytes,
        *,
        shares: bool,
    ) -> None:
        self.place = place
        self.value = value
        self.origin = origin
        self.before = before
        self.digest = digest
        self.shares = shares

    def __repr__(self) -> str:
        if self.value is REMOVED:
            return f"<Patch: {self.place} removed>"
        return f"<Patch: {self.place} = {self.origin}>"

    def __reduce__(self) -> tuple[Any, ...]:
        before = None if self.before is None else tuple(self.before)
        value = () if self.value is REMOVED else (self.value,)
        return rebuild_patch, (*self.place, self.origin, before, self.digest, self.shares, *value)


@verb
def rebuild_patch(
    module: str,
    path: str,
    name: str,
    origin: str,
    before: tuple[Any, ...] | None,
    digest: bytes,
    shares: bool,
    value: Any = REMOVED,
) -> Patch:
    """Make a patch of its fields; without a value it removes the attribute."""
    ask_for(module)
    known = None if before is None else Description(*before)
    return Patch(Place(module, path, name), value, origin, known, digest, shares=shares)
