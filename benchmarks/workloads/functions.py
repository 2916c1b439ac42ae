"""Functions that travel by value."""

from benchmarks.workloads import Workload

CLOSURE = """
RATE = 3

def make_{n}(base):
    def scaled(amount, extra={n}):
        total = amount * RATE + base
        if total < 0:
            raise ValueError(amount)
        return total + extra - {n}
    return scaled
"""

WORKLOADS = [
    Workload("lambda", "", "lambda x: x + {n} - {n}", "it(2) == 2", fresh=True),
    Workload("closure with a global", CLOSURE, "make_{n}(5)", "it(2) == 11", fresh=True),
    Workload(
        "1,000 closures sharing globals",
        CLOSURE,
        "[make_{n}(i) for i in range(1000)]",
        "it[7](2) == 13",
        per=1000,
    ),
    Workload("the same function 1,000 times", CLOSURE, "[make_{n}(5)] * 1000", "it[7](2) == 11", per=1000),
    Workload(
        "function that uses packages",
        """
        import os.path
        import xml.dom.minidom

        def parse_{n}(text, number={n}):
            return os.path.join(xml.dom.minidom.parseString(text).documentElement.tagName, str(number))
        """,
        "parse_{n}",
        "it('<a/>', 1).endswith('1')",
        fresh=True,
    ),
]
