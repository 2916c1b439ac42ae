"""The patched turkey, and two closures that share a variable, through every framework and back.

Each program under `programs/` is a script of its own, run as a user runs it, with `turkey.py` at its head, so that
all of it belongs to `__main__`. A framework that is not installed skips its test; `make engines` installs all.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from launching import ENVIRONMENT, MPIEXEC, need

PROGRAMS = Path(__file__).parent / "programs"

#: Name of the program; which library it needs; what stands before it on the command line; arguments; arrivals.
RUNS = [
    ("multiprocessing_", "multiprocessing", (), ("fork",), 2),
    ("multiprocessing_", "multiprocessing", (), ("spawn",), 2),
    ("multiprocessing_", "multiprocessing", (), ("forkserver",), 2),
    ("process_pool", "concurrent.futures", (), ("fork",), 1),
    ("process_pool", "concurrent.futures", (), ("spawn",), 1),
    ("process_pool", "concurrent.futures", (), ("forkserver",), 1),
    ("loky_", "loky", (), (), 1),
    ("joblib_", "joblib", (), (), 2),
    ("dask_", "distributed", (), (), 1),
    ("mpi4py_", "mpi4py", MPIEXEC, (), 2),
    ("mpi_pool", "mpi4py", MPIEXEC, ("-m", "mpi4py.futures"), 1),
    ("ipyparallel_", "ipyparallel", (), (), 1),
    ("ray_", "ray", (), (), 1),
    ("ray_parcel", "ray", (), (), 1),
    ("pyspark_", "pyspark", (), (), 2),
    ("pyspark_parcel", "pyspark", (), (), 1),
]


@pytest.mark.parametrize(
    ("program", "library", "before", "arguments", "arrivals"),
    RUNS,
    ids=["-".join([run[0].strip("_"), *run[3]]).replace("--m-mpi4py.futures", "") for run in RUNS],
)
def test_turkey_travels(program, library, before, arguments, arrivals, tmp_path):
    """With one line of `pickleloaf.integrations`, a framework carries what its own pickler loses."""
    need(library, "java" if library == "pyspark" else before[0] if before else None)
    result = run(program, before, arguments, tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.split().count("arrived") == arrivals, result.stdout + result.stderr


def run(program, before, arguments, folder):
    """Run a program with the turkey at its head; what stands in arguments before `-m` is for Python."""
    script = folder / f"{program}.py"
    script.write_text("".join((PROGRAMS / f"{name}.py").read_text() for name in ("turkey", program)))
    options, rest = (arguments, ()) if "-m" in arguments else ((), arguments)
    return subprocess.run(
        [*before, sys.executable, *options, script, *rest],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env=ENVIRONMENT | {"PYTHONWARNINGS": "default"},
    )
