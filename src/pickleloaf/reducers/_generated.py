"""The source of methods that a library compiles from a text and does not keep: dataclasses, named tuples.

Such methods are generated once more, by a copy of the library whose ``exec`` takes down what it is given;
the texts are told to `code.source`. Nothing is taken on trust: portable payloads use a text only where
it gives the very code that the class has.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import importlib.util
import textwrap
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from pickleloaf.code.source import find_source, provide_source
from pickleloaf.reducers.classes.body import functions_among

__all__ = ["tell_generated"]


def tell_generated(cls: type) -> None:
    """Say what the source of the generated methods of a class is, where a library here made them."""
    lost = [function for function in functions_among(cls.__dict__.values()) if _has_no_source(function)]
    if not lost:
        return
    texts: dict[str, str] = {}
    if "__dataclass_fields__" in cls.__dict__:
        texts = _texts_of_dataclass(cls)
    for function in lost:
        code = function.__code__
        text = texts.get(code.co_name)
        if code.co_name == "<lambda>" and "_fields" in cls.__dict__ and issubclass(cls, tuple):
            fields = "".join(f"{name}, " for name in cls._fields)  # type: ignore[attr-defined]
            text = f"lambda _cls, {fields}: _tuple_new(_cls, ({fields}))\n"
        if text:
            provide_source(code, text)


def _has_no_source(function: FunctionType) -> bool:
    return function.__code__.co_filename.startswith("<") and not find_source(function.__code__)


def _texts_of_dataclass(cls: Any) -> dict[str, str]:
    """Return the texts that dataclasses would compile for a class with the fields and options of this one."""
    library, texts = _copy_of_dataclasses()
    texts.clear()
    options = {name: getattr(cls.__dataclass_params__, name) for name in _OPTIONS}
    names: dict[str, Any] = {"__annotations__": {}, "__doc__": "", "__module__": cls.__module__}
    if hasattr(cls, "__post_init__"):
        names["__post_init__"] = _nothing
    for name, field in cls.__dataclass_fields__.items():
        kind = field._field_type.name
        if kind == "_FIELD_CLASSVAR":
            continue
        names["__annotations__"][name] = dataclasses.InitVar[object] if kind == "_FIELD_INITVAR" else object
        names[name] = library.field(**_said(field, library))
    library.dataclass(**options)(type(cls.__name__, (), names))
    return dict(_definitions_in(texts))


#: Options that decide what methods there are, and their code.
_OPTIONS = ("init", "repr", "eq", "order", "unsafe_hash", "frozen")
_OF_FIELDS = ("init", "repr", "hash", "compare", "kw_only")


def _said(field: Any, library: Any) -> dict[str, Any]:
    """Return the arguments of ``field()``; a default only matters for being there."""
    said = {name: getattr(field, name) for name in _OF_FIELDS}
    if said["kw_only"] is dataclasses.MISSING:
        del said["kw_only"]
    if field.default is not dataclasses.MISSING:
        said["default"] = 0
    if field.default_factory is not dataclasses.MISSING:
        said["default_factory"] = int
    return said


def _nothing(self: Any) -> None:
    """Stand for a ``__post_init__``."""


@functools.cache
def _copy_of_dataclasses() -> tuple[Any, list[str]]:
    """Return a second dataclasses module, which nobody else uses, and the list of what it compiles."""
    spec = importlib.util.find_spec("dataclasses")
    if spec is None or spec.loader is None:
        raise AssertionError("dataclasses is a module with source")
    library = importlib.util.module_from_spec(spec)
    texts: list[str] = []

    def take_down(text: str, *scopes: Any) -> None:
        texts.append(text)
        exec(text, *scopes)  # noqa: S102 - what dataclasses itself would do

    library.__dict__["exec"] = take_down
    spec.loader.exec_module(library)
    return library, texts


def _definitions_in(texts: list[str]) -> Iterator[tuple[str, str]]:
    """Yield name and text of the functions in some texts, the innermost ones."""
    for text in texts:
        lines = text.splitlines(keepends=True)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and node.name != "__create_fn__":
                source = textwrap.dedent("".join(lines[node.lineno - 1 : node.end_lineno]))
                yield node.name, source if source.endswith("\n") else source + "\n"
