"""The places of functions and descriptors in classes that a payload has, or that its receiver can import."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from pickleloaf import wire
from pickleloaf.inspecting.holders import found_by_name
from pickleloaf.reducers._dump import Dump

__all__ = ["place_in_class", "place_in_owner"]


def place_in_class(function: Any, dump: Dump) -> Any:
    """Return how to find a function in a class that has been pickled, or note that it is pickled by itself."""
    place = dump.place_of(function)
    if place is None:
        dump.nested.add(id(function))
        return None
    cls, path = place
    return wire.method_of, (cls, *path)


def place_in_owner(descriptor: Any, function: Any, dump: Dump) -> Any:
    """Return how to find a descriptor in the class that owns it, or None where no such class is seen.

    Args:
        descriptor: what a class has under a name.
        function: a function of it, which tells where it was defined.
        dump: the pickler's state.
    """
    if type(function) is not FunctionType:
        return None
    place = dump.place_of(function)
    cls, name = (place[0], place[1][0]) if place is not None else _owner_by_name(function, dump)
    if cls is None or cls.__dict__.get(name) is not descriptor:
        return None
    return wire.class_attribute, (cls, name)


def _owner_by_name(function: FunctionType, dump: Dump) -> tuple[Any, str]:
    """Return the importable class in whose body a function was defined, and the function's name there."""
    path, _, name = function.__qualname__.rpartition(".")
    owner = found_by_name(function.__module__, path)
    return (owner, name) if isinstance(owner, type) and dump.policy.by_reference(owner) else (None, name)
