"""Which names a function, class or comprehension binds, read off its syntax tree.

The rules are those of the language reference, 4.2.2, "Resolution of names".
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Any, Literal

__all__ = ["COMPREHENSIONS", "Scope", "bound_in"]

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class Scope:
    """The names that a piece of code binds, and the scope around it.

    Attributes:
        kind: of code; "outside" is everything around the outermost function.
        variables: names of variables.
        kept: names that are bound and seen from elsewhere: parameters, attributes of a class, globals.
        numbers: for the use of whoever numbers the variables.
    """

    __slots__ = ("_around", "kept", "kind", "numbers", "variables")

    def __init__(
        self,
        kind: Literal["outside", "function", "class"] = "outside",
        around: Scope | None = None,
        variables: Iterable[str] = (),
        kept: Iterable[str] = (),
    ) -> None:
        self.kind = kind
        self._around = around
        self.kept = frozenset(kept)
        self.variables = frozenset(variables) - self.kept
        self.numbers: dict[str, int] = {}

    def look_up(self, name: str) -> Scope | None:
        """Return the scope that binds a name; None for what comes from outside of all, and for globals."""
        scope: Scope | None = self
        while scope is not None and name not in scope.variables and name not in scope.kept:
            scope = scope._around
            while scope is not None and scope.kind == "class":  # no function sees the class around it
                scope = scope._around
        return scope


def bound_in(node: Any, around: Scope) -> Scope:
    """Return the scope that a function, lambda, class or comprehension makes."""
    if isinstance(node, COMPREHENSIONS):
        targets = [each.target for each in node.generators]
        return Scope("function", around, [name for _, name in _bindings(targets)])
    names: dict[str, set[str]] = {"bound": set(), "global": set(), "nonlocal": set()}
    for how, name in _bindings([node.body] if isinstance(node, ast.Lambda) else node.body):
        names[how].add(name)
    bound = names["bound"] - names["nonlocal"]
    if isinstance(node, ast.ClassDef):
        return Scope("class", around, kept=bound | names["global"])
    arguments = node.args
    several = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    parameters = {each.arg for each in (*several, arguments.vararg, arguments.kwarg) if each}
    return Scope("function", around, bound, names["global"] | parameters)


def _bindings(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """Yield what some code says of names: that they are bound in it, are global, or of a function around."""
    stack = [(node, False) for node in nodes]
    while stack:
        node, in_comprehension = stack.pop()
        inside: Iterable[ast.AST] = ast.iter_child_nodes(node)
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            inside = _outside_of_body(node)
        elif isinstance(node, COMPREHENSIONS):
            in_comprehension = True  # its targets are its own; `:=` in it binds here
        elif isinstance(node, ast.Global | ast.Nonlocal):
            yield from ((type(node).__name__.lower(), name) for name in node.names)
        if isinstance(node, ast.NamedExpr):
            yield "bound", node.target.id
        elif isinstance(node, ast.Name):
            if not in_comprehension and not isinstance(node.ctx, ast.Load):
                yield "bound", node.id
        elif isinstance(node, ast.alias):
            yield "bound", node.asname or node.name.partition(".")[0]
        else:
            names = [getattr(node, field, None) for field in _FIELDS.get(type(node), ())]
            yield from (("bound", name) for name in names if name)
        stack.extend((each, in_comprehension) for each in inside)


#: Fields that bind a name, by node.
_FIELDS: dict[type, tuple[str, ...]] = {
    ast.FunctionDef: ("name",),
    ast.AsyncFunctionDef: ("name",),
    ast.ClassDef: ("name",),
    ast.ExceptHandler: ("name",),
    ast.MatchAs: ("name",),
    ast.MatchStar: ("name",),
    ast.MatchMapping: ("rest",),
}


def _outside_of_body(node: Any) -> list[ast.AST]:
    """Return the parts of a definition that are evaluated where it stands."""
    if isinstance(node, ast.ClassDef):
        return [*node.bases, *node.keywords, *node.decorator_list]
    defaults = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
    return [*defaults, *getattr(node, "decorator_list", ())]
