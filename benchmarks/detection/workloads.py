"""Dumps of the benchmark's workloads at the default, ``patches="warn"``, against ``patches="ignore"``.

Both run in turns in one process: the pickler's module is there twice, each with its own default. Several
runs, each in a process of its own, since where objects come to lie in memory weighs as much as the
difference. The copy that is made first takes some 2 % more, whatever its default: ``warn`` is the first in
every other run.
"""

import importlib.util
import json
import os
import re
import sys
from dataclasses import replace
from functools import partial
from types import ModuleType

import pickleloaf.pickler
from benchmarks.timing import FULL, QUICK, Effort, in_turns
from benchmarks.workloads import find_workloads

__all__ = ["detection"]

#: Many short turns: what disturbs the machine for a tenth of a second disturbs both alike.
EFFORT = replace(FULL, rounds=101, turn_s=0.004)


def detection(effort: Effort, only: re.Pattern[str], treatments: list[str]) -> dict[str, dict[str, float]]:
    """Return the seconds of a dump of each workload, by what is done about patches; in the order given."""
    picklers = {treatment: _pickler(treatment) for treatment in treatments}
    found = {}
    for name, workload in find_workloads().items():
        if not only.search(name):
            continue
        obj, modules = workload.build_with_modules()
        for pickler in picklers.values():
            for module in modules:
                pickler.REGISTRY.register(module)
        calls = {treatment: partial(pickler.dumps, obj) for treatment, pickler in picklers.items()}
        found[name] = in_turns(calls, effort)
        for pickler in picklers.values():
            for module in modules:
                pickler.REGISTRY.unregister(module)
    return found


def _pickler(treatment: str) -> ModuleType:
    """Return a copy of the pickler's module with a default of its own."""
    os.environ["PICKLELOAF_PATCHES"] = treatment
    spec = importlib.util.spec_from_file_location(f"pickler_{treatment}", pickleloaf.pickler.__file__)
    assert spec is not None  # noqa: S101 - it is the file of a module that has been imported
    assert spec.loader is not None  # noqa: S101
    sys.modules[spec.name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Measure in this process, in the order of the treatments that are asked for, and write the figures."""
    quick, only, *treatments = sys.argv[1:]
    print(json.dumps(detection(QUICK if quick == "quick" else EFFORT, re.compile(only), treatments)))


if __name__ == "__main__":
    main()
