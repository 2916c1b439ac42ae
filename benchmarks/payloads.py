"""Payloads that come from another process, so that nothing in them has been seen here.

Run as ``python -m benchmarks.payloads``: reads a job from standard input, writes a list of payloads.
"""

import itertools
import pickle
import subprocess
import sys

from benchmarks.processes import environment
from benchmarks.rivals import find_rivals
from benchmarks.workloads import Workload, count_from, find_workloads

__all__ = ["payloads_from_elsewhere"]


#: Far from the numbers that this process gives to its definitions.
_starts = itertools.count(1_000_000, 1_000_000)


def payloads_from_elsewhere(workload: Workload, rival: str, count: int) -> list[bytes]:
    """Let another process define the same kind of object several times, and dump each."""
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        input=pickle.dumps((workload.name, rival, count, next(_starts))),
        stdout=subprocess.PIPE,
        env=environment(),
        check=True,
    )
    found: list[bytes] = pickle.loads(done.stdout)
    return found


def main() -> None:
    """Answer one job."""
    name, rival_name, count, start = pickle.load(sys.stdin.buffer)
    count_from(start)
    workload, rival = find_workloads()[name], find_rivals()[rival_name]
    pickle.dump([rival.dumps(workload.build()) for _ in range(count)], sys.stdout.buffer)


if __name__ == "__main__":
    main()
