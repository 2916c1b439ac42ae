"""Sets in a fixed order, in the definition of a class of which a digest is made.

A set is written in the order of its hashes, which for strings is another one in every process. The opcodes of
a definition that may hold a set are read once more, and the elements of each set are put in order.

1. Only sets whose elements are all atoms have an order that does not depend on the process; other sets
   stay as they are.
2. Elements are ordered by the kind of their opcode, then by its bytes; one that refers to the memo counts
   as the string that it refers to.
3. The memo is numbered anew, and the payload is written without frames, which are optional.
"""

from __future__ import annotations

import itertools
import pickle
import pickletools
from typing import Any, NamedTuple

__all__ = ["settle_sets"]

_ATOMS = frozenset(
    "NONE NEWTRUE NEWFALSE BININT BININT1 BININT2 LONG1 BINFLOAT SHORT_BINUNICODE BINUNICODE "
    "SHORT_BINBYTES BINBYTES BINGET LONG_BINGET".split()
)


#: Without these bytes, a payload holds no set with elements.
_ADDITEMS, _FROZENSET = pickle.ADDITEMS, pickle.FROZENSET


class _Op(NamedTuple):
    """One opcode: its name, its bytes, and the number in the memo that it gives or gets."""

    name: str
    data: bytes
    memo: int = -1


def settle_sets(payload: bytes) -> bytes:
    """Return a payload of protocol 4 or 5 with the elements of its sets in order."""
    if _ADDITEMS not in payload and _FROZENSET not in payload:
        return payload
    ops = _read(payload)
    texts = {op.memo: before for before, op in itertools.pairwise(ops) if op.name == "MEMOIZE"}
    marks: list[int] = []
    at = 0
    while at < len(ops):
        name = ops[at].name
        if name == "MARK":
            marks.append(at)
        elif name in {"ADDITEMS", "FROZENSET"}:
            start = marks.pop() + 1
            ops[start:at] = _in_order(ops[start:at], texts)
        elif name in _TAKES_MARK:
            marks.pop()
        at += 1
    return _write(ops)


def _read(payload: bytes) -> list[_Op]:
    ops: list[_Op] = []
    stored = 0
    found: list[tuple[Any, Any, Any]] = list(pickletools.genops(payload))
    ends = [at for _, _, at in found[1:]] + [len(payload)]
    for (opcode, argument, at), end in zip(found, ends, strict=True):
        if opcode.name == "FRAME":
            continue
        memo = -1
        if opcode.name == "MEMOIZE":
            memo, stored = stored, stored + 1
        elif opcode.name in {"BINGET", "LONG_BINGET"}:
            memo = int(argument)
        ops.append(_Op(opcode.name, payload[at:end], memo))
    return ops


_TAKES_MARK = frozenset(
    opcode.name for opcode in pickletools.opcodes if pickletools.markobject in opcode.stack_before
) - {"ADDITEMS", "FROZENSET"}


def _in_order(ops: list[_Op], texts: dict[int, _Op]) -> list[_Op]:
    """Put the elements of a set in order, if all of them are atoms."""
    elements: list[list[_Op]] = []
    for op in ops:
        if op.name == "MEMOIZE" and elements:
            elements[-1].append(op)
        elif op.name in _ATOMS:
            elements.append([op])
        else:
            return ops
    if any(element[0].memo >= 0 and element[0].memo not in texts for element in elements):
        return ops

    def key(element: list[_Op]) -> tuple[str, bytes]:
        first = texts[element[0].memo] if element[0].memo >= 0 else element[0]
        return first.name, first.data

    return [op for element in sorted(elements, key=key) for op in element]


def _write(ops: list[_Op]) -> bytes:
    numbers: dict[int, int] = {}
    out = bytearray()
    for op in ops:
        if op.name == "MEMOIZE":
            numbers[op.memo] = len(numbers)
        if op.name in {"BINGET", "LONG_BINGET"}:
            number = numbers[op.memo]
            out += (
                pickle.BINGET + bytes([number])
                if number < 256
                else pickle.LONG_BINGET + number.to_bytes(4, "little")
            )
        else:
            out += op.data
    return bytes(out)
