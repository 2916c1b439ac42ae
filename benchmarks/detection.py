"""What it costs to look for patches: dumps at the default, ``patches="warn"``, against ``patches="ignore"``.

    python -m benchmarks.detection [--quick] [--only REGEX]

Both run in turns in one process: the pickler's module is there twice, each with its own default. Several
runs, each in a process of its own, since where objects come to lie in memory weighs as much as the
difference. The copy that is made first takes some 2 % more, whatever its default: ``warn`` is the first in
every other run. The median of the runs counts, and the command fails if that is above `LIMIT` for any workload.
"""

import argparse
import importlib.util
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from functools import partial
from statistics import median
from types import ModuleType

import pickleloaf.pickler
from benchmarks.timing import FULL, QUICK, Effort, in_turns
from benchmarks.workloads import find_workloads

__all__ = ["LIMIT", "detection"]

#: As many times the time without detection may be taken.
LIMIT = 1.05

#: As many with either order.
RUNS = 8

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


def _in_a_process(arguments: list[str]) -> dict[str, dict[str, float]]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path or "." for path in sys.path)}
    command = [sys.executable, "-m", __spec__.name, *arguments]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
    found: dict[str, dict[str, float]] = json.loads(done.stdout)
    return found


def main() -> int:
    """Print a table; tell whether every workload is within the limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short run, to see that it works")
    parser.add_argument("--only", default="", metavar="REGEX", help="workloads to run")
    parser.add_argument("--one", nargs=2, metavar="TREATMENT", help="one run in this process, as JSON")
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(detection(QUICK if asked.quick else EFFORT, re.compile(asked.only), asked.one)))
        return 0
    arguments = [*(["--quick"] if asked.quick else []), "--only", asked.only]
    orders = [["warn", "ignore"], ["ignore", "warn"]]
    runs = [_in_a_process([*arguments, "--one", *orders[n % 2]]) for n in range(1 if asked.quick else RUNS)]
    print("| dumps (µs) | ignore | warn | warn / ignore | of the runs |\n| --- | ---: | ---: | ---: | ---: |")
    ratios = {}
    for name in runs[0]:
        each = sorted(run[name]["warn"] / run[name]["ignore"] for run in runs)
        ratios[name] = median(each)
        ignore, warn = (median(run[name][what] for run in runs) * 1e6 for what in ("ignore", "warn"))
        print(f"| {name} | {ignore:.3g} | {warn:.3g} | {ratios[name]:.3f} | {each[0]:.3f}-{each[-1]:.3f} |")
    above = [name for name, ratio in ratios.items() if ratio > LIMIT]
    print(
        f"\n{len(ratios) - len(above)} of {len(ratios)} within {LIMIT}; median {median(ratios.values()):.3f}"
    )
    return 0 if asked.quick else bool(above)


if __name__ == "__main__":
    sys.exit(main())
