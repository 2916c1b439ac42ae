"""Instances that ask to travel as a name, where the module of that name travels by value.

``MISSING`` of a module is often an object whose ``__reduce__`` returns "MISSING": wherever it goes, it wants to be
the one that is there already. A receiver without that module has none. So the first that arrives is made and becomes
the one: one for each class and name. Where it came from, it is the one of the module.
"""

from __future__ import annotations

import operator
import sys
from typing import Any
from weakref import WeakValueDictionary

from pickleloaf import wire
from pickleloaf.errors import EncodeError
from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb

__all__ = ["reduce_asking"]

#: Those that have arrived here, by id of their class and name.
_arrived: WeakValueDictionary[tuple[int, str], Any] = WeakValueDictionary()


def reduce_asking(instance: Any, name: str, dump: Dump) -> Any:
    """Take an instance apart that says it is a name.

    Raises:
        EncodeError: its module travels by value, and holds something else there, or it is more than attributes.
    """
    cls, module = type(instance), getattr(instance, "__module__", None)
    if not isinstance(module, str) or not dump.policy.travels(module):
        return name  # what it leads to is checked by pickle
    is_the_one = any(instance is one for one in (_held(module, name), _arrived.get((id(cls), name))))
    if not is_the_one or cls.__basicsize__ > _Plain.__basicsize__ or cls.__itemsize__:
        msg = f"cannot pickle {cls.__qualname__} object: it asks to travel as the name {module}.{name}"
        raise EncodeError(msg, hint="return a callable and its arguments from its __reduce__, not a name")
    return rebuild_singleton, (cls, module, name), instance.__getstate__(), None, None, fill_singleton


class _Plain:
    """Has room for attributes and weak references, and no more."""


def _held(module: str, name: str) -> Any:
    try:
        return operator.attrgetter(name)(sys.modules[module])
    except (KeyError, AttributeError):
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
    if object.__getstate__(instance):
        return
    if hasattr(type(instance), "__setstate__"):
        instance.__setstate__(state)
    else:
        wire.fill_instance(instance, state)
