"""Dumping what refers to patched code: warn, refuse, or carry the patches along.

Whether a payload refers to patched code is known only when it has been written. So it is written, and
what it refers to is looked at. Only if there are patches to be carried it is written once more, this
time behind them, and once more again if they refer to further patched code.

1. Until the last writing nobody else sees a buffer, since its place among the buffers is not known.
2. Where the C pickler fails on the original behind a patch (``print``, behind ``builtins.print = mine``,
   is no longer found by its name), the object is written once more with originals named as such.
3. A patch and the rest of its payload share state if both use a closure cell, an object, or a global
   that one of them assigns to. Over there such a patch is renewed with its payload (see _ledger, rule 3).
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from hashlib import blake2b
from types import FunctionType
from typing import Any

from pickleloaf.code.pristine import MISSING, Description, binding, describe, describe_written
from pickleloaf.errors import EncodeError, LostPatchWarning
from pickleloaf.policy.carrying import CarryingPolicy, find_original, live_value
from pickleloaf.policy.marks import MARKS
from pickleloaf.policy.patches import Judge, Place
from pickleloaf.policy.watch import Watch, watch_for
from pickleloaf.reducers._ledger import LEDGER
from pickleloaf.reducers._patch import REMOVED, Patch
from pickleloaf.reducers.patched import Patched, reduce_original
from pickleloaf.rescue import Memory

__all__ = ["adopt", "named_originals", "treat_patches"]
