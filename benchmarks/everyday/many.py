"""Many instances of one class of a script: compared with what pickle takes, which ships no class."""

from benchmarks.everyday.script import Script

PLAIN = """
class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def norm(self):
        return (self.x**2 + self.y**2) ** 0.5
"""

DATACLASS = """
from dataclasses import dataclass

@dataclass
class Point:
    x: int
    y: float

    def norm(self):
        return (self.x**2 + self.y**2) ** 0.5
"""

THOUSAND = Script(
    "1,000 instances", f"{PLAIN}\nit = [Point(i, i + 0.5) for i in range(1000)]", "it[3].norm() > 4"
)
PLAIN_10K = Script("10,000 instances", f"{PLAIN}\nit = [Point(i, i + 0.5) for i in range(10000)]")
DATACLASS_10K = Script(
    "10,000 instances of a dataclass", f"{DATACLASS}\nit = [Point(i, i + 0.5) for i in range(10000)]"
)
