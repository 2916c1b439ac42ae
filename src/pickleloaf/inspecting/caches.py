"""Caches by identity: what is known of objects that may be unhashable, and that must be free to go."""

from __future__ import annotations

import weakref
from typing import Any, TypeVar

__all__ = ["IdentityCache"]

_Value = TypeVar("_Value")


class _Reference(weakref.ref[Any]):
    __slots__ = ("key",)

    key: int


class IdentityCache(dict[int, _Value]):
    """Values by the ids of objects, each for as long as its object lives."""

    __slots__ = ("_alive", "_forget")

    def __init__(self) -> None:
        alive = self._alive = dict[int, _Reference]()

        def forget(reference: _Reference) -> None:
            self.pop(reference.key, None)
            alive.pop(reference.key, None)

        self._forget = forget

    def keep(self, obj: Any, value: _Value) -> _Value:
        """Take down the value for an object, and return it."""
        reference = _Reference(obj, self._forget)
        key = reference.key = id(obj)
        self._alive[key] = reference
        self[key] = value
        return value
