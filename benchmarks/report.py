"""Turns figures into tables."""

import platform
from collections.abc import Iterable, Sequence

from benchmarks.factors import KINDS
from benchmarks.growth import table as growth_table
from benchmarks.hashing import HASHERS
from benchmarks.measure import MEASURES, Result
from benchmarks.rivals import NAMES, OURS
from benchmarks.targets import EVERYDAY, TARGETS, Figures, Target, verdict

__all__ = ["report"]

#: Written by hand, next to the figures that it explains.
_FLOORS = """\
Where a target is missed, how near the floor is (Python 3.13):

- *one small dict*: in C, to write it with a pickler that is kept and to empty that takes as long as `pickle.dumps`
  (0.6 µs). What comes on top is Python: one function that gets the pickler and puts it back, and one that asks
  whether anything had to be done besides.
- *plain data*: nothing is done per object. What differs is how often the C library asks the kernel for memory,
  which changes from run to run by more than 3 %; `pickle.Pickler` with a file alone is between 0.9 and 1.1.
- *1,000 instances*: the C pickler asks `reducer_override` about each. One that answers at once, always the same,
  already takes 1.12 times what pickle does without, one look-up by type 1.19. Nothing else can be asked instead:
  without that method, functions and classes go by name before any table is asked (`save` in Modules/_pickle.c).
- *lambda*: of 4.7 µs, pickling the name of one rebuilder takes 1.0, an empty dump 1.1, reading off the function
  whether it has anything but its code 1.5. A *closure with a global* adds 0.7 for each of its closure, its
  default and its global, and 0.4 to pickle each.
- *1,000 closures*: each is one call of `reducer_override` and three tuples, a microsecond with nothing in it; 4 are
  needed, for the questions of which none may be left out (cells, defaults, attributes, globals changed meanwhile).
- *the same function 1,000 times*: most of it are the 1,000 references in the list, which take all rivals the same.
- *class again*: of 10 µs, 4 are to see that nothing in the class has been replaced, 2 its name and an empty dump.
- *first dump*: of 180 µs for a class of five methods, deflating takes 45 (its speed on data that it has not just
  seen), marshalling and finding the source 45, taking the class apart with the names that its methods look up 65,
  noting what it consists of 20. cloudpickle (115 µs) does neither the first nor the second, and pays later: in
  bytes and each time again. Deflating alone is more than the target.
- *failing dump* of what is small or deep: to find and write the path and to raise the error takes 30 µs, and each level
  of nesting 2 to 4 more, where the C pickler writes a list in a list in 0.05. Below a datetime, whose zone the garbage
  collector does not see, and where C code fails that no reducer has called, the C pickler runs twice.
- *first load*: of 26 µs for a class of five methods, C takes 18: inflating 5, unmarshalling 7, `type()` 4, pickle 2.
  The rest makes the functions, registers their source lines and the identity of the class."""

_FAILING = """\
*failing dump*: how many times longer it takes than a dump of the object with a number
in the place of the part that cannot be pickled. *failing load*: seconds on top of those that pickle takes to fail."""

_OF_A_KIND = ("repeated dumps", "payload")
_KIND_HEAD = ("", "ours, µs", "cloudpickle, µs", "times faster", "bytes, ratio", "met")
_EVERYDAY = """\
## Everyday code

Scripts of a few lines (`benchmarks/everyday/`), each run as `__main__`; what is dumped is an instance of the class, or
the function. Repeated dumps, against cloudpickle: at least 2 times as fast, lambdas and closures 4, the geometric mean
of all 3; bytes at most 1.1 times as many, 0.6 in the mean of the ratios. A dash: cloudpickle's copy does not work in
another process.

Below them: many instances; and what has not been seen before, each time another definition. In *first dumps* its code
is new, too; in *same code again* the code is equal to that of earlier definitions, as when a cell of a notebook is run
again: there cloudpickle finds what it has kept about the code."""
_SCALING = """\
## How the time of dumps grows

*slope*: how many times more the time grows than the size, between the two sizes where that is worst; at most 2 is
wanted. For living classes and globals of the script, which the time should not depend on, how many times it grows.
*at worst*: our time to cloudpickle's at the size where that is worst; at most 1. An exclamation mark: not met."""

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
    parts = [_head(versions, quick=quick), _everyday(figures), _scaling(results), _targets(figures)]
    for measure, unit in MEASURES.items():
        rows = list(dict.fromkeys(each.workload for each in results if each.measure == measure))
        if rows:
            parts.append(f"## {_TITLES[measure]} ({unit})\n\n{_table(measure, rows, figures)}")
    parts += _growth(figures)
    parts += _imports(figures)
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


