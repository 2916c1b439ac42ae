"""Methods that travel on their own next to their closed class: one function stays one function.

A closed class is one piece, so a method of it that is met later is named as a part of the class, and a
class of which a method has already travelled is not sent as closed.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any

from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb

__all__ = ["place_in_class"]

#: Where descriptors keep their functions.
_PARTS = ("__func__", "fget", "fset", "fdel")


def place_in_class(function: FunctionType, dump: Dump) -> Any:
    """Return how to find a method in a closed class that has been pickled, or note that it travels alone."""
    for cls in dump.closed:
        for name, value in cls.__dict__.items():
            if value is function:
                return rebuild_method_of, (cls, name)
            for part in _PARTS:
                if getattr(value, part, None) is function:
                    return rebuild_method_of, (cls, name, part)
    dump.nested.add(id(function))
    return None


@verb
def rebuild_method_of(cls: type, name: str, part: str = "") -> Any:
    value = cls.__dict__[name]
    return getattr(value, part) if part else value
