"""Times several calls in turns, so that what disturbs the machine disturbs all of them.

Time is that of the processor, which other programs take less from than from the clock on the wall.
"""

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

__all__ = ["FULL", "QUICK", "Effort", "in_turns", "once_each", "seconds_of"]


@dataclass(frozen=True)
class Effort:
    """How long to measure.

    Attributes:
        rounds: times that each call has its turn.
        turn_s: seconds that a turn takes at least.
        fresh: definitions that are seen for the first time, for each rival.
        processes: fresh processes for each import.
        modules: modules that are added, and classes that become known, to see what grows.
    """

    rounds: int
    turn_s: float
    fresh: int
    processes: int
    modules: int


FULL = Effort(rounds=15, turn_s=0.02, fresh=60, processes=15, modules=5000)
QUICK = Effort(rounds=3, turn_s=0.002, fresh=8, processes=3, modules=1000)


def in_turns(calls: Mapping[str, Callable[[], Any]], effort: Effort) -> dict[str, float]:
    """Return the median seconds of each call."""
    numbers = {name: _calls_a_turn(call, effort.turn_s) for name, call in calls.items()}
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(effort.rounds):
        for name in _rotated(list(calls), turn):
            seconds[name].append(seconds_of(calls[name], numbers[name]))
    return {name: median(values) for name, values in seconds.items()}


def once_each(calls: Mapping[str, Sequence[Callable[[], Any]]]) -> dict[str, float]:
    """Return the median seconds of several calls that can each be made only once."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(max(map(len, calls.values()), default=0)):
        for name in _rotated(list(calls), turn):
            seconds[name].append(seconds_of(calls[name][turn], 1))
    # The first of each warms up what is not under test: imports, caches of types.
    return {name: median(values[1:] or values) for name, values in seconds.items()}


def _rotated(names: list[str], turn: int) -> list[str]:
    start = turn % len(names)
    return names[start:] + names[:start]


def _calls_a_turn(call: Callable[[], Any], turn_s: float) -> int:
    """Find out how often a call fits into a turn."""
    for _ in range(3):  # the first calls fill caches, and would be taken for typical
        call()
    number = 1
    while (seconds := seconds_of(call, number) * number) < turn_s:
        number = max(number * 2, int(number * turn_s / max(seconds, 1e-9)))
    return number


def seconds_of(call: Callable[[], Any], number: int) -> float:
    """Return the seconds of one of several calls in a row, without the garbage collector."""
    was_on = gc.isenabled()
    gc.collect(0)
    gc.disable()
    try:
        clock = time.process_time
        repeats = range(number)
        began = clock()
        for _ in repeats:
            call()
        return (clock() - began) / number
    finally:
        if was_on:
            gc.enable()
