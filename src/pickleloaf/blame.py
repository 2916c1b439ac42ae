"""Which function or class of a payload wanted what this process does not have.

Reads the opcodes up to the first name that is missing, keeping a model of the unpickler's stack: strings,
names, and what would be made of them. Nothing is imported, called or built. What stands on the stack at
that point is what was being made.
"""

from __future__ import annotations

import pickletools
from typing import Any

from pickleloaf.code.codec import decode
from pickleloaf.errors import DecodeError

__all__ = ["wanted_by"]

_MARK = object()


class _Made:
    """Something the payload would make: a name or the result of a call."""

    def __init__(self, name: str, parts: list[Any]) -> None:
        self.name = name
        self.parts = parts


def wanted_by(data: bytes, missing: str) -> list[str]:
    """Return the names of the functions and classes that were being made when a name was missing.

    Args:
        data: the payload.
        missing: the module, or the attribute of a module, that could not be found.
    """
    try:
        stack = _stack_at(bytes(data), missing)
    except Exception:  # noqa: BLE001 - a damaged payload has no more to tell; the first error stands
        return []
    names = []
    for position, item in enumerate(stack):
        name = _name(item, stack[position + 1 :])
        if name and name not in names:
            names.append(name)
    return names[::-1]


def _stack_at(data: bytes, missing: str) -> list[Any]:
    stack: list[Any] = []
    memo: list[Any] = []
    argument: Any
    for opcode, argument, _ in pickletools.genops(data):
        name = opcode.name
        if name == "MEMOIZE":
            memo.append(stack[-1])
        elif name in {"BINGET", "LONG_BINGET", "GET"}:
            stack.append(memo[int(argument)])
        elif name in {"BINPUT", "LONG_BINPUT", "PUT"}:
            memo[int(argument) :] = [stack[-1]]
        elif name == "MARK":
            stack.append(_MARK)
        elif name in {"STACK_GLOBAL", "GLOBAL"}:
            parts = argument.split(" ") if name == "GLOBAL" else [stack.pop(), stack.pop()][::-1]
            if missing in parts or parts[0].startswith(missing + "."):
                return stack
            stack.append(_Made(".".join(parts), parts))
        else:
            taken = _take(stack, opcode)
            if name == "REDUCE" and missing in _flat(taken):
                return stack
            if opcode.stack_after:
                stack.append(_result(name, argument, taken))
    return []


def _take(stack: list[Any], opcode: Any) -> list[Any]:
    """Remove what an opcode takes from the stack, and return it."""
    if pickletools.markobject in opcode.stack_before:
        at = len(stack) - 1 - stack[::-1].index(_MARK)
        taken = stack[at + 1 :]
        del stack[at:]
        if opcode.stack_before[0] is not pickletools.markobject:
            taken.insert(0, stack.pop())
        return taken
    count = len(opcode.stack_before)
    taken = stack[len(stack) - count :] if count else []
    del stack[len(stack) - count :]
    return taken


def _result(name: str, argument: Any, taken: list[Any]) -> Any:
    if not taken:
        return argument
    if name in {"REDUCE", "NEWOBJ", "NEWOBJ_EX"} and isinstance(taken[0], _Made):
        return _Made(taken[0].name, _flat(taken[1:]))
    return taken[0] if name in {"BUILD", "APPEND", "APPENDS", "SETITEM", "SETITEMS", "ADDITEMS"} else taken


def _flat(parts: list[Any]) -> list[Any]:
    return [each for part in parts for each in (part if isinstance(part, list) else [part])]


def _name(item: Any, above: list[Any]) -> str:
    """Name a function that has been made, or a class whose arguments are being made."""
    if not isinstance(item, _Made):
        return ""
    if item.name == "pickleloaf.wire.function" and isinstance(item.parts[0], bytes):
        try:
            return decode(item.parts[0]).co_qualname
        except DecodeError:
            return ""
    if item.name == "pickleloaf.wire.class_":
        strings = [part for part in above if isinstance(part, str)]
        return strings[0] if strings else ""
    return ""
