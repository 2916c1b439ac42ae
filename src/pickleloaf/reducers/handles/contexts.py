"""What holds in one context or one thread: context variables, contexts, ``threading.local``.

Takes apart: name, default and value of a variable; the pairs of a context; the values of this thread.
Travels as: wire.variable, wire.fill_variable, wire.context, wire.fill_context, wire.local;
wire.attribute for a variable that a module holds; wire.decimal_variable.
Keeps: the value where it is set in the context that dumps; it is set in the one that loads.
Loses: the values of other threads and contexts, and that a variable is the same in two payloads.
"""

from __future__ import annotations

import gc
import sys
import threading
from contextvars import Context, ContextVar, copy_context
from typing import Any

from pickleloaf import wire
from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers.handles._parts import home_of, slots_of
from pickleloaf.wire import verb


def reduce_variable(variable: ContextVar[Any], dump: Dump) -> Any:
    home = home_of(variable, dump)
    if home is not None:
        return wire.attribute, home
    if "decimal" in sys.modules and variable is rebuild_decimal_variable():
        return rebuild_decimal_variable, ()
    default = Context().run(_value, variable)
    value = _value(variable) if variable in copy_context() else ()
    return rebuild_variable, (variable.name, *default), value or None, None, None, fill_variable


def _value(variable: ContextVar[Any]) -> tuple[Any, ...]:
    """Return a tuple of the value, empty where there is none."""
    try:
        return (variable.get(),)
    except LookupError:
        return ()


@verb
def rebuild_variable(name: str, *default: Any) -> ContextVar[Any]:
    return ContextVar(name, default=default[0]) if default else ContextVar(name)


@verb
def fill_variable(variable: ContextVar[Any], value: tuple[Any]) -> None:
    variable.set(value[0])


@verb
def rebuild_decimal_variable() -> ContextVar[Any]:
    """Return the variable that holds the decimal context, which decimal keeps to itself."""
    import decimal

    context = Context()
    context.run(decimal.getcontext)
    return next(iter(context))


def reduce_context(context: Context, dump: Dump) -> Any:
    # Its own order depends on addresses.
    pairs = sorted(context.items(), key=lambda pair: pair[0].name)
    return rebuild_context, (), tuple(pairs), None, None, fill_context


@verb
def rebuild_context() -> Context:
    return Context()


@verb
def fill_context(context: Context, pairs: tuple[tuple[ContextVar[Any], Any], ...]) -> None:
    for variable, value in pairs:
        context.run(variable.set, value)


def reduce_local(local: threading.local, dump: Dump) -> Any:
    values = local.__dict__  # first, since this is what calls __init__ in a thread that is new to it
    # The arguments for that __init__ are only shown to the garbage collector; Modules/_threadmodule.c.
    held = gc.get_referents(local)
    at = max(index for index, each in enumerate(held) if type(each) is tuple)
    keywords = {name: value for name, value in held[at + 1].items() if type(name) is str}
    slots = slots_of(local)
    return rebuild_local, (type(local), held[at], keywords), ((values, slots) if slots else values) or None


@verb
def rebuild_local(cls: type, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    return threading.local.__new__(cls, *arguments, **keywords)
