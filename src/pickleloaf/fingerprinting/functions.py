"""What functions consist of: what their source says, and every value that it reaches.

1. Globals are those that the code and all code nested in it uses (inspecting/names.py).
2. Of a module whose code counts, only the attributes count that are read straight off its name; all of
   it where the module is used in another way.
3. What the body imports counts as if it were a global, so modules whose code counts are imported now.
4. Where a function's code is kept does not count: neither its module nor its file.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

from pickleloaf.code.codec import facts_of
from pickleloaf.code.syntax import syntax_of
from pickleloaf.fingerprinting.graph import Parts
from pickleloaf.fingerprinting.objects import OF_THE_PLACE, Reader, mapping, named
from pickleloaf.inspecting.anatomy import NOTHING, cells_of, contents_of
from pickleloaf.inspecting.holders import module_of
from pickleloaf.inspecting.names import Names
from pickleloaf.reducers._named import by_name


def function_parts(function: FunctionType, reader: Reader) -> Parts:
    if reader.goes_by_name(function):
        return named(function.__module__, function.__qualname__)
    code = function.__code__
    cells = cells_of(function)
    home = _home(function, reader)
    if home is not None:
        # Another Python may have another source for it, but not another meaning.
        if (home, code.co_qualname) == ("functools", "singledispatch.<locals>.wrapper"):
            return Parts(b"generic", (mapping(function.registry.items()),))  # type: ignore[attr-defined]
        what, used = (b"of", home, code.co_qualname), {}
        closure: list[Any] = list(cells.values())
    else:
        what, order = _code(code, reader)
        names = facts_of(code).names
        used = dict(_used(function, names, reader))
        closure = [_free(name, cells[name], names, reader) for name in order]
    parts = (function.__kwdefaults__, used, function.__dict__)
    mappings = [mapping(part.items()) if part else None for part in parts]
    members = (function.__name__, *what, len(closure), *closure, function.__defaults__, *mappings)
    return Parts(b"function", members)


def _home(function: FunctionType, reader: Reader) -> str | None:
    """Return the name of the module that made a function, where that counts by its name."""
    scope = function.__globals__
    name = scope.get("__name__")
    is_home = type(name) is str and module_of(scope, name) is not None
    return name if is_home and not reader.follows(name) else None


def code_parts(code: CodeType, reader: Reader) -> Parts:
    return Parts(b"code", _code(code, reader)[0])


def _code(code: CodeType, reader: Reader) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    """Return what a code object says, and the order in which that has its free variables."""
    syntax = syntax_of(code)
    if syntax is not None:
        return (b"syntax", syntax.digest), syntax.free
    return (_bytecode(code, reader.tie()),), code.co_freevars


def _bytecode(code: CodeType, python: str) -> Parts:
    numbers = (code.co_flags, code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount)
    names = (code.co_names, code.co_varnames, code.co_cellvars, code.co_freevars)
    constants = [_bytecode(each, python) if isinstance(each, CodeType) else each for each in code.co_consts]
    data = (code.co_code, code.co_exceptiontable)
    return Parts(b"bytecode", (python, *numbers, *names, *data, Parts(b"constants", constants)))


def cell_parts(cell: CellType, reader: Reader) -> Parts:
    contents = contents_of(cell)
    return Parts(b"empty cell") if contents is NOTHING else Parts(b"cell", (contents,))


def _free(name: str, cell: CellType, names: Names, reader: Reader) -> Any:
    """Return a free variable, or of a module in it what is used."""
    attributes = _attributes(name, contents_of(cell), names, reader)
    return mapping(attributes) if attributes else cell


def _attributes(name: str, value: Any, names: Names, reader: Reader) -> list[tuple[str, Any]]:
    """Return the attributes that code reads straight off a name, where that is a module whose code counts."""
    if not _is_followed(value, reader):
        return []
    return [_along(name, value, rest, reader) for first, *rest in names.chains if first == name]


def _used(function: FunctionType, names: Names, reader: Reader) -> Iterator[tuple[str, Any]]:
    """Yield the values that the code of a function finds outside itself, by what it calls them."""
    scope = function.__globals__
    for name in names.globals:
        if name in scope and name not in OF_THE_PLACE:
            value = scope[name]
            attributes = _attributes(name, value, names, reader)
            yield from attributes or [(name, by_name(value, name, scope, reader.dump, with_state=False))]
    for level, name, wanted in names.imports:
        relative = "." * level + name
        try:
            module = importlib.util.resolve_name(relative, scope.get("__package__"))
        except ImportError:  # there is no package that it could be relative to
            yield relative, None
        else:
            yield from _imported(module, wanted, reader)


def _is_followed(value: Any, reader: Reader) -> bool:
    return isinstance(value, ModuleType) and reader.follows(value.__name__)


def _along(path: str, value: Any, attributes: list[str], reader: Reader) -> tuple[str, Any]:
    """Follow attributes of modules whose code counts; return how far that went, and what is there."""
    for name in attributes:
        if not _is_followed(value, reader) or name not in value.__dict__:
            break
        path, value = f"{path}.{name}", value.__dict__[name]
    return path, value


def _imported(module: str, wanted: tuple[str, ...], reader: Reader) -> Iterator[tuple[str, Any]]:
    """Yield what an import statement in the body of a function gives."""
    found = _load(module, reader)
    for name in wanted:
        value = getattr(found, name, None) if found is not None else None
        yield f"{module}:{name}", _load(f"{module}.{name}", reader) if value is None else value
    if not wanted:
        yield module, found


def _load(module: str, reader: Reader) -> ModuleType | None:
    """Return a module that is imported or whose code counts; None for one that cannot be had."""
    top = module.partition(".")[0]
    if module not in sys.modules and (top in sys.modules and not reader.follows(top)):
        return None
    try:
        return importlib.import_module(module)
    except ImportError:
        return None
