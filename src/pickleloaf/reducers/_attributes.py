"""What a function has been given besides its code, its globals and its closure."""

from __future__ import annotations
import __future__

from types import FunctionType
from typing import Any

from pickleloaf._compat import HAS_LAZY_ANNOTATIONS
from pickleloaf.code.codec import FACETS, CodeFacts
from pickleloaf.code.names import identifiers
from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers._eager import evaluated_annotations
from pickleloaf.reducers._kinds import ATOMS
from pickleloaf.reducers._named import by_name

__all__ = ["add_annotation_names", "are_leaves", "attributes_of"]

#: PEP 563: annotations are strings, so that asking for them runs nothing.
_STRINGS = __future__.annotations.compiler_flag


def attributes_of(
    function: FunctionType, facts: CodeFacts, scope: dict[str, Any], dump: Dump
) -> dict[str, Any]:
    """Return the attributes that differ from what the code and the globals give a new function."""
    attributes: dict[str, Any] = {}
    if function.__defaults__:
        attributes["__defaults__"] = function.__defaults__
    if function.__kwdefaults__:
        attributes["__kwdefaults__"] = function.__kwdefaults__
    is_plain = FACETS(function) == facts.plain and function.__module__ == scope.get("__name__")
    # These are no facet in Python 3.14: to ask for them is to evaluate them, unless it is known to be plain.
    if is_plain and not (HAS_LAZY_ANNOTATIONS and function.__annotations__):
        return attributes
    if function.__name__ != facts.name:
        attributes["__name__"] = function.__name__
    if function.__qualname__ != facts.qualname:
        attributes["__qualname__"] = function.__qualname__
    if function.__module__ != scope.get("__name__"):
        attributes["__module__"] = function.__module__
    if function.__doc__ is not facts.doc and function.__doc__ != facts.doc:
        attributes["__doc__"] = function.__doc__
    if function.__dict__:
        attributes["__dict__"] = function.__dict__
    if getattr(function, "__type_params__", None):
        attributes["__type_params__"] = function.__type_params__  # type: ignore[attr-defined]
    attributes.update(_annotations(function, dump))
    return attributes


def _annotations(function: FunctionType, dump: Dump) -> dict[str, Any]:
    """Return the attribute that says what the annotations are: values, or from 3.14 on what evaluates them."""
    annotate = function.__annotate__ if HAS_LAZY_ANNOTATIONS else None  # type: ignore[attr-defined]
    if annotate is not None and not function.__code__.co_flags & _STRINGS:
        if dump.portable:
            return {"__annotations__": evaluated_annotations(function)}
        return {"__annotate__": annotate}
    return {"__annotations__": function.__annotations__} if function.__annotations__ else {}


def are_leaves(attributes: dict[str, Any]) -> bool:
    """Tell whether attributes hold nothing but atoms, so that nothing behind them leads back to the function."""
    for name, value in attributes.items():
        parts = tuple(value.values()) if name == "__kwdefaults__" else value
        if not (ATOMS.cover(parts) if type(parts) is tuple else ATOMS.have(parts)):
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
