"""Bound methods, of Python and of C, and super objects.

Takes apart: the class that has the method, its name there, and the object; where no class has it, the
function and the object. Travels as: wire.bound; wire.method; super, by name.
Keeps: which class's method it is (``super().m`` is not ``self.m``); that a method of a class is that
class's own function, also where the class is known already. Loses: nothing.
"""

from __future__ import annotations

from types import (
    ClassMethodDescriptorType,
    MethodDescriptorType,
    MethodType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb


def reduce_method(method: MethodType, dump: Dump) -> Any:
    function = method.__func__
    owner: Any = method.__self__
    name = getattr(function, "__name__", "")
    for base in type(owner).__mro__:
        held = base.__dict__
        if held.get(name) is function:
            return rebuild_bound, (base, name, owner)
        if name[:2] == "__":  # its name in the class has that of the class in it
            private = f"_{base.__name__.lstrip('_')}{name}"
            if held.get(private) is function:
                return rebuild_bound, (base, private, owner)
    for base in owner.__mro__ if issubclass(type(owner), type) else ():
        found = base.__dict__.get(name)
        if isinstance(found, classmethod) and found.__func__ is function:
            return rebuild_bound, (base, name, owner)
    return rebuild_method, (function, owner)


def reduce_native_method(method: Any, dump: Dump) -> Any:
    owner, name = method.__self__, method.__name__
    if owner is None or issubclass(type(owner), ModuleType):
        return NotImplemented  # a function of a module, known to pickle by name
    if issubclass(type(owner), type):
        return _reduce_of_class(method, owner, name)
    for base in type(owner).__mro__:
        found = base.__dict__.get(name)
        if (
            isinstance(found, (MethodDescriptorType, WrapperDescriptorType))
            and found.__get__(owner, type(owner)) == method  # without the type some crash up to 3.13
        ):
            return rebuild_bound, (base, name, owner)
    return NotImplemented


def _reduce_of_class(method: Any, owner: Any, name: str) -> Any:
    """Name the base that has a method of a class, where what the class itself says to that name is another one."""
    own: list[Any] = [(base, ClassMethodDescriptorType) for base in owner.__mro__]
    of_metaclass = [(base, (MethodDescriptorType, WrapperDescriptorType)) for base in type(owner).__mro__]
    held = [(base, kind) for base, kind in (*own, *of_metaclass) if name in base.__dict__]
    for base, kind in held[1:]:
        if isinstance(base.__dict__[name], kind) and rebuild_bound(base, name, owner) == method:
            return rebuild_bound, (base, name, owner)
    return NotImplemented  # known to pickle by name


def reduce_super(obj: Any, dump: Dump) -> Any:
    cls, owner = (super.__dict__[name].__get__(obj) for name in ("__thisclass__", "__self__"))
    return type(obj), (cls,) if owner is None else (cls, owner)


@verb
def rebuild_bound(cls: type, name: str, owner: Any) -> Any:
    """Bind what a class has under a name to an object, whatever the object says to that name."""
    found = cls.__dict__[name]
    if isinstance(found, (classmethod, ClassMethodDescriptorType)):
        return found.__get__(None, owner)
    return found.__get__(owner, type(owner))


@verb
def rebuild_method(function: Any, instance: Any) -> MethodType:
    return MethodType(function, instance)
