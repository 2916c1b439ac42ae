"""Writes the comparison in the README: every case of the test suite, sent with each serializer.

    python docs/compare.py

Needs the test dependencies. Each kind of object is dumped by a script, loaded in a fresh process and used
there; a cell counts the kinds that then worked. The cases are those of our own suite.
"""

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent

SERIALIZERS = ("pickle", "cloudpickle", "dill", "pickleloaf")

#: Rows of the table: what it says, and the families of cases behind it.
ROWS = {
    "functions, closures, globals, generators": "functions closures globals_ functools_ generators sources",
    "classes, metaclasses, slots, descriptors": "classes class_creation metaclasses slots descriptors methods",
    "dataclasses, enums, typing, annotations": "dataclasses_ enums typings annotations",
    "patched instances": "patched",
    "modules, code by value": "modules by_value",
    "instances, data, iterators, views, weak references": (
        "instances containers data builtins_ iterators views weakrefs ctypes_ deep context foreign"
    ),
    "exceptions": "exceptions",
    "locks, queues, files, loggers": "locks handles logging_",
}


def outcomes(serializer: str) -> dict[str, bool]:
    """Return for every case whether it worked with a serializer."""
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "--tb=no", "-p", "no:cacheprovider"]
    result = subprocess.run(
        [*command, "--fresh", "tests/laws/test_arrival.py", "-k", "test_fresh_process"],
        cwd=ROOT,
        env={**os.environ, "PICKLELOAF_TEST_SERIALIZER": serializer},
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.findall(r"^(PASSED|FAILED|ERROR) \S+\[(\S+?)\]", result.stdout, re.MULTILINE)
    return {case: outcome == "PASSED" for outcome, case in found}


def table() -> str:
    """Run everything and return the table."""
    results = {serializer: outcomes(serializer) for serializer in SERIALIZERS}
    total: Counter[str] = Counter()
    lines = [f"| works after the trip | {' | '.join(SERIALIZERS)} | of |", f"| --- |{' ---: |' * 5}"]
    for title, families in ROWS.items():
        cases = [case for case in results["pickleloaf"] if case.partition("-")[0] in families.split()]
        counts = {name: sum(result.get(case, False) for case in cases) for name, result in results.items()}
        total.update(counts, of=len(cases))
        lines.append(f"| {title} | {' | '.join(str(counts[name]) for name in SERIALIZERS)} | {len(cases)} |")
    lines.append(
        f"| **all** | {' | '.join(f'**{total[name]}**' for name in SERIALIZERS)} | **{total['of']}** |"
    )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Put the table into the README."""
    path = ROOT / "README.md"
    before, _, rest = path.read_text(encoding="utf-8").partition("<!-- table:compare -->\n")
    _, _, after = rest.partition("<!-- end -->")
    text = table()
    print(text)
    path.write_text(f"{before}<!-- table:compare -->\n{text}<!-- end -->{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
