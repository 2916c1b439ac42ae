"""The command line: runs every measurement in processes of its own, and prints the tables."""

import argparse
import importlib.util
import re
import sys
from statistics import median

import benchmarks.detection
from benchmarks.detection.libraries import LIBRARIES, measure
from benchmarks.processes import figures_of

#: As many times the time without detection may be taken, by the workloads.
LIMIT = 1.05

#: Runs, with either order of the treatments in every other.
RUNS = 8

#: What rows of libraries may show at most.
LIMITS = {
    "warn / ignore": 1.1,
    "carry / ignore": 1.1,
    "task / plain task": 1.5,
    "first warn, ms more": 20.0,
    "first carry, ms more": 20.0,
}


def main() -> int:
    """Print the tables; tell whether every row is within its limits."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.detection", description=benchmarks.detection.__doc__
    )
    parser.add_argument("--quick", action="store_true", help="one short run, to see that it works")
    parser.add_argument("--only", default="", metavar="REGEX", help="rows to run")
    asked = parser.parse_args()
    above = _workloads(asked.only, quick=asked.quick) + _libraries(asked.only, quick=asked.quick)
    return 0 if asked.quick else bool(above)


def _workloads(only: str, *, quick: bool) -> int:
    orders = [["warn", "ignore"], ["ignore", "warn"]]
    effort = "quick" if quick else "full"
    runs = [
        figures_of("benchmarks.detection.workloads", effort, only, *orders[n % 2])
        for n in range(1 if quick else RUNS)
    ]
    print("| dumps (µs) | ignore | warn | warn / ignore | of the runs |\n| --- | ---: | ---: | ---: | ---: |")
    ratios = {}
    for name in runs[0]:
        each = sorted(run[name]["warn"] / run[name]["ignore"] for run in runs)
        ratios[name] = median(each)
        ignore, warn = (median(run[name][what] for run in runs) * 1e6 for what in ("ignore", "warn"))
        print(f"| {name} | {ignore:.3g} | {warn:.3g} | {ratios[name]:.3f} | {each[0]:.3f}-{each[-1]:.3f} |")
    above = [name for name, ratio in ratios.items() if ratio > LIMIT]
    if ratios:
        within = len(ratios) - len(above)
        print(f"\n{within} of {len(ratios)} within {LIMIT}; median {median(ratios.values()):.3f}")
    return len(above)


def _libraries(only: str, *, quick: bool) -> int:
    above = 0
    print("\n| code that names | " + " | ".join(LIMITS) + " |\n| --- |" + " ---: |" * len(LIMITS))
    for name in LIBRARIES:
        if not re.search(only, name) or (name in _PACKAGES and importlib.util.find_spec(name) is None):
            continue
        row = measure(name, runs=1 if quick else 3)
        above += sum(row[key] > limit for key, limit in LIMITS.items())
        print(f"| {name} | " + " | ".join(f"{row[key]:.2f}" for key in LIMITS) + " |")
    return above


_PACKAGES = {"numpy", "pandas", "sklearn"}


if __name__ == "__main__":
    sys.exit(main())
