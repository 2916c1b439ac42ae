"""Patches as their receiver and their sender see them.

    obj, patches = pickleloaf.loads(payload, patches="collect")
    with pickleloaf.applied(patches):
        obj()

See ``docs/how-to/patches.md`` for what travels and how it is seen.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any, NamedTuple

from pickleloaf.errors import KeptPatchWarning
from pickleloaf.patching.detect import origin_of
from pickleloaf.patching.explicit import EXPLICIT
from pickleloaf.patching.patch import Patch
from pickleloaf.patching.place import Place, value_at
from pickleloaf.patching.registry import REGISTRY
from pickleloaf.patching.scan import scanner_for
from pickleloaf.pickler import DEFAULT_POLICY
from pickleloaf.policy.by_value import Registry, chosen_policy

__all__ = [
    "FoundPatch",
    "Loaded",
    "Patch",
    "applied",
    "apply_patches",
    "find_patches",
    "mark_patched",
    "patches",
    "revert_patches",
    "track_patches",
]


class Loaded(NamedTuple):
    """What ``loads(..., patches="collect")`` returns."""

    obj: Any
    patches: tuple[Patch, ...]


class FoundPatch(NamedTuple):
    """A patch that this process has, as `find_patches` returns it."""

    #: The attribute: ``str(place)`` is ``requests.sessions.Session.get``.
    place: Place
    #: What stands there and where it was defined: ``function __main__.mine``.
    origin: str

    def __str__(self) -> str:
        return f"{self.place}, by {self.origin}"


def find_patches(*, by_value: str | Registry | None = None) -> list[FoundPatch]:
    """Return all patches of the modules that have been imported here, in the order of their places.

    Dumping looks at what is far from a payload now and then only. From here on it knows of all that is there now.

    Args:
        by_value: see `Pickler`: what travels by value is no patch of itself.
    """
    policy = chosen_policy(DEFAULT_POLICY, by_value, None, None, False)
    return [FoundPatch(place, origin_of(value_at(place))) for place in scanner_for(policy).find_everywhere()]


def patches() -> list[Patch]:
    """Return the patches that payloads have applied in this process and that are in force.

    Each knows its ``place``, its ``value`` and its ``origin``: what it is and where it was defined.
    """
    return REGISTRY.patches()


def revert_patches() -> None:
    """Take back what payloads have patched in this process, and restore the originals.

    Patches that hold for a block (`applied`) stay until its end. What this process has patched by itself
    since is left alone, with a `KeptPatchWarning`.
    """
    for place in REGISTRY.revert():
        message = (
            f"{place} has been patched here after a payload did, by {origin_of(value_at(place))}: that stays. "
            "What was there before the payload came is not put back"
        )
        warnings.warn(message, KeptPatchWarning, stacklevel=2)


def apply_patches(patches: Iterable[Patch]) -> None:
    """Apply patches that were collected, as loading their payload would have done.

    Raises:
        PatchError: one of them cannot be applied; none is.
    """
    REGISTRY.apply(list(patches))


def applied(patches: Iterable[Patch]) -> AbstractContextManager[None]:
    """Apply patches for a ``with`` block.

    A patch acts on a module or class, so on every thread of the process. Blocks may overlap: what counts
    is the patch of the block entered last that has not ended.

    Raises:
        PatchError: one of them cannot be applied; none is.
    """
    return REGISTRY.block(list(patches))


def mark_patched(target: Any, *names: str) -> None:
    """Say that some attributes are patched, where their values do not show it.

    Needed for a patch by something importable (``json.dumps = simplejson.dumps``) and for a deletion.

    Args:
        target: an importable module, or a class or function in one.
        names: the attributes; they need not be there.

    Raises:
        TypeError: the target is neither, or is not found by its name.
    """
    EXPLICIT.mark(target, names)


def track_patches(module: ModuleType) -> None:
    """Remember how a module and its classes are now; whatever differs later is a patch.

    Functions and classes that have been replaced or deleted before show as patches if the module's source
    defines them plainly: once, on no condition, without a decorator.

    Raises:
        TypeError: not a module that is found by its name.
    """
    EXPLICIT.track(module)
