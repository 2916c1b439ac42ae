"""Generators, coroutines and async generators that have not begun, or have ended.

Takes apart: the function and its arguments. Travels as: wire.generator; wire.ended_generator.
Keeps: arguments, closure, name. Loses: of ended ones, the code.

What has begun is refused: its place in the code and what lies on its stack cannot be put back.

1. One that has not begun is made again by calling its function, which runs none of its code.
2. gc shows what a frame refers to in order: function, code, then the local variables. The first of
   these are the parameters, and all of them are bound (frame traversal in Python/frame.c, 3.11 to 3.15).
   That asks no frame for its `f_locals`, which would keep the arguments alive.
3. A coroutine that is dropped without having been awaited gives a warning. Where it refers back to itself
   pickle makes one twice and drops the second, so both are told to be the same one, through a box."""

from __future__ import annotations

import gc
import inspect
from dis import opmap
from types import CellType, CodeType, FunctionType
from typing import Any

from pickleloaf.errors import EncodeError
from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb

#: Prefix of the attributes, and kind, by type.
_KINDS = {"generator": "gi", "coroutine": "cr", "async_generator": "ag"}


def reduce_generator(generator: Any, dump: Dump) -> Any:
    kind = type(generator).__name__
    frame, code, running = (getattr(generator, f"{_KINDS[kind]}_{name}") for name in ("frame", "code", "running"))
    names = (generator.__name__, generator.__qualname__)
    if frame is None:
        return rebuild_ended_generator, (kind, *names)
    if running or not _is_unstarted(code, frame.f_lasti):
        msg = f"cannot pickle {kind.replace('_', ' ')} {generator.__qualname__}: it has begun"
        raise EncodeError(msg, hint=_HINTS[kind])
    function, arguments, keywords = _call_of(generator, code)
    parts = (function, arguments, keywords) if keywords else (function, arguments)
    ...
