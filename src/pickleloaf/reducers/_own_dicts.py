"""Attributes of instances, where their dict is more than the state of one instance.

Somebody gave it a kind of his own (``self.__dict__ = Watched()``), or others have it, too: another instance
(``one.__dict__ = other.__dict__``), the class (``self.__dict__ = self._shared``), or who asked for ``vars(instance)``.

Takes apart: that dict, as the state. Travels as: wire.fill_own_dict. Keeps: its type; that it is the instance itself
where it is (``self.__dict__ = self``), is a dict of its class, is that of other instances, or travels on its own.
Loses: its type, see rule 1; that others have it, see rule 4.

1. No instance is asked for its ``__dict__`` where pickle does not do so, too: that takes time, and makes one. So it is
   the dict of a subclass that is noted in `Dump.doubts`; whose it is shows once the payload has been written (see
   again). Dicts of a type that were nobody's attributes in ten payloads are taken to be data from then on.
2. Whether others have a plain dict, its reference count tells. Whether they are in the payload shows when that is
   written once more with a copy as the state: then the pickler meets the dict itself in other places, or nowhere.
3. What is found out about one instance holds for its type from then on. Code of a class that sets ``__dict__``
   tells of itself.
4. To ask each instance would take a fifth of the time of its dump. So the first hundred of a type are asked, and later
   on the first in each payload.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from sys import getrefcount
from typing import Any

from pickleloaf.errors import EncodeError
from pickleloaf.reducers._asking import ask
from pickleloaf.reducers._dicts_of import is_set_at_once, place_of_dict
from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers._filling import fill_directly
from pickleloaf.reducers._judgements import recall, remember
from pickleloaf.wire import verb

__all__ = ["Doubting", "Keeper", "ask_again", "ask_less", "believe", "keep_own_dict"]

_Reducer = Callable[[Any, Dump], Any]

#: Payloads that are looked at, by rule 1 and where rule 2 found nothing; instances that are asked, by rule 4.
_LOOKED_AT = 10
_ASKED = 100


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
    doubting = known.reduce if isinstance(known, Keeper) else known
    if not isinstance(doubting, Doubting):
        return
    doubting.left -= 1
    if doubting.left <= 0 and doubting is known:
        remember(cls, doubting.reduce)
    elif doubting.left <= 0:
        known.reduce = doubting.reduce


def ask_again(cls: type) -> None:
    """Let all instances of a type be asked while a payload is written once more."""
    known = recall(cls)
    if isinstance(known, Keeper):
        known.left = max(known.left, 1)


def ask_less(cls: type) -> None:
    """Note that an instance has been suspected in vain; after some of them no more are asked."""
    known = recall(cls)
    if isinstance(known, Keeper):
        known.in_vain += 1
        if known.in_vain >= _LOOKED_AT:
            remember(cls, known.reduce)


class Keeper:
    """Takes apart instances whose dict may not be theirs alone, or of somebody's own kind."""

    __slots__ = ("in_vain", "left", "reduce")

    def __init__(self, reduce: _Reducer | None, *, always: bool = False) -> None:
        self.reduce = reduce
        #: Instances that are still asked.
        self.left = math.inf if always else _ASKED
        self.in_vain = 0

    def for_payload(self, instance: Any, dump: Dump) -> _Reducer | None:
        """Return what takes the instances of a type in one payload apart, after a look at the first of them."""
        if self.left > 0:
            return self
        if getrefcount(instance.__dict__) > _ALONE_UNNAMED:
            dump.doubts.append(("own", instance))
        return self.reduce

    def __call__(self, instance: Any, dump: Dump) -> Any:
        attributes = object.__getattribute__(instance, "__dict__")
        if type(attributes) is not dict:
            return self._kept(instance, attributes, dump)
        stands: Any = dump.shared.get(id(attributes))
        if stands is attributes:
            return self._kept(instance, attributes, dump)
        if stands is not None:
            return _with_state(self._reduced(instance, dump), attributes, stands)
        self.left -= 1
        if self.left <= 0 and not dump.shared:
            self._rest(type(instance), dump)
        if getrefcount(attributes) > _ALONE:
            dump.doubts.append(("own", instance))
        return NotImplemented if self.reduce is None else self.reduce(instance, dump)

    def _rest(self, cls: type, dump: Dump) -> None:
        """Ask no more instances in this payload."""
        if type(cls) is type:
            dump.judged[cls] = self.reduce
        if cls.__getattribute__ is not _GET:
            remember(cls, self.reduce)  # to ask the first of each payload would take too long

    def _reduced(self, instance: Any, dump: Dump) -> Any:
        reduced = NotImplemented if self.reduce is None else self.reduce(instance, dump)
        return ask(instance, dump) if reduced is NotImplemented else reduced

    def _kept(self, instance: Any, attributes: dict[str, Any], dump: Dump) -> Any:
        if self.left != math.inf:
            self.left = math.inf
            remember(type(instance), self)
        reduced = self._reduced(instance, dump)
        if type(reduced) is str:
            return reduced
        make, arguments, state, items, pairs, fill = (*reduced, None, None, None, None)[:6]
        contents = None
        if fill is fill_directly:
            state, *contents = state
        first, slots = state if type(state) is tuple and len(state) == 2 else (state, None)
        is_state = first is attributes or (first is None and not attributes)
        if not is_state and (type(attributes) is not dict or _with(state, attributes, {}) is not state):
            return (
                reduced  # it says itself what its state is, and what becomes of a dict that is a part of it
            )
        if not is_state or is_set_at_once(type(instance)):
            msg = f"cannot pickle {type(instance).__qualname__} object: others in the payload have its __dict__, too"
            raise EncodeError(msg, hint="send the object alone, and ask it for vars(object) over there")
        filled: tuple[Any, ...] = (attributes, slots, contents)
        if type(attributes) is dict and (place := place_of_dict(type(instance), attributes)) is not None:
            filled = (None, slots, contents, *place)
        return make, arguments, filled, items, pairs, fill_own_dict


