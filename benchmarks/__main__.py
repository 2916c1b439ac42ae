"""The command line of the benchmarks."""

import argparse
import gc
import json
import platform
import re
import sys
import warnings
from pathlib import Path

from benchmarks.chart import chart
from benchmarks.everyday.measure import BRIEF, everyday
from benchmarks.factors import KINDS, factors
from benchmarks.failing import DUMPS, LOADS, failing
from benchmarks.growth.measure import growth
from benchmarks.hashing import OBJECTS, hashing
from benchmarks.imports import import_times
from benchmarks.measure import Result, measure
from benchmarks.report import report
from benchmarks.rivals import find_rivals
from benchmarks.timing import FULL, QUICK, Effort
from benchmarks.workloads import find_workloads

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Compare pickleloaf with its rivals."
    )
    parser.add_argument("--quick", action="store_true", help="a smoke run of less than a minute; prints only")
    parser.add_argument(
        "--only", default="", metavar="REGEX", help="workloads, and parts such as 'import', to run"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the figures")
    parser.add_argument(
        "--docs", type=Path, metavar="DIR", help="where to write benchmarks.md and benchmarks.svg"
    )
    asked = parser.parse_args()
    effort = QUICK if asked.quick else FULL
    versions = {name: rival.VERSION for name, rival in find_rivals().items()}
    results = run(effort, re.compile(asked.only), quick=asked.quick)
    page = report(results, versions, quick=asked.quick)
    print(page)
    if not asked.quick and not asked.only:
        asked.json = asked.json or ROOT / "benchmarks" / "results.json"
        asked.docs = asked.docs or ROOT / "docs"
    if asked.json:
        asked.json.write_text(as_json(results, versions, quick=asked.quick), encoding="utf-8")
    if asked.docs:
        asked.docs.mkdir(parents=True, exist_ok=True)
        picture = "![How many times faster than cloudpickle](benchmarks.svg)"
        text = page.replace("\n\n## ", f"\n\n{picture}\n\n## ", 1)
        (asked.docs / "benchmarks.md").write_text(text, encoding="utf-8")
        (asked.docs / "benchmarks.svg").write_text(chart(results), encoding="utf-8")
    return 0


def run(effort: Effort, only: re.Pattern[str], *, quick: bool) -> list[Result]:
    """Measure all that a pattern asks for."""
    warnings.simplefilter("ignore")
    rivals = find_rivals()
    note("everyday code")
    results = everyday(BRIEF if quick else effort, only)
    results += growth(only, quick=quick)
    for name, workload in find_workloads().items():
        if only.search(name):
            note(name)
            results += measure(workload, rivals, effort)
            gc.collect()
    for name in (*(workload.name for workload in DUMPS), *LOADS):
        if only.search(f"failing: {name}"):
            note(f"failing: {name}")
            results += failing(name, effort)
            gc.collect()
    for kind in KINDS:
        if only.search(f"growth with {kind}"):
            note(f"growth with {kind}")
            results += factors(kind, effort)
    if only.search("import"):
        note("import")
        results += import_times(list(rivals), effort)
    for workload in OBJECTS:
        if only.search(f"key of {workload.name}") and workload.is_possible():
            note(f"key of {workload.name}")
            results += hashing(workload, effort)
    return results


def as_json(results: list[Result], versions: dict[str, str], *, quick: bool) -> str:
    """Return the figures for whoever wants to compute with them."""
    about = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "quick": quick,
        "versions": versions,
    }
    return json.dumps({**about, "results": [result._asdict() for result in results]}, indent=1) + "\n"


def note(text: str) -> None:
    """Tell what is going on, apart from the tables."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
