"""Measures one row at one size, in a process of its own, and compares the sizes."""

import itertools
import json
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from statistics import median
from types import ModuleType
from typing import Any

from benchmarks.everyday.measure import PAIR
from benchmarks.everyday.script import Script
from benchmarks.growth.rows import ROWS, Row
from benchmarks.measure import Result
from benchmarks.processes import environment
from benchmarks.rivals import OURS, find_rivals
from benchmarks.timing import seconds_of

__all__ = ["growth"]

#: How long a rival may take for one figure, after which it is measured no more.
_BUDGET_S, _QUICK_BUDGET_S = 1.0, 0.05
_MOST_CALLS = 25
_Rivals = dict[str, ModuleType]
#: By rival and by what is measured, *first* or *again*.
_Times = dict[str, dict[str, float]]


def growth(only: re.Pattern[str], *, quick: bool = False) -> list[Result]:
    """Measure the rows that a pattern asks for. A quick run takes two sizes of each, and leaves out `once`."""
    results = []
    for row in ROWS:
        if only.search(row.name) and find_spec(row.needs) and not (quick and row.once):
            print(row.name, file=sys.stderr, flush=True)
            sizes = row.sizes[::2][:2] if quick else row.sizes
            budget_s = _QUICK_BUDGET_S if quick else _BUDGET_S
            results += _compared(row, {size: _in_own_process(row, size, budget_s) for size in sizes})
    return results


def _compared(row: Row, points: dict[int, _Times]) -> list[Result]:
    results = []
    for what in ("again",) if row.data else ("first", "again"):
        name = f"{row.name}, {what}"
        found = {
            rival: {
                size: times[rival][what] for size, times in points.items() if what in times.get(rival, ())
            }
            for rival in PAIR
        }
        results += [
            Result(name, f"at {size}", rival, seconds * 1e6)
            for rival, by_size in found.items()
            for size, seconds in by_size.items()
        ]
        ours, theirs = found[OURS], found["cloudpickle"]
        if len(ours) > 1:
            results.append(Result(name, "slope", OURS, _slope(ours, constant=row.constant)))
        if theirs:
            worst = max(ours[size] / theirs[size] for size in theirs)
            results.append(Result(name, "at worst", OURS, worst))
    return results


def _slope(seconds: dict[int, float], *, constant: bool) -> float:
    """Return by what factor the time grows more than it should, between the worst two sizes."""
    pairs = itertools.combinations(seconds.items(), 2)
    return max(more / less / (1 if constant else large / small) for (small, less), (large, more) in pairs)


def _in_own_process(row: Row, size: int, budget_s: float) -> _Times:
    program = f"import {__name__} as measure; measure.answer()"
    command = [sys.executable, "-c", program, row.name, str(size), str(budget_s)]
    done = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, check=True)
    found: _Times = json.loads(done.stdout)
    return found


def answer() -> None:
    """Measure one size and print the seconds of each rival."""
    warnings.simplefilter("ignore")
    name, size, budget_s = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    row = next(row for row in ROWS if row.name == name)
    known = find_rivals()
    rivals = {rival: known[rival] for rival in PAIR}
    script = Script(name, row.source(size))
    numbers = itertools.count()
    kept: list[Any] = []
    for _ in range(size if row.crowd else 0):
        kept.append(script.run(next(numbers)))
        for rival in rivals.values():
            rival.dumps(kept[-1])
    able = {rival: module for rival, module in rivals.items() if _is_able(row, script, module, numbers, kept)}
    found: _Times = {rival: {} for rival in able}
    firsts = {} if row.data else _firsts(row, script, able, numbers, kept, budget_s)
    for rival, module in able.items():
        if rival in firsts:
            found[rival]["first"] = firsts[rival]
        found[rival]["again"] = _again(row, script, module, kept[-1], budget_s)
    print(json.dumps(found))


def _is_able(row: Row, script: Script, rival: ModuleType, numbers: Iterator[int], kept: list[Any]) -> bool:
    """Let a rival dump once, which warms it up as well; tell whether it can."""
    if row.once:  # rich: cloudpickle cannot dump what has an lru_cache
        kept.append(script.run())
        return rival.NAME == OURS
    kept.append(script.run(next(numbers)))
    try:
        with _registered(script, rival):
            rival.dumps(kept[-1])
    except Exception:
        if not row.fails and rival.NAME == OURS:
            raise
        return row.fails
    return not row.fails


def _firsts(
    row: Row, script: Script, rivals: _Rivals, numbers: Iterator[int], kept: list[Any], budget_s: float
) -> dict[str, float]:
    """Return the median seconds of first dumps, the rivals in turns."""
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    for turn in range(1 if row.once else _MOST_CALLS):
        for name in sorted(rivals, reverse=bool(turn % 2)):
            if sum(seconds[name]) < budget_s:
                kept.append(script.run(next(numbers)))
                with _registered(script, rivals[name]):
                    seconds[name].append(seconds_of(_call(row, rivals[name], kept[-1]), 1))
    return {name: median(values) for name, values in seconds.items()}


def _again(row: Row, script: Script, rival: ModuleType, obj: Any, budget_s: float) -> float:
    call, values = _call(row, rival, obj), []
    with _registered(script, rival):
        call()
        while len(values) < _MOST_CALLS and sum(values) < budget_s:
            values.append(seconds_of(call, 1))
    return median(values)


def _call(row: Row, rival: ModuleType, obj: Any) -> Callable[[], Any]:
    def fail() -> None:
        try:
            rival.dumps(obj)
        except Exception:  # noqa: BLE001 - whatever it says
            return
        raise AssertionError(f"{row.name}: {rival.NAME} can dump it")

    return fail if row.fails else lambda: rival.dumps(obj)


class _registered:  # noqa: N801 - a context manager
    """Modules of a script that go by value while a rival dumps."""

    def __init__(self, script: Script, rival: ModuleType) -> None:
        self.modules, self.rival = getattr(script.main, "by_value", ()), rival

    def __enter__(self) -> None:
        for module in self.modules:
            self.rival.register(module)

    def __exit__(self, *error: object) -> None:
        for module in self.modules:
            self.rival.unregister(module)
