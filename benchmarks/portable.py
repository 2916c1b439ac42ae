"""What portable payloads cost: against payloads for one Python, in one run, in turns.

``python -m benchmarks.portable`` prints a table. The first dump proves the source; a foreign first load, played by
a changed version in the head of each envelope, compiles it.
"""

import importlib.util
import sys
import warnings
from collections.abc import Callable
from typing import Any

import pickleloaf
from benchmarks.timing import FULL, QUICK, Effort, in_turns, once_each
from benchmarks.workloads import Workload, find_workloads

__all__ = ["costs"]

WORKLOADS = (
    "closure with a global",
    "class of five methods",
    "the patched turkey",
    "instance of a class with 40 methods",
)
_HEAD = bytes(sys.version_info[:2]) + importlib.util.MAGIC_NUMBER[:2]
_FOREIGN = bytes((3, 9)) + b"a\r"
_MODES: dict[str, dict[str, Any]] = {"one Python": {}, "portable": {"portable": True}}


def costs(workload: Workload, effort: Effort) -> dict[str, tuple[float, float]]:
    """Return what each measure is for one Python, and portable: microseconds and bytes."""
    obj = workload.build()
    payloads = {mode: pickleloaf.dumps(obj, **options) for mode, options in _MODES.items()}
    again = in_turns({mode: _dump(obj, options) for mode, options in _MODES.items()}, effort)
    objects = {mode: [workload.build() for _ in range(effort.fresh)] for mode in _MODES}
    first = once_each({mode: [_dump(each, _MODES[mode]) for each in objects[mode]] for mode in _MODES})
    kept: list[Any] = []
    loads = {}
    for mode, options in _MODES.items():
        sent = [pickleloaf.dumps(workload.build(), **options) for _ in range(effort.fresh)]
        sent = [each.replace(_HEAD, _FOREIGN) if options else each for each in sent]
        loads[mode] = [lambda each=each: kept.append(pickleloaf.loads(each)) for each in sent]
    loaded = once_each(loads)
    found = {"dump, first, us": first, "dump, repeated, us": again, "load, first, abroad, us": loaded}
    pairs = {what: (each["one Python"] * 1e6, each["portable"] * 1e6) for what, each in found.items()}
    return {**pairs, "bytes": (float(len(payloads["one Python"])), float(len(payloads["portable"])))}


def _dump(obj: Any, options: dict[str, Any]) -> Callable[[], Any]:
    return lambda: pickleloaf.dumps(obj, **options)


def main() -> None:
    """Measure and print."""
    warnings.simplefilter("ignore")
    effort = QUICK if "--quick" in sys.argv else FULL
    print("| workload | measure | one Python | portable | ratio |\n| --- | --- | ---: | ---: | ---: |")
    for name in WORKLOADS:
        for what, (plain, portable) in costs(find_workloads()[name], effort).items():
            print(f"| {name} | {what} | {plain:,.0f} | {portable:,.0f} | {portable / plain:.1f} |")


if __name__ == "__main__":
    main()
