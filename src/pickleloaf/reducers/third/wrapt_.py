"""Proxies of the library wrapt: function wrappers, synchronized functions and plain object proxies.

Takes apart: what is wrapped, and the wrapper. Travels as: wire.proxy, wire.bound_proxy.
Keeps: the kind of proxy, and which of its attributes are its own.
Loses: ``_self_`` attributes of proxies that no subclass says how to keep. The lock of a synchronized function is a
new one.
"""

from __future__ import annotations

import importlib
from typing import Any

from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb


def reduce_function_wrapper(proxy: Any, dump: Dump) -> Any:
    return rebuild_proxy, (type(proxy).__name__, proxy.__wrapped__, proxy._self_wrapper, proxy._self_enabled)


def reduce_bound_wrapper(proxy: Any, dump: Dump) -> Any:
    return rebuild_bound_proxy, (
        proxy._self_parent,
        proxy._self_instance,
        getattr(proxy, "_self_owner", None),
    )


def reduce_synchronized(proxy: Any, dump: Dump) -> Any:
    return rebuild_proxy, ("synchronized", proxy.__wrapped__)


def reduce_object_proxy(proxy: Any, dump: Dump) -> Any:
    return rebuild_proxy, (type(proxy).__name__, proxy.__wrapped__)


@verb
def rebuild_proxy(kind: str, wrapped: Any, *arguments: Any) -> Any:
    return getattr(importlib.import_module("wrapt"), kind)(wrapped, *arguments)


@verb
def rebuild_bound_proxy(parent: Any, instance: Any, owner: Any) -> Any:
    """Bind a wrapper to an object, as reading the attribute does."""
    return parent.__get__(instance, type(instance) if owner is None else owner)
