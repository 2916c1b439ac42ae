"""How programs are started on an engine, each in a process of its own."""

import importlib.util
import os
import shutil
import sys

import pytest

MPIEXEC = ("mpiexec", "-n", "3")

#: What a program on an engine finds in its environment. Open MPI asks root twice, and whether it has cores enough for
#: its processes; PySpark has to be told which Python its workers are.
ENVIRONMENT = os.environ | {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
    "PYSPARK_PYTHON": sys.executable,
    "RAY_DISABLE_IMPORT_WARNING": "1",
}

#: Engine: the library that it needs, and how Python is started.
ENGINES = {
    "processes": ("pickleloaf", [sys.executable]),
    "local": ("pickleloaf", [sys.executable]),
    "dask": ("distributed", [sys.executable]),
    "dask-tls": ("cryptography", [sys.executable]),
    "ray": ("ray", [sys.executable]),
    "mpi": ("mpi4py", [*MPIEXEC, sys.executable, "-m", "mpi4py.futures"]),
}


def need(library, command=None):
    """Skip a test if a library is not installed, or a command.

    Importing the library here would tell as well; but Ray's psutil would stay in this process.
    """
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    if command is not None and shutil.which(command) is None:
        pytest.skip(f"{command} is not installed")
