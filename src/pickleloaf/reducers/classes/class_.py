"""Classes made by a class statement, with any metaclass.

Takes apart: name, bases, metaclass, namespace, keywords, virtual subclasses. Travels as: wire.image, wire.fill_image;
in portable payloads wire.class_; wire.hidden_type for types that no module names.
Keeps: identity (see identities), what changes about a class later (see merge), order of attributes, slots,
descriptors, `__class__` cells, type parameters, class statement keywords, everything a metaclass or __init_subclass__
does.
Loses: `__firstlineno__`, weak references to subclasses, the source of the class as a whole: `inspect` looks for
that in the file that the module of its name has over there, and finds nothing. The source of its methods is kept. Of
what changes about a class later: what does in place in containers of more than 64 objects, or deep in others.
"""

from __future__ import annotations

import sys
from types import MethodDescriptorType, WrapperDescriptorType
from typing import Any

from pickleloaf.errors import EncodeError
from pickleloaf.inspecting.anatomy import is_heap_type
from pickleloaf.inspecting.holders import closeness, modules
from pickleloaf.policy.by_value import MAIN
from pickleloaf.reducers._dump import Dump, Late
from pickleloaf.reducers._named import reduce_importable
from pickleloaf.reducers.classes import identities
from pickleloaf.reducers.classes.building import arrived, make_class, namespace_of
from pickleloaf.reducers.classes.draft import Draft, Kind
from pickleloaf.reducers.classes.shipping import reduce_by_value
from pickleloaf.reducers.classes.template import DICT
from pickleloaf.wire import find, verb

#: Modules that name types which their own __module__ does not lead to: "function" is no builtin.
_NAMING_MODULES = (
    "types",
    "_collections_abc",
    "_weakref",
    "weakref",
    "typing",
    "functools",
    "itertools",
    "ctypes",
)


def reduce_class(cls: type, dump: Dump) -> Any:
    known = reduce_importable(cls, dump)
    return reduce_defined(cls, dump) if known is None else known


def reduce_defined(cls: type, dump: Dump) -> Any:
    """Return the reduction of a class that does not go by reference."""
    if not is_heap_type(cls) or _is_native(cls):
        return _reduce_hidden(cls)
    late = _virtual_subclasses(cls) if "_abc_impl" in cls.__dict__ else []
    return reduce_by_value(cls, dump, KIND, rebuild_class_, _more_of, late)


def _keywords_of(cls: type) -> dict[str, Any]:
    """Return the keywords of a class statement."""
    keywords = identities.keywords_of(cls)
    if keywords is None:
        from pickleloaf.policy.class_keywords import recover_keywords  # which imports ast and inspect

        keywords = recover_keywords(cls)
    return keywords


def _more_of(cls: type) -> tuple[Any, ...]:
    """Return further arguments of the verb."""
    keywords = _keywords_of(cls)
    return (keywords,) if keywords else ()


def _keyword_nodes(cls: type, draft: Draft) -> tuple[Any, ...]:
    keywords = _keywords_of(cls)
    if not keywords:
        return ()
    nodes = [draft.node(value, ("item", (name,), None), is_early=True) for name, value in keywords.items()]
    return ((DICT, tuple(keywords), tuple(nodes)),)


#: How classes are made that have no kind of their own.
KIND = Kind(
    "class_", names=namespace_of, more=_keyword_nodes, item=lambda cls, path: _keywords_of(cls)[path[0]]
)


@verb
def rebuild_class_(
    identity: bytes,
    metaclass: type,
    name: str,
    bases: tuple[type, ...],
    names: dict[str, Any],
    keywords: dict[str, Any] | None = None,
) -> type:
    known = arrived(identity, names)
    if known is not None:
        return known
    return make_class(identity, metaclass, name, bases, names, keywords or {})


def _virtual_subclasses(cls: type) -> list[Late]:
    """Return the registrations with an ABC, in an order that does not depend on addresses."""
    from _abc import _get_dump  # type: ignore[import-not-found]  # the only way to read a registry; Modules/_abc.c

    found = [each for reference in _get_dump(cls)[0] if (each := reference()) is not None]
    found.sort(key=lambda each: (each.__module__, each.__qualname__))
    if not found:
        return []
    return [Late(cls, {("registered", index): each for index, each in enumerate(found)}, _join, fill_abc)]


def _join(parts: dict[tuple[str, Any], Any]) -> list[Any]:
    return list(parts.values())


@verb
def fill_abc(cls: Any, registered: list[type]) -> None:
    """Register virtual subclasses with a class, except where it was defined: nothing is merged there."""
    if identities.keywords_of(cls) is None:
        return
    for subclass in registered:
        cls.register(subclass)


def _is_native(cls: type) -> bool:
    """Tell whether a type is made by C code: it then has methods written in C of its very own."""
    return cls.__module__ != "__main__" and any(
        isinstance(value, (WrapperDescriptorType, MethodDescriptorType)) and value.__objclass__ is cls
        for value in cls.__dict__.values()
    )


def _reduce_hidden(cls: type) -> Any:
    """Name a type of the interpreter by a module that holds it under some name."""
    for module in (*_NAMING_MODULES, cls.__module__, f"_{cls.__module__}"):
        held = vars(sys.modules[module]) if module in sys.modules else {}
        for name, value in held.items():
            if value is cls:
                return rebuild_hidden_type, (module, name)
            if type(value) is cls and issubclass(cls, type):  # a metaclass of classes that are named
                return type, (value,)
    name = cls.__name__  # C code may give a type the last part of its module's name alone
    homes = [each for each, module in modules() if module.__dict__.get(name) is cls and each not in MAIN]
    if homes:
        return rebuild_hidden_type, (min(homes, key=closeness), name)
    msg = f"cannot pickle the type {cls.__module__}.{cls.__qualname__}: no module holds it by its name"
    raise EncodeError(msg, hint="send the name of what you need of it instead")


@verb
def rebuild_hidden_type(module: str, name: str) -> type:
    found: type = find(module, name)
    return found
