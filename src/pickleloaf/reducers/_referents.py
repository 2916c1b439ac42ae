"""What is met when a value is pickled: the edges of the graph in which cycles are looked for.

Functions are made as shells and lead nowhere. What pickle leaves behind does not count, or two dumps would
differ: ``__slotnames__`` in a class, and the ``__dict__`` of an instance.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Collection
from types import CodeType, FunctionType, ModuleType
from typing import Any

from pickleloaf.inspecting.anatomy import LRU_CACHE, is_heap_type
from pickleloaf.policy.by_value import ValuePolicy

__all__ = ["referents", "referents_of_proxy"]

#: Exact types behind which nothing is met.
_LEAD_NOWHERE = (FunctionType, CodeType)


def referents(value: Any, policy: ValuePolicy) -> Collection[Any]:
    """Return what is met directly behind a value, with its class."""
    kind = type(value)  # isinstance would ask a weak proxy for the class of its referent
    if kind in _LEAD_NOWHERE or issubclass(kind, ModuleType):
        return ()
    if issubclass(kind, type):
        if policy.by_reference(value) or not is_heap_type(value):
            return ()
        parts = [part for name, part in value.__dict__.items() if name != "__slotnames__"]
        return [*value.__bases__, *parts, kind]
    found: Collection[Any] = _behind(value, kind)
    return found if kind is dict else [*found, kind]


def _behind(value: Any, kind: type) -> Any:
    if issubclass(kind, weakref.ReferenceType):
        return (value(), value.__callback__)
    if kind in weakref.ProxyTypes:
        return referents_of_proxy(value)
    if kind is LRU_CACHE:
        return vars(value).values()  # the cache itself does not travel
    return gc.get_referents(value)


def referents_of_proxy(proxy: Any) -> list[Any]:
    """Return the object of a weak proxy, if it lives, and the proxy's callback, if it has one."""
    try:
        # A proxy passes on every question, so one of them is asked whose answer knows its object.
        return [proxy.__sizeof__.__self__, *gc.get_referents(proxy)]
    except Exception:  # noqa: BLE001 - ReferenceError, or whatever the object makes of the question
        return []
