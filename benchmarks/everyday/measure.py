"""Measures scripts for pickleloaf and cloudpickle in turns."""

import importlib.util
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import partial
from statistics import fmean, geometric_mean
from types import ModuleType
from typing import Any

from benchmarks.everyday.classes import CLASSES
from benchmarks.everyday.first import FIRST
from benchmarks.everyday.functions import FUNCTIONS
from benchmarks.everyday.many import DATACLASS_10K, PLAIN_10K, THOUSAND
from benchmarks.everyday.script import Script
from benchmarks.measure import Result
from benchmarks.rivals import OURS, find_rivals
from benchmarks.timing import Effort, in_turns, once_each

__all__ = ["ALL", "BRIEF", "KINDS", "MANY", "measure"]

KINDS = [*CLASSES, *FUNCTIONS, THOUSAND]
#: Name of the rows that sum up the others.
ALL = "all everyday kinds"
MANY = "10,000 instances, dataclass to plain class"
#: Enough for ratios to be right within some 5 % on a quiet machine.
BRIEF = Effort(rounds=9, turn_s=0.004, fresh=30, processes=9, modules=0)
_PAIR = (OURS, "cloudpickle")


def measure(effort: Effort, only: re.Pattern[str]) -> list[Result]:
    """Measure the rows that a pattern asks for."""
    rivals = find_rivals()
    main = sys.modules["__main__"]
    try:
        results = [each for row in KINDS if _is_asked(row, only) for each in _repeated(row, rivals, effort)]
        if not only.pattern:
            results += _sums(results)
        if only.search(MANY):
            results += _many(rivals[OURS], effort)
        rows = [row for row in FIRST if only.search(f"first {row.name}")]
        results += _first(rows, {name: rivals[name] for name in _PAIR}, effort) if rows else []
    finally:
        sys.modules["__main__"] = main
    return results


def _is_asked(row: Script, only: re.Pattern[str]) -> bool:
    here = sys.version_info >= row.python and importlib.util.find_spec(row.needs) is not None
    return here and only.search(row.name) is not None


def _repeated(row: Script, rivals: dict[str, ModuleType], effort: Effort) -> list[Result]:
    obj = row.run()
    names = (*_PAIR, "pickle") if row is THOUSAND else _PAIR
    names = tuple(name for name in names if row.works(rivals[name].loads(rivals[name].dumps(obj))))
    times = in_turns({name: partial(rivals[name].dumps, obj) for name in names}, effort)
    results = [Result(row.name, "repeated dumps", name, times[name] * 1e6) for name in names]
    results += [Result(row.name, "payload", name, float(len(rivals[name].dumps(obj)))) for name in names]
    return results


def _sums(results: list[Result]) -> list[Result]:
    """Return geometric means of the times, and the mean of the ratios of bytes."""
    found = {(each.measure, each.rival, each.workload): each.value for each in results}
    rows = [row.name for row in KINDS if all(("payload", name, row.name) in found for name in _PAIR)]
    sums = [
        Result(ALL, "repeated dumps", name, geometric_mean(found["repeated dumps", name, row] for row in rows))
        for name in _PAIR
    ]
    ratios = [found["payload", OURS, row] / found["payload", "cloudpickle", row] for row in rows]
    return [*sums, Result(ALL, "payload", OURS, fmean(ratios)), Result(ALL, "payload", "cloudpickle", 1.0)]


def _many(ours: ModuleType, effort: Effort) -> list[Result]:
    rows = {"plain": PLAIN_10K, "dataclass": DATACLASS_10K}
    times = in_turns({name: partial(ours.dumps, row.run()) for name, row in rows.items()}, effort)
    return [Result(MANY, "repeated dumps", OURS, times["dataclass"] / times["plain"])]


def _first(rows: list[Script], rivals: dict[str, ModuleType], effort: Effort) -> list[Result]:
    """Measure what has never been seen: each call gets definitions of its own."""
    payloads = _payloads_of_another_process(rows, rivals, effort.fresh + 1)
    results = []
    for row in rows:
        numbers = iter(range(4 * len(rivals) * effort.fresh))
        kept: list[Any] = []
        found = {
            "first dumps": once_each(_calls(row, rivals, effort, numbers, _dump)),
            "first two dumps": once_each(_calls(row, rivals, effort, numbers, _dump_twice)),
            "first loads": once_each(
                {
                    name: [partial(_load, rival, payload, kept) for payload in payloads[row.name, name]]
                    for name, rival in rivals.items()
                }
            ),
        }
        if not all(row.works(copy) for copy in kept):
            raise AssertionError(f"a copy of {row.name} does not work")
        results += [
            Result(row.name, what, name, seconds * 1e6)
            for what, times in found.items()
            for name, seconds in times.items()
        ]
    return results


def _calls(
    row: Script, rivals: dict[str, ModuleType], effort: Effort, numbers: Iterable[int], do: Callable[..., Any]
) -> dict[str, list[Callable[[], Any]]]:
    """Return for each rival as many calls as there are fresh definitions for each."""
    numbers = iter(numbers)
    return {
        name: [partial(do, rival, row.run(next(numbers))) for _ in range(effort.fresh)]
        for name, rival in rivals.items()
    }


def _dump(rival: ModuleType, obj: Any) -> None:
    rival.dumps(obj)


def _dump_twice(rival: ModuleType, obj: Any) -> None:
    rival.dumps(obj)
    rival.dumps(obj)


def _load(rival: ModuleType, payload: bytes, kept: list[Any]) -> None:
    kept.append(rival.loads(payload))


def _payloads_of_another_process(
    rows: list[Script], rivals: dict[str, ModuleType], count: int
) -> dict[tuple[str, str], list[bytes]]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path or "." for path in sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", f"import {__name__} as measure; measure.answer()"],
        input=pickle.dumps(([row.name for row in rows], list(rivals), count)),
        stdout=subprocess.PIPE,
        env=environment,
        check=True,
    )
    found: dict[tuple[str, str], list[bytes]] = pickle.loads(done.stdout)
    return found


def answer() -> None:
    """Answer the request of another process: definitions with numbers that it does not use."""
    names, rivals, count = pickle.load(sys.stdin.buffer)
    numbers = iter(range(1_000_000, 2_000_000))
    rows = {row.name: row for row in FIRST}
    known = find_rivals()
    found = {
        (name, rival): [known[rival].dumps(rows[name].run(next(numbers))) for _ in range(count)]
        for name in names
        for rival in rivals
    }
    pickle.dump(found, sys.stdout.buffer)
