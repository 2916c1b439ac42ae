"""Interfaces of zope.interface that a script defines, and what its classes say that they implement.

Takes apart: of an interface, its names, bases, attributes and tagged values; of what a class implements, the class,
what it declares and what follows from its bases. Travels as: wire.interface, wire.fill_interface, wire.implements,
wire.fill_implements, wire.class_provides. By themselves an interface names itself, and what a class implements is
looked up on the class, which finds nothing while the class is made; both do for importable ones.
Keeps: all of that. Loses: what is registered in adapter registries, which belong to a process.
"""

from __future__ import annotations

from typing import Any

from pickleloaf.reducers._asking import ask
from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb


def reduce_interface(interface: Any, dump: Dump) -> Any:
    if not dump.policy.travels(interface.__module__):
        return ask(interface, dump)
    made = (type(interface), interface.__name__, interface.__bases__, interface.__doc__, interface.__module__)
    attributes = dict(interface._InterfaceClass__attrs)
    tagged = {name: interface.getDirectTaggedValue(name) for name in interface.getDirectTaggedValueTags()}
    return rebuild_interface, made, (attributes, tagged), None, None, fill_interface


@verb
def rebuild_interface(kind: Any, name: str, bases: tuple[Any, ...], doc: str, module: str) -> Any:
    return kind(name, bases, {}, doc, module)


@verb
def fill_interface(interface: Any, state: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Give an interface its attributes and tagged values."""
    attributes, tagged = state
    interface._InterfaceClass__attrs.update(attributes)
    for name, value in tagged.items():
        interface.setTaggedValue(name, value)


def reduce_implements(implements: Any, dump: Dump) -> Any:
    cls = implements.inherit
    if cls is None or dump.policy.by_reference(cls):
        return ask(implements, dump)
    state = (cls, implements.declared, implements.__bases__)
    return rebuild_implements, (implements.__name__,), state, None, None, fill_implements


@verb
def rebuild_implements(name: str) -> Any:
    """Make a specification of what a class implements: nothing yet."""
    from zope.interface.declarations import Implements

    return Implements.named(name)


@verb
def fill_implements(implements: Any, state: tuple[type, tuple[Any, ...], tuple[Any, ...]]) -> None:
    """Say what a class implements."""
    implements.inherit, implements.declared, implements.__bases__ = state


def reduce_class_provides(provides: Any, dump: Dump) -> Any:
    reduced = ask(provides, dump)
    if dump.policy.by_reference(provides._cls):
        return reduced
    return rebuild_class_provides, (reduced[1], provides._implements)


@verb
def rebuild_class_provides(arguments: tuple[Any, ...], implements: Any) -> Any:
    """Make what a class itself provides; by itself it would look up what the class implements."""
    from zope.interface.declarations import ClassProvides

    provides = ClassProvides(*arguments)
    provides._implements = implements
    return provides
