"""What objects that wrap functions wrap: methods, descriptors, partial objects, caches."""

from __future__ import annotations

import functools
import gc
from types import MethodType
from typing import Any

__all__ = ["LRU_CACHE", "PARTS", "WRAPPERS", "function_of", "inner", "wrapped"]

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


def function_of(cached: Any) -> Any:
    """Return the function behind a cache; ``__wrapped__`` may be another (``wraps(f)(cached)``).

    The struct ends with function, keyword mark, type of links, type of ``cache_info()``, attributes; see
    lru_cache_tp_traverse in Modules/_functoolsmodule.c.
    """
    return gc.get_referents(cached)[-5]
