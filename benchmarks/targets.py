"""What was promised: as a factor against a rival, or as a limit."""

from collections.abc import Mapping
from typing import NamedTuple

from benchmarks.everyday.first import FIRST
from benchmarks.everyday.many import THOUSAND
from benchmarks.everyday.measure import ALL, KINDS, MANY
from benchmarks.failing import DUMPS, LOADS
from benchmarks.growth.rows import ROWS
from benchmarks.rivals import OURS

__all__ = ["EVERYDAY", "GROWTH", "TARGETS", "Figures", "Target", "verdict"]

Figures = Mapping[tuple[str, str, str], float]


class Target(NamedTuple):
    """One promise: our figure is at most ``factor`` times the rival's.

    Without a rival the figure itself is at most ``factor``.
    """

    workload: str
    measure: str
    rival: str
    factor: float

    def text(self) -> str:
        """Say it in few words."""
        if not self.rival:
            return f"≤ {self.factor:g}"
        if self.factor >= 1:
            return f"≤ {self.factor:g} x {self.rival}"
        return f"{1 / self.factor:g} x less than {self.rival}"


FUNCTIONS = (
    "lambda",
    "closure with a global",
    "1,000 closures sharing globals",
    "the same function 1,000 times",
)
CLASSES = ("class of five methods", "the patched turkey", "instance of a class with 40 methods")
INSTANCES = ("1,000 instances of a class of __main__", "1,000 instances of an importable class")
DATA = ("one small dict", "100,000 ints", "20,000 strings", "10,000 dicts")

TARGETS = (
    *(Target(name, "dumps", "cloudpickle", 1 / 5) for name in FUNCTIONS),
    *(Target(name, "first dump", "cloudpickle", 1 / 4) for name in CLASSES),
    *(Target(name, "dumps", "cloudpickle", 1 / 10) for name in CLASSES if name != "the patched turkey"),
    Target("the patched turkey", "dumps", "cloudpickle", 1 / 4),
    *(Target(name, "loads", "cloudpickle", 1 / 2.5) for name in FUNCTIONS),
    *(Target(name, "first load", "cloudpickle", 1 / 2.5) for name in (*FUNCTIONS[:2], *CLASSES)),
    *(Target(name, "loads", "cloudpickle", 1 / 4) for name in CLASSES),
    *(Target(name, "size", "cloudpickle", 1 / 2) for name in (*FUNCTIONS[:3], *CLASSES)),
    *(Target(name, "dumps", "pickle", 1.15) for name in INSTANCES),
    *(Target(name, "dumps", "pickle", 1.03) for name in DATA),
    Target("import", "import", "cloudpickle", 1),
    Target("import", "import and a first dumps", "cloudpickle", 1),
    Target("modules", "growth with modules", "", 1.1),
)
#: Bytes of the array of the out-of-band workloads, of which dumping may take 2 %.
ARRAY = 8_000_000
TARGETS += tuple(
    Target(name, "peak of dumps", "", 0.02 * ARRAY)
    for name in ("array of 8 MB, out of band", "closure over an array, out of band")
)
TARGETS += tuple(Target(each.name, "failing dump", "", 2) for each in DUMPS)
TARGETS += tuple(Target(name, "failing load", "", 1) for name in LOADS)

EVERYDAY = (
    *(Target(row.name, "repeated dumps", "cloudpickle", 1 / row.speed) for row in KINDS),
    Target(ALL, "repeated dumps", "cloudpickle", 1 / 3),
    Target(THOUSAND.name, "dumps to pickle", "pickle", 1.2),
    Target(MANY, "repeated dumps", "", 1.3),
    *(Target(row.name, "first dumps", "cloudpickle", 1 / 0.8) for row in FIRST),
    *(Target(row.name, "first two dumps", "cloudpickle", 1) for row in FIRST),
    *(Target(row.name, "same code again", "cloudpickle", 1 / 0.8) for row in FIRST),
    *(Target(row.name, "first loads", "cloudpickle", 1 / 1.5) for row in FIRST),
    *(Target(row.name, "payload", "cloudpickle", 1.1) for row in KINDS),
    Target(ALL, "payload", "cloudpickle", 0.6),
)
#: A slope of 1 is ideal. Microseconds for what no rival can do.
GROWTH = (
    *(
        Target(f"{row.name}, {what}", measure, "", factor)
        for row in ROWS
        for what in ("first", "again")
        for measure, factor in (("slope", 2), ("at worst", 1))
    ),
    Target("rich by value, first", "at 1", "", 2e6),
    Target("rich by value, again", "at 1", "", 5e4),
)


def verdict(target: Target, figures: Figures) -> tuple[float, bool] | None:
    """Return how our figure compares, and whether the promise is kept; None where something is missing."""
    ours = figures.get((target.workload, target.measure, OURS))
    theirs = figures.get((target.workload, target.measure, target.rival)) if target.rival else 1.0
    if ours is None or theirs is None:
        return None
    ratio = ours / theirs
    return ratio, ratio <= target.factor
