"""What driver and workers import before the first task: it is what they wait for, and what their memory is of."""

import json
import sys

import pytest

#: Each takes a millisecond or a megabyte, or several.
HEAVY = {"_hashlib", "asyncio", "inspect", "ssl", "tempfile"}
#: A driver needs these; a worker does not, until a task asks for a future or fails.
NEEDED_BY_DRIVER = {"concurrent.futures", "logging", "pathlib", "subprocess"}

#: logging, which a driver needs, imports traceback; that of 3.14 imports dataclasses, and so inspect.
BY_TRACEBACK = {"inspect"} if sys.version_info[:2] == (3, 14) else set()

PROGRAM = """
import json, sys
before = set(sys.modules)  # what this environment imports into every process
import pickleloaf as pl

def seen():
    import sys
    return sorted(sys.modules)

with pl.Executor(workers=1) as ex:
    there = ex.submit(seen).result()
    print(json.dumps([list(set(names) - before) for names in (sys.modules, there)]))
"""


@pytest.fixture
def imported(script):
    """Run a task, as a first program does; return what driver and worker have imported then."""
    code, output, errors = script.run(PROGRAM)
    assert (code, errors) == (0, "")
    return map(set, json.loads(output))


def test_heavy_modules_wait(imported):
    """Neither side has imported what few tasks need; a worker has imported less than its driver."""
    driver, worker = imported
    assert "pickleloaf.tasks.pool" in driver
    assert "pickleloaf.tasks.worker" in worker
    assert driver & HEAVY <= BY_TRACEBACK
    assert worker & (HEAVY | NEEDED_BY_DRIVER) == set()


def test_modules_of_the_driver_stay_there(imported):
    """A worker runs tasks: it needs nothing of what manages them."""
    _, worker = imported
    managing = {
        "cluster",
        "dispatch",
        "driver",
        "executor",
        "member",
        "output",
        "pool",
        "scheduler",
        "traffic",
    }
    assert not worker & {f"pickleloaf.tasks.{name}" for name in managing}
    assert not any(name.startswith("pickleloaf.engines") for name in worker)
