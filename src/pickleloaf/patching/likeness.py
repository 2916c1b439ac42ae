"""Whether what a patch replaces here is what it replaced at its sender."""

from __future__ import annotations

from typing import Any

from pickleloaf.errors import PatchError
from pickleloaf.inspecting.anatomy import inner
from pickleloaf.patching.patch import Patch
from pickleloaf.patching.source import MISSING, describe

__all__ = ["check", "choose"]

#: More than any sane stack of decorators.
_PARTS = 20


def check(patch: Patch, live: Any) -> None:
    """Compare what this process has with what the sender of a patch had.

    Raises:
        PatchError: it is missing, of another kind, or of other code.
    """
    theirs, place = patch.before, patch.place
    if theirs is None:
        return
    if live is MISSING:
        raise PatchError(f"this process has no {place}, which a patch in this payload replaces", str(place))
    ours = [describe(each, place.module, place.qualname) for each in _inside(live)]
    alike = [each for each in ours if theirs.kind in (None, each.kind)]
    if not alike:
        message = (
            f"{place} is a {theirs.kind} at the sender of this patch, and a {ours[0].kind} in this process"
        )
        raise PatchError(message, str(place))
    if theirs.python == ours[0].python and (
        _differ(theirs.written, ours[0].written) or all(_differ(theirs.live, each.live) for each in alike)
    ):
        message = f"{place} is another one in this process than at the sender of this patch: its code differs"
        raise PatchError(message, str(place))


def _differ(theirs: bytes | None, ours: bytes | None) -> bool:
    return theirs is not None and ours is not None and theirs != ours


def _inside(value: Any) -> list[Any]:
    """Return all that one name may stand for: a descriptor's functions, the parts of a property, what is wrapped."""
    found = [value, inner(value)]
    for each in found:
        if not issubclass(type(each), type):
            parts = [getattr(each, name, None) for name in ("fget", "fset", "fdel", "func", "__wrapped__")]
            found += [part for part in parts if part is not None and len(found) < _PARTS]
    return found


def choose(value: Any, kind: str | None, digest: bytes | None, module: str, qualname: str) -> Any:
    """Return what a wrapper wraps, of all that one name stands for."""

    def likeness(each: Any) -> int:
        if issubclass(type(each), (staticmethod, classmethod)):
            return 0
        about = describe(each, module, qualname)
        return 1 + (about.kind == kind) + (about.kind == kind and about.live == digest)

    return max(_inside(value), key=likeness)
