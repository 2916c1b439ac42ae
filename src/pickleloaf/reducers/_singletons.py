"""Verbs of payloads of before, for instances that asked to travel as a name of a module that travels by value.

Such instances are refused now, since a receiver has no module in which that name could be looked up.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakValueDictionary

from pickleloaf import wire
from pickleloaf.wire import verb

#: Those that have arrived here, by id of their class and name.
_arrived: WeakValueDictionary[tuple[int, str], Any] = WeakValueDictionary()


def _held(module: str, name: str) -> Any:
    try:
        return wire.find(module, name)
    except (ImportError, AttributeError):
        return None


@verb
def rebuild_singleton(cls: type, module: str, name: str) -> Any:
    """Return the instance that goes by a name here, or a new one that will."""
    here = _held(module, name)
    if type(here) is cls:
        return here
    made: Any = object.__new__(cls)
    known = _arrived.setdefault((id(cls), name), made)
    return known if type(known) is cls else made


@verb
def fill_singleton(instance: Any, state: Any) -> None:
    """Give an instance its state, unless it has some: then it has been here before."""
    wire.fill_found(instance, state)
