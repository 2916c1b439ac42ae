"""What refers to nothing else, written as bytes.

1. No atom's bytes begin with another's, so atoms in a row can be told apart.
2. They are those of marshal's version 2, the newest that writes equal values of one type as equal bytes.
3. Types are told apart: ``1``, ``1.0`` and ``True`` differ. So do ``0.0`` and ``-0.0``, whose quotients
   differ. All NaNs are one.
4. Long strings are no atoms: they are hashed where they are.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

__all__ = ["LONG", "Encoded", "atom", "encoded_runs"]

_MARSHAL_VERSION = 2
#: Characters or bytes from which on a string is no atom.
LONG = 1024
#: Elements that are looked at together, and the bytes of marshal's head of a tuple.
_RUN, _HEAD = 512, 5
#: Types by id, since a class may have a metaclass that makes it unhashable, or equal to another.
_SHORT = frozenset(map(id, (int, bool, type(None), type(...))))
_SIZED = frozenset(map(id, (str, bytes)))
_NUMBERS = frozenset(map(id, (float, complex)))
_PLAIN = _SHORT | _SIZED | _NUMBERS
_NAN = float("nan")


class Encoded(bytes):
    """Bytes that stand for atoms."""

    __slots__ = ()


def atom(value: Any) -> bytes | None:
    """Return an atom's bytes; None for what is none."""
    kind = id(type(value))
    if kind in _SHORT or (kind in _SIZED and len(value) < LONG):
        return marshal.dumps(value, _MARSHAL_VERSION)
    if kind in _NUMBERS:
        return marshal.dumps(value if value == value else _canonical(value), _MARSHAL_VERSION)  # noqa: PLR0124
    return None


def _canonical(number: Any) -> Any:
    """Replace each NaN of a number by the same one."""
    if type(number) is float:
        return _NAN
    parts = (number.real, number.imag)
    return complex(*(part if part == part else _NAN for part in parts))  # noqa: PLR0124


def encoded_runs(values: Iterable[Any]) -> Iterator[Any]:
    """Yield values one by one, or several as one `Encoded` where all of them are atoms.

    The bytes are those that the values would have one by one.
    """
    iterator = iter(values)
    while run := tuple(islice(iterator, _RUN)):
        if len(run) > 1 and _are_atoms(run):
            yield Encoded(marshal.dumps(run, _MARSHAL_VERSION)[_HEAD:])
        else:
            yield from run


def _are_atoms(run: tuple[Any, ...]) -> bool:
    """Tell whether all of some values are atoms and none is a NaN."""
    kinds = set(map(id, map(type, run)))
    if not kinds <= _PLAIN:
        return False
    if kinds & _NUMBERS and any(value != value for value in run):  # noqa: PLR0124
        return False
    return not kinds & _SIZED or all(len(value) < LONG for value in run if id(type(value)) in _SIZED)
