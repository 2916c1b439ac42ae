"""Carrying patches: what refers to patched code is written once more, behind the patches.

It is written again if the patches in turn refer to patched code.

1. What stands at a patched place travels by value, though its own name may lead to it: ``functools.wraps``
   gives a wrapper the name of the original.
2. What was at a patched place before, and is still known to a wrapper, is named by that place: over
   there it is the receiver's own, and not a copy of ours. It is told by its module and qualified name,
   which lead to a patched place, and by its code, which is the module's.
3. A patch *shares state* with the rest of its payload if both use a closure cell, a changeable object, or a
   global that one of them assigns to. Over there such a patch is renewed each time with its payload.
4. Until the last writing nobody else gets a buffer, since its place among the buffers is not known.
5. Where the C pickler fails on the original behind a patch (``print``, behind ``builtins.print = mine``,
   is no longer found by its name), the object is written once more with originals named as such.
"""

from __future__ import annotations

import pickle
import re
import sys
from collections.abc import Callable, Iterable
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, NamedTuple

from pickleloaf._digests import blake2b
from pickleloaf.code.baseline import MISSING, Description, binding, describe, describe_written
from pickleloaf.code.codec import facts_of
from pickleloaf.errors import EncodeError
from pickleloaf.inspecting.anatomy import inner
from pickleloaf.inspecting.kinds import ATOMS, Kinds
from pickleloaf.patching.detect import PatchDetector, find_original, origin_of
from pickleloaf.patching.explicit import EXPLICIT
from pickleloaf.patching.patch import REMOVED, Patch
from pickleloaf.patching.payload import Patched, rebuild_original
from pickleloaf.patching.place import Place, value_at
from pickleloaf.patching.registry import REGISTRY
from pickleloaf.patching.scan import PatchScanner, scanner_for
from pickleloaf.policy.by_value import ValuePolicy
from pickleloaf.replaying import Buffers, Overrides
from pickleloaf.rescue import Memory

__all__ = ["HeldBuffers", "carry", "release_buffers", "write_with_originals"]


class Original(NamedTuple):
    """Stands for the value that a patched place of a module had before."""

    module: str
    qualname: str
    #: Its kind: see `code.baseline.describe`. One place may hold several, in a property or a decorator.
    kind: str | None
    digest: bytes | None


class CarryingPolicy(ValuePolicy):
    """Another policy, while the patches of some places are carried."""

    __slots__ = ("_detector", "_modules", "_places", "forced")

    carries = True

    def __init__(self, policy: ValuePolicy, places: Iterable[Place], detector: PatchDetector) -> None:
        super().__init__(
            policy.registry, policy.handles, local=policy.local, patches="ignore", portable=policy.portable
        )
        self._detector = detector
        self._places = {(place.module, place.qualname): place for place in places}
        self._modules = frozenset(place.module for place in places)
        #: Ids of what stands at the places.
        self.forced = frozenset(id(live) for place in places for live in (value_at(place),))

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
        if place is None or inner(value_at(place)) is obj or self._detector.is_patch(obj, place):
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


_Memo = dict[int, tuple[int, Any]]


def patch_at(place: Place, pickler: Any, own: _Memo, detector: PatchDetector) -> Patch:
    """Return the patch that stands at a place.

    Args:
        place: what is patched.
        pickler: an empty pickler, for the digest of the patch.
        own: the memo of the payload without patches.
        detector: tells patches from originals.

    Raises:
        EncodeError: the patch cannot travel.
    """
    value = value_at(place)
    applied = REGISTRY.applied(place)
    before = _before(place, value, detector) if applied is None else applied.before
    origin = origin_of(value) if applied is None else applied.origin
    if value is MISSING:
        return Patch(place, REMOVED, origin, before, b"", shares=False)
    from pickleloaf.settle import settle_sets

    digest = blake2b(settle_sets(b"".join(pickler._pickled(value))), digest_size=12).digest()
    if applied is not None:  # handed on: it is still the patch that its sender knows
        digest = applied.digest
    shares = _share(pickler.memo.copy(), own, pickler._dump.policy)
    return Patch(place, value, origin, before, digest, shares=shares)


def _before(place: Place, value: Any, detector: PatchDetector) -> Description | None:
    """Describe what a patch replaced, as far as that is known."""
    for known in (EXPLICIT.original(place), find_original(value, place, detector)):
        if known is not MISSING:
            return describe(known, place.module, place.qualname)
    bound = binding(*place)
    if place.name == "__code__" or bound is None:
        return None
    return describe_written(place.module, place.qualname, as_it_is=bound.is_definition and bound.times == 1)


_NO_STATE = Kinds({*ATOMS, tuple, frozenset, FunctionType, ModuleType})


def _share(one: _Memo, other: _Memo, policy: Any) -> bool:
    """Tell whether two payloads share state that may change."""
    common = [one[key][1] for key in one.keys() & other.keys()]
    if any(not _NO_STATE.have(each) and not isinstance(each, type) and not callable(each) for each in common):
        return True
    ones, others = _functions(one, policy), _functions(other, policy)
    if {id(cell) for each in ones for cell in each.__closure__ or ()} & {
        id(cell) for each in others for cell in each.__closure__ or ()
    }:
        return True
    return any(_share_globals(each, another) for each in ones for another in others)


def _functions(memo: _Memo, policy: Any) -> list[FunctionType]:
    return [
        each
        for _, each in memo.values()
        if type(each) is FunctionType
        and each.__module__ != "pickleloaf.wire"
        and not policy.by_reference(each)
    ]


