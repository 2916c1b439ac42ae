"""What travels by value while patches are carried, and what stands for the originals.

1. What stands at a patched place travels by value, though its own name may lead to it: ``functools.wraps``
   gives a wrapper the name of the original.
2. What was at a patched place before, and is still known to a wrapper, is named by that place: over
   there it is the receiver's own, and not a copy of ours. It is told by its module and qualified name,
   which lead to a patched place, and by its code, which is the module's.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, NamedTuple

from pickleloaf.code.codec import facts_of
from pickleloaf.inspecting.anatomy import contents_of, inner, is_heap_type, wrapped
from pickleloaf.patching.detect import Judge, Place, held, owner_of
from pickleloaf.patching.source import MISSING, describe
from pickleloaf.policy.by_value import MAIN, ValuePolicy

__all__ = ["CarryingPolicy", "Original", "find_original", "live_value"]


class Original(NamedTuple):
    """What a patched place of a module had before."""

    module: str
    qualname: str
    #: What it is: see `code.pristine.describe`. One place may hold several, in a property or a decorator.
    kind: str | None
    digest: bytes | None


class CarryingPolicy(ValuePolicy):
    """Another policy, while the patches of some places are carried."""

    __slots__ = ("_judge", "_modules", "_places", "forced")

    carries = True

    def __init__(self, policy: ValuePolicy, places: Iterable[Place], judge: Judge) -> None:
        super().__init__(
            policy.registry, policy.handles, local=policy.local, patches="ignore", portable=policy.portable
        )
        self._judge = judge
        self._places = {(place.module, place.qualname): place for place in places}
        self._modules = frozenset(place.module for place in places)
        #: Ids of what stands at the places.
        self.forced = frozenset(id(live) for place in places for live in (live_value(place),))

    def by_reference(self, obj: Any) -> bool:
        """Tell whether a name leads to an object over there, once the patches are applied or before."""
        return super().by_reference(obj) and self._place_on_the_way(obj) is None

    def original(self, obj: Any) -> Original | None:
        """Return what names an object at a receiver, if it was replaced by a patch."""
        if not (isinstance(obj, (FunctionType, BuiltinFunctionType, type)) or callable(obj)):
            return None
        if getattr(obj, "__module__", None) not in self._modules or id(obj) in self.forced:
            return None
        place = self._place_on_the_way(obj)
        if place is None or inner(live_value(place)) is obj or self._judge.is_patch(obj, place):
            return None
        description = describe(obj, obj.__module__, obj.__qualname__)
        return Original(obj.__module__, obj.__qualname__, description.kind, description.live)

    def _place_on_the_way(self, obj: Any) -> Place | None:
        """Return the first patched place that an object's own name leads through."""
        module, qualname = getattr(obj, "__module__", None), getattr(obj, "__qualname__", None)
        if type(module) is not str or type(qualname) is not str or module not in self._modules:
            return None
        parts = qualname.split(".")
        for count in range(1, len(parts) + 1):
            place = self._places.get((module, ".".join(parts[:count])))
            if place is not None:
                return place
        return None


def live_value(place: Place) -> Any:
    """Return what stands at a place, as the namespace has it, or MISSING."""
    return held(owner_of(place), place.name)


#: Objects that are looked at to find an original.
_FAR = 300


def find_original(value: Any, place: Place, judge: Judge) -> Any:
    """Return what a patch knows of what was there before it, or MISSING."""
    queue, seen = [value], {id(value)}
    for each in queue:
        if (
            each is not value
            and getattr(each, "__module__", None) == place.module
            and getattr(each, "__qualname__", None) == place.qualname
            and not judge.is_patch(each, place)
        ):
            return each
        for part in _known_to(each):
            if id(part) not in seen and len(queue) < _FAR:
                seen.add(id(part))
                queue.append(part)
    return MISSING


def _known_to(value: Any) -> list[Any]:
    """Return what a wrapper of some kind gets at, its original perhaps among it."""
    kind = type(value)
    if kind is FunctionType:
        scope = value.__globals__
        names = facts_of(value.__code__).names.globals if scope.get("__name__") in MAIN else ()
        cells = [contents_of(cell) for cell in value.__closure__ or ()]
        return [
            *cells,
            *value.__dict__.values(),
            *(value.__defaults__ or ()),
            *(scope[name] for name in names if name in scope),
        ]
    if issubclass(kind, type):
        return [*value.__bases__, *value.__dict__.values()] if is_heap_type(value) else []
    if issubclass(kind, property):
        return wrapped(value)
    return [] if issubclass(kind, ModuleType) else gc.get_referents(value)
