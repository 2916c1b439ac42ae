"""Our pickler inside a framework that brings a dispatch table of its own.

multiprocessing and loky hand over pipes, locks and sockets by reducers in a dispatch table, and these have to
keep working. The same tables reduce bound methods to ``getattr(object, name)`` and partials to their parts,
for the sake of the standard pickler, and that is how a method which was patched onto one instance is lost:
its class has none of that name. What is in `OURS` is therefore taken out of such a table.
"""

from __future__ import annotations

import copyreg
import functools
import importlib
import io
import pickle
import types
from typing import Any

from pickleloaf.pickler import Pickler, set_default_patches

__all__ = ["OURS", "FrameworkPickler", "settle_patches", "take_the_place"]

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


def take_the_place(copy: str) -> None:
    """Put our pickler into the place of a framework's copy of cloudpickle, as far as its function ``dumps`` goes.

    What the framework or the user registered with the copy's pickler is their business, and asked as before.

    Args:
        copy: name of the package.

    Raises:
        ImportError: the framework is not installed.
    """
    cloudpickle: Any = importlib.import_module(copy)
    theirs: Any = importlib.import_module(f"{copy}.cloudpickle")

    def dumps(obj: Any, protocol: int | None = None, buffer_callback: Any = None) -> bytes:
        buffer = io.BytesIO()
        pickler = FrameworkPickler(buffer, protocol, buffer_callback)
        pickler.dispatch_table = copyreg.dispatch_table | {
            cls: reducer
            for cls, reducer in theirs.CloudPickler._dispatch_table.items()
            if getattr(reducer, "__module__", None) != theirs.__name__
        }
        pickler.dump(obj)
        return buffer.getvalue()

    cloudpickle.dumps = dumps


def settle_patches(patches: str | None) -> None:
    """Say what becomes of patches in this process, wherever nothing else is said; None leaves that as it is.

    Raises:
        ValueError: another string than `pickleloaf.set_default_patches` takes.
    """
    if patches is not None:
        set_default_patches(patches)
