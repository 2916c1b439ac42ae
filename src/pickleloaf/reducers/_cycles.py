"""Cycles: find the objects in a payload that lead back to themselves.

What has been found in one walk is remembered, so that to ask about every link of a chain takes one walk altogether.

1. A walk goes so far and no further, since behind one small object there may be millions. Where it has to
   give up nothing is known, and the next may go twice as far: all that fail take no longer than the last.
2. Whether the attributes of an instance are in a ``__dict__`` depends on what has been done to it, so that
   dicts do not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pickleloaf.inspecting.components import components
from pickleloaf.inspecting.kinds import ATOMS
from pickleloaf.policy.by_value import ValuePolicy
from pickleloaf.reducers._referents import referents

__all__ = ["Cycles"]

#: Objects that the first walk meets at most.
_FAR = 2000

#: No walk goes further for an answer that may as well be had in another way.
_FARTHEST = 32 * _FAR

#: The component of what leads to itself on no way.
_NONE = 0


class _TooFarError(Exception):
    """A walk has met more objects than it may."""


class Cycles:
    """The components found so far in one payload."""

    def __init__(self) -> None:
        #: By id: the number of the component, and the object, which keeps its id.
        self._known: dict[int, tuple[int, Any]] = {}
        self._far = _FAR
        self._count = _NONE

    def may_join(self, obj: Any, value: Any, policy: ValuePolicy) -> bool:
        """Tell whether a value that an object refers to leads back to it, as far as is known."""
        if ATOMS.have(value):
            return False
        if id(obj) not in self._known and not self._walk(obj, policy):
            return id(value) not in self._known
        of_object = self._known[id(obj)][0]
        return of_object != _NONE and self._known.get(id(value), (of_object, None))[0] == of_object

    def is_joined(self, obj: Any, others: Iterable[int], policy: ValuePolicy) -> bool:
        """Tell whether an object and one of others, given by id, are known to lead to each other."""
        if id(obj) not in self._known and (self._far > _FARTHEST or not self._walk(obj, policy)):
            return False
        component = self._known[id(obj)][0]
        return component != _NONE and any(
            self._known[other][0] == component for other in others if other in self._known
        )

    def _walk(self, root: Any, policy: ValuePolicy) -> bool:
        """Find the components of an object and of all that is behind it; tell whether that was not too far."""
        known, loops = self._known, set()
        left = self._far

        def edges(value: Any) -> Iterator[Any]:
            nonlocal left
            left -= type(value) is not dict
            if left < 0:
                raise _TooFarError
            found = referents(value, policy)
            for each in () if ATOMS.cover(found) else found:
                if id(each) not in known and not ATOMS.have(each):
                    if each is value:
                        loops.add(id(value))
                    yield each

        try:
            for members in components(root, edges):
                self._settle(members, id(members[0]) in loops)
        except _TooFarError:
            self._far *= 2
            return False
        return True

    def _settle(self, members: list[Any], loops: bool) -> None:
        """Remember objects that form a component."""
        component = _NONE
        if len(members) > 1 or loops:
            self._count += 1
            component = self._count
        self._known.update((id(each), (component, each)) for each in members)
