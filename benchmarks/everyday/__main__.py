"""The command line of the everyday benchmarks."""

import argparse
import re
import sys
import warnings

import pickleloaf
from benchmarks.everyday.measure import BRIEF, everyday
from benchmarks.everyday.table import tables
from benchmarks.targets import EVERYDAY
from benchmarks.timing import FULL


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.everyday")
    parser.add_argument("--quick", action="store_true", help="less than half a minute")
    parser.add_argument("--only", default="", metavar="REGEX", help="rows to measure")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    results = everyday(BRIEF if asked.quick else FULL, re.compile(asked.only))
    print(pickleloaf.__file__)
    print(tables(results, EVERYDAY))
    return 0


if __name__ == "__main__":
    sys.exit(main())
