"""How much room there is for shared memory, on this machine and in the container that we are in."""

from __future__ import annotations

import errno
import os

__all__ = ["check_room"]

#: From this size on we look first whether there is room: a file in memory has no limit of its own.
_CHECKED = 16 << 20
#: The files in which a container sees how much memory it may use, and uses; version 2 and 1 of cgroups.
_CONTAINER = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


def check_room(fd: int, nbytes: int, *, in_memory: bool) -> None:
    """Raise what the system ought to, rather than fill all memory or the disk to find out.

    Raises:
        OSError: there is less room than is wanted.
    """
    if nbytes < _CHECKED:
        return
    if in_memory:
        left = _memory_left()
    else:
        disk = os.fstatvfs(fd)
        left = disk.f_bavail * disk.f_frsize
    if nbytes > left:
        raise OSError(errno.ENOSPC, f"{nbytes:,} bytes are wanted, {left:,} are left")


def _memory_left() -> int:
    """Tell how many bytes the machine, or the container that we are in, could still give."""
    from pathlib import Path

    with Path("/proc/meminfo").open(encoding="ascii") as lines:
        left = next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable"))
    for limit, usage in _CONTAINER:
        try:
            most, used = Path(limit).read_text(encoding="ascii"), Path(usage).read_text(encoding="ascii")
        except OSError:  # no container of that kind
            continue
        if most.strip() != "max":
            left = min(left, int(most) - int(used))
    return max(left, 0)
