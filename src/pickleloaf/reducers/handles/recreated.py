"""Handles that are made again from a few of their attributes: locks, queues, pools, logging handlers.

Takes apart: what its ``__init__`` was given, and the attributes that are not its machinery.
Travels as: wire.recreated, wire.fill_instance.
Keeps: what the table of kinds says, attributes set by subclasses and by the user.
Loses: who holds it and who waits for it.
"""

from __future__ import annotations

from typing import Any

from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers.handles._parts import reduction_of
from pickleloaf.wire import verb


def reduce_recreated(handle: Any, dump: Dump) -> Any:
    return reduction_of(handle)


@verb
def rebuild_recreated(base: type, cls: type | None, *given: Any) -> Any:
    """Make an object as a base of its class does, without asking the class itself.

    Args:
        base: whose ``__init__`` runs.
        cls: the class; ``base`` where it is None.
        given: the arguments.
    """
    handle = base.__new__(cls or base)  # type: ignore[call-overload]
    base.__init__(handle, *given)  # type: ignore[misc]
    return handle
