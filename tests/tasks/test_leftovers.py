"""The check after every test finds what was left on purpose."""

import mmap
import os
import subprocess
import sys
import tempfile
import time

import pytest
from tasks.leftovers import (
    MARK,
    check_nothing_left,
    is_alive,
    memory_of,
    named_files,
    open_segments,
    wait_until,
    workers_marked,
)
from tasks.lending import Lent

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


def test_file_with_a_name(tmp_path):
    """A file is found that a process has open, or shares by a mapping, as long as it has a name."""
    path = tmp_path / "named"
    with path.open("wb+") as file:
        file.write(b"x")
        file.flush()
        view = mmap.mmap(file.fileno(), 1)
        assert str(path) in named_files("self")
    assert str(path) in named_files("self")
    path.unlink()
    assert not [name for name in named_files("self") if name.startswith(str(path))]
    view.close()


def test_segments_that_are_open():
    """Descriptors of nameless files count, those of pipes do not."""
    before = open_segments()
    with Segment.create(1), tempfile.TemporaryFile():
        reader, writer = os.pipe()
        assert open_segments() == before + 2
        os.close(reader)
        os.close(writer)
    assert open_segments() == before


# -- the executor that tests share -----------------------------------------------------------------------------


@pytest.fixture
def shared():
    """One of our own, so that nobody else has to do without."""
    lent = Lent()
    yield lent
    lent.close()


def hold_memory():
    """Keep memory in a worker."""
    import builtins

    from pickleloaf.tasks.shared_memory import Segment

    builtins.held = Segment.create(10_000)


def start_process():
    """Leave a process running."""
    subprocess.Popen(["sleep", "60"])


@pytest.mark.parametrize(
    ("leave", "found"),
    [
        (lambda ex: ex.submit(time.sleep, 60), "tasks"),
        (lambda ex: ex.cluster.put(1), "values"),
        (lambda ex: ex.submit(hold_memory).result(20), "memory of workers"),
        (lambda ex: ex.submit(start_process).result(20), "processes of workers"),
        (lambda ex: ex.submit(os.abort).exception(20), "other workers"),
        (lambda ex: ex.shutdown(), "dead workers"),
    ],
    ids=["task", "value", "memory", "process", "death", "end"],
)
def test_what_is_left_in_the_shared_executor(shared, leave, found):
    """A test that does not leave the executor as it was fails, and the next one gets another."""
    executor = shared.lend()
    kept = leave(executor)
    with pytest.raises(pytest.fail.Exception, match=found):
        shared.take_back(patience_s=0.2)
    del kept
    assert shared.lend() is not executor
    assert shared.lend().submit(abs, -1).result(20) == 1
    shared.take_back()


def test_shared_executor_stays(shared):
    """Who leaves it as it was hands it on, workers and all; garbage is no fault."""
    executor = shared.lend()
    cycle = [executor.cluster.put(bytes(1 << 20))]
    assert executor.submit(len, cycle).result(20) == 1
    cycle.append(cycle)
    del cycle
    shared.take_back()
    assert shared.lend() is executor
