"""Annotations of functions and classes: values, or from Python 3.14 on a function that evaluates them (PEP 649).

Python keeps the values that such a function returned. They are not pickled: the function is, which evaluates them again
where they are asked for. So it makes no difference whether somebody has asked for annotations before. But values that
were changed afterwards are known to no function: then the values are pickled.
"""

from __future__ import annotations
import __future__

from collections.abc import Mapping
from gc import get_referents
from types import FunctionType
from typing import Any

from pickleloaf._compat import HAS_LAZY_ANNOTATIONS
from pickleloaf.inspecting.kinds import ATOMS

__all__ = ["are_written", "lazy_annotations", "values_of"]

#: PEP 563: annotations are strings, so that asking for them runs nothing.
_STRINGS = __future__.annotations.compiler_flag


def lazy_annotations(function: FunctionType) -> Any:
    """Return the function that evaluates the annotations of a function; None where they are values."""
    if not HAS_LAZY_ANNOTATIONS or function.__code__.co_flags & _STRINGS:
        return None
    annotate = function.__annotate__  # type: ignore[attr-defined, unused-ignore]
    if annotate is None:
        return None
    values = values_of(function)
    return annotate if values is None or are_written(function.__qualname__, values, annotate) else None


def values_of(function: FunctionType) -> dict[str, Any] | None:
    """Return annotations that have been evaluated, without evaluating them."""
    for part in get_referents(function):
        if type(part) is dict and not any(
            part is other
            for other in (
                function.__globals__,
                function.__builtins__,  # type: ignore[attr-defined, unused-ignore]
                function.__kwdefaults__,
                function.__dict__,
            )
        ):
            return part
    return None


def are_written(qualname: str, annotations: Mapping[str, Any], annotate: Any) -> bool:
    """Tell whether annotations are still what a function says (PEP 649), as far as one can tell.

    The function is asked, as it was before. Where it no longer answers, or was not written with its owner, they are
    taken to be.

    Args:
        qualname: the qualified name of the function or class that has the annotations.
        annotations: the annotations, which have been evaluated.
        annotate: what evaluates them.
    """
    if getattr(annotate, "__qualname__", None) != f"{qualname}.__annotate__":
        return annotate is not None
    try:
        said = annotate(_VALUE)
    except Exception:  # noqa: BLE001 - names may be gone by now, and annotations raise anything
        return True
    return annotations.keys() == said.keys() and all(
        _is_same(value, said[name]) for name, value in annotations.items()
    )


#: `annotationlib.Format.VALUE`.
_VALUE = 1

#: Attributes of types of `types` and `typing` by which two of them are told apart.
_OF_ALIASES = ("__origin__", "__args__", "__metadata__", "__forward_arg__")


def _is_same(one: Any, other: Any) -> bool:  # noqa: PLR0911 - one for each sort
    """Tell whether two values may come from the same expression; no code of the user's compares them."""
    kind = type(one)
    if one is other:
        return True
    if kind is not type(other) or issubclass(kind, type):
        return False
    if ATOMS.have(one):
        return repr(one) == repr(other)
    if kind is FunctionType:
        return one.__code__ is other.__code__
    if kind in (tuple, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    if kind.__module__ not in {"types", "typing", "annotationlib"}:
        return True
    return all(_is_same(getattr(one, name, None), getattr(other, name, None)) for name in _OF_ALIASES)
