"""Attributes of a function besides its code, its globals and its closure."""

from __future__ import annotations

import typing
from types import FunctionType
from typing import Any

from pickleloaf._compat import HAS_LAZY_ANNOTATIONS
from pickleloaf.code.codec import FACETS, CodeFacts
from pickleloaf.inspecting.anatomy import inner
from pickleloaf.inspecting.kinds import ATOMS
from pickleloaf.inspecting.names import identifiers
from pickleloaf.reducers._annotations import lazy_annotations
from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers._eager import evaluated_annotations
from pickleloaf.reducers._named import by_name

__all__ = [
    "OVERLOADS",
    "add_annotation_names",
    "are_leaves",
    "attributes_of",
    "fill_attributes",
    "overloads_of",
]

#: Functions that `typing.overload` has decorated: by module and qualified name, under the first line of each.
OVERLOADS: dict[str, dict[str, dict[int, Any]]] = vars(typing)["_overload_registry"]


def attributes_of(
    function: FunctionType, facts: CodeFacts, scope: dict[str, Any], dump: Dump
) -> dict[str, Any]:
    """Return the attributes that differ from what the code and the globals give a new function."""
    attributes: dict[str, Any] = {}
    if function.__defaults__:
        attributes["__defaults__"] = function.__defaults__
    if function.__kwdefaults__:
        attributes["__kwdefaults__"] = function.__kwdefaults__
    home = scope.get("__name__")
    is_at_home = function.__module__ == home
    overloads = overloads_of(function) if is_at_home and home in OVERLOADS else ()
    is_plain = is_at_home and not overloads and FACETS(function) == facts.plain
    # These are no facet in Python 3.14: to ask for them is to evaluate them, unless it is known to be plain.
    if is_plain and not (HAS_LAZY_ANNOTATIONS and function.__annotations__):
        return attributes
    if function.__name__ != facts.name:
        attributes["__name__"] = function.__name__
    if function.__qualname__ != facts.qualname:
        attributes["__qualname__"] = function.__qualname__
    if not is_at_home:
        attributes["__module__"] = function.__module__
    if function.__doc__ is not facts.doc and function.__doc__ != facts.doc:
        attributes["__doc__"] = function.__doc__
    if function.__dict__:
        attributes["__dict__"] = function.__dict__
    if getattr(function, "__type_params__", None):
        attributes["__type_params__"] = function.__type_params__  # type: ignore[attr-defined]
    attributes.update(_annotations(function, dump))
    if overloads:
        attributes["__overloads__"] = overloads
    return attributes


def overloads_of(function: FunctionType) -> tuple[Any, ...]:
    """Return the overloads of a function, in their order; none for one of them."""
    found = tuple(OVERLOADS.get(function.__module__, {}).get(function.__qualname__, {}).values())
    return () if any(inner(each) is function for each in found) else found


def fill_attributes(function: FunctionType, attributes: dict[str, Any]) -> None:
    """Give a function its attributes."""
    for name, value in attributes.items():
        if name == "__dict__" and function.__dict__:
            function.__dict__.update(value)
        elif name == "__overloads__":
            _register_overloads(function, value)
        else:
            setattr(function, name, value)


def _register_overloads(function: FunctionType, overloads: tuple[Any, ...]) -> None:
    """Let `typing.get_overloads` find the overloads of a function that has arrived.

    They are known by the function's name alone. So those of a function of this process win, and those that
    came with an earlier one give way.
    """
    known = OVERLOADS[function.__module__][function.__qualname__]
    if all(inner(each).__code__.co_filename.startswith("<pickleloaf") for each in known.values()):
        known.clear()
        known.update(enumerate(overloads))


def _annotations(function: FunctionType, dump: Dump) -> dict[str, Any]:
    """Return the attribute that says what the annotations are: values, or from 3.14 on what evaluates them."""
    annotate = lazy_annotations(function)
    if annotate is not None:
        if dump.portable:
            return {"__annotations__": evaluated_annotations(function)}
        return {"__annotate__": annotate}
    return {"__annotations__": function.__annotations__} if function.__annotations__ else {}


def are_leaves(attributes: dict[str, Any]) -> bool:
    """Tell whether attributes hold nothing but atoms, so that nothing behind them leads back to the function."""
    for name, value in attributes.items():
        kind = type(value)
        if kind is tuple:
            if not ATOMS.cover(value):
                return False
        elif name == "__kwdefaults__":
            if not ATOMS.cover(value.values()):
                return False
        elif not ATOMS.have(value):
            return False
    return True


def add_annotation_names(
    used: dict[str, Any], scope: dict[str, Any], annotations: dict[str, Any], dump: Dump
) -> None:
    """Ship the globals that string annotations name (PEP 563), so that they can be evaluated."""
    for annotation in annotations.values():
        if type(annotation) is str:
            for name in identifiers(annotation):
                if name in scope:
                    used[name] = by_name(scope[name], name, scope, dump)
