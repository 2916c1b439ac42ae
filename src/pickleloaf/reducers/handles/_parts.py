"""What handles are made of, where they are found by name, and how they are refused.

One rule serves all kinds that are written in Python. An attribute that the methods of the kind's class
set belongs to the machinery, and ``__init__`` makes it anew over there: inner locks, lists of those who
wait, threads. All other attributes were set by a subclass or by the user, and travel. A part of the machinery that
travels on its own, too, such as the lock of a queue, arrives as another one.
"""

from __future__ import annotations

import copyreg
import dis
from functools import lru_cache
from types import FunctionType
from typing import Any

from pickleloaf import wire
from pickleloaf.errors import EncodeError
from pickleloaf.inspecting.holders import closeness, modules
from pickleloaf.policy.by_value import MAIN
from pickleloaf.policy.handles import hint_for, kind_of
from pickleloaf.reducers._dump import Dump

__all__ = ["home_of", "reduction_of", "refusal", "slots_of"]


def reduction_of(handle: Any, *given: Any) -> tuple[Any, ...]:
    """Return the reduction of a handle that is made there by the ``__init__`` of its kind's class.

    Args:
        handle: what is to travel.
        given: the arguments of that ``__init__``, where the table of kinds does not name them.
    """
    cls = type(handle)
    base, kind = kind_of(cls)
    made, given_names = _machinery(base), kind.given.split()
    own: dict[str, Any] = getattr(handle, "__dict__", {})
    state: Any = {name: value for name, value in own.items() if name not in made}
    slots = slots_of(handle)
    if slots:
        state = (state, slots)
    given = given or tuple(getattr(handle, name) for name in given_names)
    arguments = (base, None if cls is base else cls, *given)
    return wire.recreated, arguments, state or None, None, None, wire.fill_instance


@lru_cache(maxsize=256)
def _machinery(base: type) -> frozenset[str]:
    """Return the names of the attributes that are machinery."""
    return _set_by(base).difference(kind_of(base)[1].kept.split())


def slots_of(handle: Any) -> dict[str, Any]:
    """Return what the slots that are written in Python hold."""
    names = copyreg._slotnames(type(handle))  # type: ignore[attr-defined]
    return {name: getattr(handle, name) for name in names if hasattr(handle, name)}


def _set_by(cls: type) -> frozenset[str]:
    """Return the names of the attributes that the methods of a class and its bases set."""
    return frozenset(
        instruction.argval
        for base in cls.__mro__
        for function in base.__dict__.values()
        if isinstance(function, FunctionType)
        for instruction in dis.get_instructions(function)
        if instruction.opname == "STORE_ATTR"
    )


def home_of(obj: Any, dump: Dump) -> tuple[str, str] | None:
    """Return an importable module that holds an object, and the name under which it does."""
    homes = [
        (key, name)
        for key, module in modules()
        if key not in MAIN
        for name, value in list(vars(module).items())
        if value is obj and not dump.policy.travels(key)
    ]
    return min(homes, key=lambda home: (closeness(home[0]), home[1]), default=None)


def refusal(handle: Any, why: str = "", hint: str = "") -> EncodeError:
    """Return the error that says that a handle cannot travel, and what to do instead."""
    cls = type(handle)
    name = cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"
    msg = f"cannot pickle '{name}' object"
    return EncodeError(f"{msg}: {why}" if why else msg, hint=hint or hint_for(cls))
