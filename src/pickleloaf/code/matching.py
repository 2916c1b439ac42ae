"""The syntax tree of a code object, where its source can be had and is certain to be its own.

A file may have changed since it was compiled, and a test runner may have rewritten a function before
it was compiled. So a piece of source is only believed when compiling it gives the same instructions,
names and constants again. To that end it is compiled inside of functions and classes of the same names
as those it stood in: they decide on free variables, private names and qualified names.
"""

from __future__ import annotations
import __future__

import ast
import copy
import dis
import re
import warnings
from collections.abc import Iterator, Sequence
from types import CodeType
from typing import Any

from pickleloaf.code.source import find_source

__all__ = [
    "VARIABLES",
    "Definition",
    "Piece",
    "class_around",
    "definitions",
    "enclosed",
    "find_definition",
    "first_line",
    "imported_names",
    "is_same",
    "scopes_of",
]

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
#: What has code of its own: a generator expression is no definition, and nobody digests it by itself.
Piece = Definition | ast.GeneratorExp
_EXPRESSIONS = {"<lambda>": ast.Lambda, "<genexpr>": ast.GeneratorExp}

_FUTURES = sum({getattr(__future__, name).compiler_flag for name in __future__.all_feature_names})
#: Say only where it was compiled: CO_NESTED and CO_METHOD (3.14), Include/cpython/code.h.
_PLACE = 0x10 | 0x8000000
_LAMBDA = re.compile(r"\blambda\b")
#: Name of the function that has the free variables where no function stood around the code.
VARIABLES = "<variables>"
#: Pieces of text that are tried at most to find where one lambda ends.
_PATIENCE = 400


def find_definition(code: CodeType) -> Definition | None:
    """Return the syntax tree of a function's code without its decorators, or None where that is uncertain."""
    source = find_source(code)
    if not source:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they were given when the file was compiled
        for found in definitions(source, code.co_name, first_line(code)):
            if isinstance(found, ast.GeneratorExp):
                continue
            definition = _undecorated(found)
            if _gives(definition, code, ()) or _gives(definition, code, imported_names(code)):
                return definition
    return None


def _undecorated(definition: Definition) -> Definition:
    if isinstance(definition, ast.Lambda):
        return definition
    definition = copy.copy(definition)  # the tree keeps its own
    definition.decorator_list = []
    return definition


def first_line(code: CodeType) -> int:
    """Return the line on which a definition stood when it was compiled.

    From Python 3.13 on the body of a class knows its line as a constant, ``__firstlineno__``.
    """
    queue = [code]
    for each in queue:
        if "__firstlineno__" in each.co_names:
            last = None
            for instruction in dis.get_instructions(each):
                if instruction.argval == "__firstlineno__" and isinstance(last, int):
                    return code.co_firstlineno + last - each.co_firstlineno
                last = instruction.argval
        queue.extend(part for part in each.co_consts if isinstance(part, CodeType))
    return code.co_firstlineno


def _gives(definition: Definition, code: CodeType, imported: Sequence[str]) -> bool:
    return any(is_same(found, code) for found in _compiled(definition, code, imported))


def definitions(source: str, name: str, first_line: int) -> Iterator[Piece]:
    """Yield the definitions, or generator expressions, in some lines of source that may be the one with a name."""
    # An indented piece is put under an `if`, which keeps the text of strings of several lines.
    indented = source[0] in " \t"
    tree = _parse(f"if 1:\n{source}" if indented else source)
    if tree is not None:
        ast.increment_lineno(tree, first_line - 1 - indented)
    kind: Any = _EXPRESSIONS.get(name, ast.FunctionDef | ast.AsyncFunctionDef)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, kind) and getattr(node, "name", name) == name:
            yield node
    if tree is None and name == "<lambda>":
        yield from _cut_lambdas(source, first_line)


def _cut_lambdas(source: str, first_line: int) -> Iterator[ast.Lambda]:
    """Yield the lambdas in lines that are no whole statements: the middle of a call, say."""
    for match in _LAMBDA.finditer(source):
        text = source[match.start() :]
        ends = [end.start() for end in re.finditer(r"[,)\]};:#]|\n|\bfor\b|\bif\b|$", text)]
        for end in reversed(ends[:_PATIENCE]):
            tree = _parse(f"({text[:end]}\n)")
            value = getattr(tree.body[0], "value", None) if tree and len(tree.body) == 1 else None
            if isinstance(value, ast.Lambda):
                _move(value, source[: match.start()], first_line)
                yield value
                break


def _move(tree: ast.AST, before: str, first_line: int) -> None:
    """Give a tree that was parsed behind a parenthesis the position that it has behind some text."""
    column = len(before.rpartition("\n")[2].encode("utf-8", "surrogatepass")) - 1
    for node in ast.walk(tree):
        for line, offset in (("lineno", "col_offset"), ("end_lineno", "end_col_offset")):
            if getattr(node, line, None) == 1:
                setattr(node, offset, getattr(node, offset) + column)
    ast.increment_lineno(tree, before.count("\n") + first_line - 1)


