"""Attributes of instances that somebody keeps in a dict of his own kind: ``self.__dict__ = Watched()``.

Takes apart: that dict, as the state. Travels as: wire.fill_own_dict. Keeps: its type, and that it is the
instance itself where it is (``self.__dict__ = self``). Loses: nothing.

1. No instance is asked for its ``__dict__`` without need: that takes time, and makes one. So it is the dict that
   is noted in `Dump.doubts`; whose it is shows once the payload has been written (see again).
2. What is found out about one instance holds for its type from then on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers._filling import fill_directly
from pickleloaf.reducers._judgements import recall, remember
from pickleloaf.wire import verb

__all__ = ["doubting", "keep_own_dict"]

_Reducer = Callable[[Any, Dump], Any]


def doubting(reduce: _Reducer | None) -> _Reducer:
    """Return a reducer of dicts of a subclass that notes those which may hold attributes."""

    def reduce_dict(instance: Any, dump: Dump) -> Any:
        if type(next(iter(dict.keys(instance)), "")) is str:
            dump.doubts.append(instance)
        return NotImplemented if reduce is None else reduce(instance, dump)

    return reduce_dict


class _Keeper:
    """Takes apart instances of a type of which some have a dict of their own kind."""

    __slots__ = ("reduce",)

    def __init__(self, reduce: _Reducer | None) -> None:
        self.reduce = reduce

    def __call__(self, instance: Any, dump: Dump) -> Any:
        reduced = NotImplemented if self.reduce is None else self.reduce(instance, dump)
        attributes = object.__getattribute__(instance, "__dict__")
        if type(attributes) is dict:
            return reduced
        if reduced is NotImplemented:
            reduced = instance.__reduce_ex__(dump.protocol)
        if type(reduced) is str:
            return reduced
        make, arguments, state, items, pairs, fill = (*reduced, None, None, None, None)[:6]
        contents = None
        if fill is fill_directly:
            state, *contents = state
        first, slots = state if type(state) is tuple and len(state) == 2 else (state, None)
        if first is not attributes and (first is not None or attributes):  # it says itself what its state is
            return reduced
        return make, arguments, (attributes, slots, contents), items, pairs, fill_own_dict


def keep_own_dict(cls: type) -> bool:
    """Let instances of a type keep a ``__dict__`` of a subclass of dict; tell whether that is new."""
    known = recall(cls)
    if isinstance(known, _Keeper):
        return False
    remember(cls, _Keeper(known))
    return True


@verb
def fill_own_dict(instance: Any, state: tuple[Any, dict[str, Any] | None, list[Any] | None]) -> None:
    """Give an instance the very dict of its attributes, its slots, and what it contains."""
    attributes, slots, contents = state
    object.__setattr__(instance, "__dict__", attributes)
    for name, value in (slots or {}).items():
        object.__setattr__(instance, name, value)
    if contents:
        fill_directly(instance, (None, *contents))
