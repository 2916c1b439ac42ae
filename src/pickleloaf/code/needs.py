"""Which Python a piece of source needs: the syntax that 3.12 to 3.15 have added.

The tree shows most of it. What leaves no trace in a tree, such as parentheses that may now be left out, is
looked for in the text at the places that the tree names.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

__all__ = ["what_needs"]

_Need = tuple[str, tuple[int, int]]
_NOTHING: _Need = ("", (3, 11))


def what_needs(text: str, definition: ast.AST) -> _Need:
    """Return the newest construct in some lines of source, and the first Python that has it.

    Args:
        text: the lines, which a receiver has to parse as a whole.
        definition: a definition among them; the rest need not be parsable.
    """
    source = f"if 1:\n{text}" if text[:1] in " \t" else text
    try:
        tree: ast.AST = ast.parse(source)
    except SyntaxError:  # the middle of a statement: a receiver cuts the definition out of it as well
        tree, source = definition, text
    lines = source.encode("utf-8", "surrogatepass").split(b"\n")
    found = (need for node in ast.walk(tree) for need in _needs(node, lines))
    return max(found, key=lambda need: need[1], default=_NOTHING)


def _needs(node: Any, lines: list[bytes]) -> Iterator[_Need]:
    """Yield what one node needs."""
    kind = type(node).__name__
    if getattr(node, "type_params", None) or kind == "TypeAlias":
        yield "type parameters or a type statement (PEP 695)", (3, 12)
    if getattr(node, "default_value", None) is not None:
        yield "a default of a type parameter (PEP 696)", (3, 13)
    if kind == "TemplateStr":
        yield "a template string (PEP 750)", (3, 14)
    if kind == "ExceptHandler" and isinstance(node.type, ast.Tuple) and _starts(node.type, lines) != b"(":
        yield "except without parentheses (PEP 758)", (3, 14)
    if getattr(node, "is_lazy", False):
        yield "a lazy import (PEP 810)", (3, 15)
    if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp) and isinstance(node.elt, ast.Starred):
        yield "unpacking in a comprehension (PEP 798)", (3, 15)
    if kind == "DictComp" and node.value is None:
        yield "unpacking in a comprehension (PEP 798)", (3, 15)
    if kind == "JoinedStr" and _is_free_form(node, lines):
        yield "an f-string with quotes, backslashes or comments inside (PEP 701)", (3, 12)


def _starts(node: Any, lines: list[bytes]) -> bytes:
    """Return the character at which a node stands."""
    at: int = node.col_offset
    return lines[node.lineno - 1][at : at + 1] if node.lineno <= len(lines) else b""


def _text(node: Any, lines: list[bytes]) -> bytes:
    rows = lines[node.lineno - 1 : node.end_lineno]
    if not rows:
        return b""
    rows[-1] = rows[-1][: node.end_col_offset]
    rows[0] = rows[0][node.col_offset :]
    return b"\n".join(rows)


def _is_free_form(string: ast.JoinedStr, lines: list[bytes]) -> bool:
    """Tell whether the expressions in an f-string hold what they must not hold before Python 3.12."""
    whole = _text(string, lines).lstrip(b"fFrRbBuU")
    quote = whole[:3] if whole[:3] in (b'"""', b"'''") else whole[:1]
    for value in string.values:
        if isinstance(value, ast.FormattedValue):
            inside = _text(value.value, lines)
            if (quote and quote in inside) or b"\\" in inside or b"#" in inside:
                return True
            if b"\n" in inside and len(quote) == 1:
                return True
    return False
