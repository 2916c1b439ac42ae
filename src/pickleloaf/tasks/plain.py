"""Data and nothing else: what no reducer is needed for, and no patch travels because of.

A pickle of an array names functions and classes of numpy. They are the same wherever numpy is, and what a task does
with the array is said by its function, which takes the patches of numpy along that it uses. To look through all of
numpy for patches takes milliseconds, for each array.
"""

from __future__ import annotations

import sys
from typing import Any

from pickleloaf.pickler import HANDLES

__all__ = ["ATOMS", "is_data"]

#: What a pickle of it alone is as good as a pickle by pickleloaf.
ATOMS = frozenset({int, float, bool, str, bytes, type(None), complex})

#: Of the data types of numpy: booleans, numbers, dates and texts.
_DATA_KINDS = frozenset("biufcmMSU")


def is_data(obj: Any) -> bool:
    """Tell whether an object is an atom, or an array or a scalar of numpy's own that holds nothing but such data."""
    kind = type(obj)
    if kind in ATOMS:
        return True
    if kind.__module__ != "numpy":
        return False
    numpy = sys.modules["numpy"]
    if kind is not numpy.ndarray and not isinstance(obj, numpy.generic):
        return False
    return obj.dtype.kind in _DATA_KINDS and HANDLES.policy_for(kind) is None
