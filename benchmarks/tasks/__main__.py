"""The command line of the tasks' benchmarks."""

import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.tasks import limits
from benchmarks.tasks.driver import ROWS
from benchmarks.tasks.report import report
from benchmarks.tasks.rivals import find_rivals, load

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "benchmarks-tasks.md"
#: Seconds after which a measurement is given up.
PATIENCE_S = 120


def main() -> int:
    """Measure in turns, print, write."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.tasks", description="Compare the tasks with their rivals."
    )
    parser.add_argument("--quick", action="store_true", help="a smoke run; prints only")
    parser.add_argument("--only", default="", metavar="REGEX", help=f"of these rows: {', '.join(ROWS)}")
    parser.add_argument("--rivals", default="", metavar="REGEX", help=f"of these: {', '.join(find_rivals())}")
    parser.add_argument("--rounds", type=int, help="how often every figure is taken (3, or 1 with --quick)")
    parser.add_argument("--docs", type=Path, metavar="FILE", help=f"where to write the page ({PAGE.name})")
    asked = parser.parse_args()
    rounds = asked.rounds or (1 if asked.quick else 3)
    rivals = [name for name in find_rivals() if re.search(asked.rivals, name)]
    taken: dict[tuple[str, str], list[float]] = {}  # (figure, rival) to what each round found
    versions: dict[str, str] = {}
    for row in ROWS:
        if re.search(asked.only, row):
            pairs = [(row, name) for name in [*rivals, *([limits.NAME] if row in limits.ROWS else [])]]
            for number in range(rounds):
                note(f"{row}, round {number + 1} of {rounds}")
                for pair in pairs:
                    take(pair, taken, versions, quick=asked.quick)
    figures: dict[str, dict[str, float]] = {}
    for (figure, name), values in taken.items():
        figures.setdefault(figure, {})[name] = statistics.median(values)
    order = {name: versions[name] for name in [*rivals, limits.NAME] if name in versions}
    by_name = {name for name in rivals if load(name).BY_NAME}
    page = report(figures, order, by_name, rounds, quick=asked.quick)
    print(page)
    if not (asked.quick or asked.only or asked.rivals):
        asked.docs = asked.docs or PAGE
    if asked.docs:
        asked.docs.write_text(page, encoding="utf-8")
    return 0


def take(
    pair: tuple[str, str], taken: dict[tuple[str, str], list[float]], versions: dict[str, str], *, quick: bool
) -> None:
    """Run a driver and note its figures. One that fails is told of, and has no figure.

    Compiled modules are written and found, as they are where anything is installed: else every start compiles ours.
    """
    row, name = pair
    command = [sys.executable, "-m", "benchmarks.tasks.driver", name, row, *(["--quick"] if quick else [])]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
        env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
    ) as process:
        try:
            output, errors = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, errors = "", f"gave up after {PATIENCE_S} s"
    if process.returncode or not output:
        note(f"{name} failed at {row}: {errors.strip().rpartition(chr(10))[2]}")
        return
    answer = json.loads(output.splitlines()[-1])
    versions[name] = answer["version"]
    for figure, value in answer["figures"].items():
        taken.setdefault((figure, name), []).append(value)


def note(text: str) -> None:
    """Tell what is going on, apart from the tables."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
