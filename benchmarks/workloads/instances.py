"""Many instances: of classes of the script, which cloudpickle and we ship, and of importable ones."""

from benchmarks.workloads import Workload

IMPORT = "from benchmarks.workloads.importable import Colour, Order, Point, function"

MAIN = """
class Point_{n}:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def norm(self):
        return (self.x ** 2 + self.y ** 2) ** 0.5

# Whoever goes by reference finds the class by its name.
globals()["Point_{n}"] = Point_{n}
"""

WORKLOADS = [
    Workload(
        "1,000 instances of a class of __main__",
        MAIN,
        "[Point_{n}(i, i + 0.5) for i in range(1000)]",
        "it[3].norm() > 0",
        per=1000,
    ),
    Workload(
        "1,000 instances of an importable class",
        IMPORT,
        "[Point(i, i + 0.5) for i in range(1000)]",
        "it[3].x == 3",
        per=1000,
    ),
    Workload(
        "1,000 instances of a dataclass",
        IMPORT,
        "[Order(str(i), i, i / 3, ['a', str(i)]) for i in range(1000)]",
        "it[3].tags == ['a', '3']",
        per=1000,
    ),
    Workload(
        "1,000 enum members", IMPORT, "[Colour.RED, Colour.BLUE] * 500", "it[1] is Colour.BLUE", per=1000
    ),
    Workload(
        "1,000 times an importable function", IMPORT, "[function] * 1000", "it[0] is function", per=1000
    ),
]
