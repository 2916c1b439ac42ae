"""Bound methods.

Takes apart: the function and the object. Travels as: types.MethodType, by name.
Keeps: the object, which need not have the method as an attribute. Loses: nothing."""

from __future__ import annotations

from types import MethodType
from typing import Any

from pickleloaf.reducers._dump import Dump


def reduce_method(method: MethodType, dump: Dump) -> Any:  # noqa: ARG001 - every reducer takes both
    return MethodType, (method.__func__, method.__self__)
