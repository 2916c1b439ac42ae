"""What all tests of the tasks share: nothing may be left behind, and scripts run as users run them."""

import contextlib
import gc
import os
import signal
import subprocess
import sys
import textwrap
import uuid
from pathlib import Path

import pytest
from tasks.gates import Gate
from tasks.leftovers import (
    MARK,
    adopting_orphans,
    check_nothing_left,
    is_alive,
    memory_of,
    wait_until,
    workers_marked,
)
from tasks.lending import Lent

import pickleloaf as pl
from pickleloaf.tasks import leading

SOURCE = Path(pl.__file__).parents[1]


def pytest_configure(config):
    """Register the markers of these tests."""
    config.addinivalue_line(
        "markers", "own_workers: ends workers, changes them, closes them or counts their tasks"
    )
    config.addinivalue_line("markers", "stress: repeats or kills many times; run by `make test-faults`")


@pytest.fixture(autouse=True)
def _no_handlers(monkeypatch):
    """Let the main thread lead: the only handler of a signal is that by which pytest-timeout ends a test."""
    monkeypatch.setattr(leading, "has_handlers", lambda: False)


@pytest.fixture(autouse=True)
def by_value(request):
    """What a test's own module defines travels by value: no worker can import it."""
    pl.register_pickle_by_value(request.module)
    yield
    pl.unregister_pickle_by_value(request.module)


@pytest.fixture
def mark(monkeypatch):
    """Mark the processes that this test starts."""
    mark = uuid.uuid4().hex
    monkeypatch.setenv(MARK, mark)
    return mark


@pytest.fixture(autouse=True, scope="session")
def interrupts():
    """Let Ctrl-C reach the programs under test: a shell's background job ignores it, and so do its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def lent():
    """The executor of all tests of a module that neither end workers nor configure them."""
    gc.collect()
    gc.freeze()  # what has been imported by now is no garbage: to look for some is ten times as fast without it
    lent = Lent()
    yield lent
    lent.close()


@pytest.fixture(autouse=True)
def nothing_left(mark, lent):
    """No worker and no shared memory outlives a test, but those of the executor that the module shares."""
    before = memory_of("self")
    with adopting_orphans():
        yield
        check_nothing_left(mark, before | lent.memory)


@pytest.fixture
def ex(request, lent):
    """An executor of two workers."""
    if request.node.get_closest_marker("own_workers"):
        with pl.Executor(workers=2) as executor:
            yield executor
    else:
        yield lent.lend()
        lent.take_back()


@pytest.fixture
def cluster(request):
    """A cluster of two workers."""
    if request.node.get_closest_marker("own_workers"):
        with pl.Cluster(workers=2) as cluster:
            yield cluster
    else:
        yield request.getfixturevalue("ex").cluster


@pytest.fixture
def gate(tmp_path):
    """A gate at which tasks wait until it is opened."""
    gate = Gate(tmp_path / "gate")
    yield gate
    gate.open()  # a test that fails keeps no worker


@pytest.fixture
def begun(tmp_path):
    """Another one, for a task to tell that it has begun."""
    return Gate(tmp_path / "begun")


class Script:
    """A program in a file of its own, as a user writes it."""

    def __init__(self, folder, mark):
        self.folder = folder
        self.mark = mark

    @contextlib.contextmanager
    def start(self, source, *arguments, **options):
        """Start it, with pipes, and wait for its end; it is killed where something goes wrong."""
        path = self.folder / "script.py"
        path.write_text(textwrap.dedent(source), encoding="utf-8")
        with subprocess.Popen(
            [sys.executable, str(path), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
            cwd=self.folder,
            **options,
        ) as process:
            try:
                yield process
            except BaseException:
                process.kill()
                raise

    def run(self, source, *arguments, seconds=30):
        """Run it to its end; return (exit code, output, errors)."""
        with self.start(source, *arguments) as process:
            output, errors = process.communicate(timeout=seconds)
        return process.returncode, output, errors

    def workers(self):
        """List the workers that it has started and that are alive."""
        return workers_marked(self.mark)


@pytest.fixture
def script(tmp_path, mark):
    """Run programs as a user does."""
    return Script(tmp_path, mark)


@pytest.fixture
def eventually():
    """Wait for a condition; returns whether it came true within so many seconds."""
    return wait_until


@pytest.fixture
def alive():
    """Tell whether a process runs."""
    return is_alive
