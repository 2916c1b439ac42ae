"""Our pickler inside a framework that brings a dispatch table of its own.

multiprocessing and loky hand over pipes, locks and sockets by reducers in a dispatch table, and these have to
keep working. The same tables reduce bound methods to ``getattr(object, name)`` and partials to their parts,
for the sake of the standard pickler, and that is how a method which was patched onto one instance is lost:
its class has none of that name. What is in `OURS` is therefore taken out of such a table.
"""

from __future__ import annotations

import functools
import pickle
import types
from typing import Any

from pickleloaf.pickler import Pickler

__all__ = ["OURS", "FrameworkPickler"]

#: Types whose objects pickleloaf takes apart whatever a framework registered for them.
OURS = (
    types.MethodType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    functools.partial,
)

#: The C pickler's own slot: only what lies there is asked when `reducer_override` declines.
_slot: Any = pickle.Pickler.__dict__["dispatch_table"]


class FrameworkPickler(Pickler):
    """A pickler that asks the table it is given about everything but `OURS`."""

    @property
    def dispatch_table(self) -> Any:
        """The framework's table, without `OURS`."""
        return _slot.__get__(self)

    @dispatch_table.setter
    def dispatch_table(self, table: Any) -> None:
        for cls in OURS:
            table.pop(cls, None)
        _slot.__set__(self, table)
