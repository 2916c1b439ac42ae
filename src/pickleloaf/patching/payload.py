"""Payloads that carry patches: what they are made of, and what becomes of the patches where they are loaded.

Takes apart: the patches that a payload needs, before its object. Travels as: wire.patched,
wire.patches, wire.patch; wire.original for what a patch knows of what it replaced.
Keeps: the receiver's own original behind a wrapper, state shared with the rest of the payload.
Loses: nothing.

1. The root of a payload that carries patches is ``patched(patches(patch, ...), object)``. Its first
   argument is complete, and the patches are in force, before anything of the object is made.
2. Plain pickle loads it as well. What becomes of the patches is then the default: they are applied.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from pickleloaf.errors import PatchError
from pickleloaf.patching.patch import Patch
from pickleloaf.patching.registry import REGISTRY
from pickleloaf.wire import ask_for, verb

__all__ = ["ARRIVAL", "Arrival", "Patched", "rebuild_original"]


class Arrival:
    """The treatment of patches that one call of loads meets."""

    __slots__ = ("collected", "treatment")

    def __init__(self, treatment: str) -> None:
        self.treatment = treatment
        self.collected: list[Patch] = []


#: Set while a payload is loaded other than by default.
ARRIVAL: ContextVar[Arrival | None] = ContextVar("pickleloaf.arrival", default=None)


class Patched:
    """Stands in a payload for an object and the patches that it needs."""

    __slots__ = ("obj", "patches")

    def __init__(self, patches: list[Patch], obj: Any) -> None:
        self.patches = patches
        self.obj = obj

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild_patched, (_Patches(self.patches), self.obj)


class _Patches:
    """Stands in a payload for the patches."""

    __slots__ = ("patches",)

    def __init__(self, patches: list[Patch]) -> None:
        self.patches = patches

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild_patches, tuple(self.patches)


@verb
def rebuild_patched(patches: Any, obj: Any) -> Any:
    return obj


@verb
def rebuild_original(module: str, qualname: str, kind: str | None, digest: bytes | None) -> Any:
    """Return what this process has under a name, or had before it was patched.

    Raises:
        PatchError: it has no such name.
    """
    ask_for(module)
    return REGISTRY.original(module, qualname, kind, digest)


@verb
def rebuild_patches(*patches: Patch) -> None:
    """Treat the patches of a payload as its receiver wants.

    Raises:
        PatchError: one cannot be applied, or the receiver refuses patches.
    """
    arrival = ARRIVAL.get()
    if arrival is None or arrival.treatment == "apply":
        REGISTRY.apply(patches)
    elif arrival.treatment == "collect":
        arrival.collected.extend(patches)
    else:
        names = ", ".join(str(patch.place) for patch in patches)
        raise PatchError(
            f"this payload patches {names}, and it was loaded with patches='refuse'", str(patches[0].place)
        )
