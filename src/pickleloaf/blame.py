"""Which function or class of a payload wanted what this process does not have.

Reads the opcodes up to the first name that is missing, keeping a model of the unpickler's stack: strings,
names, and what would be made of them. Nothing is imported, called or built. What stands on the stack at
that point is what was being made.
"""

from __future__ import annotations

import pickletools
from itertools import islice
from typing import Any

from pickleloaf.code.codec import decode
from pickleloaf.errors import DecodeError

__all__ = ["wanted_by"]

#: Limits of what is read to explain an error, which takes less than a second.
_BYTES = 1 << 26
_OPCODES = 1_000_000
#: Arguments of a call that are looked at: those that name something come first.
_FEW = 8
#: Names in a text.
_MOST = 10


class _Made:
    """Something the payload would make: a name or the result of a call."""

    def __init__(self, name: str, parts: list[Any]) -> None:
        self.name = name
        self.parts = parts


def wanted_by(data: Any, missing: str) -> list[str]:
    """Return the names of the functions and classes that were being made when a name was missing, innermost first.

    Args:
        data: the payload; of a large one, no more than its beginning is read.
        missing: the module, or the attribute of a module, that could not be found.
    """
    try:
        stack = _stack_at(bytes(memoryview(data).cast("B")[:_BYTES]), missing)
    except Exception:  # noqa: BLE001 - a damaged payload has no more to tell; the first error stands
        return []
    names: dict[str, None] = {}
    for position in range(len(stack) - 1, -1, -1):
        if name := _name(stack[position], stack, position):
            names[name] = None
            if len(names) > _MOST:
                return [*list(names)[:_MOST], "others"]
    return [*names]


def _stack_at(data: bytes, missing: str) -> list[Any]:
    """Return the unpickler's stack, without marks, at the point where a name is missing; empty beyond the budget."""
    stack: list[Any] = []
    marks: list[int] = []
    memo: dict[int, Any] = {}
    argument: Any
    for opcode, argument, _ in islice(pickletools.genops(data), _OPCODES):
        name = opcode.name
        if name == "MEMOIZE":
            memo[len(memo)] = stack[-1]
        elif name in {"BINGET", "LONG_BINGET", "GET"}:
            stack.append(memo[int(argument)])
        elif name in {"BINPUT", "LONG_BINPUT", "PUT"}:
            memo[int(argument)] = stack[-1]
        elif name == "MARK":
            marks.append(len(stack))
        elif name in {"STACK_GLOBAL", "GLOBAL"}:
            parts = argument.split(" ") if name == "GLOBAL" else [stack.pop(), stack.pop()][::-1]
            if missing in parts or parts[0].startswith(missing + "."):
                return stack
            stack.append(_Made(".".join(parts), parts))
        else:
            taken = _take(stack, marks, opcode)
            if name == "REDUCE" and missing in _flat(taken):
                return stack
            if opcode.stack_after:
                stack.append(_result(name, argument, taken))
    return []


def _take(stack: list[Any], marks: list[int], opcode: Any) -> list[Any]:
    """Remove what an opcode takes from the stack, and return it."""
    if pickletools.markobject in opcode.stack_before:
        count = len(stack) - marks.pop() + (opcode.stack_before[0] is not pickletools.markobject)
    else:
        count = len(opcode.stack_before)
    taken = stack[len(stack) - count :]
    del stack[len(stack) - count :]
    return taken


def _result(name: str, argument: Any, taken: list[Any]) -> Any:
    if not taken:
        return argument
    if name in {"REDUCE", "NEWOBJ", "NEWOBJ_EX"} and isinstance(taken[0], _Made):
        return _Made(taken[0].name, _flat(taken[1:]))
    return taken[0] if name in {"BUILD", "APPEND", "APPENDS", "SETITEM", "SETITEMS", "ADDITEMS"} else taken


def _flat(parts: list[Any]) -> list[Any]:
    return [each for part in parts for each in (part[:_FEW] if isinstance(part, list) else [part])]


def _name(item: Any, stack: list[Any], position: int) -> str:
    """Name a function that has been made, or a class whose arguments, above it on the stack, are being made."""
    if not isinstance(item, _Made):
        return ""
    if item.name == "pickleloaf.wire.function" and isinstance(item.parts[0], bytes):
        try:
            return decode(item.parts[0]).co_qualname
        except DecodeError:
            return ""
    if item.name == "pickleloaf.wire.class_":
        return next((stack[at] for at in range(position + 1, len(stack)) if isinstance(stack[at], str)), "")
    return ""
