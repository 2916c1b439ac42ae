"""Measures one workload for all rivals that can do it."""

import tracemalloc
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

from benchmarks.payloads import payloads_from_elsewhere
from benchmarks.timing import Effort, in_turns, once_each
from benchmarks.workloads import Workload

__all__ = ["MEASURES", "Result", "measure"]

#: What is measured, and in which unit.
MEASURES = {
    "dumps": "µs",
    "first dump": "µs",
    "loads": "µs",
    "first load": "µs",
    "size": "bytes",
    "peak of dumps": "bytes",
    "peak of loads": "bytes",
}


class Result(NamedTuple):
    """One figure."""

    workload: str
    measure: str
    rival: str
    value: float


class _Trip(NamedTuple):
    """A rival that can do a workload, with the object dumped."""

    dump: Callable[[], Any]
    load: Callable[[], Any]
    size: int
    #: Keeps what arrived alive, so that its classes stay known.
    copy: Any


def measure(workload: Workload, rivals: dict[str, ModuleType], effort: Effort) -> list[Result]:
    """Measure one workload for the rivals whose copies work."""
    obj, modules = workload.build_with_modules()
    trips: dict[str, _Trip] = {}
    for name, rival in rivals.items():
        trip = _try(workload, rival, obj, modules)
        if trip is not None:
            trips[name] = trip
    found = {
        "dumps": in_turns({name: trip.dump for name, trip in trips.items()}, effort),
        "loads": in_turns({name: trip.load for name, trip in trips.items()}, effort),
        "size": {name: float(trip.size) for name, trip in trips.items()},
        "peak of dumps": {name: _peak(trip.dump) for name, trip in trips.items()},
        "peak of loads": {name: _peak(trip.load) for name, trip in trips.items()},
    }
    if workload.fresh:
        found |= _first_times(workload, {name: rivals[name] for name in trips}, effort)
    _register(modules, rivals, back=True)
    return [
        Result(workload.name, what, rival, value * (1e6 if MEASURES[what] == "µs" else 1))
        for what, values in found.items()
        for rival, value in values.items()
    ]


def _register(modules: list[ModuleType], rivals: dict[str, ModuleType], *, back: bool = False) -> None:
    for rival in rivals.values():
        change = rival.unregister if back else rival.register
        for module in modules if change else ():
            try:
                change(module)
            except ValueError:  # not registered
                continue


def _try(workload: Workload, rival: ModuleType, obj: Any, modules: list[ModuleType]) -> _Trip | None:
    """Let a rival carry the object once; None where it cannot, or where the copy does not work."""
    if (modules and rival.register is None) or (workload.apart and rival.dumps_apart is None):
        return None
    _register(modules, {rival.NAME: rival})
    try:
        if workload.apart:
            payload, buffers = rival.dumps_apart(obj)
            copy = rival.loads(payload, buffers=buffers)
            dump, load = (lambda: rival.dumps_apart(obj)), (lambda: rival.loads(payload, buffers=buffers))
        else:
            payload = rival.dumps(obj)
            copy = rival.loads(payload)
            dump, load = (lambda: rival.dumps(obj)), (lambda: rival.loads(payload))
    except Exception:  # noqa: BLE001 - rivals refuse in any way
        return None
    return _Trip(dump, load, len(payload), copy) if workload.works(copy) else None


def _first_times(
    workload: Workload, rivals: dict[str, ModuleType], effort: Effort
) -> dict[str, dict[str, float]]:
    """Measure what has never been seen: each call gets definitions of its own."""
    objects = {name: [workload.build() for _ in range(effort.fresh)] for name in rivals}
    dumps = {
        name: [lambda obj=obj, rival=rival: rival.dumps(obj) for obj in objects[name]]
        for name, rival in rivals.items()
    }
    kept: list[Any] = []
    loads = {}
    for name, rival in rivals.items():
        if rival.NAME == "pickle":  # classes of another process's __main__ are not here
            continue
        trial, *payloads = payloads_from_elsewhere(workload, name, effort.fresh + 1)
        if workload.works(rival.loads(trial)):
            loads[name] = [
                lambda payload=payload, rival=rival: kept.append(rival.loads(payload)) for payload in payloads
            ]
    return {"first dump": once_each(dumps), "first load": once_each(loads)}


def _peak(call: Callable[[], Any]) -> float:
    """Return the most memory that a call has taken at any moment, without what was there before."""
    call()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        kept = call()
        _, peak = tracemalloc.get_traced_memory()
        del kept
        return float(peak - before)
    finally:
        tracemalloc.stop()
