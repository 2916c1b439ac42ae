"""What is for one Python only, in the form that is for all.

Code travels with its source. Beyond that, a portable payload holds values where one Python keeps functions
that it asks for them: annotations from 3.14 on (PEP 649), bounds, constraints and defaults of type parameters
from 3.12 on (PEP 695 and 696). What cannot be evaluated yet, since a name is not there, travels as the text
that was written. What a Python puts into every class of a kind is left out, and a receiver puts its own there.
"""

from __future__ import annotations

import functools
import importlib
import typing
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any, ForwardRef

from pickleloaf._compat import HAS_LAZY_ANNOTATIONS, HAS_REPLACE
from pickleloaf.code.codec import CodeFacts
from pickleloaf.inspecting.anatomy import inner
from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb

__all__ = [
    "blob_of",
    "eager_namespace",
    "evaluated_annotations",
    "finished_here",
    "namespace_here",
    "reduce_annotate",
    "with_annotations",
]

_LAZY = ("__annotate__", "__annotate_func__", "__annotations_cache__", "__annotations__")
_OF_ONE_PYTHON = frozenset({*_LAZY, "__classdictcell__"})


def blob_of(facts: CodeFacts, dump: Dump) -> bytes | tuple[bytes, str]:
    """Return the bytes as which a code object travels.

    Raises:
        EncodeError: it has to be portable, and its source is not certain.
    """
    return facts.portable(required=dump.policy.portable is True) if dump.portable else facts.blob


def evaluated_annotations(obj: Any) -> dict[str, Any]:
    """Return the annotations of a function or class as values; as texts where names are missing."""
    if not HAS_LAZY_ANNOTATIONS:
        return dict(obj.__annotations__)
    library: Any = importlib.import_module("annotationlib")
    return _evaluated(lambda form: dict(library.get_annotations(obj, format=form)))


def _evaluated(ask: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """Return what annotations are, asked for in the formats of PEP 749."""
    form: Any = importlib.import_module("annotationlib").Format
    try:
        return ask(form.VALUE)
    except Exception:  # noqa: BLE001 - whatever an annotation raises, it is what the next format avoids
        found, texts = ask(form.FORWARDREF), ask(form.STRING)
        return {name: texts[name] if _is_forward(value) else value for name, value in found.items()}


def reduce_annotate(function: FunctionType) -> Any:
    """Return how to make what answers as a function does that evaluates annotations, once it has been asked."""
    library: Any = importlib.import_module("annotationlib")
    values = _evaluated(lambda form: dict(library.call_annotate_function(function, form)))
    return rebuild_annotate, (values,)


@verb
def rebuild_annotate(values: dict[str, Any]) -> Callable[..., Any]:
    def __annotate__(form: int, /) -> dict[str, Any]:  # noqa: N807 - what its like are called
        return dict(values)

    return __annotate__


def with_annotations(attributes: dict[str, Any], obj: Any, dump: Dump) -> dict[str, Any]:
    """Return attributes that `functools.update_wrapper` has copied, with annotations in the form for all."""
    if not dump.portable or "__annotate__" not in attributes:
        return attributes
    rest = {name: value for name, value in attributes.items() if name != "__annotate__"}
    return {**rest, "__annotations__": evaluated_annotations(obj)}


def _is_forward(annotation: Any) -> bool:
    return isinstance(annotation, ForwardRef) or any(map(_is_forward, getattr(annotation, "__args__", ())))


def eager_namespace(cls: type, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the namespace of a class without what only one Python puts there."""
    eager = {name: value for name, value in names.items() if name not in _OF_ONE_PYTHON}
    if getattr(eager.get("__replace__"), "__module__", None) == "dataclasses":
        del eager["__replace__"]
    getitem = inner(eager.get("__class_getitem__"))
    if "_fields" in eager and getattr(getitem, "__module__", None) == "typing":
        del eager["__class_getitem__"]  # each Python has it by another name
    for name in ("__non_callable_proto_members__", "__callable_proto_members_only__"):  # 3.13 on; 3.12
        eager.pop(name, None)
    if type(eager.get("__doc__")).__module__ == "dataclasses":  # written when it is asked for, from 3.15 on
        eager["__doc__"] = cls.__doc__
    if any(name in cls.__dict__ for name in _LAZY):
        annotations = evaluated_annotations(cls)
        if annotations:
            eager["__annotations__"] = annotations
    return eager


def namespace_here(names: dict[str, Any], bases: tuple[type, ...]) -> None:
    """Give the namespace of a class from another Python what this one puts there, and take what it does not."""
    if not HAS_REPLACE:
        names.pop("__static_attributes__", None)
    elif "__replace__" not in names:
        if "__dataclass_fields__" in names:
            import dataclasses

            names["__replace__"] = dataclasses._replace  # type: ignore[attr-defined]
        elif "_fields" in names and "_replace" in names:
            names["__replace__"] = names["_replace"]
    if "_fields" in names and typing.Generic in bases and "__class_getitem__" not in names:
        names["__class_getitem__"] = vars(_generic_tuple())["__class_getitem__"]


def finished_here(cls: type, names: Mapping[str, Any]) -> None:
    """Do with a class from another Python what its decorators do here."""
    if names.get("_is_runtime_protocol") and "__non_callable_proto_members__" not in names:
        typing.runtime_checkable(cls)


@functools.cache
def _generic_tuple() -> type:
    """Return a generic named tuple, to see how this Python makes one."""
    variable = typing.TypeVar("variable")

    class Example(typing.NamedTuple, typing.Generic[variable]):
        pass

    return Example
