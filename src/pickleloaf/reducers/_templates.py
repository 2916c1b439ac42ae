"""Templates: what closed classes are sealed in.

A template is a marshalled tuple in an envelope: the name of the class, its attributes in order, and the source
text of the code among these. The code that stands in the body of the class shares one text, as it does in its
file, with its lines counted from the first of these. Functions from elsewhere bring their own.
"""

from __future__ import annotations

import builtins
import marshal
from types import CellType, CodeType, FunctionType
from typing import Any

from pickleloaf.code.codec import (
    WRITE_NO_REFERENCES,
    facts_of,
    load_code,
    restore,
    settle_together,
)
from pickleloaf.code.envelope import seal, unseal
from pickleloaf.code.source import is_provided
from pickleloaf.reducers._uses import Uses, merged

__all__ = [
    "Parts",
    "functions_of",
    "open_template",
    "put_together",
    "uses_of",
    "write_template",
]

#: Attributes as (name, kind, contents). The kind of a value is its type, or the types in a tuple: 1 is
#: not True. In a template it is "value".
Parts = tuple[tuple[str, Any, Any], ...]
_WRAPPERS: dict[str, type] = {"staticmethod": staticmethod, "classmethod": classmethod}


def uses_of(parts: Parts) -> Uses:
    """Return what the functions among some attributes look up."""
    return merged([facts_of(function[0]).names for function in functions_of(parts)])


def write_template(cls: type, parts: Parts) -> bytes:
    """Seal a definition."""
    together = _written_together(cls, [function[0] for function in functions_of(parts)])
    settled, source = settle_together(together) if together else ([], "")
    written = dict(zip(map(id, together), settled, strict=True))

    def encode(function: tuple[Any, ...] | None) -> Any:
        if function is None:
            return None
        code = function[0]
        return (written.get(id(code)) or facts_of(code).contents, *function[1:])

    encoded = []
    for name, kind, contents in parts:
        if kind == "property":
            encoded.append((name, kind, (*map(encode, contents[:3]), contents[3])))
        else:
            encoded.append((name, kind, encode(contents)) if type(kind) is str else (name, "value", contents))
    text = source.encode("utf-8", "surrogatepass")
    return seal(marshal.dumps((cls.__name__, tuple(encoded), text), WRITE_NO_REFERENCES))


def _written_together(cls: type, codes: list[CodeType]) -> list[CodeType]:
    """Return the code that stands in the body of the class, as far as one can tell."""
    start = f"{cls.__qualname__}."
    inside = [code for code in codes if code.co_qualname.startswith(start) and not is_provided(code)]
    return [code for code in inside if code.co_filename == inside[0].co_filename]


def functions_of(parts: Parts) -> list[tuple[Any, ...]]:
    """Return what stands for the functions among the attributes."""
    found: list[tuple[Any, ...]] = []
    for _, kind, contents in parts:
        if kind == "property":
            found += [each for each in contents[:3] if each is not None]
        elif type(kind) is str:
            found.append(contents)
    return found


def open_template(template: bytes) -> tuple[str, Parts, str]:
    """Return the name of a class, what it consists of, and the source text of the code among that."""
    name, parts, *text = marshal.loads(unseal(template))  # in older ones each code object has its own
    return name, parts, text[0].decode("utf-8", "surrogatepass") if text else ""


def put_together(parts: Parts, source: str, used: dict[str, Any]) -> tuple[dict[str, Any], CellType]:
    """Make the namespace of a class, and the cell that the class goes into."""
    module = next(contents for name, _, contents in parts if name == "__module__")
    scope = {"__name__": module, "__builtins__": builtins, **used}
    cell = CellType()

    def function(taken: tuple[Any, ...] | None) -> Any:
        if taken is None:
            return None
        code = load_code(taken[0]) if type(taken[0]) is bytes else restore(taken[0], source)
        made = FunctionType(code, scope, None, taken[1], (cell,) if code.co_freevars else None)
        if taken[2]:
            made.__kwdefaults__ = dict(taken[2])
        return made

    names: dict[str, Any] = {}
    for name, kind, contents in parts:
        if kind == "value":
            names[name] = contents
        elif kind == "function":
            names[name] = function(contents)
        elif kind == "property":
            fget, fset, fdel = map(function, contents[:3])
            names[name] = _make_property(fget, fset, fdel, contents[3])
        else:
            names[name] = _WRAPPERS[kind](function(contents))
    return names, cell


def _make_property(fget: Any, fset: Any, fdel: Any, doc: str | None) -> property:
    return (
        property(fget, fset, fdel)
        if fget is not None and fget.__doc__ == doc
        else property(fget, fset, fdel, doc)
    )
