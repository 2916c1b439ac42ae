"""Structs of msgspec that travel by value.

Takes apart: nothing. Travels as: nothing; the error says what to do instead. Those that can be imported go by name.
Keeps: nothing. Loses: nothing, since nothing arrives that would be less than it was.

A struct does not show what its class statement said: its metaclass takes the defaults out of the body, and makes slots
that it would not accept in one.
"""

from __future__ import annotations

from typing import Any

from pickleloaf.errors import EncodeError
from pickleloaf.reducers._dump import Dump


def reduce_struct(struct: Any, dump: Dump) -> Any:
    if dump.policy.by_reference(struct):
        return NotImplemented
    msg = f"cannot pickle struct {struct.__qualname__} of msgspec: it does not show how it was defined"
    raise EncodeError(
        msg, hint="define it in a module that can be imported where it arrives, or as a dataclass"
    )
