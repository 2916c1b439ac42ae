"""Sets of exact types.

Asking them is safe for any object: ``type(value) in kinds`` raises TypeError where a metaclass makes
classes unhashable, the methods here do not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["ATOMS", "SETS", "Kinds"]


class Kinds(frozenset[type]):
    """A set of exact types."""

    __slots__ = ()

    def have(self, value: Any) -> bool:
        """Tell whether the type of a value is one of these."""
        try:
            return type(value) in self
        except TypeError:
            return False

    def cover(self, values: Iterable[Any]) -> bool:
        """Tell whether the types of all values are among these."""
        try:
            return self.issuperset(map(type, values))
        except TypeError:
            return False

    def meet(self, values: Iterable[Any]) -> bool:
        """Tell whether the type of any value is among these."""
        return any(map(self.have, values))


#: Exact types whose objects refer to nothing.
ATOMS = Kinds({type(None), bool, int, float, complex, str, bytes, bytearray, type(...), type(NotImplemented)})

#: Types whose order of elements differs from process to process.
SETS = Kinds({set, frozenset})
