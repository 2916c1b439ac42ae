"""The driver: measures one row of one rival in this process, and prints the figure.

    python -m benchmarks.tasks.driver loky latency [--quick]

The tasks are functions of this file, so of ``__main__``. A row takes the rival's module and how much effort to
make, and returns one or more figures by their names.
"""

import json
import os
import statistics
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from benchmarks.tasks import limits
from benchmarks.tasks.rivals import load

WORKERS = 2
ARRAY_BYTES = 64 << 20


class Effort(NamedTuple):
    """How much to measure."""

    seconds: float  # after which a series ends, though its number is not reached
    calls: int
    arguments: int
    length: int  # of the chain


FULL = Effort(3, 2_000, 10_000, 1_000)
QUICK = Effort(0.3, 200, 1_000, 100)


def nothing() -> None:
    """Be a task that costs nothing."""


def increment(number: int) -> int:
    """Be a cheap task."""
    return number + 1


def closure(number: int) -> Callable[[], int]:
    """Return a function that no worker has seen."""
    return lambda: number


def total(array: Any) -> float:
    """Read an array."""
    return float(array.sum())


def ones(nbytes: int) -> Any:
    """Return an array."""
    import numpy as np

    return np.ones(nbytes // 8)


class Workers:
    """A rival's workers, ready, for the length of a ``with``."""

    def __init__(self, rival: ModuleType) -> None:
        self.workers = rival.Workers(WORKERS)

    def __enter__(self) -> Any:
        workers = self.workers
        for _ in range(3):  # all of them have begun
            [workers.result(handle) for handle in [workers.submit(nothing) for _ in range(2 * WORKERS)]]
        return workers

    def __exit__(self, *_: object) -> None:
        self.workers.close()


def timed(call: Callable[[], Any], expected: Any) -> float:
    """Return the seconds that a call takes. The result has to be right, or the figure means nothing."""
    start = time.perf_counter()
    result = call()
    seconds = time.perf_counter() - start
    if result != expected:
        raise RuntimeError(f"expected {expected!r:.100}, came {result!r:.100}")
    return seconds


def collect(workers: Any, handles: list[Any]) -> list[Any]:
    """Wait for many tasks, all at once where the rival has a way to."""
    if hasattr(workers, "results"):
        return list(workers.results(handles))
    return [workers.result(handle) for handle in handles]


def latency(rival: ModuleType, effort: Effort) -> dict[str, float]:
    """Time a task that does nothing, from submission to result, one at a time; microseconds."""
    with Workers(rival) as workers:
        end, taken = time.perf_counter() + effort.seconds, []
        while len(taken) < effort.calls and time.perf_counter() < end:
            taken.append(timed(lambda: workers.result(workers.submit(nothing)), None))
    return {"latency": statistics.median(taken) * 1e6}


def closures(rival: ModuleType, effort: Effort) -> dict[str, float]:
    """Count functions that no worker has seen, called once each; a second."""

    def run(count: int) -> list[int]:
        if rival.BY_NAME:
            handles = [workers.submit(increment, number - 1) for number in range(count)]
        else:
            handles = [workers.submit(closure(number)) for number in range(count)]
        return collect(workers, handles)

    with Workers(rival) as workers:
        return {"closures": _rate(run, lambda count: list(range(count)), effort, effort.calls)}


def arguments(rival: ModuleType, effort: Effort) -> dict[str, float]:
    """Count calls of one function with many small arguments; a second."""

    def run(count: int) -> list[int]:
        return list(workers.bulk(increment, range(count)))

    with Workers(rival) as workers:
        rate = _rate(run, lambda count: list(range(1, count + 1)), effort, effort.arguments)
    return {"arguments": rate}


def _rate(
    run: Callable[[int], list[int]], expected: Callable[[int], list[int]], effort: Effort, most: int
) -> float:
    """Run a few, then as many as fit into the time, and return how many a second."""
    few = max(1, most // 20)
    seconds = timed(lambda: run(few), expected(few))
    many = max(few, min(most, int(effort.seconds / seconds * few)))
    rates = [many / timed(lambda: run(many), expected(many)) for _ in range(3)]
    return statistics.median(rates)


def chain(rival: ModuleType, effort: Effort) -> dict[str, float]:
    """Time tasks that each take the result of the one before; seconds, for the full length."""
    with Workers(rival) as workers:
        few = max(1, effort.length // 20)
        workers.chain(increment, 0, few)
        seconds = timed(lambda: workers.chain(increment, 0, few), few)
        length = min(effort.length, max(few, int(2 * effort.seconds / seconds * few)))
        return {"chain": timed(lambda: workers.chain(increment, 0, length), length) / length * FULL.length}


def fan_out(rival: ModuleType, effort: Effort) -> dict[str, float]:
    """Time an array of 64 MiB that ten tasks sum, shared in the rival's own way, and just passed; seconds."""

    def run(share: Callable[[Any], Any]) -> list[float]:
        shared = share(array)
        return collect(workers, [workers.submit(total, shared) for _ in range(10)])

    array = ones(ARRAY_BYTES)
    figures = {}
    for name in ("fan-out", "passed"):
        with Workers(rival) as workers:
            small = ones(800)
            collect(workers, [workers.submit(total, small) for _ in range(2 * WORKERS)])  # numpy is imported
            share = workers.share if name == "fan-out" else lambda array: array
            figures[name] = timed(lambda: run(share), [ARRAY_BYTES / 8] * 10)  # noqa: B023 - called at once
    return figures


def back(rival: ModuleType, effort: Effort) -> dict[str, float]:
    """Time a task that makes an array of 64 MiB and returns it, and the reading of it; seconds."""
    with Workers(rival) as workers:
        total(workers.result(workers.submit(ones, 800)))
        collect(workers, [workers.submit(ones, 800) for _ in range(2 * WORKERS)])
        return {
            "back": timed(lambda: total(workers.result(workers.submit(ones, ARRAY_BYTES))), ARRAY_BYTES / 8)
        }


def start(rival: ModuleType, effort: Effort) -> dict[str, float]:
    """Time the way from nothing to the first result, the rival imported already; seconds."""
    begin = time.perf_counter()
    workers = rival.Workers(WORKERS)
    workers.result(workers.submit(nothing))
    seconds = time.perf_counter() - begin
    workers.close()
    return {"start": seconds}


def memory(rival: ModuleType, effort: Effort) -> dict[str, float]:
    """Weigh the driver and an idle worker: what they hold, shared pages in equal parts (PSS); MiB.

    Whatever else the rival has started counts as part of the workers.
    """
    with Workers(rival):
        own, children = _held_mib(os.getpid()), [_held_mib(pid) for pid in _descendants(os.getpid())]
    return {"driver": own, "worker": sum(children) / WORKERS}


def _held_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))


def _descendants(pid: int) -> Iterator[int]:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (thread / "children").read_text(encoding="ascii").split()):
            yield child
            yield from _descendants(child)


ROWS = {
    "latency": latency,
    "closures": closures,
    "arguments": arguments,
    "chain": chain,
    "fan-out": fan_out,
    "back": back,
    "start": start,
    "memory": memory,
}


def end(failed: threading.ExceptHookArgs) -> None:
    """End with the error of a thread: it is the rival's, which would let its tasks wait for ever."""
    traceback.print_exception(failed.exc_value)
    os._exit(1)


def main() -> None:
    """Measure what the command line asks for."""
    threading.excepthook = end
    name, row, *rest = sys.argv[1:]
    effort = QUICK if rest == ["--quick"] else FULL
    if name == limits.NAME:
        figures, version = limits.ROWS[row](effort.calls, ARRAY_BYTES), ""
    else:
        rival = load(name)
        figures, version = ROWS[row](rival, effort), rival.VERSION
    print(json.dumps({"version": version, "figures": figures}))


if __name__ == "__main__":
    main()
