"""What no runtime can beat: a bare round trip between two processes, and a copy in memory."""

import os
import socket
import statistics
import time

__all__ = ["NAME", "ROWS"]

NAME = "limit"
#: A message of this size is about what a task is, with its name and arguments.
MESSAGE_BYTES = 500


def ping_pong(calls: int, nbytes: int) -> dict[str, float]:
    """Time a message to another process and back, over a socket pair; microseconds."""
    here, there = socket.socketpair()
    pid = os.fork()
    if not pid:
        here.close()
        while message := there.recv(MESSAGE_BYTES, socket.MSG_WAITALL):
            there.sendall(message)
        os._exit(0)
    there.close()
    message, taken = bytes(MESSAGE_BYTES), []
    for _ in range(calls):
        begin = time.perf_counter()
        here.sendall(message)
        here.recv(MESSAGE_BYTES, socket.MSG_WAITALL)
        taken.append(time.perf_counter() - begin)
    here.close()
    os.waitpid(pid, 0)
    return {"latency": statistics.median(taken) * 1e6}


def copy(calls: int, nbytes: int) -> dict[str, float]:
    """Time a copy to memory that is new; seconds."""
    source, taken = b"x" * nbytes, []
    for _ in range(5):
        begin = time.perf_counter()
        bytearray(source)
        taken.append(time.perf_counter() - begin)
    return {"copy": statistics.median(taken)}


ROWS = {
    "latency": ping_pong,
    "fan-out": lambda calls, nbytes: dict.fromkeys(("fan-out", "passed"), copy(calls, nbytes)["copy"]),
    "back": lambda calls, nbytes: {"back": copy(calls, nbytes)["copy"]},
}
