"""mpi4py: ``MPI.pickle`` holds the two functions that its lower-case methods (send, recv, bcast) pickle with.

mpi4py.futures sends by them, too. Every rank has a pair of its own.
"""

from __future__ import annotations

import importlib
from typing import Any

from pickleloaf.integrations._framework import heed_cloudpickle, settle_patches
from pickleloaf.pickler import dumps
from pickleloaf.unpickler import loads

__all__ = ["use_in_mpi4py"]


def use_in_mpi4py(*, patches: str | None = None) -> None:
    """Let mpi4py pickle with pickleloaf in this rank; every rank that sends or returns objects calls it.

    Workers of ``MPIPoolExecutor`` do when it is their initializer.

    Args:
        patches: see `settle_patches`.

    Raises:
        ImportError: mpi4py is not installed, or finds no MPI.
    """
    importlib.import_module("mpi4py.MPI").pickle.__init__(_dumps, loads)
    settle_patches(patches)


def _dumps(obj: Any, *args: Any) -> bytes:
    heed_cloudpickle()
    return dumps(obj, *args)
