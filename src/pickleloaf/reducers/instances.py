"""Instances of classes, in every state that pickle knows.

Takes apart: as pickle does, by ``__reduce_ex__``. Travels as: what that says; wire.fill_instance.
Keeps: patched methods, slots, objects whose hash needs their state, objects with a ``__getattr__`` that
needs its own attributes; an instance that its type's own module holds by name arrives as that object.
Loses: nothing."""

from __future__ import annotations

import pickle
import weakref
from collections.abc import Callable
from typing import Any

from pickleloaf.errors import EncodeError
from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers._named import Named, names_of_instances
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
    reducer = reduce_guarded if _guards_attributes(cls) else _probe(cls, named) if _reduces_itself(cls) else None
    if not named:
        return reducer

    def reduce_instance(instance: Any, dump: Dump) -> Any:
        if id(instance) in named:
            name = named[id(instance)]
            if not dump.policy.travels(name.module):
                from pickleloaf.reducers.modules import rebuild_attribute

                return rebuild_attribute, (name.module, name.name)
        return NotImplemented if reducer is None else reducer(instance, dump)

    return reduce_instance


def _guards_attributes(cls: type) -> bool:
    """Tell whether asking a new, empty instance for ``__setstate__`` would run code of the class."""
    return hasattr(cls, "__getattr__") and not hasattr(cls, "__setstate__")


def _reduces_itself(cls: type) -> bool:
    return cls.__reduce_ex__ is not object.__reduce_ex__ or cls.__reduce__ is not object.__reduce__


def _probe(cls: type, named: dict[int, Named]) -> _Reducer:
    """Return a reducer that looks whether the first object of a type answers a name; if not, none is needed."""

    def reduce_probed(instance: Any, dump: Dump) -> Any:
        reduced = instance.__reduce_ex__(dump.protocol)
        if isinstance(reduced, str):
            _check_name(instance, reduced, dump)
        elif not named:
            _known[id(cls)] = (_known[id(cls)][0], None)
        return reduced

    return reduce_probed


def _check_name(instance: Any, name: str, dump: Dump) -> None:
    """Refuse an object that pickles as a name of a module that the receiver will not have under this name.

    Raises:
        EncodeError: the module travels by value. (What the name leads to is checked by pickle.)
    """
    module = pickle.whichmodule(instance, name)
    if dump.policy.travels(module):
        msg = f"cannot pickle {type(instance).__qualname__} object: it asks to travel as the name {module}.{name}"
        raise EncodeError(msg, hint="return a callable and its arguments from its __reduce__, not a name")


def reduce_guarded(instance: Any, dump: Dump) -> Any:
    reduced = instance.__reduce_ex__(dump.protocol)
    if isinstance(reduced, str):
        _check_name(instance, reduced, dump)
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
