"""Caches by identity: what is known of objects that may be unhashable, and that must be free to go."""

from __future__ import annotations

import weakref
from typing import Any, TypeVar

__all__ = ["IdentityCache"]

_Value = TypeVar("_Value")


class IdentityCache(dict[int, _Value]):
    """Values by the ids of objects, each for as long as its object lives."""

    __slots__ = ("_alive",)

    def __init__(self) -> None:
        self._alive: dict[int, weakref.ref[Any]] = {}

    def keep(self, obj: Any, value: _Value) -> _Value:
        """Take down the value for an object, and return it."""
        key = id(obj)

        def forget(_: object) -> None:
            self.pop(key, None)
            self._alive.pop(key, None)

        self._alive[key] = weakref.ref(obj, forget)
        self[key] = value
        return value
