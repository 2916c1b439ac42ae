"""Bound methods.

Takes apart: the function and the object. Travels as: wire.method.
Keeps: the object, which need not have the method as an attribute. Loses: nothing."""

from __future__ import annotations

from types import MethodType
from typing import Any

from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb


def reduce_method(method: MethodType, dump: Dump) -> Any:  # noqa: ARG001 - every reducer takes both
    return rebuild_method, (method.__func__, method.__self__)


@verb
def rebuild_method(function: Any, instance: Any) -> MethodType:
    return MethodType(function, instance)
