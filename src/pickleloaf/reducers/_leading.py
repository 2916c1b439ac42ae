"""Which objects lead to a class that is being built.

Classes begin to be built and are finished like brackets. So what has been found out serves on:

1. Who leads to no such class, leads to none as long as only classes begin that were not met behind it. Kept with an
   object is all that is behind it.
2. Who leads to one still does when others begin. Kept are all objects on the way.
3. All is forgotten when the outermost class is finished: code of the user's may have run, and changed what leads where.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from pickleloaf.policy.by_value import ValuePolicy
from pickleloaf.reducers._kinds import ATOMS
from pickleloaf.reducers._referents import referents

__all__ = ["Leading"]

#: Objects that are followed at most to answer one question; beyond that the answer is "may be".
_FAR = 2000


class Leading:
    """What has been found out for one payload."""

    def __init__(self) -> None:
        #: By id, which each keeps its own.
        self._harmless: dict[int, Any] = {}
        self._harmful: dict[int, Any] = {}
        #: The classes that are being built, and those that have to be there before them: bases and metaclasses, but
        #: for those that are themselves made with one that is being built.
        self._targets: set[int] = set()
        self._needed: set[int] = set()
        self._building: list[tuple[type, Any]] = []

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
        if (
            not self._building
            or len(building) != len(self._building)
            or building[-1] is not self._building[-1]
        ):
            self._keep_up(building)
        key = id(value)
        if key in self._needed or key in self._harmless:
            return False
        if key in self._harmful:
            return True
        way, met = ways(self._targets, (value,), places, policy, self._harmless, self._harmful)
        if way:
            self._harmful.update(zip(map(id, way), way, strict=True))
            return True
        self._harmless.update(zip(map(id, met), met, strict=True))
        return False

    def _keep_up(self, building: Sequence[tuple[type, Any]]) -> None:
        """Forget what no longer holds."""
        known = self._building
        if not known or known[0] is not building[0]:
            self._harmless.clear()
        if not known or len(building) < len(known) or building[len(known) - 1] is not known[-1]:
            self._harmful.clear()
            self._targets.clear()
            known.clear()
        begun = building[len(known) :]
        known += begun
        self._targets.update(id(cls) for cls, _ in begun)
        if not self._targets.isdisjoint(self._harmless):
            self._harmless.clear()
        needed = {id(each): each for cls, _ in known for each in _made_with(cls)}
        self._needed = {
            key for key, each in needed.items() if self._targets.isdisjoint(map(id, _made_with(each)))
        }


def _made_with(cls: type) -> tuple[type, ...]:
    """Return a class, its bases, its metaclass and the bases of that."""
    metaclass: type = type(cls)
    return (*cls.__mro__, *metaclass.__mro__)


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
