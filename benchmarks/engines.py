"""What our layer adds to an engine's own submit: the same work by both, in turns, in one process.

    python -m benchmarks.engines dask | ray | processes
    mpiexec -n 3 python -m mpi4py.futures -m benchmarks.engines mpi

No-op: a closure, submitted and awaited, one after the other. Batch: a hundred closures at once, each of them new.
Array: 64 MiB there, and its sum back. Each turn is one run of both, and what counts is the median of the ratios of all
turns: what else the machine does slows both of a turn down, or is an outlier.

Both sides are given the same closures of ``__main__``, which the bare engine gets as its user would send them: Dask
takes them as they are, Ray wants a function to be made remote (once, where it is the same), and plain pickle refuses
them, so that MPI and a pool get them in the bytes of cloudpickle.
"""

from __future__ import annotations

import concurrent.futures
import importlib
import itertools
import multiprocessing
import pickle
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import cloudpickle
import numpy as np

from pickleloaf import engines

BATCH = 100
#: How often each side is run for a no-op, a batch, an array.
REPEATS = (400, 30, 40)
QUICK = (20, 3, 3)

Waits = Callable[[], Any]


def call_pickled(function: bytes, *args: Any) -> Any:
    """Call a function that came in the bytes of cloudpickle."""
    return pickle.loads(function)(*args)


def bare_submit(name: str, ex: engines.Executor) -> Callable[..., Waits]:
    """Return the engine's own way: call it to submit, call what it returns to wait."""
    if name == "dask":
        client = ex.engine._client
        return lambda f, *args: client.submit(f, *args, pure=False).result
    if name == "ray":
        return _ray_submit()
    pool = ex.engine._executor
    call = importlib.import_module("benchmarks.engines").call_pickled  # the workers import it
    return lambda f, *args: pool.submit(call, cloudpickle.dumps(f), *args).result


def _ray_submit() -> Callable[..., Waits]:
    import ray

    remotes: dict[Any, Any] = {}

    def submit(f: Callable[..., Any], *args: Any) -> Waits:
        if f not in remotes:
            remotes.clear()
            remotes[f] = ray.remote(f)
        ref = remotes[f].remote(*args)
        return lambda: ray.get(ref)

    return submit


def ratio(ours: Callable[[], Any], bare: Callable[[], Any], repeats: int) -> tuple[float, float, float]:
    """Run both in turns; return the medians of both in ms, and the median of their ratios."""
    times: tuple[list[float], list[float]] = ([], [])
    order = ((ours, times[0]), (bare, times[1]))
    for work, _ in order * 2:  # warm
        work()
    for turn in range(repeats):
        for work, seconds in order if turn % 2 else order[::-1]:
            begun = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - begun)
    mine, theirs = (statistics.median(each) * 1e3 for each in times)
    return mine, theirs, statistics.median(mine / theirs for mine, theirs in zip(*times, strict=True))


def main(name: str, *options: str) -> None:
    """Print a row for each kind of work."""
    engine: Any = name
    if name == "processes":
        engine = concurrent.futures.ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))
    with engines.connect(engine, workers=2) as ex:
        measure(name, ex, QUICK if "--quick" in options else REPEATS)


def measure(name: str, ex: engines.Executor, repeats: tuple[int, int, int]) -> None:
    """Print a row for each kind of work on an engine."""

    def ours(f: Callable[..., Any], *args: Any) -> Waits:
        return ex.submit(f, *args).result

    bare = bare_submit(name, ex)
    array = np.ones(8 << 20)
    numbers = itertools.count()

    def adding(m: int) -> Callable[[int], int]:
        return lambda n: n + m

    def total(array: Any) -> float:
        return float(array.sum())

    nothing = adding(0)

    def batch(submit: Callable[..., Waits]) -> None:
        for wait in [submit(adding(number), 1) for number in itertools.islice(numbers, BATCH)]:
            wait()

    works: dict[str, Callable[[Callable[..., Waits]], Any]] = {
        "no-op": lambda submit: submit(nothing, 1)(),
        f"batch of {BATCH}": batch,
        "64 MiB": lambda submit: submit(total, array)(),
    }
    for (what, work), times in zip(works.items(), repeats, strict=True):
        mine, theirs, over = ratio(lambda work=work: work(ours), lambda work=work: work(bare), times)
        print(f"{name:10} {what:14} {mine:9.2f} ms, bare {theirs:9.2f} ms: {over:.2f} times", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
