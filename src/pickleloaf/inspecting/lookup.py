"""Static look-up: what classes, and slots of instances, hold; neither is asked, since that might run its code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import BuiltinFunctionType, MemberDescriptorType
from typing import Any

__all__ = ["defined", "definer", "is_heap_type", "is_maker", "is_patchable", "members_of", "space_of"]

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
