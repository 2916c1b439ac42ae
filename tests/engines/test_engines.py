"""The tests of tasks once more on each engine, each in a process of its own.

MPI's driver has to be rank 0 of a job; Dask and Ray do not share a process well, since Ray brings its own psutil.
"""

import faulthandler
import os
import re
import select
import signal
import subprocess
from pathlib import Path

import pytest
from launching import ENGINES, ENVIRONMENT, need

ROOT = Path(__file__).parent.parent.parent
TESTS = ROOT / "tests" / "engines" / "test_tasks.py"
SILENT_S = 240  # twice as long as any of the tests may take


@pytest.mark.skipif("PICKLELOAF_ENGINE" in os.environ, reason="this is a run that it has started")
@pytest.mark.timeout(0)  # each of the tests that it runs has a limit
@pytest.mark.parametrize("engine", [name for name in ENGINES if name != "processes"])
def test_all_tasks_pass_on(engine):
    """All tests of tasks pass, or are refused as the engine's table says; Dask with and without TLS."""
    library, command = ENGINES[engine]
    need(library, command[0])
    faulthandler.cancel_dump_traceback_later()  # it takes long without hanging
    code, said = run_until_silent(
        [*command, "-m", "pytest", "-v", "--color=no", "-p", "no:cacheprovider", TESTS],
        cwd=ROOT,
        env=ENVIRONMENT | {"PICKLELOAF_ENGINE": engine},
    )
    assert code == 0, said
    assert re.search(r"^=+ \d\d passed", said, re.MULTILINE), said


def run_until_silent(command, silent_s=SILENT_S, **options):
    """Run a program until it ends, or has said nothing for too long; return its exit code and what it said."""
    said = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, **options
    ) as process:
        while select.select([process.stdout], [], [], silent_s)[0]:
            said.append(os.read(process.stdout.fileno(), 1 << 16))
            if not said[-1]:
                break
        else:
            said.append(f"\nnothing more was said for {silent_s} s".encode())
            os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, b"".join(said).decode(errors="replace")


def test_silent_program_is_ended():
    """A program that hangs is ended, with all that it has started, and what it said is known."""
    code, said = run_until_silent(["sh", "-c", "echo begun; sleep 60; true"], silent_s=1)
    assert code == -signal.SIGKILL
    assert said == "begun\n\nnothing more was said for 1 s"


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
