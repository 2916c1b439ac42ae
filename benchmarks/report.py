"""Turns figures into tables."""

import platform
from collections.abc import Iterable, Sequence

from benchmarks.growth import KINDS
from benchmarks.hashing import HASHERS
from benchmarks.measure import MEASURES, Result
from benchmarks.rivals import NAMES, OURS
from benchmarks.targets import TARGETS, verdict

__all__ = ["report"]

#: Written by hand, next to the figures that it explains.
_FLOORS = """\
Where a target is missed, how near the floor is (Python 3.13):

- *one small dict*: `pickle.dumps` is one call in C. A Python function that gets a C pickler, runs it and empties
  it takes a microsecond, whatever it pickles.
- *1,000 instances*: the C pickler asks `reducer_override` about each. One that answers at once, always the same,
  already takes 1.14 times what pickle does without.
- *the same function 1,000 times*: most of it are the 1,000 references in the list, which take all rivals the same.
- *1,000 closures*: each is one call of `reducer_override` and three tuples, a microsecond with nothing in it.
- *lambda*: pickling the name of one rebuilder takes 1.4 of the microseconds, an empty dump 1.5.
- *first dump*: code that was never seen is read for the names that it uses, which is about a half of the time, then
  marshalled, sealed and deflated together with its source. No floor has been established here.
- *first load*: that of unmarshalling the code, which takes most of it.
- *size*: payloads carry the source lines of their code, so that a traceback there shows them. They are a third
  of the bytes of a small function."""

_TITLES = {
    "dumps": "dumps: seen before",
    "first dump": "dumps: never seen before",
    "loads": "loads: seen before",
    "first load": "loads: never seen before",
    "size": "Size of the payload",
    "peak of dumps": "Peak memory of dumps",
    "peak of loads": "Peak memory of loads",
}


def report(results: Sequence[Result], versions: dict[str, str], *, quick: bool) -> str:
    """Return everything as a page of markdown."""
    figures = {(each.workload, each.measure, each.rival): each.value for each in results}
    parts = [_head(versions, quick=quick), _targets(figures)]
    for measure, unit in MEASURES.items():
        rows = list(dict.fromkeys(each.workload for each in results if each.measure == measure))
        if rows:
            parts.append(f"## {_TITLES[measure]} ({unit})\n\n{_table(measure, rows, figures)}")
    parts += _growth(figures)
    imports = [
        [
            f"{figures['import', 'import', name]:.1f}"
            for name in NAMES
            if ("import", "import", name) in figures
        ]
    ]
    if imports[0]:
        parts.append("## Import in a fresh process (ms)\n\n" + _markdown(NAMES, imports))
    parts += _hashing(results, figures)
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(versions: dict[str, str], *, quick: bool) -> str:
    against = ", ".join(
        f"{name} {version}" for name, version in versions.items() if name not in (OURS, "pickle")
    )
    lines = [
        "# Benchmarks",
        "",
        f"pickleloaf {versions.get(OURS, '')} on Python {platform.python_version()}, against its pickle, {against}.",
        "Written by `make bench`. Medians of processor time, all rivals in turns in one process, without the",
        "garbage collector. The machine is shared with other programs, so what counts are the ratios.",
        "Times are per call, smaller is better. The last columns say how many times less we take than a rival.",
        "A dash: that rival cannot do it, or the copy does not work.",
    ]
    if quick:
        lines += [
            "",
            "**A quick run: these figures say that the benchmarks work, not how fast anything is.**",
        ]
    return "\n".join(lines)


def _targets(figures: dict[tuple[str, str, str], float]) -> str:
    rows = []
    for target in TARGETS:
        found = verdict(target, figures)
        if found is not None:
            ratio, met = found
            value = _number(ratio) if not target.rival else _times(ratio)
            rows.append([target.workload, target.measure, target.text(), value, "yes" if met else "**no**"])
    if not rows:
        return ""
    kept = sum(row[-1] == "yes" for row in rows)
    head = f"## Targets\n\n{kept} of {len(rows)} met.\n\n"
    return head + _markdown(["what", "measure", "target", "ours", "met"], rows) + "\n\n" + _FLOORS


def _times(ratio: float) -> str:
    return f"{1 / ratio:.1f} x less" if ratio < 0.95 else f"{ratio:.2f} x"


def _table(measure: str, rows: Iterable[str], figures: dict[tuple[str, str, str], float]) -> str:
    rivals = [name for name in NAMES if name != OURS]
    lines = []
    for row in rows:
        found = {name: figures.get((row, measure, name)) for name in NAMES}
        ours = found[OURS]
        values = ["-" if value is None else _number(value) for value in found.values()]
        ratios = [_ratio(found[name], ours) for name in rivals]
        lines.append([row, *values, *ratios])
    return _markdown(["", *NAMES, *(f"x {name}" for name in rivals)], lines)


def _ratio(theirs: float | None, ours: float | None) -> str:
    return "-" if theirs is None or not ours else f"{theirs / ours:.2f}"


def _growth(figures: dict[tuple[str, str, str], float]) -> list[str]:
    rows = []
    for kind, meaning in KINDS.items():
        found = [figures.get((kind, f"growth with {kind}", name)) for name in NAMES]
        if any(found):
            rows.append([meaning, *("-" if value is None else f"{value:.2f}" for value in found)])
    return ["## How the cost grows (factor; 1 is best)\n\n" + _markdown(["", *NAMES], rows)] if rows else []


def _hashing(results: Sequence[Result], figures: dict[tuple[str, str, str], float]) -> list[str]:
    names = list(dict.fromkeys(each.workload for each in results if each.measure == "key"))
    rows = []
    for name in names:
        found = [figures.get((name, "key", hasher)) for hasher in HASHERS]
        rows.append([name, *("-" if value is None else _number(value) for value in found)])
    return ["## Keys for caches (µs)\n\n" + _markdown(["", *HASHERS], rows)] if rows else []


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, its numbers to the right."""
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)
