"""Tokens: stand-ins for values that may change, to find out later whether they have.

1. The token of plain data (atoms, and containers of few atoms) holds the value or a private copy of it.
2. The token of a function covers its code, defaults, attributes and closure; that of a wrapper, a small container or a
   plain instance covers what it holds.
3. Any other token covers the identity of an object. No token keeps an object alive that may lead to others, and no
   token takes a new object for the one that had its address.
"""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Callable, Iterable
from itertools import islice
from operator import attrgetter, is_, itemgetter
from types import CodeType, FunctionType, MethodType, SimpleNamespace
from typing import Any

from pickleloaf.inspecting.anatomy import LRU_CACHE, NOTHING, PARTS, cells_of, contents_of, is_heap_type
from pickleloaf.inspecting.instance_dicts import shows_dict
from pickleloaf.inspecting.kinds import ATOMS, CONTAINERS, SETS, Kinds
from pickleloaf.reducers._annotations import lazy_annotations

__all__ = [
    "Token",
    "has_parts",
    "is_data",
    "items_of",
    "parts_of",
    "token_of",
]

#: Larger containers are told apart by identity, and so is what lies deeper.
_LARGE, _DEPTH = 64, 4
#: So many objects in a large container are looked at.
_FEW = 8

#: Data that is compared by identity first, since it cannot change.
_IMMUTABLE = Kinds((ATOMS | {tuple, frozenset}) - {bytearray})

#: Attributes of objects that are made in C and hold functions.
_PARTS = {kind: PARTS[kind] for kind in (staticmethod, classmethod, property, functools.partial, MethodType)}

#: Methods by which a class says how its instances are pickled.
_PICKLING = frozenset({"__reduce__", "__reduce_ex__", "__getstate__", "__setstate__"})

#: Types of the standard library whose instances are nothing but their attributes.
_PLAIN = (
    SimpleNamespace,
    functools.partialmethod,
    functools.cached_property,
    functools.singledispatchmethod,
    LRU_CACHE,
)


class Token:
    """Stands for one value.

    Attributes:
        kept: the value, or a copy of it, if it is plain data; else NOTHING.
    """

    __slots__ = ("kept",)

    def __init__(self, kept: Any = NOTHING) -> None:
        self.kept = kept

    def shows(self, value: Any) -> bool:
        """Tell whether this stands for a value."""
        kept = self.kept
        return value is kept or (type(value) is type(kept) and _is_equal(value, kept))


class _Static(Token):
    """Stands for a type of the interpreter, which lives for ever."""

    __slots__ = ("value",)

    def __init__(self, value: type) -> None:
        super().__init__()
        self.value = value

    def shows(self, value: Any) -> bool:
        return value is self.value


class Tokens:
    """Stand for several values. Most are atoms, which are compared in one step.

    Attributes:
        each: the tokens.
    """

    __slots__ = ("_fixed", "_get", "_others", "each")

    def __init__(self, each: list[Token]) -> None:
        self.each = each
        fixed = [at for at, token in enumerate(each) if type(token) is _Static or _IMMUTABLE.have(token.kept)]
        self._fixed = [each[at].value if type(each[at]) is _Static else each[at].kept for at in fixed]  # type: ignore[attr-defined]
        self._get = getter(fixed)
        of_fixed = frozenset(fixed)
        self._others = [(at, token) for at, token in enumerate(each) if at not in of_fixed]

    def show(self, values: list[Any]) -> bool:
        """Tell whether these stand for some values."""
        if len(values) != len(self.each):
            return False
        for at, token in self._others:
            if not token.shows(values[at]):
                return False
        return all(map(is_, self._get(values), self._fixed)) or all(map(_shows, self.each, values))


def getter(positions: list[int]) -> Callable[[Any], Iterable[Any]]:
    """Return what takes some items out of a list."""
    if len(positions) > 1:
        return itemgetter(*positions)
    return lambda values: [values[at] for at in positions]


class _Identity(Token):
    """Stands for an object that takes weak references."""

    __slots__ = ("_alive",)

    def __init__(self, alive: weakref.ref[Any]) -> None:
        super().__init__()
        self._alive = alive

    def shows(self, value: Any) -> bool:
        return value is self._alive() and value is not None


class _Address(Token):
    """Stands for an object without weak references: its address, and some of what it holds."""

    __slots__ = ("_id", "_inside", "_size")

    def __init__(self, value: Any) -> None:
        super().__init__()
        self._id = id(value)
        self._size, self._inside = _inside(value)

    def shows(self, value: Any) -> bool:
        if id(value) != self._id:
            return False
        if not self._size:
            return True
        size, inside = _inside(value)
        return size == self._size and all(map(is_, inside, self._inside))


class _Parts(Token):
    """Stands for an object by the tokens of what it holds."""

    __slots__ = ("_kind", "_tokens")

    def __init__(self, kind: type, tokens: list[Token]) -> None:
        super().__init__()
        self._kind = weakref.ref(kind)
        self._tokens = Tokens(tokens)

    def shows(self, value: Any) -> bool:
        return type(value) is self._kind() and self._tokens.show(parts_of(value))


class _Held(_Parts):
    """Stands for one object and what it holds."""

    __slots__ = ("_alive",)

    def __init__(self, alive: weakref.ref[Any], tokens: list[Token]) -> None:
        super().__init__(type(alive()), tokens)
        self._alive = alive

    def shows(self, value: Any) -> bool:
        return value is self._alive() and super().shows(value)


