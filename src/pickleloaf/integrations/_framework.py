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
import sys
import types
from typing import Any

from pickleloaf.dispatch_table import DispatchTable
from pickleloaf.pickler import REGISTRY, TABLE, Pickler, set_default_patches

__all__ = ["OURS", "FrameworkPickler", "heed_cloudpickle", "settle_patches", "take_the_place"]

#: Types whose objects pickleloaf takes apart whatever a framework registered for them.
OURS = (
    types.MethodType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    functools.partial,
)


class _OthersTable(DispatchTable):
    """A framework's table, without `OURS`."""

    def __set__(self, pickler: Any, table: Any) -> None:
        for cls in OURS:
            table.pop(cls, None)
        super().__set__(pickler, table)


class FrameworkPickler(Pickler):
    """A pickler that asks the table it is given about everything but `OURS`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        heed_cloudpickle()
        super().__init__(*args, **kwargs)

    dispatch_table = _OthersTable(TABLE)


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


#: Modules that keep what was registered to travel by value with cloudpickle, and with the copies that frameworks have.
_CLOUDPICKLES = ("cloudpickle.cloudpickle", "ray.cloudpickle.cloudpickle", "pyspark.cloudpickle.cloudpickle")

#: Names that have been taken over from there.
_heeded: frozenset[str] = frozenset()


def heed_cloudpickle() -> None:
    """Let travel by value what was registered so with cloudpickle, for users who stay with a framework's own API."""
    global _heeded  # noqa: PLW0603 - names are replaced together
    registered = [getattr(sys.modules.get(name), "_PICKLE_BY_VALUE_MODULES", ()) for name in _CLOUDPICKLES]
    names = frozenset().union(*registered)
    if names == _heeded:
        return
    for name in (_heeded - names) & REGISTRY.names():
        REGISTRY.unregister(name)
    for name in names - REGISTRY.names():
        REGISTRY.register(name)
    _heeded = names
