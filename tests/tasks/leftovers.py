"""Processes and shared memory of this process: a test has to leave none behind."""

import contextlib
import ctypes
import gc
import os
import signal
import sys
import time
from pathlib import Path

#: Environment variable that marks the processes which a test starts.
MARK = "PICKLELOAF_TEST"

_PR_SET_CHILD_SUBREAPER = 36


def wait_until(condition, seconds):
    """Wait for a condition; tell whether it came true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


@contextlib.contextmanager
def adopting_orphans():
    """Make a process a child of this one when the process that started it has ended.

    So a worker that has outlived a program under test is still found among the descendants of this process.
    """
    linux = sys.platform.startswith("linux")
    prctl = ctypes.CDLL(None).prctl if linux else lambda *_: None
    prctl(_PR_SET_CHILD_SUBREAPER, 1)
    yield
    prctl(_PR_SET_CHILD_SUBREAPER, 0)


def descendants(pid):
    """List the processes that a process has started, and that these have started, and so on."""
    found = []
    for thread in Path(f"/proc/{pid}/task").glob("[0-9]*"):
        for child in _read(thread / "children").split():
            found += [int(child), *descendants(child.decode())]
    return found


def is_alive(pid):
    """Tell whether a process runs (a zombie does not)."""
    state = _read(Path(f"/proc/{pid}/stat")).rpartition(b")")[2].split()
    return bool(state) and state[0] not in b"ZX"


def workers_marked(mark):
    """List the workers below this process that were started under a mark."""
    marked = f"{MARK}={mark}".encode()
    return [
        pid
        for pid in descendants(os.getpid())
        if b"pickleloaf.tasks.worker" in _read(Path(f"/proc/{pid}/cmdline"))
        and marked in _read(Path(f"/proc/{pid}/environ")).split(b"\0")
    ]


def memory_of(pid):
    """Return the inodes of the shared memory that a process has open or mapped."""
    found = set()
    for entry in _entries(Path(f"/proc/{pid}/fd")):
        with contextlib.suppress(OSError):  # closed meanwhile
            if "/memfd:pickleloaf" in _target(entry):
                found.add(entry.stat().st_ino)
    for line in _read(Path(f"/proc/{pid}/maps")).splitlines():
        if b"/memfd:pickleloaf" in line:
            found.add(int(line.split()[4]))
    return found


def open_segments():
    """Count the descriptors of this process that may be segments: files without a name, in memory or elsewhere.

    Other threads of this process may open pipes and sockets at any time; but none of them makes such files.
    """
    gc.collect()
    return sum(_is_nameless(entry) for entry in _entries(Path("/dev/fd")))


def named_files(pid):
    """List the files with a name that a process has open, or shares by a mapping."""
    found = {_target(entry) for entry in _entries(Path(f"/proc/{pid}/fd"))}
    maps = [line.split(maxsplit=5) for line in _read(Path(f"/proc/{pid}/maps")).decode().splitlines()]
    found.update(line[5] for line in maps if line[1].endswith("s"))
    return sorted(name for name in found if name.startswith("/") and not name.endswith(" (deleted)"))


def check_nothing_left(mark, memory_before, patience_s=3):
    """Fail if a worker is alive that was started under a mark, or if this process holds more memory than before."""
    ended = wait_until(lambda: not workers_marked(mark), patience_s)
    left = workers_marked(mark)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert ended, f"workers are left: {left}"
    assert frees_up(lambda: not memory_of("self") - memory_before, patience_s), "shared memory is left"


def frees_up(condition, seconds):
    """Wait for a condition to which garbage may be in the way; tell whether it came true.

    To collect it takes longer than most tests take, so it is done only where the condition does not hold at once.
    """
    return condition() or wait_until(lambda: gc.collect() >= 0 and condition(), seconds)


def _entries(folder):
    try:
        return list(folder.iterdir())
    except OSError:  # it has just ended, or this is no Linux
        return []


def _target(descriptor):
    try:
        return str(descriptor.readlink())
    except OSError:  # closed meanwhile, or it is no link here
        return ""


def _is_nameless(descriptor):
    target = _target(descriptor)
    return target.endswith(" (deleted)") or not sys.platform.startswith("linux")


def _read(path):
    try:
        return path.read_bytes()
    except OSError:  # likewise
        return b""
