"""Generators, coroutines and async generators that have not begun, or have ended.

Takes apart: the function and its arguments. Travels as: wire.generator, wire.ended_generator.
Keeps: arguments, closure, name. Loses: the code of one that has ended.

One that has begun is refused: its place in the code and what lies on its stack cannot be put back.

1. One that has not begun is made again by calling its function, which runs none of its code.
2. gc shows what a generator refers to in order: ... function, code, local variables (frame traversal in
   Python/frame.c, 3.11 to 3.15). The first variables are the parameters, and all of them are bound.
   A frame's `f_locals` would say the same, but up to 3.12 looking there keeps the arguments alive.
3. Where a coroutine leads back to itself, pickle makes it twice over there and drops one of the two.
   That would warn of a coroutine that was never awaited, so both come out of the same box.
"""

from __future__ import annotations

import gc
from collections.abc import AsyncGenerator, Generator
from dis import opmap
from inspect import CO_VARARGS, CO_VARKEYWORDS
from itertools import pairwise
from types import CodeType, FunctionType
from typing import Any

from pickleloaf._compat import EXPRESSIONS_ITERATE
from pickleloaf.errors import EncodeError
from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb

#: By type: prefix of its attributes, and what to send instead of one that has begun.
_KINDS = {
    "generator": ("gi", "dump it before its first next(), or send list(it): what is still to come"),
    "coroutine": ("cr", "dump it before it is first awaited, or send its function and arguments"),
    "async_generator": ("ag", "dump it before its first anext(), or send a list of what is still to come"),
}


def reduce_generator(generator: Any, dump: Dump) -> Any:
    kind = type(generator).__name__
    prefix, hint = _KINDS[kind]
    frame, code, running = (getattr(generator, f"{prefix}_{name}") for name in ("frame", "code", "running"))
    names = (generator.__name__, generator.__qualname__)
    if frame is None:
        return rebuild_ended_generator, (kind, *names)
    if running or not _is_unstarted(code, frame.f_lasti):
        msg = f"cannot pickle {kind.replace('_', ' ')} {generator.__qualname__}: it has begun"
        raise EncodeError(msg, hint=hint)
    function, values = _parts(generator, code)
    box = dump.boxes.setdefault(id(generator), []) if kind == "coroutine" else None
    own = None if names == (code.co_name, code.co_qualname) else names
    return rebuild_generator, (function, *_arguments(code, values), own, box)


def _is_unstarted(code: CodeType, last: int) -> bool:
    """Tell whether the last instruction, or from 3.13 on the one before, is the one that makes generators."""
    return opmap["RETURN_GENERATOR"] in (code.co_code[last], code.co_code[last - 2])


def _parts(generator: Any, code: CodeType) -> tuple[FunctionType, list[Any]]:
    """Return the function that made a generator, and the values of its local variables."""
    referents = gc.get_referents(generator)
    for at, (function, after) in enumerate(pairwise(referents)):
        if type(function) is FunctionType and after is code is function.__code__:
            return function, referents[at + 2 :]
    msg = f"cannot pickle {type(generator).__name__} {generator.__qualname__}: its function has other code by now"
    raise EncodeError(msg, hint="make it anew from the function")


def _arguments(code: CodeType, values: list[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Sort the parameters, which come first among the local variables, for a call."""
    bound = [
        (name, value.cell_contents if name in code.co_cellvars else value)  # an inner function uses it
        for name, value in zip(code.co_varnames, values, strict=False)
    ]
    rest = code.co_argcount + code.co_kwonlyargcount
    positional = tuple(value for _, value in bound[: code.co_argcount])
    keywords = dict(bound[code.co_argcount : rest])
    if code.co_flags & CO_VARARGS:
        positional += bound[rest][1]
        rest += 1
    if code.co_flags & CO_VARKEYWORDS:
        keywords |= bound[rest][1]
    return positional, keywords


@verb
def rebuild_generator(
    function: FunctionType,
    arguments: tuple[Any, ...],
    keywords: dict[str, Any],
    names: tuple[str, str] | None,
    box: list[Any] | None,
) -> Any:
    """Make a generator, coroutine or async generator by a call, unless the box already has it."""
    if box:
        return box[0]
    if function.__code__.co_name == "<genexpr>":
        arguments = (_source(arguments[0]),)
    made = function(*arguments, **keywords)
    if names is not None:
        made.__name__, made.__qualname__ = names
    if box is not None:
        box.append(made)
    return made


def _source(given: Any) -> Any:
    """Return what the code of a generator expression can be given on this Python.

    Up to 3.14 that has to be an iterator, which it takes without a look: anything else ends with a crash.
    """
    kind = type(given)
    is_iterator = hasattr(kind, "__next__") or hasattr(kind, "__anext__")
    if EXPRESSIONS_ITERATE:
        bare = is_iterator and not (hasattr(kind, "__iter__") or hasattr(kind, "__aiter__"))
        return iter(given.__next__, object()) if bare else given
    if is_iterator:
        return given
    return iter(given) if hasattr(kind, "__iter__") else aiter(given)


@verb
def rebuild_ended_generator(kind: str, name: str, qualname: str) -> Any:
    made: Any = _EMPTY[kind]()
    made.__name__, made.__qualname__ = name, qualname
    if kind == "async_generator":
        try:
            made.aclose().send(None)
        except StopIteration:
            pass
    else:
        made.close()
    return made


def _generator() -> Generator[None]:
    yield


async def _coroutine() -> None: ...


async def _async_generator() -> AsyncGenerator[None]:
    yield


_EMPTY = {"generator": _generator, "coroutine": _coroutine, "async_generator": _async_generator}