def _everyday(figures: Figures) -> str:
    """Return the tables of everyday code: kinds with speed and bytes, then what is measured otherwise."""
    names = dict.fromkeys(target.workload for target in EVERYDAY if target.measure == "payload")
    kinds = []
    for name in names:
        times = [figures.get((name, "repeated dumps", rival)) for rival in (OURS, "cloudpickle")]
        judged = [
            found
            for target in EVERYDAY
            if target.workload == name and target.measure in ("repeated dumps", "payload")
            if (found := verdict(target, figures)) is not None
        ]
        if times[0] is not None:
            speed, size = (1 / judged[0][0], judged[1][0]) if judged else (None, None)
            cells = [_figure(value) for value in (*times, speed, size)]
            kinds.append([name, *cells, _met(judged)])
    others = [
        target for target in EVERYDAY if target.workload not in names or target.measure not in _OF_A_KIND
    ]
    rows = _judged(others, figures)
    return "\n\n".join(
        [
            *([_EVERYDAY, _markdown(_KIND_HEAD, kinds)] if kinds else []),
            *([_markdown(["", "measure", "target", "ours", "met"], rows)] if rows else []),
        ]
    )


def _scaling(results: Sequence[Result]) -> str:
    rows = growth_table.rows(results)
    return f"{_SCALING}\n\n{_markdown(growth_table.HEAD, rows)}" if rows else ""


def _imports(figures: Figures) -> list[str]:
    rows = []
    for what in ("import", "import and a first dumps"):
        found = [figures.get(("import", what, name)) for name in NAMES]
        if any(found):
            rows.append([what, *map(_figure, found)])
    return ["## Import in a fresh process (ms)\n\n" + _markdown(["", *NAMES], rows)] if rows else []


def _targets(figures: Figures) -> str:
    rows = _judged(TARGETS, figures)
    if not rows:
        return ""
    kept = sum(row[-1] == "yes" for row in rows)
    head = f"## Targets\n\n{kept} of {len(rows)} met. {_FAILING}\n\n"
    return head + _markdown(["what", "measure", "target", "ours", "met"], rows) + "\n\n" + _FLOORS


def _judged(targets: Iterable[Target], figures: Figures) -> list[list[str]]:
    rows = []
    for target in targets:
        found = verdict(target, figures)
        if found is not None:
            value = _number(found[0]) if not target.rival else _times(found[0])
            rows.append([target.workload, target.measure, target.text(), value, _met([found])])
    return rows


def _met(judged: Sequence[tuple[float, bool]]) -> str:
    return ("yes" if all(good for _, good in judged) else "**no**") if judged else "-"


def _figure(value: float | None) -> str:
    return "-" if value is None else _number(value)


def _times(ratio: float) -> str:
    return f"{1 / ratio:.1f} x less" if ratio < 0.95 else f"{ratio:.2f} x"


def _table(measure: str, rows: Iterable[str], figures: Figures) -> str:
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


def _growth(figures: Figures) -> list[str]:
    rows = []
    for kind, meaning in KINDS.items():
        found = [figures.get((kind, f"growth with {kind}", name)) for name in NAMES]
        if any(found):
            rows.append([meaning, *("-" if value is None else f"{value:.2f}" for value in found)])
    return ["## How the cost grows (factor; 1 is best)\n\n" + _markdown(["", *NAMES], rows)] if rows else []


def _hashing(results: Sequence[Result], figures: Figures) -> list[str]:
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
