"""mpi4py.futures, with workers that are spawned."""

import os

#: Open MPI asks root twice, and whether it has cores enough for the driver and its workers, when it is imported.
os.environ |= {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
}

import cloudpickle
import mpi4py
from mpi4py import MPI
from mpi4py.futures import MPIPoolExecutor

from benchmarks.tasks.rivals._base import Futures

VERSION = mpi4py.__version__
BY_NAME = False


class Workers(Futures):
    """With cloudpickle on either side, as its manual shows."""

    def __init__(self, count: int) -> None:
        use_cloudpickle()
        super().__init__(MPIPoolExecutor(count, initializer=use_cloudpickle))


def use_cloudpickle() -> None:
    """Pickle what is sent with cloudpickle; a function, since the method itself is nothing that can be sent."""
    MPI.pickle.__init__(cloudpickle.dumps, cloudpickle.loads)
