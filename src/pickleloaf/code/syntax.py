"""A digest of what a function's source says, whatever it looks like and whichever Python reads it.

The syntax tree is written down in one canonical way and hashed:

1. Comments, formatting and line numbers are not in a syntax tree. Docstrings are left out of it, and so
   are annotations of local variables, which are never evaluated.
2. Local variables are numbered in the order in which they turn up, and so are free variables. Parameters
   keep their names, since callers use them; so do globals, attributes, and the names of functions and
   classes, which these can see. Where code asks for its names (``locals()``, ``eval``) all are kept.
3. What is left of a function itself is its parameters without their defaults, which are objects, and its
   body. Its decorators have run.
4. Empty fields, and those that only say what is known anyway, are left out. What Pythons from 3.11 to
   3.15 know in addition or parse differently is among these, but for f-strings, whose pieces are joined.
"""

from __future__ import annotations

import ast
import itertools
import marshal
from collections.abc import Iterable, Iterator
from types import CodeType
from typing import Any, NamedTuple

from pickleloaf._digests import blake2b
from pickleloaf.code.matching import Definition, class_around, find_definition
from pickleloaf.code.scopes import COMPREHENSIONS, Scope, bound_in
from pickleloaf.inspecting.caches import IdentityCache

__all__ = ["Syntax", "syntax_of"]

#: Functions that can see the names of local variables.
_REFLECTIVE = frozenset({"dir", "eval", "exec", "locals", "vars"})
_MARSHAL_VERSION = 2  # the newest that writes equal values as equal bytes
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
#: Fields that the place in the tree or the value says already.
_LEFT_OUT = frozenset({"ctx", "kind", "type_comment", "type_ignores"})

#: What is to be written: bytes, or a part of the tree with the scope it stands in.
_Item = bytes | tuple[Any, Scope]


class Syntax(NamedTuple):
    """What the source of a code object says."""

    digest: bytes
    #: Names of the code's free variables, in the order in which the digest has numbered them.
    free: tuple[str, ...]


_known: IdentityCache[Syntax | None] = IdentityCache()


def syntax_of(code: CodeType) -> Syntax | None:
    """Return what the source of a function's code says, or None where that is uncertain."""
    if id(code) in _known:
        return _known[id(code)]
    definition = find_definition(code)
    return _known.keep(code, None if definition is None else _Writer(code).write(definition))


