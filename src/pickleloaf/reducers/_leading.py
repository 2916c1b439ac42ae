"""Find the objects that lead to a class that is being built.

Classes begin to be built and are finished like brackets. So what has been found out serves on:

1. Who leads to no such class, leads to none as long as only classes begin that were not met behind it. Kept with an
   object is all that is behind it.
2. Who leads to one still does when others begin. Kept are all objects on the way.
3. Who leads to each other, leads to the same classes. Of that nothing is forgotten, since to wait for a class in vain
   does no harm.
4. All else is forgotten when the outermost class is finished: code of the user's may have run, and have changed what
   leads where.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from pickleloaf.inspecting.kinds import ATOMS
from pickleloaf.policy.by_value import ValuePolicy
from pickleloaf.reducers._cycles import Cycles
from pickleloaf.reducers._referents import referents

__all__ = ["Leading"]

#: Objects that are followed at most to answer one question; beyond that the answer is "may be".
_FAR = 2000

#: After so many objects it pays to find out which lead to each other, once for all.
_MUCH = 1000


class Leading:
    """What has been found out for one payload."""

    def __init__(self) -> None:
        #: By id, which each keeps its own.
        self._harmless: dict[int, Any] = {}
        self._harmful: dict[int, Any] = {}
        #: The classes that were being built when the last question was asked, each with the ids of those that have to
        #: be there before it and before none that was begun earlier: its bases and its metaclass.
        self._building: list[tuple[tuple[type, Any], list[int]]] = []
        self._targets: set[int] = set()
        self._needed: set[int] = set()
        self._cycles = Cycles()
        self._steps = 0

    def enter(self, functions: Iterable[int]) -> None:
        """Take note of functions, by id, that turn out to be those of a class."""
        if self._harmless and not self._harmless.keys().isdisjoint(functions):
            self._harmless.clear()

    def leads(
        self,
        value: Any,
        building: Sequence[tuple[type, Any]],
        places: Mapping[int, tuple[type, Any]],
        policy: ValuePolicy,
    ) -> bool:
        """Tell whether a value leads to a class that is being built, as far as one need look.

        Args:
            value: the value.
            building: the classes that are being built.
            places: the classes of functions, by id.
            policy: what goes by value.
        """
        known = self._building
        if len(building) != len(known) or building[-1] is not known[-1][0]:
            self._keep_up(building)
        key = id(value)
        if key in self._harmless or (key in self._needed and self._is_there(value)):
            return False
        if key in self._harmful:
            return True
        if self._steps > _MUCH and self._cycles.is_joined(value, self._targets, policy):
            self._harmful[key] = value
            return True
        way, met = ways(self._targets, (value,), places, policy, self._harmless, self._harmful)
        self._steps += len(met)
        if way:
            self._harmful.update(zip(map(id, way), way, strict=True))
            return True
        self._harmless.update(zip(map(id, met), met, strict=True))
        return False

    def _is_there(self, cls: type) -> bool:
        """Tell whether a class that is needed can be there: a base is not, while the metaclass of both is built."""
        return self._targets.isdisjoint(id(each) for kind in (cls, type(cls)) for each in kind.__mro__)

    def _keep_up(self, building: Sequence[tuple[type, Any]]) -> None:
        """Forget what no longer holds."""
        known = self._building
        if not known or known[0][0] is not building[0]:
            self._harmless.clear()
        while known and (len(known) > len(building) or building[len(known) - 1] is not known[-1][0]):
            (cls, _), needed = known.pop()
            self._targets.discard(id(cls))
            self._needed.difference_update(needed)
            self._harmful.clear()
        for begun in building[len(known) :]:
            cls = begun[0]
            kinds = [kind for kind in (cls, type(cls)) if id(kind) not in self._needed]
            needed = [id(each) for kind in kinds for each in kind.__mro__ if id(each) not in self._needed]
            known.append((begun, needed))
            self._targets.add(id(cls))
            self._needed.update(needed)
            if id(cls) in self._harmless:
                self._harmless.clear()


def ways(
    targets: set[int],
    values: Iterable[Any],
    places: Mapping[int, tuple[type, Any]],
    policy: ValuePolicy,
    harmless: Container[int] = (),
    harmful: Container[int] = (),
) -> tuple[list[Any], list[Any]]:
    """Return the objects on a way from values to a target, with one of the values, or none; and all that were met.

    Breadth first, so that what is near is found soon. Functions of a target count as that.
    """
    seen: set[int] = set()
    followed: list[int] = []  # numbers in the queue
    starts: list[int] = []  # where in the queue begins what is behind each of them
    queue = list(values)
    steps = 0
    for at, value in enumerate(queue):
        key = id(value)
        steps += type(value) is not dict
        if steps > _FAR:
            return queue[:1], queue
        if key in targets or key in harmful or (key in places and id(places[key][0]) in targets):
            return _back(at, queue, followed, starts), queue
        if key not in seen and key not in harmless and not ATOMS.have(value):
            seen.add(key)
            followed.append(at)
            starts.append(len(queue))
            queue.extend(referents(value, policy))
    return [], queue


def _back(at: int, queue: list[Any], followed: list[int], starts: list[int]) -> list[Any]:
    """Return an object of the queue and those on the way from there back to the beginning."""
    way = [queue[at]]
    while starts and at >= starts[0]:
        at = followed[bisect_right(starts, at) - 1]
        way.append(queue[at])
    return way
