"""What all tests of the tasks share: nothing may be left behind, and scripts run as users run them."""

import gc
import os
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from pathlib import Path

import pytest

import pickleloaf as pl

MARK = "PICKLELOAF_TEST"
SOURCE = Path(pl.__file__).parents[1]


def wait_until(condition, seconds):
    """Wait for a condition; tell whether it came true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def is_alive(pid):
    """Tell whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def workers_marked(mark):
    """List the workers that were started under a mark, by whatever process."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
            command = (process / "cmdline").read_bytes()
        except OSError:  # it has just ended
            continue
        if f"{MARK}={mark}".encode() in environment and b"pickleloaf.tasks.worker" in command:
            found.append(int(process.name))
    return [pid for pid in found if is_alive(pid)]


def shared_memory_held():
    """List the segments that this process has open or mapped."""
    gc.collect()
    links = [entry for entry in Path("/proc/self/fd").iterdir() if "memfd:pickleloaf" in _target(entry)]
    maps = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    return links + [line for line in maps if "memfd:pickleloaf" in line]


def _target(link):
    try:
        return str(link.readlink())
    except OSError:
        return ""


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


@pytest.fixture(autouse=True)
def nothing_left(mark):
    """No worker and no shared memory outlives a test."""
    yield
    if not sys.platform.startswith("linux"):
        return
    ended = wait_until(lambda: not workers_marked(mark), 3)
    left = workers_marked(mark)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert ended, f"workers are left: {left}"
    assert wait_until(lambda: not shared_memory_held(), 2), shared_memory_held()


@pytest.fixture
def ex():
    """An executor of two workers."""
    with pl.Executor(workers=2) as executor:
        yield executor


@pytest.fixture
def cluster():
    """A cluster of two workers."""
    with pl.Cluster(workers=2) as cluster:
        yield cluster


class Script:
    """A program in a file of its own, as a user writes it."""

    def __init__(self, folder, mark):
        self.folder = folder
        self.mark = mark

    def start(self, source, *arguments, **options):
        """Start it, with pipes."""
        path = self.folder / "script.py"
        path.write_text(textwrap.dedent(source), encoding="utf-8")
        return subprocess.Popen(
            [sys.executable, str(path), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
            cwd=self.folder,
            **options,
        )

    def run(self, source, *arguments, seconds=30):
        """Run it to its end; return (exit code, output, errors)."""
        with self.start(source, *arguments) as process:
            try:
                output, errors = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
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
