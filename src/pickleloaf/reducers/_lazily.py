"""What type parameters and type aliases evaluate when they are asked (PEP 695 and 696).

The bound of ``class Box[T: Crate]`` is a function that runs when ``T.__bound__`` is first read. That
function travels, unevaluated. The constructors of `typing` take no such function; the interpreter makes
these objects by instructions of its own, so `intrinsic` makes functions of these instructions.
"""

from __future__ import annotations

import gc
import opcode
import typing
from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any

from pickleloaf._compat import HAS_LAZY_ANNOTATIONS

__all__ = ["evaluators", "intrinsic"]

_LAZY = tuple(
    getattr(typing, name)
    for name in ("TypeVar", "ParamSpec", "TypeVarTuple", "TypeAliasType")
    if hasattr(typing, name)
)


def evaluators(obj: Any) -> dict[str, FunctionType]:
    """Return the functions behind ``bound``, ``constraints``, ``default`` and ``value`` of an object."""
    if not isinstance(obj, _LAZY):
        return {}
    if HAS_LAZY_ANNOTATIONS:
        found = {
            kind: getattr(obj, f"evaluate_{kind}", None)
            for kind in ("bound", "constraints", "default", "value")
        }
        return {kind: function for kind, function in found.items() if type(function) is FunctionType}
    functions = [each for each in gc.get_referents(obj) if type(each) is FunctionType]  # in this order, too
    if not isinstance(obj, typing.TypeVar | typing.ParamSpec | typing.TypeVarTuple):
        return {"value": functions[-1]} if functions else {}
    if obj.__module__ != "typing":  # made by a call
        return {}
    has_default = hasattr(obj, "has_default") and obj.has_default()
    kinds = ["default"] if has_default else []
    if len(functions) > len(kinds):
        kinds.insert(0, "constraints" if _returns_tuple(functions[0]) else "bound")
    return dict(zip(kinds, functions, strict=True))


def _returns_tuple(function: FunctionType) -> bool:
    import dis

    *_, before, last = dis.get_instructions(function)
    return (
        before.opname == "BUILD_TUPLE" or isinstance(before.argval, tuple) or isinstance(last.argval, tuple)
    )


@cache
def intrinsic(name: str) -> Callable[..., Any]:
    """Return a function that does what one instruction of the interpreter does with its arguments.

    Raises:
        LookupError: this Python has no such instruction.
    """
    import dis

    name = f"INTRINSIC_{name}"
    template: Any
    if name in opcode._intrinsic_1_descs:  # type: ignore[attr-defined]
        template, instruction = lambda a: -a, "CALL_INTRINSIC_1"
        number = opcode._intrinsic_1_descs.index(name)  # type: ignore[attr-defined]
    elif name in opcode._intrinsic_2_descs:  # type: ignore[attr-defined]
        template, instruction = lambda a, b: a @ b, "CALL_INTRINSIC_2"
        number = opcode._intrinsic_2_descs.index(name)  # type: ignore[attr-defined]
    else:
        raise LookupError(name)
    # The operator has as many operands; what the compiler puts around it stays as it is.
    *_, operator, end = dis.get_instructions(template)
    code = bytearray(template.__code__.co_code)
    room = (end.offset - operator.offset) // 2
    code[operator.offset : end.offset] = bytes(
        [dis.opmap[instruction], number, *[dis.opmap["NOP"], 0] * (room - 1)]
    )
    return FunctionType(template.__code__.replace(co_code=bytes(code)), {})
