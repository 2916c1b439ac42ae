"""Treat patches behind a payload that has been written: warn, refuse, or carry them along.

Whether a payload refers to patched code is known when it has been written. So it is written, and what it
refers to is looked at. A warning is given once for each patch, and again only where the warnings filter asks for that.
"""

from __future__ import annotations

from typing import Any

from pickleloaf._warning import warn
from pickleloaf.errors import EncodeError, LostPatchWarning
from pickleloaf.patching.detect import origin_of
from pickleloaf.patching.place import Place, value_at
from pickleloaf.patching.scan import scanner_for
from pickleloaf.rescue import Memory

__all__ = ["treat_patches"]


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
    scanner = scanner_for(policy)
    try:
        if treatment == "warn":
            _warn(scanner.find(dump.uses))
        elif treatment == "carry":
            found = scanner.find(dump.uses, constants=True)
            if found or pickler._buffers is not None:
                from pickleloaf.patching.ship import carry

                carry(pickler, obj, before, scanner, found)
        else:
            _refuse(scanner.find_all(dump.uses))
    except BaseException:
        (before or Memory()).give_up(pickler)
        raise


def _refuse(places: list[Place]) -> None:
    for place in places:
        raise EncodeError(
            f"{place} is patched here, by {origin_of(value_at(place))}, and patches='refuse'",
            str(place),
            "dump with patches='carry' to send the patch along, or with patches='ignore' to leave it behind",
        )


def _warn(places: list[Place]) -> None:
    if not places:
        return
    from pickleloaf.patching.registry import REGISTRY

    for place in places:
        if REGISTRY.applied(place) is not None:  # it came from elsewhere, and whoever sent it has it
            continue
        target = ".".join(part for part in place[:2] if part)
        message = (
            f"{place} is patched here, by {origin_of(value_at(place))}; this payload refers to {target} by name "
            f"and leaves the patch behind: where it is loaded, {place} is what an import gives. Dump it with "
            "patches='carry' to send the patch along, or with patches='ignore' if that is meant"
        )
        warn(message, LostPatchWarning)
