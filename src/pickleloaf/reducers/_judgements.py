"""What has been found out about types, for as long as they live.

By id and with weak references: a type may be unhashable, and must be free to go.
"""

from __future__ import annotations

import weakref
from typing import Any

__all__ = ["KNOWN", "UNKNOWN", "recall", "remember"]

UNKNOWN = object()

#: By id of the type; for whoever cannot afford a call.
KNOWN: dict[int, tuple[weakref.ref[type], Any]] = {}


def recall(cls: type) -> Any:
    """Return the reducer remembered for objects of a type, which may be None, or UNKNOWN."""
    known = KNOWN.get(id(cls))
    return UNKNOWN if known is None else known[1]


def remember(cls: type, reducer: Any) -> Any:
    """Remember the reducer for objects of a type, and return it."""
    key = id(cls)
    KNOWN[key] = (weakref.ref(cls, lambda _: KNOWN.pop(key, None)), reducer)
    return reducer
