"""Objects of the standard library that one Python keeps in another way than the next.

What they were made from is what counts, not what they are made of.
"""

from __future__ import annotations

import dataclasses
import functools
import os
from typing import Any

from pickleloaf.fingerprinting.graph import Parts
from pickleloaf.fingerprinting.objects import COPIED, Reader, mapping, named

_FIELD = ("name", "default", "default_factory", "init", "repr", "hash", "compare", "kw_only")


def path_parts(path: os.PathLike[str], reader: Reader) -> Parts:
    return Parts(b"path", (type(path).__name__, os.fspath(path)))


def lru_cache_parts(cached: Any, reader: Reader) -> Parts:
    """Tell what a function with a cache consists of; what is in the cache does not count."""
    if reader.goes_by_name(cached):
        return named(cached.__module__, cached.__qualname__)
    _, arguments, attributes = reader.reduce(cached)
    own = ((name, value) for name, value in attributes.items() if name not in {*COPIED, "__wrapped__"})
    return Parts(b"lru_cache", (*arguments, mapping(own)))


def cached_property_parts(cached: Any, reader: Reader) -> Parts:
    return Parts(b"cached_property", (cached.func, cached.attrname))


def partial_method_parts(method: functools.partialmethod[Any], reader: Reader) -> Parts:
    return Parts(b"partialmethod", (method.func, method.args, method.keywords))


def generic_method_parts(method: Any, reader: Reader) -> Parts:
    return Parts(b"singledispatchmethod", (method.func, mapping(method.dispatcher.registry.items())))


def field_parts(field: Any, reader: Reader) -> Parts:
    values = [getattr(field, name) for name in _FIELD]
    values = [Parts(b"missing") if value is dataclasses.MISSING else value for value in values]
    kind = getattr(field._field_type, "name", "")
    return Parts(b"field", (*values, mapping((field.metadata or {}).items()), kind))
