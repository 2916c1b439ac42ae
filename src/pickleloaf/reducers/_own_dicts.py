"""Attributes of instances that somebody keeps in a dict of his own kind: ``self.__dict__ = Watched()``.

Takes apart: that dict, as the state. Travels as: wire.fill_own_dict. Keeps: its type, and that it is the
instance itself where it is (``self.__dict__ = self``), or a dict of its class (``self.__dict__ = self._shared``).
Loses: that it is shared, where no code of the class says so; its type, see rule 1.

1. No instance is asked for its ``__dict__`` without need: that takes time, and makes one. So it is the dict that
   is noted in `Dump.doubts`; whose it is shows once the payload has been written (see again). Dicts of a type
   that were nobody's attributes in ten payloads are taken to be data from then on.
2. Code of a class that sets ``__dict__`` tells of itself, so that such a dict of no special kind is seen as well.
3. What is found out about one instance holds for its type from then on.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers._filling import fill_directly
from pickleloaf.reducers._judgements import recall, remember
from pickleloaf.wire import verb

__all__ = ["Doubting", "Keeper", "believe", "keep_own_dict", "shares_dict"]

_Reducer = Callable[[Any, Dump], Any]

#: See rule 1.
_LOOKED_AT = 10


class Doubting:
    """Takes apart dicts of a subclass, and notes those which may hold attributes."""

    __slots__ = ("left", "reduce")

    def __init__(self, reduce: _Reducer | None) -> None:
        self.reduce = reduce
        #: Payloads that are still looked at.
        self.left = _LOOKED_AT

    def __call__(self, instance: Any, dump: Dump) -> Any:
        if type(next(iter(dict.keys(instance)), "")) is str:
            dump.doubts.append(("attributes", instance))
        return NotImplemented if self.reduce is None else self.reduce(instance, dump)


def believe(cls: type) -> None:
    """Note that the dicts of a type in one payload were data; after some payloads they are taken to be so."""
    known = recall(cls)
    if isinstance(known, Doubting):
        known.left -= 1
        if known.left <= 0:
            remember(cls, known.reduce)


def shares_dict(cls: type) -> bool:
    """Tell whether code of a class sets the ``__dict__`` of its instances past their making, or an attribute to it."""
    for base in cls.__mro__:
        for name, value in base.__dict__.items():
            if type(value) is FunctionType and name != "__new__" and _shares(value.__code__):
                return True
    return False


def _shares(code: CodeType) -> bool:
    if "__dict__" in code.co_consts:  # for setattr
        return True
    return ("__dict__" in code.co_names or "vars" in code.co_names) and _stores(code)


def _stores(code: CodeType) -> bool:
    """Tell whether some code sets ``__dict__``, or has ``one.name = other.__dict__`` or ``one.name = vars(other)``."""
    import dis

    steps = [each for each in dis.get_instructions(code) if each.opname != "EXTENDED_ARG"]
    for value, _, step in zip(steps, steps[1:], steps[2:], strict=False):
        if step.opname == "STORE_ATTR":
            is_call = value.opname == "CALL" and "vars" in code.co_names
            if (
                step.argval == "__dict__"
                or is_call
                or (value.opname, value.argval) == ("LOAD_ATTR", "__dict__")
            ):
                return True
    return False


class Keeper:
    """Takes apart instances of a type of which some have a dict that is not theirs alone, or of their own kind."""

    __slots__ = ("reduce", "shares")

    def __init__(self, reduce: _Reducer | None, *, shares: bool = False) -> None:
        self.reduce = reduce
        self.shares = shares

    def __call__(self, instance: Any, dump: Dump) -> Any:
        reduced = NotImplemented if self.reduce is None else self.reduce(instance, dump)
        attributes = object.__getattribute__(instance, "__dict__")
        if type(attributes) is dict and not self.shares:
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
        filled: tuple[Any, ...] = (attributes, slots, contents)
        if self.shares and (place := _place_in_class(type(instance), attributes)) is not None:
            filled = (None, slots, contents, *place)
        return make, arguments, filled, items, pairs, fill_own_dict


def _place_in_class(cls: type, attributes: dict[str, Any]) -> tuple[type, str] | None:
    """Return where a class or a base of it holds the dict that is its instances' ``__dict__``, too."""
    places = (
        (base, name) for base in cls.__mro__ for name, value in base.__dict__.items() if value is attributes
    )
    return next(places, None)


def keep_own_dict(cls: type) -> bool:
    """Let instances of a type keep a ``__dict__`` of a subclass of dict; tell whether that is new."""
    known = recall(cls)
    if isinstance(known, Keeper):
        return False
    remember(cls, Keeper(known))
    return True


@verb
def fill_own_dict(
    instance: Any,
    state: tuple[Any, ...],
) -> None:
    """Give an instance the very dict of its attributes, its slots, and what it contains.

    Args:
        instance: without any of them.
        state: (dict, slots, contents), or with None as the dict also the class that has it, and its name there.
    """
    attributes, slots, contents, *place = state
    if place:
        attributes = place[0].__dict__[place[1]]
    object.__setattr__(instance, "__dict__", attributes)
    for name, value in (slots or {}).items():
        object.__setattr__(instance, name, value)
    if contents:
        fill_directly(instance, (None, *contents))
