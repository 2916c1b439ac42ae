"""Sets of exact types.

Asking them is safe for any object: ``type(value) in kinds`` raises TypeError where a metaclass makes
classes unhashable, the methods here do not.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

__all__ = ["ATOMS", "CONTAINERS", "SETS", "WRITTEN", "Kinds", "interned"]


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


#: Exact types whose objects refer to nothing.
ATOMS = Kinds({type(None), bool, int, float, complex, str, bytes, bytearray, type(...), type(NotImplemented)})

#: Those of them that `marshal` writes as they are.
WRITTEN = Kinds(ATOMS - {bytearray, type(NotImplemented)})

#: Exact types whose objects hold others, which are asked for without running code of the user's.
CONTAINERS = Kinds({list, tuple, dict, set, frozenset})

#: Types whose order of elements differs from process to process.
SETS = Kinds({set, frozenset})

#: Strings longer than that are left as they are: from Python 3.12 on some interned ones are never given back.
_LONG = 256


def interned(value: Any) -> Any:
    """Return the one string that stands for all equal ones, and any other value as it is.

    Pickle writes an object once and then refers to it, so that bytes would depend on which of the equal
    strings of a definition happen to be one object.
    """
    return sys.intern(value) if type(value) is str and len(value) <= _LONG else value
