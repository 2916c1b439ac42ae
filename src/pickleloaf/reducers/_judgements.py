"""What has been found out about types, for as long as they live.

By id and with weak references: a type may be unhashable, and must be free to go.
"""

from __future__ import annotations

import weakref
from typing import Any

__all__ = ["UNKNOWN", "recall", "remember"]

UNKNOWN = object()

_known: dict[int, tuple[weakref.ref[type], Any]] = {}


def recall(cls: type) -> Any:
    """Return the reducer remembered for objects of a type, which may be None, or UNKNOWN."""
    known = _known.get(id(cls))
    return UNKNOWN if known is None else known[1]


def remember(cls: type, reducer: Any) -> Any:
    """Remember the reducer for objects of a type, and return it."""
    key = id(cls)
    _known[key] = (weakref.ref(cls, lambda _: _known.pop(key, None)), reducer)
    return reducer
