"""What a reducer answers: how to make an object again.

These are the six slots of pickle's reduce protocol (``object.__reduce__`` in the library
reference; the sixth, a state setter, came with Python 3.8), under names that say what each is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

__all__ = ["Reduction"]


class Reduction(NamedTuple):
    """How one object is taken apart and made again."""

    #: Makes the object: ``rebuild(*args)``. Runs before anything that refers back to the object.
    rebuild: Callable[..., Any]
    args: tuple[Any, ...]
    #: Given to the object once it exists; may refer to it. None for nothing.
    state: Any = None
    #: Appended to the object.
    items: Iterable[Any] | None = None
    #: Set on the object, key by key.
    pairs: Iterable[tuple[Any, Any]] | None = None
    #: Takes the state instead of ``__setstate__``: ``fill(object, state)``.
    fill: Callable[[Any, Any], Any] | None = None
