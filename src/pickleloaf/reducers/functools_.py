"""What functools makes of functions: caches, generic functions, sort keys.

Takes apart: of lru_cache and cache, the function and the cache's parameters; of singledispatch, the
registry; of cmp_to_key, the comparison and the object; of a partialmethod, what it was made with.
Travels as: wire.cached, wire.fill_generic; functools.singledispatch and functools.cmp_to_key, by name.
Keeps: recursion, attributes such as `__wrapped__`, the whole registry; what an importable module holds
goes by reference. Loses: what a cache holds and has counted.

Partials, cached properties and classes with a total ordering need nothing of this.
"""

from __future__ import annotations

import copyreg
import functools
import gc
from typing import Any

from pickleloaf.inspecting.anatomy import function_of
from pickleloaf.reducers._dump import Dump, Late
from pickleloaf.reducers._eager import with_annotations
from pickleloaf.reducers._places import place_in_class, place_in_owner
from pickleloaf.wire import verb


def reduce_cached(cached: Any, dump: Dump) -> Any:
    if dump.policy.by_reference(cached):
        dump.uses.append(cached)
        return NotImplemented
    if (place := place_in_class(cached, dump)) is not None:
        return place
    attributes = {name: value for name, value in vars(cached).items() if name != "cache_parameters"}
    parameters = (cached.cache_info().maxsize, cached.cache_parameters()["typed"])
    return rebuild_cached, (function_of(cached), *parameters), with_annotations(attributes, cached, dump)


def reduce_cached_property(prop: Any, dump: Dump) -> Any:
    if (place := place_in_owner(prop, prop.func, dump)) is not None:
        return place
    if not dump.portable:
        return NotImplemented
    # Up to 3.11 it has a lock, which making it anew makes.
    return functools.cached_property, (prop.func,), {k: v for k, v in vars(prop).items() if k != "lock"}


def reduce_generic_method(method: Any, dump: Dump) -> Any:
    if not dump.portable:
        return NotImplemented
    return functools.singledispatchmethod, (method.func,), {"dispatcher": method.dispatcher}


def reduce_partial_method(method: Any, dump: Dump) -> Any:
    # From 3.14.10 on, one cannot be made without its function, as pickle would by itself. Up to 3.13 it is the
    # state that fills it, since there `__new__` takes no notice of the arguments.
    made = (type(method), (method.func, *method.args), method.keywords)
    return copyreg.__newobj_ex__, made, vars(method)  # type: ignore[attr-defined]


@verb
def rebuild_cached(function: Any, maxsize: int | None, typed: bool) -> Any:
    return functools.lru_cache(maxsize, typed)(function)


def reduce_generic(generic: Any, dump: Dump) -> Any:
    registry = dict(generic.registry)
    function = registry.pop(object)
    parts: dict[tuple[str, Any], Any] = {("registered", n): each for n, each in enumerate(registry.items())}
    attributes: dict[str, Any] = {
        name: getattr(generic, name, None) for name in functools.WRAPPER_ASSIGNMENTS
    }
    for name, value in with_annotations(attributes, generic, dump).items():
        parts["attributes", name] = value
    for name, value in vars(generic).items():
        if name not in _OF_GENERIC:
            parts["names", name] = value
    state = dump.give(Late(generic, parts, _join, fill_generic))
    return functools.singledispatch, (function,), state, None, None, fill_generic


#: Attributes that singledispatch makes.
_OF_GENERIC = frozenset({"registry", "register", "dispatch", "_clear_cache"})


def _join(parts: dict[tuple[str, Any], Any]) -> tuple[Any, ...]:
    names = {name: value for (kind, name), value in parts.items() if kind == "names"}
    attributes = {name: value for (kind, name), value in parts.items() if kind == "attributes"}
    return tuple(value for (kind, _), value in parts.items() if kind == "registered"), attributes, names


@verb
def fill_generic(generic: Any, state: tuple[Any, dict[str, Any], dict[str, Any]]) -> None:
    """Register what a generic function dispatches to, and set its attributes."""
    registered, attributes, names = state
    for cls, function in registered:
        generic.register(cls, function)
    for name, value in attributes.items():
        setattr(generic, name, value)
    generic.__dict__.update(names)


def reduce_key(key: Any, dump: Dump) -> Any:
    _, compare, *held = gc.get_referents(key)
    if not held:
        return functools.cmp_to_key, (compare,)
    return functools.cmp_to_key, (compare,), (None, {"obj": held[0]})
