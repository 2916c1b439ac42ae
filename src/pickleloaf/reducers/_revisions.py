"""What has changed about a class since it first travelled, for receivers that have it from then.

A class that arrives with a known identity is left as it is (see _tracking). Yet what its sender has changed since has
to get there: methods that were replaced, attributes that were set, and globals that its methods use, since a receiver
keeps the methods that came first, and with them their globals.

1. The sender compares what the class consists of with what it was when it last travelled: its functions by their
   code, defaults and globals, atoms by value, and what else there is by identity. What changes in place is not seen.
2. What has changed once travels along from then on. Each change gives a new mark and a receiver obeys each mark once,
   so what is changed back arrives as well.
3. What lives there wins: an atom that is none of those that the sender had is the receiver's own, a count of its
   instances for example, and stays.
4. Closed classes have a way of their own (see _closed). One that is open by now starts from what it was when closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType
from typing import Any

from pickleloaf.code.codec import facts_of
from pickleloaf.reducers import _tracking
from pickleloaf.reducers._body import functions_among
from pickleloaf.reducers._dump import Late
from pickleloaf.reducers._kinds import ATOMS
from pickleloaf.wire import verb

__all__ = ["Changes", "revision_of"]

#: Longer texts are compared by identity, and so many former values are told.
_LONG, _MANY = 256, 32

_NOTHING: Any = object()


class Changes:
    """What a class that has travelled consisted of, and what has changed about it since.

    Attributes:
        last: of what it consisted when it last travelled.
        former: for each attribute that has ever changed the values that it had, where they were atoms.
        count: of changes.
    """

    __slots__ = ("count", "former", "last")

    def __init__(self, last: dict[str, Any]) -> None:
        self.last = last
        self.former: dict[str, list[Any] | None] = {}
        self.count = 0

    def note(self, now: dict[str, Any]) -> None:
        """Compare the class with what it was."""
        last, self.last = self.last, now
        changed = [name for name in {**last, **now} if last.get(name, _NOTHING) != now.get(name, _NOTHING)]
        self.count += bool(changed)
        for name in changed:
            former = self.former.setdefault(name, [])
            kind, *value = last.get(name, (_NOTHING,))
            if former is None or not (kind is _NOTHING or kind in ATOMS):
                self.former[name] = None
            elif value:
                self.former[name] = [*former, *value][-_MANY:]


def revision_of(cls: type, names: Mapping[str, Any]) -> list[Late]:
    """Return what a class has to be given that may be where it goes already.

    Args:
        cls: the class.
        names: its namespace, as it travels.
    """
    known = _tracking.known(cls)
    if known is None:
        return []
    now = _described(cls, names)
    if known.changes is None:
        known.changes = Changes(_of_closed(known.first) if known.first else now)
    changes = known.changes
    changes.note(now)
    if not changes.former:
        return []
    parts: dict[tuple[str, Any], Any] = {
        ("names", name): names[name] for name in changes.former if name in names
    }
    former = {name: tuple(values) for name, values in changes.former.items() if values is not None}
    gone = tuple(name for name in changes.former if name not in names)
    return [
        Late(
            cls,
            {("mark", None): _mark(changes), ("rest", None): (former, gone), **parts},
            _join,
            fill_revision,
        )
    ]


def _join(parts: dict[tuple[str, Any], Any]) -> tuple[Any, ...]:
    names = {name: value for (kind, name), value in parts.items() if kind == "names"}
    former, gone = parts["rest", None]
    return (parts["mark", None], names, former, gone) if former or gone else (parts["mark", None], names)


@verb
def fill_revision(cls: type, state: tuple[Any, ...]) -> None:
    """Change what was changed about a class where it came from, if it was here before that."""
    mark, names, former, gone = (*state, {}, ())[:4]
    if not _tracking.takes_revision(cls, mark):
        return
    for name, value in names.items():
        if _is_the_senders(cls, name, former):
            type.__setattr__(cls, name, value)
    for name in gone:
        if name in cls.__dict__ and _is_the_senders(cls, name, former):
            type.__delattr__(cls, name)


def _is_the_senders(cls: type, name: str, former: dict[str, tuple[Any, ...]]) -> bool:
    """Tell whether an attribute is still what the sender once had; so it is where that cannot be known."""
    here = cls.__dict__.get(name, _NOTHING)
    return here is _NOTHING or name not in former or _token(here) in map(_token, former[name])


def _described(cls: type, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return of what the attributes of a class consist, comparable."""
    described: dict[str, Any] = {}
    for name, value in cls.__dict__.items():
        functions = tuple(functions_among((value,), 1, lazily=False))
        if name in names and functions:
            described[name] = (FunctionType, *map(_of_function, functions))
        elif name in names and not (name.startswith("__") and name.endswith("__")):
            described[name] = _token(value)
    return described


def _of_function(function: FunctionType) -> tuple[Any, ...]:
    scope = function.__globals__
    used = facts_of(function.__code__).names.globals
    defaults = function.__defaults__ or ()
    return (
        function.__code__,
        tuple(map(_token, defaults)),
        tuple((name, _token(scope[name])) for name in used if name in scope),
    )


def _of_closed(parts: tuple[tuple[str, Any, Any], ...]) -> dict[str, Any]:
    return {name: _token(value) if isinstance(kind, type) else (FunctionType,) for name, kind, value in parts}


def _token(value: Any) -> tuple[Any, ...]:
    """Return what is equal for atoms that are, and otherwise for one object; a function is also its code."""
    kind = type(value)
    if kind in (float, complex):
        return kind, repr(value)  # a NaN is not equal to itself, and 0.0 is to -0.0
    if ATOMS.have(value) and not (kind in (str, bytes, bytearray) and len(value) > _LONG):
        return kind, value
    return None, id(value), value.__code__ if kind is FunctionType else None


def _mark(changes: Changes) -> bytes:
    """Return what tells a change from all others of the class, the same in every run of a program."""
    from pickleloaf._digests import blake2b

    digest = blake2b(changes.count.to_bytes(4, "big"), digest_size=8)
    for name in changes.former:
        digest.update(name.encode("utf-8", "surrogatepass"))
        kind, *contents = changes.last.get(name, (None,))
        if kind is FunctionType:
            digest.update(b"".join(facts_of(code).contents for code, *_ in contents))
        elif kind in ATOMS:
            digest.update(repr(contents).encode())
    return digest.digest()
