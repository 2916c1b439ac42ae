"""Rows, targets, and the page that shows them."""

import platform
from collections.abc import Callable, Mapping
from typing import NamedTuple

from benchmarks.tasks.limits import NAME as LIMIT
from benchmarks.tasks.rivals import OURS

__all__ = ["ROWS", "Row", "report"]

#: A row's figures: rival to median.
Figures = Mapping[str, float]


class Target(NamedTuple):
    """One promise: ours is at most ``factor`` times a rival's (at least, where more is better)."""

    rival: str  # or "best", of all but the limit
    factor: float = 1


class Row(NamedTuple):
    """A row of the table."""

    title: str
    format: str
    targets: tuple[Target, ...] = (Target("best"),)
    more_is_better: bool = False


#: By the name of the figure (see driver.py).
ROWS = {
    "latency": Row(
        "a task that does nothing, p50 (µs)",
        "{:,.0f}",
        (Target("multiprocessing.Pool"), Target(LIMIT, 3), Target("best")),
    ),
    "closures": Row("unique closures a second", "{:,.0f}", more_is_better=True),
    "arguments": Row(
        "one function, 10,000 small arguments, a second",
        "{:,.0f}",
        (Target("multiprocessing.Pool"), Target("best")),
        more_is_better=True,
    ),
    "chain": Row(
        "1,000 tasks that wait for each other (s)", "{:.3f}", (Target("multiprocessing.Pool"), Target("best"))
    ),
    "fan-out": Row(
        "64 MiB to ten tasks that sum it, shared first (s)", "{:.3f}", (Target("ray"), Target("best"))
    ),
    "passed": Row(
        "64 MiB to ten tasks that sum it, just passed (s)", "{:.3f}", (Target("ray"), Target("best"))
    ),
    "back": Row("64 MiB back (s)", "{:.3f}", (Target("ray"), Target("best"))),
    "start": Row("from nothing to the first result (s)", "{:.3f}", (Target("ProcessPoolExecutor", 2),)),
    "driver": Row("memory of an idle driver (MiB)", "{:.1f}", (Target("loky"),)),
    "worker": Row("memory of an idle worker (MiB)", "{:.1f}", (Target("loky"),)),
}


def report(
    figures: Mapping[str, Figures],
    versions: Mapping[str, str],
    by_name: set[str],
    rounds: int,
    *,
    quick: bool,
) -> str:
    """Return the page: every row, and the targets with what came of them."""
    rivals = [name for name in versions if any(name in row for row in figures.values())]
    heads = [f"{name}\\*" if name in by_name else name for name in rivals]
    against = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    lines = [
        "# Benchmarks of the tasks",
        "",
        f"Two workers, wall time, Python {platform.python_version()}, medians of rounds ({rounds}) in which all took",
        "turns, each time in fresh processes. Written by `make bench-tasks`; `benchmarks/tasks/` says how it is",
        f"measured. Versions: {against}.",
        "",
        "\\* sends functions by name only, and got plain functions of a module instead of closures.",
        "*limit*: 500 bytes to another process and back over a socket pair; a copy of 64 MiB in memory.",
        "A dash: not asked, or it failed.",
    ]
    if quick:
        lines.append("**A quick run: for a look, not to be quoted.**")
    shown = {name: ROWS[name] for name in ROWS if figures.get(name)}
    table = [
        [row.title, *(row.format.format(figures[name][r]) if r in figures[name] else "-" for r in rivals)]
        for name, row in shown.items()
    ]
    lines += ["", "## Figures", "", *_table(["", *heads], table), ""]
    lines += ["## Targets", "", *_table(["row", "target", "ratio", "met"], _targets(shown, figures))]
    return "\n".join(lines) + "\n"


def _targets(rows: Mapping[str, Row], figures: Mapping[str, Figures]) -> list[list[str]]:
    table = []
    for name, row in rows.items():
        ours = figures[name].get(OURS)
        better: Callable[..., float] = max if row.more_is_better else min
        others = {rival: value for rival, value in figures[name].items() if rival not in (OURS, LIMIT)}
        for target in row.targets:
            rival = target.rival
            if rival == "best" and others:
                rival = better(others, key=others.__getitem__)
            bound = "at least" if row.more_is_better else "at most"
            factor = "" if target.factor == 1 else f"{target.factor:g} times "
            text = f"{bound} {factor}{rival}'s" + (" (the best)" if target.rival == "best" else "")
            theirs = figures[name].get(rival)
            if ours is None or theirs is None:
                table.append([row.title, text, "-", "-"])
                continue
            ratio = ours / theirs
            met = ratio >= target.factor if row.more_is_better else ratio <= target.factor
            table.append([row.title, text, f"{ratio:.2f}", "yes" if met else "**no**"])
    return table


def _table(heads: list[str], rows: list[list[str]]) -> list[str]:
    def line(cells: list[str]) -> str:
        return f"| {' | '.join(cells)} |"

    return [line(heads), line(["---"] * len(heads)), *map(line, rows)]
