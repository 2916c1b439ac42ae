"""Tokens: what stands for something that may change, to tell later on whether it has.

1. Tokens of atoms are equal when these are, to the last bit and type, and so are those of containers of few atoms.
   Such a token keeps the value, or a copy of it.
2. What cannot be changed, such as a tuple or a property, has a token made from those of its parts.
3. Other tokens are equal where it is the same object; a function also has to have the same code. None keeps an object
   alive, and where there can be weak references none takes a new object for the one that had its address.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from itertools import islice
from operator import is_
from types import CodeType, FunctionType
from typing import Any

from pickleloaf._compat import HAS_LAZY_ANNOTATIONS
from pickleloaf.reducers._kinds import ATOMS, SETS
from pickleloaf.reducers._places import NOTHING, Path, contents_of, is_data, is_settled, parts_of, registry_of

__all__ = ["UNKNOWN", "Token", "facets_of", "token_of", "tokens_of"]

#: Longer texts are told apart by their hash, and larger tuples by identity. So many objects in a list are looked at.
_LONG, _LARGE, _FEW = 256, 64, 8


class Token:
    """Stands for an object.

    Attributes:
        kept: the object or a copy of it, if it consists of atoms; else NOTHING.
    """

    __slots__ = ("_alive", "_code", "_key", "_parts", "kept")

    def __init__(
        self,
        key: Any,
        kept: Any = NOTHING,
        alive: weakref.ref[Any] | None = None,
        code: CodeType | None = None,
        parts: tuple[Token, ...] = (),
    ) -> None:
        self._key = key
        self.kept = kept
        #: What the key has the ids of, so that these are of nothing else: of the object, a function's code, its parts.
        self._alive = alive
        self._code = code
        self._parts = parts

    def shows(self, value: Any) -> bool:
        """Tell at a glance that this stands for an object; False where that is not certain."""
        if self._alive is not None:
            here = self._alive()
            return here is not None and here is value and (self._code is None or here.__code__ is self._code)
        kept, kind = self.kept, type(value)
        if kept is value:
            return True
        if type(kept) is kind and kind in (list, dict):  # a copy
            return len(kept) == len(value) and all(map(is_, contents_of(kept), contents_of(value)))
        if not self._parts or self._key[0] != id(kind):
            return False
        parts = [*facets_of(value).values()] if kind is FunctionType else parts_of(value)
        return len(parts) == len(self._parts) and all(map(Token.shows, self._parts, parts))

    def __eq__(self, other: object) -> bool:
        return type(other) is Token and self._key == other._key

    __hash__ = None  # type: ignore[assignment]


#: Equal to no other.
UNKNOWN = Token(object())


def tokens_of(places: Mapping[Path, Any], last: Mapping[Path, Token]) -> dict[Path, Token]:
    """Return the tokens of what is at the places of a class, the last ones where nothing has changed."""
    tokens = {}
    for path, value in places.items():
        token = last.get(path)
        tokens[path] = _token_at(path[-1], value) if token is None or not token.shows(value) else token
    return tokens


def _token_at(step: tuple[str, Any], value: Any) -> Token:
    kind, name = step
    if kind == "function":
        return _of_parts(FunctionType, map(_token_of_facet, facets_of(value).values()))
    if kind == "generic":
        return _of_parts(FunctionType, map(token_of, contents_of(registry_of(value))))
    return _token_of_facet(value) if name == "__annotations__" else token_of(value)


def facets_of(function: FunctionType) -> dict[str, Any]:
    """Return what there is to a function besides its code and what is at places of its own."""
    found = {name: getattr(function, name) for name in _FACETS}
    annotate = getattr(function, "__annotate__", None) if HAS_LAZY_ANNOTATIONS else None
    if annotate is not None:
        found["__annotate__"] = annotate
    else:
        found["__annotations__"] = function.__annotations__
    return found


_FACETS = ("__name__", "__qualname__", "__doc__", "__defaults__", "__kwdefaults__")


def _token_of_facet(value: Any) -> Token:
    """Return a token made from what a dict holds: that of the function that has it is no other."""
    if type(value) is not dict or is_data(value):
        return token_of(value)
    return _of_parts(dict, [token_of(part) for item in value.items() for part in item])


def token_of(value: Any) -> Token:
    """Return what stands for an object."""
    kind = type(value)
    if ATOMS.have(value):
        if kind in (str, bytes, bytearray) and len(value) > _LONG:
            return Token(_atom(value))
        return Token(_atom(value), bytearray(value) if kind is bytearray else value)
    if kind is FunctionType:
        alive = weakref.ref(value)
        return Token((kind, id(alive), id(value.__code__)), NOTHING, alive, value.__code__)
    if is_data(value):
        return Token(_key_of(value), _copy_of(value))
    if is_settled(kind) and len(parts := parts_of(value)) <= _LARGE:
        return _of_parts(kind, map(token_of, parts))
    return _of_object(value)


def _of_object(value: Any) -> Token:
    alive = _reference(value)
    if alive is not None or type(value) not in (list, dict):
        return Token((None, id(value if alive is None else alive)), NOTHING, alive)
    # Another one may come to have its address, but hardly with the same object in it.
    inside = next(filter(None, map(_reference, islice(contents_of(value), _FEW))), None)
    return Token((None, id(value), id(inside)), parts=(Token(None, NOTHING, inside),))


def _reference(value: Any) -> weakref.ref[Any] | None:
    try:
        return weakref.ref(value)
    except TypeError:
        return None


def _of_parts(kind: type, tokens: Iterable[Token]) -> Token:
    tokens = tuple(tokens)
    return Token((id(kind), [token._key for token in tokens]), parts=tokens)


def _key_of(data: Any) -> tuple[Any, ...]:
    if ATOMS.have(data):
        return _atom(data)
    keys = map(_key_of, contents_of(data))
    return type(data), frozenset(keys) if SETS.have(data) else tuple(keys)


def _copy_of(data: Any) -> Any:
    if ATOMS.have(data) or (type(data) is tuple and ATOMS.cover(data)):
        return data
    if type(data) is dict:
        return {key: _copy_of(value) for key, value in data.items()}
    return type(data)(map(_copy_of, data))


def _atom(value: Any) -> tuple[Any, ...]:
    kind = type(value)
    if kind in (float, complex):
        return kind, repr(value)  # a NaN is not equal to itself, and 0.0 is to -0.0
    if kind is bytearray:
        return kind, bytes(value)
    if kind in (str, bytes) and len(value) > _LONG:
        return kind, len(value), hash(value)
    return kind, value
