"""The keywords of a class statement: ``class Child(Base, arg="hello")``.

Python hands them to the metaclass and to ``__init_subclass__`` and forgets them. To run these again
with the right keywords they are read from the source of the class statement, and, where that cannot
be had, from attributes of the same name, which is what most ``__init_subclass__`` make of them.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
from functools import lru_cache
from types import FunctionType
from typing import Any

from pickleloaf.errors import EncodeError
from pickleloaf.inspecting.anatomy import definer, inner

__all__ = ["recover_keywords"]

_UNKNOWN = object()


def recover_keywords(cls: type) -> dict[str, Any]:
    """Return the keywords, other than ``metaclass``, that a class was made with.

    Raises:
        EncodeError: a keyword is required and its value cannot be found.
    """
    hooks = _hooks(cls)
    if not hooks:
        return {}
    statement = _statement(cls)
    if statement is not None:
        written = {each.arg: each.value for each in statement.keywords if each.arg not in (None, "metaclass")}
        found: dict[str, Any] = {str(name): _evaluate(node, cls) for name, node in written.items()}
        required = set(found)
    else:
        found, required = {}, set()
        for hook in hooks:
            for parameter in inspect.signature(hook).parameters.values():
                if (
                    parameter.kind is parameter.KEYWORD_ONLY
                    or parameter.kind is parameter.POSITIONAL_OR_KEYWORD
                ):
                    found.setdefault(parameter.name, _UNKNOWN)
                    if parameter.default is parameter.empty:
                        required.add(parameter.name)
    return _settle(cls, found, required)


def _settle(cls: type, found: dict[str, Any], required: set[str]) -> dict[str, Any]:
    keywords = {}
    for name, value in found.items():
        if value is _UNKNOWN:
            value = cls.__dict__.get(name, cls.__dict__.get(f"_{name}", _UNKNOWN))  # noqa: PLW2901
        if value is not _UNKNOWN:
            keywords[name] = value
        elif name in required:
            msg = f"cannot pickle class {cls.__qualname__}: the value of its keyword {name!r} cannot be found"
            hint = f"keep it as an attribute of the class, {name!r} or {'_' + name!r}"
            raise EncodeError(msg, hint=hint)
    return keywords


def _hooks(cls: type) -> list[Any]:
    """Return the Python functions that may take keywords of the class statement."""
    hooks: list[Any] = []
    base = definer(cls.__mro__[1:], "__init_subclass__")
    hook = base.__dict__["__init_subclass__"]
    if isinstance(hook, classmethod) and base.__module__ != "typing":
        hooks.append(_without_first(hook.__func__, 1))
    metaclass: Any = type(cls)
    for base in metaclass.__mro__:
        if base in (type, object) or base.__module__ in ("abc", "typing", "enum"):
            break
        for name, skipped in (("__new__", 4), ("__init__", 4), ("__prepare__", 3)):
            function = inner(base.__dict__.get(name))
            if isinstance(function, FunctionType):
                hooks.append(_without_first(function, skipped))
    return [hook for hook in hooks if hook is not None and _takes_keywords(hook)]


def _without_first(function: Any, count: int) -> Any:
    """Return a stand-in with the signature of a function less its first positional parameters."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    rest = list(signature.parameters.values())
    positional = [each for each in rest if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    kept = [each for each in rest if each not in positional[:count]]

    def hook() -> None: ...

    hook.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]
    return hook


def _takes_keywords(hook: Any) -> bool:
    kinds = {each.kind for each in inspect.signature(hook).parameters.values()}
    return bool(kinds - {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.POSITIONAL_ONLY})


def _statement(cls: type) -> ast.ClassDef | None:
    """Find the class statement that made a class."""
    functions = [value for value in cls.__dict__.values() if isinstance(value, FunctionType)]
    files = dict.fromkeys(each.__code__.co_filename for each in functions)
    module = sys.modules.get(cls.__module__)
    files.setdefault(getattr(module, "__file__", None) or "", None)
    for file in files:
        lines = linecache.getlines(file)
        found = [each for name, each in _class_statements("".join(lines)) if name == cls.__qualname__]
        if len(found) > 1:
            firsts = {each.__code__.co_firstlineno for each in functions}
            firsts.add(cls.__dict__.get("__firstlineno__", 0))
            found = [
                each for each in found if any(each.lineno <= at <= (each.end_lineno or 0) for at in firsts)
            ]
        if found:
            return found[-1]
    return None


@lru_cache(maxsize=64)
def _class_statements(source: str) -> list[tuple[str, ast.ClassDef]]:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    found: list[tuple[str, ast.ClassDef]] = []

    def walk(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                found.append((prefix + child.name, child))
                walk(child, f"{prefix}{child.name}.")
            elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                walk(child, f"{prefix}{child.name}.<locals>.")
            else:
                walk(child, prefix)

    walk(tree, "")
    return found


def _evaluate(node: ast.expr, cls: type) -> Any:
    """Evaluate a keyword's value as far as that runs no code: literals, names, attributes of modules."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        pass
    if isinstance(node, ast.Attribute):
        owner = _evaluate(node.value, cls)
        return _UNKNOWN if owner is _UNKNOWN else inspect.getattr_static(owner, node.attr, _UNKNOWN)
    if isinstance(node, ast.Name) and "<locals>" not in cls.__qualname__:
        return _scope(cls).get(node.id, _UNKNOWN)
    return _UNKNOWN


def _scope(cls: type) -> dict[str, Any]:
    for value in cls.__dict__.values():
        if isinstance(value, FunctionType) and value.__module__ == cls.__module__:
            return value.__globals__
    return vars(sys.modules[cls.__module__]) if cls.__module__ in sys.modules else {}
