"""Containers whose class watches what is put into them.

Pickle fills a subclass of list, dict or deque by calling its ``append``, ``extend`` or ``__setitem__``, before it
has any attributes. One that is overridden then runs once more there, for contents that are as they should be
already, and in most classes fails: it wants an attribute. So contents are put back by the base's own method.
"""

from __future__ import annotations

from collections import deque
from types import FunctionType
from typing import Any

from pickleloaf import wire
from pickleloaf.inspecting.anatomy import defined
from pickleloaf.wire import verb

__all__ = ["direct", "watches"]

#: What pickle calls, and what a subclass may have made of it.
_CALLED = ("__setitem__", "append", "extend")


def watches(cls: type) -> bool:
    """Tell whether pickle would call a method of a class's own to fill its instances."""
    return (
        issubclass(cls, list | dict | deque)
        and any(_is_overridden(cls, name) for name in _CALLED)
        and not any(_is_overridden(cls, name) for name in ("__reduce__", "__reduce_ex__"))
    )


def direct(reduced: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a reduction that fills its instance by the base's own method, where it has contents to fill in."""
    if len(reduced) != 5 or reduced[3] is reduced[4] is None:
        return reduced
    make, arguments, state, items, pairs = reduced
    return make, arguments, (state, items and tuple(items), pairs and tuple(pairs)), None, None, fill_directly


@verb
def fill_directly(instance: Any, contents: tuple[Any, Any, Any]) -> None:
    """Put contents and state into a container, past what its class has made of the ways to do so."""
    state, items, pairs = contents
    if items:
        _of_base(type(instance), "extend")(instance, items)
    if pairs:
        set_item = _of_base(type(instance), "__setitem__")
        for key, value in pairs:
            set_item(instance, key, value)
    if state is not None and (set_state := getattr(type(instance), "__setstate__", None)):
        set_state(instance, state)
    elif state is not None:
        wire.fill_instance(instance, state)


def _is_overridden(cls: type, name: str) -> bool:
    return type(defined(cls, name)) is FunctionType


def _of_base(cls: type, name: str) -> Any:
    """Return the method of the nearest base that was not written in Python."""
    methods = filter(None, [base.__dict__.get(name) for base in cls.__mro__])
    return next(method for method in methods if type(method) is not FunctionType)
