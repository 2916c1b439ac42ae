"""mpi4py.futures, with workers that are spawned."""

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
        MPI.pickle.__init__(cloudpickle.dumps, cloudpickle.loads)
        super().__init__(
            MPIPoolExecutor(
                count, initializer=MPI.pickle.__init__, initargs=(cloudpickle.dumps, cloudpickle.loads)
            )
        )
