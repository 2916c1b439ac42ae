"""Attributes of instances, where their dict is more than the state of one instance.

Somebody gave it a kind of his own (``self.__dict__ = Watched()``), or others have it, too: another instance
(``one.__dict__ = other.__dict__``), the class (``self.__dict__ = self._shared``), or who asked for ``vars(instance)``.

Takes apart: that dict, as the state. Travels as: wire.fill_own_dict. Keeps: its type; that it is the instance itself
where it is (``self.__dict__ = self``), is a dict of its class, is that of other instances, or travels on its own.
Loses: its type, see rule 1; that others have it, see rule 4.

1. No instance is asked for its ``__dict__`` where pickle does not do so, too: that takes time, and makes one. So it is
   the dict of a subclass that is noted in `Dump.doubts`; whose it is shows once the payload has been written (see
   again). Dicts of a type that were nobody's attributes in ten payloads are taken to be data from then on.
2. Whether others have a plain dict, its reference count tells. Its instance then travels with a copy as its state. If
   the dict is met elsewhere in the payload, or another instance has it, it is given to the instance at the end of the
   payload (see again).
3. That a dict is of somebody's own kind holds for the type of the instance from then on. Code of a class that sets
   ``__dict__`` tells of itself.
4. To ask each instance would take a fifth of the time of its dump. So the first hundred of a type are asked, and later
   on the first in each payload, and the next ten if others may have the dict of that one. Once a dict has turned out
   to be shared, every one is asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from sys import getrefcount
from typing import Any, NamedTuple

from pickleloaf.errors import EncodeError
from pickleloaf.inspecting.instance_dicts import is_set_at_once, place_of_dict
from pickleloaf.reducers import JUDGED
from pickleloaf.reducers._asking import ask
from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers._filling import fill_directly
from pickleloaf.wire import verb

__all__ = ["Doubting", "Keeper", "Owner", "believe", "keep_own_dict", "refusal_of"]

_Reducer = Callable[[Any, Dump], Any]

#: Payloads that are looked at, by rule 1; instances that are asked, by rule 4.
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
    known: Any = JUDGED.get(id(cls))
    doubting = known.reduce if isinstance(known, Keeper) else known
    if not isinstance(doubting, Doubting):
        return
    doubting.left -= 1
    if doubting.left <= 0 and doubting is known:
        JUDGED.keep(cls, doubting.reduce)
    elif doubting.left <= 0:
        known.reduce = doubting.reduce


class Owner(NamedTuple):
    """An instance that others may share its dict with."""

    instance: Any
    attributes: dict[str, Any]
    #: Whether the instance can be given the dict after it has been made.
    takes_dict: bool


class Keeper:
    """Takes apart instances whose dict may not be theirs alone, or of somebody's own kind."""

    __slots__ = ("left", "reduce")

    def __init__(self, reduce: _Reducer | None, *, always: bool = False) -> None:
        self.reduce = reduce
        #: Instances that are still asked.
        self.left = math.inf if always else _ASKED

    def for_payload(self, instance: Any, dump: Dump) -> _Reducer | None:
        """Return what takes the instances of a type in one payload apart, after a look at the first of them."""
        if self.left > 0:
            return self
        if getrefcount(instance.__dict__) > _ALONE_UNNAMED:
            self.left = _LOOKED_AT
            return self
        return self.reduce

    def __call__(self, instance: Any, dump: Dump) -> Any:
        attributes = object.__getattribute__(instance, "__dict__")
        if type(attributes) is not dict:
            return self._kept(instance, attributes, dump)
        if getrefcount(attributes) > _ALONE:
            return self._set_apart(instance, attributes, dump)
        self.left -= 1
        if self.left <= 0:
            self._rest(type(instance), dump)
        return NotImplemented if self.reduce is None else self.reduce(instance, dump)

    def _rest(self, cls: type, dump: Dump) -> None:
        """Ask no more instances in this payload."""
        if type(cls) is type:
            dump.judged[cls] = self.reduce
        if cls.__getattribute__ is not _GET:
            JUDGED.keep(cls, self.reduce)  # to ask the first of each payload would take too long

    def _reduced(self, instance: Any, dump: Dump) -> Any:
        reduced = NotImplemented if self.reduce is None else self.reduce(instance, dump)
        return ask(instance, dump) if reduced is NotImplemented else reduced

    def _set_apart(self, instance: Any, attributes: dict[str, Any], dump: Dump) -> Any:
        """Return the reduction of an instance with a copy of its dict as the state, and note who it is."""
        if place_of_dict(type(instance), attributes) is not None:
            return self._kept(instance, attributes, dump)
        reduced = self._reduced(instance, dump)
        if type(reduced) is str:
            return reduced
        state: Any = reduced[2] if len(reduced) > 2 else None
        first = state[0] if reduced[5:] == (fill_directly,) else state
        first = first[0] if type(first) is tuple and len(first) == 2 else first
        takes_dict = first is attributes or (first is None and not attributes)
        if first is attributes:
            reduced = (*reduced[:2], _with_first(state, dict(attributes)), *reduced[3:])
        elif not takes_dict and _holds(state, attributes):
            return reduced  # it says itself what becomes of a dict that is a part of its state
        takes_dict = takes_dict and not is_set_at_once(type(instance))
        dump.doubts.append(("own", Owner(instance, attributes, takes_dict)))
        return reduced

    def _kept(self, instance: Any, attributes: dict[str, Any], dump: Dump) -> Any:
        if self.left != math.inf:
            self.left = math.inf
            JUDGED.keep(type(instance), self)
        reduced = self._reduced(instance, dump)
        if type(reduced) is str:
            return reduced
        make, arguments, state, items, pairs, fill = (*reduced, None, None, None, None)[:6]
        contents = None
        if fill is fill_directly:
            state, *contents = state
        first, slots = state if type(state) is tuple and len(state) == 2 else (state, None)
        is_state = first is attributes or (first is None and not attributes)
        if not is_state and (type(attributes) is not dict or _holds(state, attributes)):
            return (
                reduced  # it says itself what its state is, and what becomes of a dict that is a part of it
            )
        if not is_state or is_set_at_once(type(instance)):
            raise refusal_of(instance)
        filled: tuple[Any, ...] = (attributes, slots, contents)
        if type(attributes) is dict and (place := place_of_dict(type(instance), attributes)) is not None:
            filled = (None, slots, contents, *place)
        return make, arguments, filled, items, pairs, fill_own_dict


