"""MPI, through mpi4py.futures: rank 0 is the driver, the other ranks are the workers.

Start a program as ``mpiexec -n 3 python -m mpi4py.futures program.py``. Without that, mpi4py starts workers of its
own where the MPI can (``MPI_Comm_spawn``). The workers do not import the program: what they need travels.
"""

from __future__ import annotations

import importlib
import pickle
from collections.abc import Mapping
from typing import Any, ClassVar

from pickleloaf.engines.futures import _NO_CHAIN, _NO_NAMES, _NO_NESTING, _NO_STORE, FuturesEngine

__all__ = ["MPIEngine"]


class MPIEngine(FuturesEngine):
    """Runs tasks on an ``MPIPoolExecutor``."""

    name = "MPI"
    _protocol = pickle.HIGHEST_PROTOCOL
    lacks: ClassVar[Mapping[str, str]] = {
        "workers": _NO_NAMES.replace("concurrent.futures", "mpi4py.futures"),
        "store": _NO_STORE.replace("concurrent.futures", "mpi4py.futures"),
        "chain": _NO_CHAIN,
        "death": "MPI ends the whole job when one of its processes dies",
        "alone": "as above",
        "nested": _NO_NESTING,
    }

    def __init__(self, executor: Any = None, *, workers: int | None = None) -> None:
        """Use an executor, or make one.

        Args:
            executor: an ``MPIPoolExecutor``, left running; None for one of our own.
            workers: how many to start where mpiexec has started none.

        Raises:
            ImportError: mpi4py is not installed, or finds no MPI.
        """
        self._own = executor is None
        if executor is None:
            executor = importlib.import_module("mpi4py.futures").MPIPoolExecutor(workers, main=False)
        super().__init__(executor)

    def close(self) -> None:
        """End the executor if it is ours; the ranks that mpiexec started wait for the next."""
        if self._own:
            self._executor.shutdown()
