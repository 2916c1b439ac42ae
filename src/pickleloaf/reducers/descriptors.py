"""Class methods, static methods, properties, and the descriptors of slots and of C.

Takes apart: the functions; of slots and C, the class and the name in it. Travels as: the type, by name;
wire.property for subclasses; wire.class_attribute.
Keeps: docstrings, attributes, subclasses. Loses: nothing.
"""

from __future__ import annotations

from typing import Any

from pickleloaf.errors import EncodeError
from pickleloaf.inspecting.anatomy import own_attributes
from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers._places import place_in_owner
from pickleloaf.wire import verb


def reduce_wrapper(wrapper: classmethod[Any, Any, Any] | staticmethod[Any, Any], dump: Dump) -> Any:
    if (place := place_in_owner(wrapper, wrapper.__func__, dump)) is not None:
        return place
    own = own_attributes(wrapper)
    inner = wrapper.__func__
    return (type(wrapper), (inner,), own) if own else (type(wrapper), (inner,))


def reduce_property(prop: property, dump: Dump) -> Any:
    if (place := place_in_owner(prop, prop.fget, dump)) is not None:
        return place
    parts: tuple[Any, ...] = (prop.fget, prop.fset, prop.fdel)
    if prop.fget is None or prop.__doc__ != prop.fget.__doc__:
        parts = (*parts, prop.__doc__)
    if type(prop) is property:
        return property, parts
    own = {name: value for name, value in getattr(prop, "__dict__", {}).items() if name != "__doc__"}
    return rebuild_property, (type(prop), *parts), own or None


@verb
def rebuild_property(kind: type[property], *parts: Any) -> property:
    """Make an instance of a subclass, whose own ``__init__`` may take something else."""
    prop = kind.__new__(kind)
    property.__init__(prop, *parts)
    return prop


def reduce_class_attribute(descriptor: Any, dump: Dump) -> Any:
    cls, name = descriptor.__objclass__, descriptor.__name__
    if cls.__dict__.get(name) is not descriptor:
        msg = f"cannot pickle {type(descriptor).__name__} {cls.__qualname__}.{name}: no class is known to have it"
        raise EncodeError(msg, hint="send a class that has it, and the name")
    return rebuild_class_attribute, (cls, name)


@verb
def rebuild_class_attribute(cls: type, name: str) -> Any:
    """Return what a class itself has under a name, without binding it."""
    return cls.__dict__[name]