def _share_globals(one: FunctionType, other: FunctionType) -> bool:
    scope = one.__globals__
    if other.__globals__ is not scope:
        return False
    if one is other:
        return facts_of(one.__code__).names.touches_scope
    names, theirs = facts_of(one.__code__).names, facts_of(other.__code__).names
    assigned = names.touches_scope or theirs.touches_scope
    common = (scope[name] for name in set(names.globals) & set(theirs.globals) if name in scope)
    return any(
        not isinstance(value, (type, ModuleType, FunctionType)) and (assigned or not ATOMS.have(value))
        for value in common
    )


class HeldBuffers(Buffers):
    """Keeps buffers back until a payload is known to be the last writing of its object.

    Attributes:
        in_band: set while a patch is pickled for its digest, which has to cover the buffers.
    """

    def __init__(self, callback: Callable[[Any], Any]) -> None:
        super().__init__(callback)
        self.in_band = False
        self._held: list[Any] | None = []

    def __call__(self, buffer: Any) -> Any:
        """Keep a buffer, or hand it over once the writing is known to be the last."""
        if self.in_band:
            return True
        if self._held is None:
            return super().__call__(buffer)
        self._held.append(buffer)
        return None

    def replay(self) -> None:
        """Expect the same buffers, or others, from the first one on."""
        super().replay()
        if self._held is not None:
            self._held.clear()

    def forget(self) -> None:
        """Expect other buffers: a dump is over."""
        super().forget()
        self._held = []

    def release(self) -> bool:
        """Hand the buffers over; tell whether one is wanted in band, and so has to be written once more."""
        held, self._held = self._held or [], None
        self.replay()
        wanted = [bool(self(buffer)) for buffer in held]
        self.replay()
        return any(wanted)


def carry(pickler: Any, obj: Any, before: Memory | None, scanner: PatchScanner, places: list[Place]) -> None:
    """Write an object behind its patches, until these refer to no further ones.

    Args:
        pickler: has just written the object without them.
        obj: the object.
        before: what the pickler knew before that.
        scanner: finds patches.
        places: where those are that it has found.
    """
    policy = pickler._dump.policy
    own = pickler.memo.copy()
    patches: list[Patch] = []
    carrying = CarryingPolicy(policy, [], scanner.detector)
    found = places
    while found:
        carrying = CarryingPolicy(policy, places, scanner.detector)
        patches = _patches(pickler, places, carrying, own, scanner.detector)
        _write(pickler, obj, before, patches, carrying)
        uses = pickler._dump.uses
        found = [place for place in scanner.find(uses, constants=True) if place not in places]
        places = sorted([*places, *found])
    pickler._carries = bool(patches)
    if pickler._buffers is not None and pickler._buffers.release():
        _write(pickler, obj, before, patches, carrying)
    for patch in patches:
        REGISTRY.note_sent(patch)


def release_buffers(pickler: Any, obj: Any, before: Memory | None) -> None:
    """Hand over the buffers of a payload that was written to carry patches, and behind which there are none."""
    if pickler._buffers.release():
        _write(pickler, obj, before, [], pickler._dump.policy)


def _patches(
    pickler: Any, places: list[Place], carrying: ValuePolicy, own: dict[int, Any], detector: PatchDetector
) -> list[Patch]:
    undo = adopt(pickler, carrying)
    if pickler._buffers is not None:
        pickler._buffers.in_band = True
    try:
        patches = []
        for place in places:
            Memory().restore(pickler)
            patches.append(patch_at(place, pickler, own, detector))
        return patches
    finally:
        undo()
        if pickler._buffers is not None:
            pickler._buffers.in_band = False


def _write(pickler: Any, obj: Any, before: Memory | None, patches: list[Patch], policy: ValuePolicy) -> None:
    undo = adopt(pickler, policy)
    try:
        (before or Memory()).restore(pickler)
        pickler._pickled(Patched(patches, obj) if patches else obj, before)
    finally:
        undo()


def adopt(pickler: Any, policy: ValuePolicy) -> Callable[[], None]:
    """Let a pickler work by another policy; return what takes that back."""
    dump = pickler._dump
    before, base = dump.policy, pickler._override
    dump.policy = policy
    if not isinstance(policy, CarryingPolicy):
        return lambda: setattr(dump, "policy", before)

    def reducer_override(obj: Any) -> Any:
        original = policy.original(obj)
        return base(obj) if original is None else (rebuild_original, tuple(original))

    _override(pickler, reducer_override)

    def undo() -> None:
        dump.policy = before
        _override(pickler, base)

    return undo


def _override(pickler: Any, override: Callable[[Any], Any]) -> None:
    pickler._override = override
    if not isinstance(pickler.reducer_override, Overrides):
        pickler.reducer_override = override


def write_with_originals(pickler: Any, obj: Any, before: Memory | None, error: Exception) -> bool:
    """Write an object on which the C pickler has failed, naming originals as such; tell whether that helped."""
    dump = pickler._dump
    named = _named_in(error)
    if not named or isinstance(dump.policy, CarryingPolicy):
        return False
    scanner = scanner_for(dump.policy)
    places = scanner.find_all([*dump.uses, *named])
    if not places:
        return False
    undo = adopt(pickler, CarryingPolicy(dump.policy, places, scanner.detector))
    try:
        (before or Memory()).restore(pickler)
        pickle.Pickler.dump(pickler, obj)
    except Exception:  # noqa: BLE001 - the first error stands
        return False
    finally:
        undo()
    return True


def _named_in(error: Exception) -> list[Any]:
    """Return the module of an object that pickle did not find by its name."""
    if not isinstance(error, pickle.PicklingError) or isinstance(error, EncodeError):
        return []
    found = re.search(r"not the same object as ([\w.]+)", str(error))
    name = found[1] if found else ""
    while name and name not in sys.modules:
        name = name.rpartition(".")[0]
    return [sys.modules[name]] if name else []
