"""What the source of a module says that it holds, whatever has been done to it since.

An imported module keeps its loader, and the loader gives the module's compiled code again, without
running anything. That code tells which names the module binds, and holds the code of every function and
class body in it (see bindings).

What it does not tell, and so is never concluded from it:

1. what a decorator made of a function; only that the function below it is the same;
2. names that are bound on a condition, twice, by ``import *``, by ``global`` or through ``globals()``;
3. anything about extension modules, which have no code, and modules whose loader is gone;
4. whether a difference is the user's doing or that of a library that patches another on import.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib.machinery import SourceFileLoader
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

from pickleloaf._digests import blake2b
from pickleloaf.inspecting.anatomy import inner

__all__ = [
    "MISSING",
    "Description",
    "compiled",
    "definition",
    "describe",
    "describe_written",
    "digest",
    "file_of",
    "inner_code",
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
    spec: Any = getattr(module, "__spec__", None)
    loader = getattr(spec, "loader", None)
    if loader is None or not hasattr(loader, "get_code"):
        return None
    try:
        return _compiled(spec.name, loader)
    except TypeError:  # a loader that cannot be hashed
        return None


def file_of(module: ModuleType | None) -> CodeType | None:
    """Return the compiled file of a module of which the loader makes something else, as pytest's does.

    It tells what the module imports, but not what its functions are.
    """
    spec: Any = getattr(module, "__spec__", None)
    origin = getattr(spec, "origin", None)
    return _compiled(spec.name, SourceFileLoader(spec.name, origin)) if type(origin) is str else None


def definition(module: str, qualname: str) -> CodeType | None:
    """Return the code of a function or class body as a module's source has it, if it has exactly one."""
    top = compiled(sys.modules.get(module))
    if top is None:
        return None
    found = [code for code in inner_code(top) if code.co_qualname == qualname]
    return found[0] if len(found) == 1 else None


@lru_cache(maxsize=256)
def inner_code(code: CodeType) -> list[CodeType]:
    """Return a code object and all code nested in it."""
    queue = [code]
    for each in queue:
        queue.extend(constant for constant in each.co_consts if isinstance(constant, CodeType))
    return queue[1:]


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


def describe(value: Any, module: str, qualname: str) -> Description:
    """Describe the value that a module has under a qualified name.

    Raises:
        Nothing: what cannot be found out is None.
    """
    value = inner(value)
    live = None
    cls = type(value)
    if cls is FunctionType:
        kind, live = FUNCTION, digest(value.__code__)
    elif issubclass(cls, type):
        kind = CLASS
    elif issubclass(cls, property):
        kind = PROPERTY
        live = digest(value.fget.__code__) if type(value.fget) is FunctionType else None
    elif issubclass(cls, ModuleType):
        kind = MODULE
    else:
        kind = BUILTIN if type(value) is type(len) else OTHER
    return Description(kind, live, *describe_written(module, qualname)[2:])


#: Set for functions, not for the bodies of classes and modules: inspect.CO_OPTIMIZED.
_OPTIMIZED = 1


def describe_written(module: str, qualname: str, *, as_it_is: bool = False) -> Description:
    """Describe a value by the source of its module alone.

    Args:
        module: the module.
        qualname: the value's name in it.
        as_it_is: whether the source says all there is about it: no decorator makes it something else.
    """
    code = definition(module, qualname)
    python = sys.implementation.cache_tag or ""
    if code is None:
        return Description(None, None, None, python)
    written = digest(code)
    if not as_it_is:
        return Description(None, None, written, python)
    if code.co_flags & _OPTIMIZED:
        return Description(FUNCTION, written, written, python)
    return Description(CLASS, None, written, python)
