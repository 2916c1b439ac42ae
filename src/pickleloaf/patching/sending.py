"""What is sent of one patch: its value, what it replaced, where it is from.

A patch *shares state* with the rest of its payload if both use a closure cell, a changeable object, or a
global that one of them assigns to. Over there such a patch is renewed each time with its payload.
"""

from __future__ import annotations

from types import FunctionType, ModuleType
from typing import Any

from pickleloaf._digests import blake2b
from pickleloaf.code.codec import facts_of
from pickleloaf.inspecting.anatomy import inner
from pickleloaf.inspecting.kinds import ATOMS, Kinds
from pickleloaf.patching.bindings import binding
from pickleloaf.patching.carrying import find_original, live_value
from pickleloaf.patching.detect import Judge, Place
from pickleloaf.patching.explicit import MARKS
from pickleloaf.patching.patch import REMOVED, Patch
from pickleloaf.patching.registry import LEDGER
from pickleloaf.patching.source import MISSING, Description, describe, describe_written
from pickleloaf.settle import settle_sets

__all__ = ["origin_of", "patch_at"]

_Memo = dict[int, tuple[int, Any]]


def patch_at(place: Place, pickler: Any, own: _Memo, judge: Judge) -> Patch:
    """Return the patch that stands at a place.

    Args:
        place: what is patched.
        pickler: an empty pickler, for the digest of the patch.
        own: the memo of the payload without patches.
        judge: tells patches from originals.

    Raises:
        EncodeError: the patch cannot travel.
    """
    value = live_value(place)
    applied = LEDGER.applied(place)
    before = _before(place, value, judge) if applied is None else applied.before
    origin = origin_of(value) if applied is None else applied.origin
    if value is MISSING:
        return Patch(place, REMOVED, origin, before, b"", shares=False)
    digest = blake2b(settle_sets(b"".join(pickler._pickled(value))), digest_size=12).digest()
    if applied is not None:  # handed on: it is still the patch that its sender knows
        digest = applied.digest
    shares = _share(pickler.memo.copy(), own, pickler._dump.policy)
    return Patch(place, value, origin, before, digest, shares=shares)


def _before(place: Place, value: Any, judge: Judge) -> Description | None:
    """Describe what a patch replaced, as far as that is known."""
    for known in (MARKS.original(place), find_original(value, place, judge)):
        if known is not MISSING:
            return describe(known, place.module, place.qualname)
    bound = binding(*place)
    if place.name == "__code__" or bound is None:
        return None
    return describe_written(place.module, place.qualname, as_it_is=bound.is_definition and bound.times == 1)


def origin_of(value: Any) -> str:
    """Say what a patch is and where it was defined."""
    value = inner(value)
    if value is MISSING:
        return "its removal"
    if type(value) is FunctionType:
        return f"function {value.__globals__.get('__name__')}.{value.__code__.co_qualname}"
    if issubclass(type(value), type):
        return f"class {value.__module__}.{value.__qualname__}"
    if issubclass(type(value), ModuleType):
        return f"module {value.__name__}"
    return f"an instance of {type(value).__module__}.{type(value).__qualname__}"


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
