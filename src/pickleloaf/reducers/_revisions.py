"""What has changed about a class since it first travelled, for receivers that have it from then.

A class that arrives with a known identity is left as it is (see identities). Yet what its sender has changed since has
to get there: methods that were replaced, attributes that were set, and globals that its methods use, since a receiver
keeps the methods that came first, and with them their globals.

1. The sender compares what is at each place of the class (see _places) with what was there when it last travelled:
   atoms and containers of few atoms by value, and what else there is by identity. What else changes in place, such
   as a list of objects or a large dict, is not seen.
2. What has changed once travels along from then on. Each change has a mark, with a number that grows, and a receiver
   obeys each mark once and none that is older, so what is changed back arrives as well, what the receiver has counted
   since then stays, and an old payload that comes late changes nothing. One without any mark may be of a later run of
   the sender: numbers begin anew, but nobody knows what an earlier run has changed, so that stays.
3. A change is made at its place, in the function or descriptor that is there: whatever that has counted stays.
4. What lives there wins: an atom, or a container of atoms, that has neither come with the class nor with a change is
   the receiver's own, a count of its instances for example, and stays.
5. A closed class that has changed is one no longer (see _closed); all of its functions then count as changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType
from typing import Any

from pickleloaf.code.codec import facts_of
from pickleloaf.reducers._at_places import delete, put, what_is_at
from pickleloaf.reducers._dump import Dump, Late
from pickleloaf.reducers._eager import evaluated_annotations
from pickleloaf.reducers._joining import join, others_of
from pickleloaf.reducers._kinds import ATOMS, interned
from pickleloaf.reducers._named import by_name
from pickleloaf.reducers._places import NOTHING, Path, places_of, registry_of
from pickleloaf.reducers._tokens import Token, facets_of, token_of, tokens_of
from pickleloaf.reducers.classes import identities
from pickleloaf.wire import verb

__all__ = ["Changes", "revision_of"]

#: Places that are first looked at when a function begins to use them, whatever has been there before.
_LOOKED_UP = frozenset({"globals", "function", "generic", "class"})


class _Change:
    """What has happened at a place.

    Attributes:
        count: how often the class had changed by then.
        former: what was there at first, or nothing; None where a receiver could not tell whether it has that.
    """

    __slots__ = ("count", "former")

    def __init__(self, former: tuple[Any, ...] | None) -> None:
        self.count = 0
        self.former = former


class Changes:
    """What a class that has travelled consisted of, and what has changed about it since.

    Attributes:
        at: what has changed, by place.
    """

    __slots__ = ("_count", "_last", "at")

    def __init__(self, last: dict[Path, Token]) -> None:
        self._last = last
        self._count = 0
        self.at: dict[Path, _Change] = {}

    def note(self, places: Mapping[Path, Any]) -> None:
        """Compare the class with what it was."""
        last = self._last
        now = self._last = tokens_of(places, last)
        if now == last:
            return
        changed = [path for path in {**last, **now} if last.get(path, NOTHING) != now.get(path, NOTHING)]
        self._count += 1
        anew: set[Path] = set()
        for path in changed:
            if any(path[:end] in anew for end in range(1, len(path))):
                self.at.pop(path, None)  # it travels with what it is in
            else:
                anew.add(path)
                self._note(path, last.get(path))

    def _note(self, path: Path, token: Token | None) -> None:
        if path not in self.at:
            kept = NOTHING if token is None else token.kept
            is_known = kept is not NOTHING or (token is None and path[-1][0] not in _LOOKED_UP)
            former = () if token is None else (kept,)
            self.at[path] = _Change(former if is_known else None)
        self.at[path].count = self._count


def revision_of(cls: type, names: Mapping[str, Any], dump: Dump) -> list[Late]:
    """Return what a class has to be given that may be where it goes already.

    Args:
        cls: the class.
        names: its namespace, as it travels.
        dump: the pickler's state.
    """
    known = identities.known(cls)
    if known is None:
        return []
    places = places_of(cls, names, dump.policy)
    if known.changes is None:
        is_first = known.first is None or known.first.shows(cls)
        known.changes = Changes(tokens_of(places, {}) if is_first else known.first.tokens())
        if is_first:
            return []
    known.changes.note(places)
    if not known.changes.at:
        return []
    parts: dict[tuple[str, Any], Any] = {}
    for path, change in list(known.changes.at.items()):  # another thread may find more
        value = _as_it_travels(cls, path, names, dump)
        told = [_mark(path, change.count, value), change.former]
        if value is not NOTHING:
            told.append(value)
            if others := others_of(value, places, known.changes.at):
                told.append(others)
        parts["places", path] = tuple(told)
    return [Late(cls, parts, _join, fill_revision)]


def _as_it_travels(cls: type, path: Path, names: Mapping[str, Any], dump: Dump) -> Any:
    """Return what is at a place now, as it goes into the payload."""
    kind, name = path[-1]
    if kind == "names" and len(path) == 1 and name in names:
        return interned(names[name])
    value = what_is_at(cls, path)
    if value is NOTHING:
        return NOTHING
    if kind == "globals":
        return interned(by_name(value, name, what_is_at(cls, path[:-1]).__globals__, dump))
    if kind == "generic":
        return tuple(registry_of(value).items())
    if kind != "function":
        return interned(value)
    facets = facets_of(value)
    if dump.portable and facets.pop("__annotate__", None) is not None:
        facets["__annotations__"] = evaluated_annotations(value)
    return facets


def _join(parts: dict[tuple[str, Any], Any]) -> dict[Path, Any]:
    return {path: part for (_, path), part in parts.items()}


@verb
def fill_revision(cls: type, state: dict[Path, Any]) -> None:
    """Change what was changed about a class where it came from, if it was here before that."""
    given = identities.given(cls)
    if given is None:
        return
    for path, (mark, former, *told) in state.items():
        if identities.takes_revision(cls, path, mark):
            here = what_is_at(cls, path)
            value, *others = told or (NOTHING,)
            if identities.is_new(cls):
                given[path] = token_of(value)
            elif former is None or _is_the_senders(here, former, given.get(path)):
                for place, along in others:
                    value = join(value, what_is_at(cls, place), along)
                _change(cls, path, here, value)
                given[path] = token_of(value)


def _is_the_senders(here: Any, former: tuple[Any, ...], given: Token | None) -> bool:
    """Tell whether at a place there is nothing, or what came with the class or with an earlier change."""
    token = token_of(here)
    return here is NOTHING or token == given or any(token == token_of(each) for each in former)


def _change(cls: type, path: Path, here: Any, value: Any) -> None:
    if value is not NOTHING:
        put(cls, path, value)
    elif here is not NOTHING:
        delete(cls, path)


def _mark(path: Path, count: int, value: Any) -> bytes:
    """Return what tells a change from all others of the class, the same in every run of a program."""
    from pickleloaf._digests import blake2b

    digest = blake2b(repr(path).encode("utf-8", "surrogatepass"), digest_size=8)
    if type(value) is FunctionType:
        digest.update(facts_of(value.__code__).contents)
    elif ATOMS.have(value):
        digest.update(repr(value).encode("utf-8", "surrogatepass"))
    return count.to_bytes(4, "big") + digest.digest()