def refusal_of(instance: Any, path: str = "") -> EncodeError:
    """Return the error that says that the dict of an instance travels on its own, too, and cannot be given to it."""
    msg = f"cannot pickle {type(instance).__qualname__} object: others in the payload have its __dict__, too"
    return EncodeError(msg, path, "send the object alone, and ask it for vars(object) over there")


def _with_first(state: Any, attributes: dict[str, Any]) -> Any:
    """Return a state with another dict, which is the state or comes first in it."""
    return (_with_first(state[0], attributes), *state[1:]) if type(state) is tuple else attributes


def _holds(state: Any, attributes: dict[str, Any], depth: int = 3) -> bool:
    """Return whether a dict is a part of a state, or of a part of it."""
    if state is attributes:
        return True
    if depth == 0 or type(state) not in (dict, tuple):
        return False
    parts = state.values() if type(state) is dict else state
    return any(_holds(part, attributes, depth - 1) for part in parts)


_GET: Any = object.__getattribute__


class _Sample:
    pass


def _references(instance: Any) -> tuple[int, int]:
    attributes = object.__getattribute__(instance, "__dict__")
    return getrefcount(attributes), getrefcount(instance.__dict__) - 1


#: References to a dict that only its instance has, while `Keeper` looks at it, and where no variable has it as well.
_ALONE, _ALONE_UNNAMED = _references(_Sample())


def keep_own_dict(cls: type) -> bool:
    """Ask every instance of a type from now on what its ``__dict__`` is; return whether that is new."""
    known = JUDGED.get(id(cls))
    keeps = isinstance(known, Keeper) and known.left > 0
    keeper = known if isinstance(known, Keeper) else JUDGED.keep(cls, Keeper(known))
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


@verb
def share_dict(instance: Any, other: Any) -> None:
    """Give an instance a dict that others have, too.

    Args:
        instance: with its state, in a dict of its own.
        other: the dict, or another instance that has it.
    """
    attributes = other if type(other) is dict else object.__getattribute__(other, "__dict__")
    if hasattr(type(instance), "__setstate__"):  # which may have made more of the state
        attributes.update(object.__getattribute__(instance, "__dict__"))
    object.__setattr__(instance, "__dict__", attributes)
