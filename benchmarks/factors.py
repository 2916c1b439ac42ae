"""By what factor the cost grows: with the object, with the modules and classes of the process.

Run as ``python -m benchmarks.factors KIND EFFORT``: it changes the process, so each kind has one of its own.
"""

import dataclasses
import json
import sys
import types
from collections.abc import Callable
from typing import Any

from benchmarks.measure import Result
from benchmarks.processes import figures_of
from benchmarks.rivals import find_rivals
from benchmarks.timing import Effort, in_turns
from benchmarks.workloads import Workload, find_workloads

__all__ = ["KINDS", "factors"]

#: What grows, and what the figure says.
KINDS = {
    "size": "time per element of 10,000 instances of a class of `__main__`, compared to 100",
    "modules": "dumps of a function that uses packages, compared to the time before more modules were imported",
    "classes": "dumps and loads of an instance of a class, compared to the time before more were known",
}


def factors(kind: str, effort: Effort) -> list[Result]:
    """Return by what factor the time of each rival grows."""
    found = figures_of(__name__, kind, json.dumps(dataclasses.asdict(effort)))
    return [Result(kind, f"growth with {kind}", rival, factor) for rival, factor in found.items()]


def _with_size(effort: Effort) -> dict[str, float]:
    rivals = find_rivals()
    point = Workload("point", find_workloads()["1,000 instances of a class of __main__"].source, "Point_{n}")
    cls = point.build()
    few, many = ([cls(i, i) for i in range(count)] for count in (100, 10_000))
    calls: dict[str, Callable[[], Any]] = {}
    for name, rival in rivals.items():
        calls[f"{name} few"] = lambda rival=rival: rival.dumps(few)
        calls[f"{name} many"] = lambda rival=rival: rival.dumps(many)
    found = in_turns(calls, effort)
    return {name: found[f"{name} many"] / found[f"{name} few"] / (len(many) / len(few)) for name in rivals}


def _with_modules(effort: Effort) -> dict[str, float]:
    rivals = {name: rival for name, rival in find_rivals().items() if name != "pickle"}
    function = find_workloads()["function that uses packages"].build()
    calls = {name: lambda rival=rival: rival.dumps(function) for name, rival in rivals.items()}
    before = in_turns(calls, effort)
    for number in range(effort.modules):
        name = f"benchmark_module_{number}"
        sys.modules[name] = types.ModuleType(name)
    after = in_turns(calls, effort)
    return {name: after[name] / before[name] for name in calls}


def _with_classes(effort: Effort) -> dict[str, float]:
    rivals = {name: rival for name, rival in find_rivals().items() if name != "pickle"}
    workload = find_workloads()["class of five methods"]
    instance = workload.build()("me", 5)
    payloads = {name: rival.dumps(instance) for name, rival in rivals.items()}
    kept: list[Any] = [rival.loads(payloads[name]) for name, rival in rivals.items()]
    calls = {
        name: lambda name=name, rival=rival: rival.loads(rival.dumps(instance))
        for name, rival in rivals.items()
    }
    before = in_turns(calls, effort)
    for _ in range(effort.modules // 10):
        cls = workload.build()
        kept += [cls, *(rival.loads(rival.dumps(cls)) for rival in rivals.values())]
    after = in_turns(calls, effort)
    return {name: after[name] / before[name] for name in calls}


def main() -> None:
    """Measure one kind of growth."""
    kind, effort = sys.argv[1], Effort(**json.loads(sys.argv[2]))
    measures = {"size": _with_size, "modules": _with_modules, "classes": _with_classes}
    print(json.dumps(measures[kind](effort)))


if __name__ == "__main__":
    main()