class _Function(Token):
    """Stands for a function that consists of the same parts."""

    __slots__ = ("_alive", "_code", "_tokens")

    def __init__(self, function: FunctionType, depth: int) -> None:
        super().__init__()
        self._alive = weakref.ref(function)
        self._code = function.__code__
        self._tokens = Tokens([token_of(part, depth) for part in _parts_of_function(function)])

    def shows(self, value: Any) -> bool:
        alive = self._alive()
        if alive is None or value is not alive or alive.__code__ is not self._code:
            return False
        return self._tokens.show(_parts_of_function(alive))


def _shows(token: Token, value: Any) -> bool:
    return token.shows(value)


def token_of(value: Any, depth: int = _DEPTH) -> Token:  # noqa: PLR0911 - one for each sort
    """Return the token of a value, whose contents count down to some depth."""
    if ATOMS.have(value):
        return Token(bytearray(value) if type(value) is bytearray else value)
    kind = type(value)
    if kind is type and not is_heap_type(value):
        return _Static(value)
    if kind is FunctionType and depth and not _is_of_module(value):
        return _Function(value, depth - 1)
    if CONTAINERS.have(value):
        if is_data(value):
            return Token(_copy_of(value))
        if depth and len(value) <= _LARGE:
            return _Parts(kind, [token_of(part, depth - 1) for part in parts_of(value)])
        return _Address(value)
    if depth and has_parts(kind) and len(parts := parts_of(value)) <= _LARGE:
        tokens = [token_of(part, depth - 1) for part in parts]
        alive = None if type(kind) is type and kind in _PARTS else _reference(value)
        return _Parts(kind, tokens) if alive is None else _Held(alive, tokens)
    alive = _reference(value)
    return _Address(value) if alive is None else _Identity(alive)


def _is_of_module(function: FunctionType) -> bool:
    """Tell whether a function is one that a module other than the program's holds by its name."""
    home = sys.modules.get(function.__module__)
    return (
        home is not None
        and function.__module__ != "__main__"
        and vars(home).get(function.__name__) is function
    )


def parts_of(value: Any) -> list[Any]:
    """Return what an object holds, without asking its class."""
    kind = type(value)
    if CONTAINERS.have(value):
        return items_of(value)
    for made, names in _PARTS.items():
        if issubclass(kind, made):
            own = [object.__getattribute__(value, name) for name in names]
            return own if kind is made else [*own, *_attributes_of(value)]
    return _attributes_of(value)


def items_of(container: Any) -> list[Any]:
    """Return keys, values and elements of a container."""
    return [*container, *container.values()] if type(container) is dict else list(container)


def is_data(value: Any) -> bool:
    """Tell whether a value is an atom, or containers of few atoms."""
    if ATOMS.have(value):
        return True
    met = [value]
    for each in met:
        if not ATOMS.have(each):
            if not CONTAINERS.have(each) or len(met) + len(each) > _LARGE:
                return False
            met += items_of(each)
    return True


def has_parts(kind: type) -> bool:
    """Tell whether objects of a type are made again from what they hold."""
    if issubclass(kind, (*_PARTS, *_PLAIN)):
        return True
    if not is_heap_type(kind) or issubclass(kind, type) or kind.__module__ != "__main__":
        return False
    return all(_PICKLING.isdisjoint(base.__dict__) for base in kind.__mro__[:-1])


def _attributes_of(instance: Any) -> list[Any]:
    found: list[Any] = []
    for base in type(instance).__mro__[:-1]:
        for name, descriptor in base.__dict__.items() if "__slots__" in base.__dict__ else ():
            if hasattr(type(descriptor), "__objclass__"):
                try:
                    found += (name, descriptor.__get__(instance))
                except AttributeError:  # it is empty
                    continue
    if shows_dict(type(instance)):
        found += items_of(object.__getattribute__(instance, "__dict__"))
    return found


def _parts_of_function(function: FunctionType) -> list[Any]:
    """Return what a function consists of besides its code and its globals."""
    parts: list[Any] = [*_GET_PARTS(function), function.__dict__ or None]
    annotate = lazy_annotations(function)
    parts.append((function.__annotations__ or None) if annotate is None else annotate)
    if function.__closure__:
        parts += [contents_of(cell) for name, cell in cells_of(function).items() if name != "__classdict__"]
    return parts


_GET_PARTS = attrgetter("__name__", "__qualname__", "__doc__", "__defaults__", "__kwdefaults__")


def _inside(value: Any) -> tuple[int, list[Any]]:
    """Return the size of a container and its first objects that live for as long as they are in it."""
    if type(value) not in (list, dict, tuple, set, frozenset):
        return 0, []
    found = [each for each in islice(iter(value), _FEW) if type(each) in (str, int, CodeType)]
    return len(value), found


def _reference(value: Any) -> weakref.ref[Any] | None:
    try:
        return weakref.ref(value)
    except TypeError:
        return None


def _copy_of(data: Any) -> Any:
    if ATOMS.have(data) or (type(data) is tuple and ATOMS.cover(data)):
        return data
    if type(data) is dict:
        return {key: _copy_of(value) for key, value in data.items()}
    return type(data)(map(_copy_of, data))


def _is_equal(value: Any, kept: Any) -> bool:
    """Tell whether plain data is equal to the last bit and type: True is not 1, and NaN is NaN."""
    kind = type(value)
    if kind in (float, complex):
        return repr(value) == repr(kept)
    if kind not in (list, tuple, dict, set, frozenset):
        return bool(value == kept) if ATOMS.have(value) else False
    if len(value) != len(kept):
        return False
    if SETS.have(value):
        return bool(value == kept)
    return all(
        one is other or (type(one) is type(other) and _is_equal(one, other))
        for one, other in zip(items_of(value), items_of(kept), strict=True)
    )
