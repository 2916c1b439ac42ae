"""Weak references, proxies, and collections that hold their contents weakly.

Takes apart: the object behind, and the callback. Travels as: weakref's own types, by name;
wire.reference, wire.weak_method, wire.dead_reference, wire.weak_collection, wire.fill_weak_collection.
Keeps: callbacks, subclasses and their attributes; that a reference is dead.
Loses: nothing.

1. The object behind a reference travels along, and is held by nobody but the loading itself. So the
   reference arrives alive if something else in the payload holds the object, and dies as soon as loading
   ends if nothing does. Its callback, if it has one, is called then, as it would be anywhere.
2. The same goes for the entries of weak dictionaries and sets.
3. A finalizer is bound to the end of one object in one process, and is refused.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from pickleloaf.errors import EncodeError
from pickleloaf.inspecting.anatomy import cells_of
from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers._referents import referents_of_proxy
from pickleloaf.wire import verb


def reduce_reference(reference: weakref.ref[Any], dump: Dump) -> Any:
    cls = type(reference)
    target = reference()
    if target is None:
        reduced: tuple[Any, ...] = (rebuild_dead_reference, (cls,))
    else:
        rebuild = weakref.ReferenceType if cls is weakref.ReferenceType else rebuild_reference
        reduced = (rebuild, _arguments(cls, rebuild, target, reference.__callback__))
    state = object.__getstate__(reference)
    return reduced if state is None else (*reduced, state)


def _arguments(cls: type, rebuild: Any, target: Any, callback: Any) -> tuple[Any, ...]:
    arguments = (target,) if callback is None else (target, callback)
    return arguments if rebuild is cls else (cls, *arguments)


@verb
def rebuild_reference(cls: type[weakref.ref[Any]], target: Any, callback: Any = None) -> Any:
    """Make a reference of a subclass, past a ``__new__`` and ``__init__`` that may ask for more."""
    return weakref.ref.__new__(cls, target, callback)


def reduce_weak_method(reference: weakref.WeakMethod[Any], dump: Dump) -> Any:
    cls = type(reference)
    method = reference()
    reduced: tuple[Any, ...] = (rebuild_dead_reference, (cls,))
    if method is not None:
        reduced = (rebuild_weak_method, _arguments(cls, None, method, _callback(reference)))
    state: Any = object.__getstate__(reference)  # a pair, as there are slots
    own, slots = state
    slots = {name: value for name, value in slots.items() if name not in weakref.WeakMethod.__slots__}
    return (*reduced, (own, slots)) if own or slots else reduced


def _callback(reference: weakref.WeakMethod[Any]) -> Any:
    """Return the callback that a WeakMethod was given; its own wraps it (`WeakMethod.__new__`)."""
    wrapper: Any = reference.__callback__
    return cells_of(wrapper)["callback"].cell_contents


@verb
def rebuild_weak_method(cls: type[weakref.WeakMethod[Any]], method: Any, callback: Any = None) -> Any:
    return weakref.WeakMethod.__new__(cls, method, callback)


def reduce_proxy(proxy: Any, dump: Dump) -> Any:
    try:
        proxy.__class__  # noqa: B018 - asks whether the object is alive
    except ReferenceError:
        return rebuild_dead_reference, (type(proxy),)
    found = referents_of_proxy(proxy)
    if not found or not any(each is proxy for each in weakref.getweakrefs(found[0])):
        msg = "cannot pickle weak proxy: its object does not say which object it is"
        raise EncodeError(msg, hint="send the object, and make the proxy where it arrives")
    return weakref.proxy, tuple(found)


class _Gone:
    """An object that nobody holds."""

    def __call__(self) -> None: ...


@verb
def rebuild_dead_reference(cls: type) -> Any:
    """Make a reference or a proxy whose object is gone."""
    if issubclass(cls, weakref.WeakMethod):
        return weakref.WeakMethod.__new__(cls, _Gone().__call__)
    if issubclass(cls, weakref.ref):
        return weakref.ref.__new__(cls, _Gone())
    return weakref.proxy(_Gone() if cls is weakref.CallableProxyType else type("Gone", (), {})())


#: For each collection: how to see what it holds, and how to put that into a new one.
_COLLECTIONS: dict[type, tuple[Callable[[Any], Any], Callable[..., None]]] = {
    weakref.WeakKeyDictionary: (weakref.WeakKeyDictionary.items, weakref.WeakKeyDictionary.__setitem__),
    weakref.WeakValueDictionary: (weakref.WeakValueDictionary.items, weakref.WeakValueDictionary.__setitem__),
    weakref.WeakSet: (lambda held: ((each,) for each in held), weakref.WeakSet.add),
}


def reduce_weak_collection(collection: Any, dump: Dump) -> Any:
    cls = type(collection)
    base = _base(cls)
    own = {name: value for name, value in vars(collection).items() if name not in vars(base())}
    state = (list(_COLLECTIONS[base][0](collection)), own)
    return rebuild_weak_collection, (cls,), state, None, None, fill_weak_collection


def _base(cls: type) -> Any:
    return next(base for base in cls.__mro__ if base in _COLLECTIONS)


@verb
def rebuild_weak_collection(cls: type) -> Any:
    made: Any = object.__new__(cls)
    _base(cls).__init__(made)
    return made


@verb
def fill_weak_collection(collection: Any, state: tuple[list[tuple[Any, ...]], dict[str, Any]]) -> None:
    """Put the contents into a weak dictionary or set, and set its attributes."""
    contents, own = state
    put = _COLLECTIONS[_base(type(collection))][1]
    for parts in contents:
        put(collection, *parts)
    vars(collection).update(own)


def refuse_finalizer(finalizer: weakref.finalize[Any, Any], dump: Dump) -> Any:
    msg = "cannot pickle weakref.finalize object: it waits for the end of one object in this process"
    raise EncodeError(msg, hint="make a new one in the __setstate__ of the object that it belongs to")
