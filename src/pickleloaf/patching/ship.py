"""Dumping what refers to patched code: warn, refuse, or carry the patches along.

Whether a payload refers to patched code is known when it has been written. So it is written, and what it
refers to is looked at. Only if there are patches to be carried it is written once more, this time behind
them, and again if they in turn refer to patched code.

1. Until the last writing nobody else gets a buffer, since its place among the buffers is not known.
2. Where the C pickler fails on the original behind a patch (``print``, behind ``builtins.print = mine``,
   is no longer found by its name), the object is written once more with originals named as such.
3. A warning is given once for each patch, and again only where the warnings filter asks for that.
"""

from __future__ import annotations

import pickle
import re
import sys
from collections.abc import Callable
from typing import Any

from pickleloaf._warning import warn
from pickleloaf.errors import EncodeError, LostPatchWarning
from pickleloaf.patching.carrying import CarryingPolicy, live_value
from pickleloaf.patching.detect import Judge, Place
from pickleloaf.patching.patch import Patch
from pickleloaf.patching.patched import Patched, reduce_original
from pickleloaf.patching.registry import LEDGER
from pickleloaf.patching.scan import Watch, watch_for
from pickleloaf.patching.sending import origin_of, patch_at
from pickleloaf.policy.by_value import ValuePolicy
from pickleloaf.replaying import Buffers, Overrides
from pickleloaf.rescue import Memory

__all__ = ["HeldBuffers", "adopt", "treat_patches", "write_with_originals"]


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


def treat_patches(pickler: Any, obj: Any, before: Memory | None) -> None:
    """Do what a policy says about the patches behind a payload that has just been written.

    Raises:
        EncodeError: patches are refused, or one of them cannot travel.
    """
    dump = pickler._dump
    policy = dump.policy
    treatment = policy.patches
    if treatment == "ignore":
        return
    watch = watch_for(policy)
    try:
        if treatment == "warn":
            _warn(watch.renew(dump.uses))
        elif treatment == "carry":
            _carry(pickler, obj, before, watch)
        else:
            _refuse(watch.look(dump.uses))
    except BaseException:
        (before or Memory()).give_up(pickler)
        raise


def _refuse(places: list[Place]) -> None:
    for place in places:
        raise EncodeError(
            f"{place} is patched here, by {origin_of(live_value(place))}, and patches='refuse'",
            str(place),
            "dump with patches='carry' to send the patch along, or with patches='ignore' to leave it behind",
        )


def _carry(pickler: Any, obj: Any, before: Memory | None, watch: Watch) -> None:
    """Write an object behind its patches, until these refer to no further ones."""
    policy = pickler._dump.policy
    own = pickler.memo.copy()
    places: list[Place] = []
    patches: list[Patch] = []
    carrying = CarryingPolicy(policy, [], watch.judge)
    while found := [place for place in watch.look(pickler._dump.uses) if place not in places]:
        places = sorted([*places, *found])
        carrying = CarryingPolicy(policy, places, watch.judge)
        patches = _patches(pickler, places, carrying, own, watch.judge)
        _write(pickler, obj, before, patches, carrying)
    if pickler._buffers is not None and pickler._buffers.release():
        _write(pickler, obj, before, patches, carrying)
    for patch in patches:
        LEDGER.note_sent(patch)


def _patches(
    pickler: Any, places: list[Place], carrying: ValuePolicy, own: dict[int, Any], judge: Judge
) -> list[Patch]:
    undo = adopt(pickler, carrying)
    if pickler._buffers is not None:
        pickler._buffers.in_band = True
    try:
        patches = []
        for place in places:
            Memory().restore(pickler)
            patches.append(patch_at(place, pickler, own, judge))
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
        found = reduce_original(obj, policy)
        return base(obj) if found is None else found

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
    watch = watch_for(dump.policy)
    places = watch.look([*dump.uses, *named])
    if not places:
        return False
    undo = adopt(pickler, CarryingPolicy(dump.policy, places, watch.judge))
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


def _warn(places: list[Place]) -> None:
    for place in places:
        if LEDGER.applied(place) is not None:  # it came from elsewhere, and whoever sent it has it
            continue
        target = ".".join(part for part in place[:2] if part)
        message = (
            f"{place} is patched here, by {origin_of(live_value(place))}; this payload refers to {target} by name "
            f"and leaves the patch behind: where it is loaded, {place} is what an import gives. Dump it with "
            "patches='carry' to send the patch along, or with patches='ignore' if that is meant"
        )
        warn(message, LostPatchWarning)
