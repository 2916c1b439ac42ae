"""Measures scripts for pickleloaf and cloudpickle in turns."""

import importlib.util
import math
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from statistics import fmean, geometric_mean
from types import ModuleType
from typing import Any

from benchmarks.everyday.classes import CLASSES
from benchmarks.everyday.elsewhere import Payloads, first_payloads, working
from benchmarks.everyday.first import FIRST
from benchmarks.everyday.functions import FUNCTIONS
from benchmarks.everyday.many import DATACLASS_10K, PLAIN_10K, THOUSAND
from benchmarks.everyday.script import Script
from benchmarks.measure import Result
from benchmarks.rivals import OURS, find_rivals
from benchmarks.timing import Effort, in_turns, once_each

__all__ = ["ALL", "BRIEF", "KINDS", "MANY", "PAIR", "everyday"]

KINDS = [*CLASSES, *FUNCTIONS, THOUSAND]
#: Name of the rows that sum up the others.
ALL = "all everyday kinds"
MANY = "10,000 instances, dataclass to plain class"
#: Enough for ratios to be right within some 5 % on a quiet machine.
BRIEF = Effort(rounds=9, turn_s=0.004, fresh=30, processes=9, modules=0)
PAIR = (OURS, "cloudpickle")

_Rivals = dict[str, ModuleType]


def everyday(effort: Effort, only: re.Pattern[str]) -> list[Result]:
    """Measure the rows that a pattern asks for."""
    found = find_rivals()
    rivals = {name: found[name] for name in PAIR}
    main = sys.modules["__main__"]
    try:
        results = _repeated([row for row in KINDS if _is_asked(row, only)], rivals, effort)
        if not only.pattern:
            results += _sums(results)
        if only.search(THOUSAND.name):
            results += _beside_pickle(THOUSAND, found, effort)
        if only.search(MANY):
            results += _many(rivals[OURS], effort)
        results += _first([row for row in FIRST if only.search(f"first {row.name}")], rivals, effort)
    finally:
        sys.modules["__main__"] = main
    return results


def _is_asked(row: Script, only: re.Pattern[str]) -> bool:
    here = sys.version_info >= row.python and importlib.util.find_spec(row.needs) is not None
    return here and only.search(row.name) is not None


def _repeated(rows: Sequence[Script], rivals: _Rivals, effort: Effort) -> list[Result]:
    """Measure repeated dumps and bytes. What does not work has no figure, or an infinite one where it is ours."""
    payloads: Payloads = {}
    for row in rows:
        obj = row.run()
        for name, rival in rivals.items():
            try:
                payloads[row.name, name] = [rival.dumps(obj)]
            except Exception as error:  # noqa: BLE001 - rivals refuse in any way
                print(f"{name} cannot dump {row.name}: {error!r}", file=sys.stderr)
    works = working(payloads)
    results = []
    for row in rows:
        obj = row.run()
        names = [name for name in rivals if works.get((row.name, name))]
        times = in_turns({name: partial(rivals[name].dumps, obj) for name in names}, effort)
        for name in rivals:
            time, size = times.get(name, math.inf), len(payloads.get((row.name, name), [b""])[0])
            if name in names or name == OURS:
                results.append(Result(row.name, "repeated dumps", name, time * 1e6))
                results.append(Result(row.name, "payload", name, float(size) if name in names else math.inf))
    return results


def _sums(results: list[Result]) -> list[Result]:
    """Return geometric means of the times, and the mean of the ratios of bytes."""
    found = {(each.measure, each.rival, each.workload): each.value for each in results}
    rows = [row.name for row in KINDS if all(("payload", name, row.name) in found for name in PAIR)]
    sums = [
        Result(
            ALL, "repeated dumps", name, geometric_mean(found["repeated dumps", name, row] for row in rows)
        )
        for name in PAIR
    ]
    ratios = [found["payload", OURS, row] / found["payload", "cloudpickle", row] for row in rows]
    return [*sums, Result(ALL, "payload", OURS, fmean(ratios)), Result(ALL, "payload", "cloudpickle", 1.0)]


def _beside_pickle(row: Script, rivals: _Rivals, effort: Effort) -> list[Result]:
    obj = row.run()
    times = in_turns({name: partial(rivals[name].dumps, obj) for name in (OURS, "pickle")}, effort)
    return [Result(row.name, "dumps to pickle", name, seconds * 1e6) for name, seconds in times.items()]


def _many(ours: ModuleType, effort: Effort) -> list[Result]:
    rows = {"plain": PLAIN_10K, "dataclass": DATACLASS_10K}
    times = in_turns({name: partial(ours.dumps, row.run()) for name, row in rows.items()}, effort)
    return [Result(MANY, "repeated dumps", OURS, times["dataclass"] / times["plain"])]


def _first(rows: Sequence[Script], rivals: _Rivals, effort: Effort) -> list[Result]:
    """Measure what has never been seen: each call gets definitions of its own."""
    payloads = first_payloads([row.name for row in rows], list(rivals), effort.fresh + 1) if rows else {}
    results = []
    for row in rows:
        kept: list[Any] = []
        loads = {
            name: [partial(_load, rival, payload, kept) for payload in payloads[row.name, name]]
            for name, rival in rivals.items()
        }
        numbers = iter(range(10_000))
        found = {
            "first dumps": once_each(_calls(row, rivals, effort, numbers, _dump)),
            "first two dumps": once_each(_calls(row, rivals, effort, numbers, _dump_twice)),
            "same code again": once_each(_calls(row, rivals, effort, numbers, _dump, equal_code=True)),
            "first loads": once_each(loads),
        }
        if not all(map(row.works, kept)):
            raise AssertionError(f"a copy of {row.name} does not work")
        results += [
            Result(row.name, what, name, seconds * 1e6)
            for what, times in found.items()
            for name, seconds in times.items()
        ]
    return results


def _calls(
    row: Script,
    rivals: _Rivals,
    effort: Effort,
    numbers: Iterator[int],
    do: Callable[..., Any],
    *,
    equal_code: bool = False,
) -> dict[str, list[Callable[[], Any]]]:
    """Return for each rival as many calls as there are fresh definitions for each."""
    return {
        name: [partial(do, rival, row.run(next(numbers), equal_code=equal_code)) for _ in range(effort.fresh)]
        for name, rival in rivals.items()
    }


def _dump(rival: ModuleType, obj: Any) -> None:
    rival.dumps(obj)


def _dump_twice(rival: ModuleType, obj: Any) -> None:
    rival.dumps(obj)
    rival.dumps(obj)


def _load(rival: ModuleType, payload: bytes, kept: list[Any]) -> None:
    kept.append(rival.loads(payload))
