"""The check after every test finds what was left on purpose."""

import os
import sys

import pytest
from tasks.leftovers import MARK, check_nothing_left, is_alive, memory_of, wait_until, workers_marked

import pickleloaf as pl
from pickleloaf.tasks.shared_memory import Segment

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")


def found(mark, memory_before=frozenset()):
    """Return the complaint of the check."""
    with pytest.raises(AssertionError) as caught:
        check_nothing_left(mark, memory_before, patience_s=0.05)
    return str(caught.value)


def test_worker_that_is_left(mark):
    """A worker that still runs is found, and ended so that it is in nobody's way."""
    with pl.Cluster(workers=1) as cluster:
        pid = cluster.task(os.getpid).result(20)
        assert str(pid) in found(mark, memory_of("self"))
        assert wait_until(lambda: not is_alive(pid), 5)


def test_worker_whose_program_has_ended(script, mark):
    """So is one that its program has left: it has become a child of this process."""
    code, output, errors = script.run("""
        import subprocess, sys
        wait = [sys.executable, "-c", "import time; time.sleep(60)", "pickleloaf.tasks.worker"]
        nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        print(subprocess.Popen(wait, start_new_session=True, **nowhere).pid)
    """)
    assert (code, errors) == (0, "")
    assert workers_marked(mark) == [int(output)]
    assert output.strip() in found(mark)
    assert wait_until(lambda: not is_alive(int(output)), 5)


def test_workers_of_others(mark, monkeypatch):
    """A worker that was started under another mark is none of this test's."""
    monkeypatch.setenv(MARK, mark + "0")
    with pl.Cluster(workers=1) as cluster:
        cluster.task(os.getpid).result(20)
        check_nothing_left(mark, memory_of("self"))


@pytest.mark.parametrize("held", ["descriptor", "mapping"])
def test_memory_that_is_left(mark, held):
    """Memory is found by its descriptor, and by a mapping alone."""
    segment = Segment.create(10_000)
    view = segment.map() if held == "mapping" else None
    if held == "mapping":
        segment.close()
    assert "shared memory" in found(mark)
    del view, segment
    check_nothing_left(mark, set())


def test_memory_in_garbage(mark):
    """Memory that only a cycle holds is not left: it is collected."""
    cycle = [Segment.create(10_000)]
    cycle.append(cycle)
    del cycle
    check_nothing_left(mark, set())
    assert not memory_of("self")
