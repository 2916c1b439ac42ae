"""Instances of classes, in every state that pickle knows.

Takes apart: as pickle does, by ``__reduce_ex__``. Travels as: what that says; wire.fill_instance.
Keeps: patched methods, slots, objects whose hash needs their state, objects with a ``__getattr__`` that
needs its own attributes; an instance that its type's own module holds by name arrives as that object.
Loses: nothing."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers._named import names_of_instances
from pickleloaf.wire import verb

_Reducer = Callable[[Any, Dump], Any]

#: What is known about types, by id; an entry goes when its type does.
_known: dict[int, tuple[weakref.ref[type], _Reducer | None]] = {}


def reducer_of_instances(cls: type) -> _Reducer | None:
    """Return what takes instances of a type apart, or None where pickle's own way is right."""
    key = id(cls)
    known = _known.get(key)
    if known is None:
        known = _known[key] = (weakref.ref(cls, lambda _: _known.pop(key, None)), _choose(cls))
    return known[1]


def _choose(cls: type) -> _Reducer | None:
    named = names_of_instances(cls)
    guarded = _guards_attributes(cls)
    if not named and not guarded:
        return None

    def reduce_instance(instance: Any, dump: Dump) -> Any:
        if id(instance) in named:
            name = named[id(instance)]
            if not dump.policy.travels(name.module):
                from pickleloaf.reducers.modules import rebuild_attribute

                return rebuild_attribute, (name.module, name.name)
        return reduce_guarded(instance, dump) if guarded else NotImplemented

    return reduce_instance


def _guards_attributes(cls: type) -> bool:
    """Tell whether asking a new, empty instance for ``__setstate__`` would run code of the class."""
    return hasattr(cls, "__getattr__") and not hasattr(cls, "__setstate__")


def reduce_guarded(instance: Any, dump: Dump) -> Any:
    reduced = instance.__reduce_ex__(dump.protocol)
    if type(reduced) is tuple and len(reduced) > 2 and reduced[2] is not None:
        return (*reduced, None, None, None)[:5] + (fill_instance,)
    return reduced


@verb
def fill_instance(instance: Any, state: Any) -> None:
    """Set the state of an instance as pickle does, without asking it for anything."""
    state, slots = state if type(state) is tuple and len(state) == 2 else (state, None)
    if state:
        object.__getattribute__(instance, "__dict__").update(state)
    for name, value in (slots or {}).items():
        object.__setattr__(instance, name, value)
