"""Fingerprints against what else makes a key of an object, where it is installed."""

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

from benchmarks.measure import Result
from benchmarks.timing import Effort, in_turns
from benchmarks.workloads import Workload

__all__ = ["HASHERS", "OBJECTS", "find_hashers", "hashing"]

#: Name in the table: where the function is.
HASHERS = {
    "joblib.hash": "joblib:hash",
    "dask tokenize": "dask.base:tokenize",
    "datasets Hasher": "datasets.fingerprint:Hasher.hash",
    "pickleloaf.fingerprint": "pickleloaf:fingerprint",
}

_FUNCTION = """
RATE = {n}

def helper_{n}(x):
    return x * RATE

def function_{n}(x, extra=1):
    return [helper_{n}(i) + extra for i in range(x)]
"""
_CLASS = "class Point_{n}:\n    def __init__(self, x):\n        self.x = x\n        self.y = str(x)\n"

OBJECTS = [
    Workload("function with a helper and a global", _FUNCTION, "function_{n}"),
    Workload("1,000 instances", _CLASS, "[Point_{n}(i) for i in range(1000)]"),
    Workload("1,000 dicts", "", "[{'id': i, 'name': str(i), 'tags': [i, i / 3]} for i in range(1000)]"),
    Workload("100,000 ints", "", "list(range(100_000))"),
    Workload("dict of 10,000 strings", "", "{str(i): 'text' + str(i) for i in range(10_000)}"),
    Workload("array of 32 MB", "import numpy", "numpy.arange(4_000_000, dtype='f8')", needs=("numpy",)),
    Workload(
        "transposed array of 32 MB",
        "import numpy",
        "numpy.arange(4e6).reshape(2000, 2000).T",
        needs=("numpy",),
    ),
]


def find_hashers() -> dict[str, Callable[[Any], str]]:
    """Return the functions that are installed."""
    found = {}
    for name, place in HASHERS.items():
        module, _, path = place.partition(":")
        if importlib.util.find_spec(module.partition(".")[0]) is not None:
            function: Any = importlib.import_module(module)
            for part in path.split("."):
                function = getattr(function, part)
            found[name] = function
    return found


def hashing(workload: Workload, effort: Effort) -> list[Result]:
    """Time all hashers on one object."""
    obj = workload.build()
    calls = {name: lambda function=function: function(obj) for name, function in find_hashers().items()}
    return [
        Result(workload.name, "key", name, seconds * 1e6) for name, seconds in in_turns(calls, effort).items()
    ]