class _Writer:
    """Writes one definition into a hash."""

    def __init__(self, code: CodeType) -> None:
        self._free = frozenset(code.co_freevars)
        self._class = class_around(code).lstrip("_")
        self._numbers = itertools.count()
        self._met: dict[str, bytes] = {}
        self._hash = blake2b(digest_size=16)
        #: Whether names of variables are kept.
        self._keeps = False

    def write(self, definition: Definition) -> Syntax:
        used = {node.id for node in ast.walk(definition) if isinstance(node, ast.Name)}
        self._keeps = not _REFLECTIVE.isdisjoint(used)
        stack: list[_Item] = list(self._function(definition, Scope(), outermost=True))[::-1]
        while stack:
            item = stack.pop()
            if isinstance(item, bytes):
                self._hash.update(item)
            else:
                stack.extend(list(self._items(*item))[::-1])
        rest = sorted(self._free - self._met.keys())
        return Syntax(self._hash.digest(), (*self._met, *rest))

    def _items(self, part: Any, scope: Scope) -> Iterable[_Item]:
        """Return what a part of the tree is written as."""
        if isinstance(part, ast.AST):
            special = _SPECIAL.get(type(part))
            return self._fields(part, scope) if special is None else special(self, part, scope)
        if isinstance(part, list):
            return [b"[", *((each, scope) for each in part), b"]"]
        return [_constant(part)]

    def _fields(self, node: ast.AST, scope: Scope, **given: Any) -> Iterator[_Item]:
        """Yield a node field by field; names among the fields that bind a variable are given as bytes."""
        yield f"({type(node).__name__}".encode()
        for field in node._fields:
            value = given.get(field, getattr(node, field, None))
            if value is None or value == [] or (value == 0 and type(value) is int) or field in _LEFT_OUT:
                continue
            yield f".{field}".encode()
            yield value if isinstance(value, bytes) else (value, scope)
        yield b")"

    # -- names

    def _variable(self, name: str, scope: Scope) -> bytes:
        """Write the use of a name: a number for what is local or free, the name for the rest."""
        found = scope.look_up(name)
        if found is not None:
            if name in found.kept or self._keeps:
                return b"n" + _constant(name)
            if name not in found.numbers:
                found.numbers[name] = next(self._numbers)
            return b"v%d;" % found.numbers[name]
        mangled = self._mangled(name)
        if mangled not in self._free:
            return b"n" + _constant(name)
        if mangled not in self._met:
            self._met[mangled] = b"f" + _constant(name) if self._keeps else b"f%d;" % next(self._numbers)
        return self._met[mangled]

    def _mangled(self, name: str) -> str:
        is_private = self._class and name.startswith("__") and not name.endswith("__")
        return f"_{self._class}{name}" if is_private else name

    def _name(self, node: ast.Name, scope: Scope) -> Iterable[_Item]:
        return [self._variable(node.id, scope)]

    def _names(self, node: ast.Global | ast.Nonlocal, scope: Scope) -> Iterable[_Item]:
        # What is declared shows in how the names are written elsewhere.
        return []

    def _binding(self, node: Any, scope: Scope) -> Iterable[_Item]:
        """Write a node that has the name of a variable as text: an exception handler, a pattern."""
        field = "rest" if isinstance(node, ast.MatchMapping) else "name"
        name = getattr(node, field)
        return self._fields(node, scope, **({field: self._variable(name, scope)} if name else {}))

    def _alias(self, node: ast.alias, scope: Scope) -> Iterable[_Item]:
        bound = node.asname or node.name.partition(".")[0]
        whole = b"" if node.asname or "." not in node.name else b"top"
        return [b"(alias", _constant(node.name), whole, self._variable(bound, scope), b")"]

    # -- scopes

    def _function(self, node: Definition, scope: Scope, *, outermost: bool = False) -> Iterator[_Item]:
        """Yield a function: its name, parameters, defaults, decorators, body."""
        arguments = node.args
        yield f"({type(node).__name__}".encode()
        if not isinstance(node, ast.Lambda) and not outermost:
            yield _constant(node.name)
            yield self._variable(node.name, scope)
            yield from ([(each, scope) for each in (node.decorator_list, getattr(node, "type_params", []))])
        inner = bound_in(node, scope)
        for kind in ("posonlyargs", "args", "vararg", "kwonlyargs", "kwarg"):
            yield b"." + kind.encode()
            found = getattr(arguments, kind)
            for each in found if isinstance(found, list) else filter(None, [found]):
                yield _constant(each.arg)
                yield from self._annotation(each.annotation, scope)
        if not outermost:
            yield (arguments.defaults, scope)
            yield (arguments.kw_defaults, scope)
        if isinstance(node, ast.Lambda):
            yield (node.body, inner)
        else:
            yield from self._annotation(node.returns, scope)
            yield (_without_doc(node.body), inner)
        yield b")"

    def _annotation(self, annotation: ast.expr | None, scope: Scope) -> Iterator[_Item]:
        if annotation is not None:
            yield b":"
            yield (annotation, scope)

    def _class_definition(self, node: ast.ClassDef, scope: Scope) -> Iterator[_Item]:
        outside = [node.bases, node.keywords, node.decorator_list, getattr(node, "type_params", [])]
        yield b"(ClassDef"
        yield _constant(node.name)
        yield self._variable(node.name, scope)
        yield from [(each, scope) for each in outside]
        yield (_without_doc(node.body), bound_in(node, scope))
        yield b")"

    def _comprehension(self, node: Any, scope: Scope) -> Iterator[_Item]:
        inner = bound_in(node, scope)
        yield f"({type(node).__name__}".encode()
        for index, each in enumerate(node.generators):
            yield b"async" if each.is_async else b"for"
            yield (each.iter, inner if index else scope)
            yield (each.target, inner)
            yield (each.ifs, inner)
        for field in ("key", "value", "elt"):
            if getattr(node, field, None) is not None:
                yield (getattr(node, field), inner)
        yield b")"

    # -- statements and expressions that are written in more than one way

    def _annotated(self, node: ast.AnnAssign, scope: Scope) -> Iterable[_Item]:
        if scope.kind == "class" or not isinstance(node.target, ast.Name):
            return self._fields(node, scope)
        if node.value is None:
            return []
        return self._items(ast.Assign([node.target], node.value), scope)

    def _string(self, node: Any, scope: Scope) -> Iterator[_Item]:
        """Yield an f-string or a template: constant pieces in a row become one, empty ones go."""
        yield f"({type(node).__name__}".encode()
        for kind, pieces in itertools.groupby(node.values, type):
            if kind is not ast.Constant:
                yield from ((each, scope) for each in pieces)
            elif text := "".join(each.value for each in pieces):
                yield _constant(text)
        yield b")"

    def _piece(self, node: Any, scope: Scope) -> Iterable[_Item]:
        is_empty = node.format_spec is not None and not getattr(node.format_spec, "values", None)
        return self._fields(node, scope, **({"format_spec": 0} if is_empty else {}))


_SPECIAL: dict[type, Any] = {
    ast.Name: _Writer._name,
    ast.Global: _Writer._names,
    ast.Nonlocal: _Writer._names,
    ast.ExceptHandler: _Writer._binding,
    ast.MatchAs: _Writer._binding,
    ast.MatchStar: _Writer._binding,
    ast.MatchMapping: _Writer._binding,
    ast.alias: _Writer._alias,
    ast.ClassDef: _Writer._class_definition,
    ast.AnnAssign: _Writer._annotated,
    ast.JoinedStr: _Writer._string,
    ast.FormattedValue: _Writer._piece,
    ast.Constant: lambda _, node, scope: [_constant(node.value)],
    **dict.fromkeys(_FUNCTIONS, _Writer._function),
    **dict.fromkeys(COMPREHENSIONS, _Writer._comprehension),
}
# PEP 750, from Python 3.14 on.
_TEMPLATES = {"TemplateStr": _Writer._string, "Interpolation": _Writer._piece}
_SPECIAL |= {getattr(ast, name): how for name, how in _TEMPLATES.items() if hasattr(ast, name)}


def _constant(value: Any) -> bytes:
    """Write a constant so that no other constant begins with the same bytes."""
    return b"c" + marshal.dumps(value, _MARSHAL_VERSION)


def _without_doc(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0]
    if not isinstance(first, ast.Expr) or not isinstance(first.value, ast.Constant):
        return body
    return body[1:] if isinstance(first.value.value, str) else body