def _with_state(reduced: Any, attributes: dict[str, Any], other: dict[str, Any]) -> Any:
    """Put another dict in the place of an instance's own, wherever a reduction has it as the state."""
    if type(reduced) is str or len(reduced) < 3:
        return reduced
    return (*reduced[:2], _with(reduced[2], attributes, other), *reduced[3:])


def _with(state: Any, attributes: dict[str, Any], other: dict[str, Any], depth: int = 3) -> Any:
    """Return a state with another dict in the place of one that it is, or is made of; the same where it is not."""
    if state is attributes:
        return other
    if depth == 0 or type(state) not in (dict, tuple):
        return state
    parts = list(state.values()) if type(state) is dict else state
    made = [_with(part, attributes, other, depth - 1) for part in parts]
    if all(one is part for one, part in zip(made, parts, strict=True)):
        return state
    return dict(zip(state, made, strict=True)) if type(state) is dict else tuple(made)


_GET: Any = object.__getattribute__


class _Sample:
    pass


def _references(instance: Any) -> tuple[int, int]:
    attributes = object.__getattribute__(instance, "__dict__")
    return getrefcount(attributes), getrefcount(instance.__dict__) - 1


#: References to a dict that only its instance has, while `Keeper` looks at it, and where no variable has it as well.
_ALONE, _ALONE_UNNAMED = _references(_Sample())


def keep_own_dict(cls: type) -> bool:
    """Let instances of a type keep a ``__dict__`` of a subclass of dict; tell whether that is new."""
    known = recall(cls)
    keeps = isinstance(known, Keeper) and known.left > 0
    keeper = known if isinstance(known, Keeper) else remember(cls, Keeper(known))
    keeper.left = math.inf
    return not keeps


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
    set_state = getattr(type(instance), "__setstate__", None)
    if set_state is not None and (attributes or slots):
        set_state(instance, (attributes, slots) if slots else attributes)
    else:
        for name, value in (slots or {}).items():
            object.__setattr__(instance, name, value)
    if contents:
        fill_directly(instance, (None, *contents))
