"""What a worker and its driver ask of the operating system."""

from __future__ import annotations

import contextlib
import os
import signal
import sys

__all__ = ["die_with", "exit_notice", "limit_memory", "raise_descriptor_limit", "resident"]

_PR_SET_PDEATHSIG = 1
#: So many descriptors are enough; some systems set no limit, and then look through all that there could be.
_DESCRIPTORS = 1 << 16


def die_with(parent: int) -> None:
    """Let this process be killed when its parent ends, for as long as the calling thread lives.

    That is for a worker which cannot notice the end of its socket, since C code keeps the interpreter. Linux
    only; it counts the parent's thread that started us, so a cluster starts workers in a thread that stays.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent:  # it ended before we asked
        os._exit(0)


def limit_memory(nbytes: int) -> None:
    """Let this process have so much memory at most; what wants more gets a `MemoryError`.

    Raises:
        ValueError: more than the system allows.
    """
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (nbytes, hard))


def raise_descriptor_limit() -> None:
    """Let this process have as many file descriptors as it may; by default that is often no more than 1,024.

    Each piece of shared memory that is on its way, or that nobody has read yet, holds one.
    """
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # a system may allow less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def exit_notice(pid: int) -> int | None:
    """Return a descriptor that is readable once a child has ended, where the system has such a thing."""
    if not hasattr(os, "pidfd_open"):
        return None
    return os.pidfd_open(pid)


def resident(pid: int) -> int:
    """Return how many bytes of memory a process has now; 0 where the system does not say, or it has ended."""
    from pathlib import Path

    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
