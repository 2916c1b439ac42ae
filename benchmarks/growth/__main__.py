"""The command line of the growth benchmarks."""

import argparse
import re
import sys

import pickleloaf
from benchmarks.growth.measure import growth
from benchmarks.growth.table import table


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth")
    parser.add_argument("--quick", action="store_true", help="less than half a minute")
    parser.add_argument("--only", default="", metavar="REGEX", help="rows to measure")
    asked = parser.parse_args()
    results = growth(re.compile(asked.only), quick=asked.quick)
    print(pickleloaf.__file__)
    print(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
