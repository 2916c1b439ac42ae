"""The tests of tasks once more on each engine, each in a process of its own.

MPI's driver has to be rank 0 of a job; Dask and Ray do not share a process well, since Ray brings its own psutil.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest
from launching import ENGINES, ENVIRONMENT, need

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.skipif("PICKLELOAF_ENGINE" in os.environ, reason="this is a run that it has started")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("engine", [name for name in ENGINES if name != "processes"])
def test_all_tasks_pass_on(engine):
    """All tests of tasks pass, or are refused as the engine's table says; Dask with and without TLS."""
    library, command = ENGINES[engine]
    need(library, command[0])
    tests = ROOT / "tests" / "engines" / "test_tasks.py"
    result = subprocess.run(
        [*command, "-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider", tests],
        cwd=ROOT,
        env=ENVIRONMENT | {"PICKLELOAF_ENGINE": engine},
        capture_output=True,
        text=True,
        timeout=560,
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


@pytest.mark.skipif("PICKLELOAF_ENGINE" in os.environ, reason="this is a run that it has started")
def test_mpi_ends_with_its_worker(tmp_path):
    """In MPI the death of a worker ends the whole job, at once, as the table says."""
    library, command = ENGINES["mpi"]
    need(library, command[0])
    (tmp_path / "deadly.py").write_text(DEADLY)
    result = subprocess.run(
        [*command, tmp_path / "deadly.py"],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode != 0
    assert "before 2" in result.stdout
    assert "after" not in result.stdout
