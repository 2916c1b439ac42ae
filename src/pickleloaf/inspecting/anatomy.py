"""Read off what cells, wrappers and classes hold, without asking classes, since that might run their code."""

from __future__ import annotations

import functools
import gc
from collections.abc import Iterable, Iterator
from types import BuiltinFunctionType, CellType, FunctionType, MemberDescriptorType, MethodType
from typing import Any

__all__ = [
    "LRU_CACHE", "NOTHING", "PARTS", "WRAPPERS", "cells_of", "contents_of", "defined", "definer", "function_of",
    "inner", "is_heap_type", "is_maker", "is_patchable", "members_of", "own_attributes", "space_of", "wrapped",
]  # fmt: skip

#: Stands for a value that is not there.
NOTHING: Any = object()


def contents_of(cell: CellType) -> Any:
    """Return what a cell holds, or NOTHING."""
    try:
        return cell.cell_contents
    except ValueError:
        return NOTHING


def cells_of(function: FunctionType) -> dict[str, CellType]:
    """Return the closure of a function by the names of its free variables."""
    return dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))


#: The type of functions with a cache.
LRU_CACHE: type = type(functools.lru_cache(len))

#: Attributes that hold functions, by the type of what wraps them where a class or module has it.
WRAPPERS: dict[type, tuple[str, ...]] = {
    staticmethod: ("__func__",),
    classmethod: ("__func__",),
    property: ("fget", "fset", "fdel"),
    functools.cached_property: ("func",),
    functools.partial: ("func",),
    functools.partialmethod: ("func",),
}

#: All attributes that an object which wraps functions consists of, by its type.
PARTS = WRAPPERS | {
    property: ("fget", "fset", "fdel", "__doc__"),
    functools.cached_property: ("func", "attrname", "__doc__"),
    functools.partial: ("func", "args", "keywords"),
    LRU_CACHE: ("__wrapped__",),
    MethodType: ("__func__", "__self__"),
}


def wrapped(value: Any) -> list[Any]:
    """Return what a descriptor or partial object wraps, with None for what a property lacks; else nothing."""
    for kind, names in WRAPPERS.items():
        if isinstance(value, kind):
            return [getattr(value, name) for name in names]
    return []


def inner(value: Any) -> Any:
    """Return the function inside a class method, static method or bound method, else the value itself."""
    while issubclass(type(value), (staticmethod, classmethod, MethodType)):  # a proxy lies about its class
        value = value.__func__
    return value


def own_attributes(wrapper: classmethod[Any, Any, Any] | staticmethod[Any, Any]) -> dict[str, Any]:
    """Return the attributes of a wrapper that it has not copied from its function."""
    function = wrapper.__func__
    return {
        name: value
        for name, value in wrapper.__dict__.items()
        if name not in _COPIED or getattr(function, name, None) is not value
    }


#: Attributes that both wrappers copy from the function when they are made; Objects/funcobject.c.
_COPIED = frozenset(
    "__module__ __name__ __qualname__ __doc__ __wrapped__ __annotations__ __annotate__".split()
)


def function_of(cached: Any) -> Any:
    """Return the function behind a cache; ``__wrapped__`` may be another (``wraps(f)(cached)``).

    The struct ends with function, keyword mark, type of links, type of ``cache_info()``, attributes; see
    lru_cache_tp_traverse in Modules/_functoolsmodule.c.
    """
    return gc.get_referents(cached)[-5]


#: Py_TPFLAGS_HEAPTYPE and Py_TPFLAGS_IMMUTABLETYPE, Include/object.h.
_HEAP_TYPE, _IMMUTABLE_TYPE = 1 << 9, 1 << 8

_SPACE_OF_CLASS = type.__dict__["__dict__"].__get__


def defined(cls: type, name: str) -> Any:
    """Return what a class or a base of it defines under a name, or None."""
    return next((base.__dict__[name] for base in cls.__mro__ if name in base.__dict__), None)


def definer(bases: Iterable[type], *names: str) -> Any:
    """Return the first of some classes that itself defines one of some names, or None."""
    return next((base for base in bases for name in names if name in base.__dict__), None)


def is_maker(cls: type) -> bool:
    """Tell whether a class is written in C and has a ``__new__`` of its own: no base of it may make its instances."""
    return isinstance(cls.__dict__.get("__new__"), BuiltinFunctionType)


def members_of(instance: Any) -> Iterator[tuple[str, Any]]:
    """Yield names and contents of the slots of an instance that are not empty, those of hidden ones, too."""
    for base in type(instance).__mro__:
        for name, member in base.__dict__.items():
            if type(member) is MemberDescriptorType:
                try:
                    contents = member.__get__(instance)
                except AttributeError:
                    continue
                yield name, contents


def space_of(owner: Any) -> Any:
    """Return the namespace of a module or class without asking it: a lazy module would load itself."""
    if issubclass(type(owner), type):
        return _SPACE_OF_CLASS(owner)
    return object.__getattribute__(owner, "__dict__")


def is_heap_type(cls: type) -> bool:
    """Tell whether a class was made by a class statement or at run time, and is no static one of C."""
    return bool(cls.__flags__ & _HEAP_TYPE)


def is_patchable(cls: type) -> bool:
    """Tell whether attributes of a class can be set."""
    return not cls.__flags__ & _IMMUTABLE_TYPE
