"""The tests of tasks once more on each engine, each in a process of its own.

MPI's driver has to be rank 0 of a job; Dask and Ray do not share a process well, since Ray brings its own psutil.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
#: Open MPI asks root twice, and whether there are cores enough for its processes.
ROOT_MAY = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
}
#: Engine: the library that it needs, and how Python is started.
RUNS = {
    "local": ("pickleloaf", [sys.executable]),
    "dask": ("distributed", [sys.executable]),
    "dask-tls": ("cryptography", [sys.executable]),
    "ray": ("ray", [sys.executable]),
    "mpi": ("mpi4py", ["mpiexec", "-n", "3", sys.executable, "-m", "mpi4py.futures"]),
}


@pytest.mark.skipif("PICKLELOAF_ENGINE" in os.environ, reason="this is a run that it has started")
@pytest.mark.timeout(200)
@pytest.mark.parametrize("engine", RUNS)
def test_all_tasks_pass_on(engine):
    """All tests of tasks pass, or are refused as the engine's table says; Dask with and without TLS."""
    library, command = RUNS[engine]
    if importlib.util.find_spec(library) is None:  # importing Ray here would leave its psutil in this process
        pytest.skip(f"{library} is not installed")
    if shutil.which(command[0]) is None:
        pytest.skip("MPI is not installed")
    tests = ROOT / "tests" / "engines" / "test_tasks.py"
    result = subprocess.run(
        [*command, "-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider", tests],
        cwd=ROOT,
        env=os.environ | ROOT_MAY | {"PICKLELOAF_ENGINE": engine},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"^\d\d passed", result.stdout, re.MULTILINE), result.stdout


DEADLY = """
import os
from pickleloaf import engines

with engines.connect("mpi") as ex:
    print("before", ex.submit(len, "ab").result(), flush=True)
    ex.submit(os.abort).result()
    print("after")
"""


@pytest.mark.skipif(shutil.which("mpiexec") is None, reason="MPI is not installed")
@pytest.mark.skipif(importlib.util.find_spec("mpi4py") is None, reason="mpi4py is not installed")
@pytest.mark.skipif("PICKLELOAF_ENGINE" in os.environ, reason="this is a run that it has started")
def test_mpi_ends_with_its_worker(tmp_path):
    """In MPI the death of a worker ends the whole job, at once, as the table says."""
    (tmp_path / "deadly.py").write_text(DEADLY)
    result = subprocess.run(
        [*RUNS["mpi"][1], tmp_path / "deadly.py"],
        env=os.environ | ROOT_MAY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode != 0
    assert "before 2" in result.stdout
    assert "after" not in result.stdout
