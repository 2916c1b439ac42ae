"""How the source of a module binds its names, read off its compiled code (see pristine).

Of a name that is bound once, on no condition, it is known whether a plain function or class statement
binds it, or an import, or which constant it gets. Of over 17,000 such definitions and 20,000 such constants
in the standard library and a dozen packages, on 3.11 to 3.13, all were live as written, but for six on 3.11
that other libraries replace when they are imported.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable
from functools import lru_cache
from types import CodeType
from typing import Any, NamedTuple

from pickleloaf.patching.source import MISSING, compiled, definition, file_of, inner_code

__all__ = ["Binding", "assigns", "binding", "constants", "defined_names"]


class Binding(NamedTuple):
    """How the source of a module or a class body binds a name.

    Attributes:
        source: (level, module, name) where an import binds it, else None.
        is_definition: whether a function or class statement without decorators binds it, on no condition.
        times: how often it is bound or deleted.
        constant: the constant that it is bound to on no condition, or for a definition the defaults of the
            function, or None; MISSING where the source does not spell it.
    """

    source: tuple[int, str, str] | None
    is_definition: bool
    times: int
    constant: Any


def binding(module: str, path: str, name: str) -> Binding | None:
    """Return how a module, or a class in it, binds a name; None when it does not or that is not known."""
    live = sys.modules.get(module)
    code = definition(module, path) if path else compiled(live) or file_of(live)
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
            found["*"] = Binding((*imported, "*"), is_definition=False, times=1, constant=MISSING)
        if each.opname in {"STORE_NAME", "STORE_GLOBAL", "DELETE_NAME"}:
            known = found.get(each.argval)
            source = (*imported, steps[index - 1].argval) if before == "IMPORT_FROM" else None
            always = each.opname != "DELETE_NAME" and not conditional(each.offset)
            defines = always and _is_definition(steps, index)
            constant = _constant_of(steps, index, defines=defines) if always else MISSING
            found[each.argval] = Binding(source, defines, 1 + (known.times if known else 0), constant)
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


def _constant_of(steps: list[dis.Instruction], index: int, *, defines: bool) -> Any:
    """Return what a STORE_NAME binds a name to, or the defaults of the function that it binds."""
    before = steps[index - 1]
    if not defines:
        return before.argval if before.opname in {"LOAD_CONST", "LOAD_SMALL_INT"} else MISSING
    if before.opname == "MAKE_FUNCTION":
        made, has_defaults = index - 1, before.arg == 1
        if before.arg and not has_defaults:
            return MISSING
    elif (
        before.opname == "SET_FUNCTION_ATTRIBUTE"
        and before.arg == 1
        and steps[index - 2].opname == "MAKE_FUNCTION"
    ):
        made, has_defaults = index - 2, True
    else:
        return MISSING
    if not has_defaults:
        return None
    defaults = steps[made - 2]
    return defaults.argval if defaults.opname == "LOAD_CONST" and type(defaults.argval) is tuple else MISSING


def _imports_all(step: dis.Instruction) -> bool:
    return step.opname == "IMPORT_STAR" or (step.opname == "CALL_INTRINSIC_1" and "STAR" in step.argrepr)


def _conditional(code: CodeType, steps: list[dis.Instruction]) -> Callable[[int], bool]:
    """Return what tells whether the instruction at an offset may be jumped over, repeated or left by an error.

    One that is jumped to is as well: it stores what one of several has left, as in ``x = y or 2``.
    """
    jumps = [(each.offset, each.argval) for each in steps if each.opcode in _JUMPS]
    ranges = [tuple(sorted(jump)) for jump in jumps]
    for entry in dis._parse_exception_table(code):  # type: ignore[attr-defined]
        # The handler stands at the end of the code, and jumps back over what an error leaves out.
        returns = [to for at, to in jumps if at >= entry.target > to]
        ranges.append((entry.start - 1, max([entry.end, *returns])))
    targets = {to for _, to in jumps}
    return lambda offset: offset in targets or any(start < offset < end for start, end in ranges)


_JUMPS = frozenset([*dis.hasjrel, *dis.hasjabs])


def constants(module: str, path: str) -> dict[str, tuple[Any, bool]]:
    """Return the names that a module or class binds once and plainly, as (constant, whether it is of defaults)."""
    code = definition(module, path) if path else compiled(sys.modules.get(module))
    found = {} if code is None else _bindings(code)
    return {
        name: (each.constant, each.is_definition)
        for name, each in found.items()
        if each.times == 1 and each.constant is not MISSING and "*" not in found
    }


def assigns(module: str, name: str) -> bool:
    """Tell whether any code of a module assigns to an attribute or a global of this name, as far as is seen."""
    code = compiled(sys.modules.get(module))
    return code is None or name in _assigned(code)


@lru_cache(maxsize=64)
def _assigned(code: CodeType) -> frozenset[str]:
    found: set[str] = set()
    for each in [code, *inner_code(code)]:
        found.update(constant for constant in each.co_consts if isinstance(constant, str))  # for setattr
        found.update(step.argval for step in dis.get_instructions(each) if step.opname in _ASSIGNMENTS)
    return frozenset(found)


_ASSIGNMENTS = frozenset("STORE_ATTR DELETE_ATTR STORE_GLOBAL DELETE_GLOBAL".split())
