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
from pickleloaf.patching.carrying import live_value
from pickleloaf.patching.explicit import MARKS
from pickleloaf.patching.patch import Patch
from pickleloaf.patching.registry import LEDGER
from pickleloaf.patching.sending import origin_of

__all__ = [
    "Loaded",
    "Patch",
    "applied",
    "apply_patches",
    "mark_patched",
    "patches",
    "revert_patches",
    "track_patches",
]


class Loaded(NamedTuple):
    """What ``loads(..., patches="collect")`` returns."""

    obj: Any
    patches: tuple[Patch, ...]


def patches() -> list[Patch]:
    """Return the patches that payloads have applied in this process and that are in force.

    Each knows its ``place``, its ``value`` and its ``origin``: what it is and where it was defined.
    """
    return LEDGER.patches()


def revert_patches() -> None:
    """Take back what payloads have patched in this process, and restore the originals.

    Patches that hold for a block (`applied`) stay until its end. What this process has patched by itself
    since is left alone, with a `KeptPatchWarning`.
    """
    for place in LEDGER.revert():
        message = (
            f"{place} has been patched here after a payload did, by {origin_of(live_value(place))}: that stays. "
            "What was there before the payload came is not put back"
        )
        warnings.warn(message, KeptPatchWarning, stacklevel=2)


def apply_patches(patches: Iterable[Patch]) -> None:
    """Apply patches that were collected, as loading their payload would have done.

    Raises:
        PatchError: one of them cannot be applied; none is.
    """
    LEDGER.apply(list(patches))


def applied(patches: Iterable[Patch]) -> AbstractContextManager[None]:
    """Apply patches for a ``with`` block.

    A patch acts on a module or class, so on every thread of the process. Blocks may overlap: what counts
    is the patch of the block entered last that has not ended.

    Raises:
        PatchError: one of them cannot be applied; none is.
    """
    return LEDGER.block(list(patches))


def mark_patched(target: Any, *names: str) -> None:
    """Say that some attributes are patched, where their values do not show it.

    Needed for a patch by something importable (``json.dumps = simplejson.dumps``) and for a deletion.

    Args:
        target: an importable module, or a class or function in one.
        names: the attributes; they need not be there.

    Raises:
        TypeError: the target is neither, or is not found by its name.
    """
    MARKS.mark(target, names)


def track_patches(module: ModuleType) -> None:
    """Remember how a module and its classes are now; whatever differs later is a patch.

    Functions and classes that have been replaced or deleted before show as patches if the module's source
    defines them plainly: once, on no condition, without a decorator.

    Raises:
        TypeError: not a module that is found by its name.
    """
    MARKS.track(module)
