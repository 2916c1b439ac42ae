"""ipyparallel: as its own `use_cloudpickle`, the pickler is a module that it holds by the name `pickle`.

Before it pickles, it *cans* functions, cells, classes and partials, which then are plain data to a plain
pickler. Ours takes them as they are, so their entries are taken out of the map of what is to be canned.
"""

from __future__ import annotations

import functools
import importlib
import types
from typing import Any

from pickleloaf.integrations._framework import settle_patches

__all__ = ["use_in_ipyparallel"]

#: What ipyparallel takes apart and pickleloaf takes whole.
_CANNED = (types.FunctionType, types.CellType, functools.partial, type)


def use_in_ipyparallel(client: Any = None, *, patches: str | None = None) -> None:
    """Let ipyparallel pickle with pickleloaf, here and on the engines.

    Args:
        client: whose engines shall use it as well, those that are connected now; None for this process only.
        patches: see `settle_patches`; the engines do the same.

    Raises:
        ImportError: ipyparallel is not installed, here or on an engine.
    """
    serialize: Any = importlib.import_module("ipyparallel.serialize.serialize")
    canning = importlib.import_module("ipyparallel.serialize.canning")
    if client is not None:  # first: once installed here, what is sent needs pickleloaf there
        client[:].apply_sync(use_in_ipyparallel, patches=patches)
    serialize.pickle = importlib.import_module("pickleloaf")
    for cls in _CANNED:
        canning.can_map.pop(cls, None)
    settle_patches(patches)