def _parse(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def imported_names(code: CodeType) -> list[str]:
    """Return names that were imported at the top of the module, which the compiler treats differently.

    It makes no method calls of calls like ``re.compile(text)``; ``is_import_originated`` in Python/compile.c
    (Python/codegen.c from 3.14 on).
    """
    called: dict[str, bool] = {}
    queue = [code]
    for each in queue:
        name = None
        for instruction in dis.get_instructions(each):
            operation = instruction.opname
            if name is not None and operation in ("LOAD_ATTR", "LOAD_METHOD"):
                is_method = operation == "LOAD_METHOD" or "NULL|self" in instruction.argrepr
                called[name] = called.get(name, True) and not is_method
            if operation != "CACHE":
                name = None
            if operation in _LOADS_NAME:
                value = instruction.argval
                name = value[-1] if isinstance(value, tuple) else value
        queue.extend(part for part in each.co_consts if isinstance(part, CodeType))
    return [name for name, imported in called.items() if imported]


_LOADS_NAME = frozenset(
    "LOAD_GLOBAL LOAD_NAME LOAD_DEREF LOAD_FAST LOAD_FAST_CHECK LOAD_FAST_BORROW LOAD_FAST_LOAD_FAST "
    "LOAD_FAST_BORROW_LOAD_FAST_BORROW STORE_FAST_LOAD_FAST".split()
)


def _compiled(definition: Definition, code: CodeType, imported: Sequence[str]) -> Iterator[CodeType]:
    """Compile a definition where it stood; yield the code objects that come out under its name."""
    try:
        whole = enclosed(definition, code.co_qualname, code.co_freevars, imported, code.co_flags)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return
    queue = [whole]
    for each in queue:
        queue.extend(part for part in each.co_consts if isinstance(part, CodeType))
        if each.co_name == code.co_name:
            yield each


def enclosed(
    definition: Piece, qualname: str, free: Sequence[str], imported: Sequence[str], flags: int
) -> CodeType:
    """Compile a definition inside of functions and classes like those around it; return all of that.

    Args:
        definition: what is compiled.
        qualname: its qualified name, which names the scopes around it.
        free: its free variables.
        imported: names that its module has bound by imports.
        flags: those of its code, which say what it wants of ``__future__``.

    Raises:
        SyntaxError: or ValueError, MemoryError, RecursionError: the compiler does not take it.
    """
    inner: ast.stmt = ast.Expr(definition) if isinstance(definition, ast.expr) else definition
    implied = _IMPLIED if any(not is_function for _, is_function in scopes_of(qualname)) else frozenset()
    variables: Any = [name for name in free if name.isidentifier() and name not in implied]
    for name, is_function in reversed(scopes_of(qualname, variables)):
        body = [inner]
        if is_function and variables:  # the innermost function around it has the variables
            targets: list[ast.expr] = [ast.Name(each, ast.Store()) for each in variables]
            body.insert(0, ast.Assign(targets, ast.Constant(None)))
            variables = None
        inner = _function(name, body) if is_function else _class(name, body)
    imports: list[ast.stmt] = [ast.Import([ast.alias(name)]) for name in imported]
    tree = ast.fix_missing_locations(ast.Module([*imports, inner], []))
    whole: CodeType = compile(tree, "<pickleloaf>", "exec", flags & _FUTURES, dont_inherit=True)
    return whole


#: Free variables that a class gives to the functions in it.
_IMPLIED = frozenset({"__class__", "__classdict__"})


def scopes_of(qualname: str, free: Sequence[str] = ()) -> list[tuple[str, bool]]:
    """Return the scopes around a qualified name, outermost first: (name, whether it is a function).

    Where there are free variables, one of them is a function.
    """
    *names, _ = qualname.split(".")
    scopes = []
    for index, name in enumerate(names):
        if name != "<locals>":
            scopes.append((name, names[index + 1 : index + 2] == ["<locals>"]))
    if free and not any(is_function for _, is_function in scopes):
        scopes.insert(0, (VARIABLES, True))
    return scopes


def class_around(code: CodeType) -> str:
    """Return the name of the class whose private names a code object uses, or ""."""
    return next((name for name, is_function in reversed(scopes_of(code.co_qualname)) if not is_function), "")


def _function(name: str, body: list[ast.stmt]) -> ast.stmt:
    return _with_body(ast.parse("def name(): pass").body[0], name, body)


def _class(name: str, body: list[ast.stmt]) -> ast.stmt:
    return _with_body(ast.parse("class name: pass").body[0], name, body)


def _with_body(node: Any, name: str, body: list[ast.stmt]) -> ast.stmt:
    node.name, node.body = name, body
    return node  # type: ignore[no-any-return]


_PARTS = (
    "co_code co_names co_varnames co_freevars co_cellvars co_exceptiontable "
    "co_argcount co_posonlyargcount co_kwonlyargcount".split()
)


def is_same(one: CodeType, other: CodeType) -> bool:
    """Tell whether two code objects do the same, whatever file and lines they are from."""
    return (
        all(getattr(one, part) == getattr(other, part) for part in _PARTS)
        and (one.co_flags ^ other.co_flags) & ~_PLACE == 0
        and _are_same(one.co_consts, other.co_consts)
    )


def _are_same(ones: tuple[Any, ...], others: tuple[Any, ...]) -> bool:
    if len(ones) != len(others):
        return False
    for one, other in zip(ones, others, strict=True):
        if type(one) is not type(other):
            return False
        if isinstance(one, CodeType):
            same = is_same(one, other)
        elif isinstance(one, tuple):
            same = _are_same(one, other)
        else:
            same = one == other and (isinstance(one, frozenset) or repr(one) == repr(other))
        if not same:
            return False
    return True
