"""Places that can be patched: what stands there, and how something else is put there.

A place is an attribute of an importable module, of a class in it or of a function, or an entry of a registry that is
found there: ``copyreg.dispatch_table``, or the implementations of a generic function of `functools.singledispatch`. An
entry is named by its key, a class: ``birds.describe[__main__.Emu]``. Its value is the pair of key and function, since
the name alone does not lead to the key in another process.
"""

from __future__ import annotations

import copyreg
import sys
from collections.abc import Mapping
from functools import singledispatchmethod
from types import FunctionType, MappingProxyType, ModuleType
from typing import Any, NamedTuple

from pickleloaf.code.baseline import MISSING
from pickleloaf.inspecting.anatomy import cells_of, inner
from pickleloaf.inspecting.holders import found_by_name

__all__ = [
    "Place",
    "entries",
    "held",
    "is_same",
    "owner_of",
    "place_of",
    "put",
    "registry_of",
    "value_at",
]


class Place(NamedTuple):
    """An attribute of a module, or of a class or function in it."""

    module: str
    #: Qualified name of the class, function or registry; "" for the module itself.
    path: str
    name: str

    def __str__(self) -> str:
        return ".".join(part for part in self if part).replace(".[", "[")

    @property
    def qualname(self) -> str:
        """The attribute's qualified name in the module."""
        return f"{self.path}.{self.name}" if self.path else self.name


def owner_of(place: Place) -> Any:
    """Return the module, class, function or registry that has the attribute here, or None."""
    found: Any = sys.modules.get(place.module)
    for part in place.path.split(".") if place.path else ():
        found = inner(getattr(found, "__dict__", {}).get(part))
    return found


def held(owner: Any, name: str) -> Any:
    """Return what a module, class, function or registry has under a name, or MISSING."""
    if name.startswith("["):
        return entries(owner).get(name, MISSING)
    if isinstance(owner, FunctionType):
        return getattr(owner, name, MISSING)
    if name == "__class__" and isinstance(owner, ModuleType):
        return type(owner)
    return MISSING if owner is None else vars(owner).get(name, MISSING)


def value_at(place: Place) -> Any:
    """Return what stands at a place, as the namespace has it, or MISSING."""
    return held(owner_of(place), place.name)


def put(owner: Any, name: str, value: Any) -> None:
    """Set an attribute or entry, or remove it for MISSING, past what its owner does about that."""
    before = held(owner, name)
    if is_same(before, value):
        return
    if name.startswith("["):
        _put_entry(owner, (before if value is MISSING else value)[0], value)
    elif isinstance(owner, type):
        if value is MISSING:
            type.__delattr__(owner, name)
        else:
            type.__setattr__(owner, name, value)
    elif isinstance(owner, FunctionType) or name == "__class__":
        if value is MISSING:
            delattr(owner, name)
        else:
            setattr(owner, name, value)
    elif value is MISSING:
        del owner.__dict__[name]
    else:
        owner.__dict__[name] = value


def place_of(target: Any) -> tuple[str, str]:
    """Return the module and qualified name by which a module, class or function is found.

    Raises:
        TypeError: it is neither, or is not found there.
    """
    if isinstance(target, ModuleType):
        if sys.modules.get(target.__name__) is target:
            return target.__name__, ""
    elif (
        isinstance(target, (type, FunctionType))
        and found_by_name(target.__module__, target.__qualname__) is target
    ):
        return target.__module__, target.__qualname__
    msg = f"{target!r} is no module, class or function that is found by its name"
    raise TypeError(msg)


def registry_of(value: Any) -> Mapping[Any, Any] | None:
    """Return what a registry maps classes to, or None for anything else."""
    if value is copyreg.dispatch_table:
        found: dict[Any, Any] = copyreg.dispatch_table
        return found
    generic = _generic_of(value)
    is_function = type(generic) is FunctionType and generic.__dict__
    registry: Mapping[Any, Any] | None = generic.__dict__.get("registry") if is_function else None
    return registry if isinstance(registry, MappingProxyType) else None


def _generic_of(value: Any) -> Any:
    """Return the generic function behind a generic method, or the value itself."""
    return value.dispatcher if type(value) is singledispatchmethod else value


def _entry_name(key: Any) -> str:
    """Return how an entry is named after its key."""
    return f"[{key.__module__}.{key.__qualname__}]" if isinstance(key, type) else f"[{key!r}]"


def entries(owner: Any) -> dict[str, tuple[Any, Any]]:
    """Return what a registry holds: pairs of key and function, by names."""
    return {_entry_name(key): (key, function) for key, function in (registry_of(owner) or {}).items()}


def is_same(one: Any, other: Any) -> bool:
    """Tell whether two values of a place are the same object, or the same pair of key and function."""
    pairs = type(one) is tuple is type(other) and len(one) == 2 == len(other)
    return one is other or (pairs and one[0] is other[0] and one[1] is other[1])


def _put_entry(owner: Any, key: Any, value: Any) -> None:
    if owner is copyreg.dispatch_table:
        registry = copyreg.dispatch_table
    else:  # nothing of the public face removes an implementation
        generic = _generic_of(owner)
        registry = cells_of(generic.register)["registry"].cell_contents
        generic._clear_cache()
    if value is MISSING:
        del registry[key]
    else:
        registry[key] = value[1]
