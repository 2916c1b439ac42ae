"""What our layer adds to an engine's own submit: the same work by both, in turns, in one process.

    python -m benchmarks.engines dask | ray | processes
    mpiexec -n 3 python -m mpi4py.futures -m benchmarks.engines mpi

No-op: a closure, submitted and awaited, one after the other. Batch: many at once. Array: 64 MiB there and its sum back.
The bare engine pickles as it does by itself: cloudpickle for Dask and Ray, pickle for the others, which are therefore
given a function of this module where ours is given a closure.
"""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from pickleloaf import engines

REPEATS = 15
BATCH = 100


def nothing(n: int) -> int:
    """Do next to nothing."""
    return n


def total(array: Any) -> float:
    """Touch every element."""
    return float(array.sum())


def bare_submit(name: str, ex: engines.Executor) -> Callable[..., Callable[[], Any]]:
    """Return the engine's own way: call it to submit, call what it returns to wait."""
    if name == "dask":
        client = ex.engine._client
        return lambda f, *args: client.submit(f, *args, pure=False).result
    if name == "ray":
        import ray

        remote = {f: ray.remote(f) for f in (nothing, total)}

        def submit(f: Callable[..., Any], *args: Any) -> Callable[[], Any]:
            ref = remote[f].remote(*args)
            return lambda: ray.get(ref)

        return submit
    pool = ex.engine._executor
    return lambda f, *args: pool.submit(f, *args).result


def ratio(ours: Callable[[], Any], bare: Callable[[], Any], repeats: int) -> tuple[float, float]:
    """Run both in turns; return our median in ms and the ratio of the medians."""
    times: tuple[list[float], list[float]] = ([], [])
    ours(), bare()  # warm
    for _ in range(repeats):
        for work, seconds in zip((ours, bare), times, strict=True):
            begun = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - begun)
    mine, theirs = map(statistics.median, times)
    return mine * 1e3, mine / theirs


def main(name: str) -> None:
    """Print a row for each kind of work."""
    engine: Any = name
    if name == "processes":
        engine = concurrent.futures.ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))
    with engines.connect(engine, workers=2) as ex:
        bare = bare_submit(name, ex)
        offset = 0
        array = np.ones(8 << 20)

        def batch(submit: Callable[[int], Callable[[], Any]]) -> None:
            for wait in [submit(n) for n in range(BATCH)]:
                wait()

        rows = {
            "no-op": (
                lambda: ex.submit(lambda n: n + offset, 1).result(),
                lambda: bare(nothing, 1)(),  # noqa: PLW0108 - each time it is called, it submits
                REPEATS * 4,
            ),
            f"batch of {BATCH}": (
                lambda: batch(lambda n: ex.submit(lambda: n + offset).result),
                lambda: batch(lambda n: bare(nothing, n)),
                REPEATS,
            ),
            "64 MiB": (
                lambda: ex.submit(total, array).result(),
                lambda: bare(total, array)(),  # noqa: PLW0108 - likewise
                REPEATS,
            ),
        }
        for what, (ours, theirs, repeats) in rows.items():
            ms, times = ratio(ours, theirs, repeats)
            print(f"{name:10} {what:14} {ms:9.2f} ms   {times:.2f} times the bare engine", flush=True)


if __name__ == "__main__":
    from benchmarks.engines import main  # so that the bare engines' workers can import what they are to run

    main(*sys.argv[1:])
