"""What errors cost: a dump that fails against one of the same object that does not, and loads that explain an error."""

import gc
import pickle
import sys
from collections.abc import Callable
from typing import Any

import pickleloaf
from benchmarks.measure import Result
from benchmarks.rivals import OURS
from benchmarks.timing import Effort, in_turns, once_each
from benchmarks.workloads import Workload

__all__ = ["DUMPS", "LOADS", "failing"]

_POINT = "class Point_{n}:\n    def __init__(self, x):\n        self.x = x\n        self.y = str(x)\n"
_TREE = """
import dataclasses

@dataclasses.dataclass
class Tree_{n}:
    name: str
    kids: list
    extra: object = None

def tree_{n}(depth, extra):
    kids = [tree_{n}(depth - 1, extra if i == 2 else None) for i in range(3)] if depth else []
    return Tree_{n}(f"at {depth}", kids, None if depth else extra)
"""
_STATE = """
class State_{n}:
    def __init__(self, x):
        self.x = x

    def __getstate__(self):
        return {"x": self.x, "more": [1, 2]}
"""
_REDUCED = """
class Reduced_{n}:
    def __init__(self, x):
        self.x = x

    def __reduce__(self):
        return Reduced_{n}, (self.x,)
"""
_RAISING = """
class Raising_{n}(list):
    def __reduce__(self):
        if type(self[0]) is not float:
            raise LookupError("gone")
        return list, ()
"""
_CLOSURE = """
def closure_{n}(i, part):
    return lambda x: (x, i, part)
"""
_ZONE = """
import datetime

class Zone_{n}(datetime.tzinfo):
    def __init__(self, x=0):
        self.x = x
"""
_CLASS = """
class Class_{n}:
    def run(self):
        return self.part

    def stop(self, x=1):
        return x
"""
_DEEP = """
def deep_{n}(depth, part):
    for _ in range(depth):
        part = [part]
    return part
"""

#: Objects with a ``part`` that makes them fail, or not.
DUMPS = [
    Workload("100,000 ints, then it", "", "[*range(100_000), part]"),
    Workload("it, then 100,000 ints", "", "[part, *range(100_000)]"),
    Workload(
        "10,000 dicts, it in the last",
        "",
        "{**{str(i): {'a': i, 'b': str(i)} for i in range(10_000)}, 'last': {'a': part}}",
    ),
    Workload(
        "10,000 dicts, it in the middle",
        "",
        "{str(i): {'a': i, 'b': part if i == 5000 else str(i)} for i in range(10_000)}",
    ),
    Workload(
        "10,000 instances, it in the last",
        _POINT,
        "[*(Point_{n}(i) for i in range(10_000)), Point_{n}([part])]",
    ),
    Workload("tree of 3,280 instances of a dataclass, it in the last", _TREE, "tree_{n}(7, part)"),
    Workload(
        "5,000 objects with __getstate__, it in the last",
        _STATE,
        "[State_{n}(i) for i in [*range(5000), part]]",
    ),
    Workload(
        "5,000 objects with __reduce__, it in the last",
        _REDUCED,
        "[Reduced_{n}(i) for i in [*range(5000), part]]",
    ),
    Workload(
        "5,000 objects with __reduce__, one that raises",
        _REDUCED + _RAISING,
        "[*map(Reduced_{n}, range(5000)), Raising_{n}([part])]",
    ),
    Workload(
        "1,000 lambdas, it in a closure",
        _CLOSURE,
        "[closure_{n}(i, 0) for i in range(1000)] + [closure_{n}(0, part)]",
    ),
    Workload("class with it as an attribute", _CLASS, "setattr(Class_{n}, 'part', part) or Class_{n}"),
    Workload(
        "5,000 datetimes, it in the zone of the last",
        _ZONE,
        "[datetime.datetime(2000, 1, 1, tzinfo=Zone_{n}(i)) for i in [*range(5000), part]]",
    ),
    Workload("20 MB of bytes, then it", "", "[*(bytearray(1_000_000) for _ in range(20)), part]"),
    Workload("100 lists in lists, it innermost", _DEEP, "deep_{n}(100, part)"),
    Workload("500 lists in lists, it innermost", _DEEP, "deep_{n}(500, part)"),
    Workload("20,000 lists in lists, it innermost", _DEEP, "deep_{n}(20_000, part)"),
]

_MISSING = b"cno_such_module_here\nGone\n"
_ROWS = pickle.dumps([{"a": i, "b": str(i), "c": [i, (i,)]} for i in range(75_000)], 4)
#: Payloads of 2 MB that name what is missing, after data or inside of it.
LOADS = {
    "2 MB of data, then a missing module": _ROWS[:-1] + _MISSING + b"\x86.",
    "2 MB of data, a missing module innermost": (
        b"\x80\x04](" + b"](K\x01" * 500_000 + _MISSING + b"e" * 500_000 + b"e."
    ),
}


def failing(name: str, effort: Effort) -> list[Result]:
    """Measure one of them."""
    if name in LOADS:
        return [Result(name, "failing load", OURS, _seconds_on_top(LOADS[name], effort))]
    workload = next(each for each in DUMPS if each.name == name)
    bad, good = (_built(workload, part) for part in (_suspended(), 1.5))
    times = in_turns(
        {"bad": lambda: _fails(pickleloaf.dumps, bad), "good": lambda: pickleloaf.dumps(good)}, effort
    )
    return [Result(name, "failing dump", OURS, times["bad"] / times["good"])]


def _suspended() -> Any:
    """Return what no pickler can take apart."""
    made = (each for each in "ab")
    next(made)
    return made


def _built(workload: Workload, part: Any) -> Any:
    main: Any = sys.modules["__main__"]
    main.part = part
    try:
        return workload.build()
    finally:
        del main.part


def _seconds_on_top(payload: bytes, effort: Effort) -> float:
    gc.collect()
    calls: dict[str, list[Callable[[], Any]]] = {
        "ours": [lambda: _fails(pickleloaf.loads, payload)] * effort.rounds,
        "theirs": [lambda: _fails(pickle.loads, payload)] * effort.rounds,
    }
    times = once_each(calls)
    return times["ours"] - times["theirs"]


def _fails(call: Callable[[Any], Any], argument: Any) -> None:
    try:
        call(argument)
    except (pickleloaf.PickleloafError, ImportError, LookupError):
        return
    msg = "this was meant to fail"
    raise AssertionError(msg)
