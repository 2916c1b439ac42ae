"""Run CPython's own tests of pickle on pickleloaf, and hold their failures to a list.

    python ci/pickletester.py                            counts and complaints; exits with 1 if there are any
    python ci/pickletester.py --serializer cloudpickle   counts for another serializer
    python ci/pickletester.py --list                     names each failure
    python ci/pickletester.py --show test_bad_init       shows the failures of a test
    python ci/pickletester.py --record                   counts on every Python that can be had, for the docs

1. The tests are those of the Python that runs this (tests/cpython/pickle_tests.py). One that was installed without them
   is left out, unless `cpython-tests` under its prefix has them, or what ``--tests`` names.
2. tests/cpython/expected.toml names the tests that are expected to fail, each with its reason. It is a complaint when
   another one fails, and when one of these no longer does.
3. tests/cpython/recorded.json has the number of failures of each test, by release. On such a release, it is a complaint
   when a test fails more or less often: subtests count one by one.
"""

import argparse
import contextlib
import faulthandler
import fnmatch
import importlib
import io
import json
import platform
import re
import sys
import tomllib
import unittest
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "tests" / "cpython"
RECORDED = HERE / "recorded.json"
SERIALIZERS = ("pickle", "cloudpickle", "pickleloaf")
LIMIT_S = 120  # of one test: a longer one hangs
BESIDE = Path(sys.prefix, "cpython-tests")  # of an environment that ci/debian.py has made
VERSION = platform.python_version()

sys.path.append(str(ROOT))  # also as a script this file is ci.pickletester

# ---------------------------------------------------------------- running


class Failures(unittest.TestResult):
    """Collects each failure of a test or subtest, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[tuple[str, str]] = []

    def startTest(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's name
        """Let the test end the process, with its stacks, when it hangs."""
        faulthandler.dump_traceback_later(LIMIT_S, exit=True)
        super().startTest(test)

    def stopTest(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's name
        """Take back the limit."""
        faulthandler.cancel_dump_traceback_later()
        super().stopTest(test)

    def addError(self, test: Any, err: Any) -> None:  # noqa: N802 - unittest's name
        """Collect a test that has failed."""
        name = re.sub(r" at 0x[0-9a-f]+", "", test.id().partition(".")[2])
        self.texts.append((name, self._exc_info_to_string(err, test)))  # type: ignore[attr-defined]

    addFailure = addError  # noqa: N815 - unittest's name

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:  # noqa: N802 - unittest's name
        """Collect a subtest, if it has failed."""
        if err is not None:
            self.addError(subtest, err)

    def addUnexpectedSuccess(self, test: Any) -> None:  # noqa: N802 - unittest's name
        """Collect a test that was expected to fail."""
        self.texts.append((test.id().partition(".")[2], "unexpected success"))

    def counts(self) -> Counter[str]:
        """Return the number of failures by test, as ``Class.test``."""
        return Counter(name.partition(" ")[0] for name, _ in self.texts)


def run(serializer: str, tests: str | Path) -> Failures:
    """Run the tests on a serializer, without what they print.

    Raises:
        ImportError: this Python has no tests.
    """
    sys.path.append(str(HERE))
    result = Failures()
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        importlib.import_module("pickle_tests").suite_of(serializer, str(tests)).run(result)
    return result


# ---------------------------------------------------------------- judging


@dataclass(frozen=True)
class Expectation:
    """Tests that fail for one reason."""

    reason: str
    tests: dict[str, str]
    """Patterns of ``Class.test``, each with the first and the last Python on which it fails: ``3.11-3.13``."""

    def patterns(self, version: str) -> list[str]:
        """Return the patterns that hold for a Python."""
        minor = int(version.split(".")[1])
        spans = [(pattern, pythons.split("-")) for pattern, pythons in self.tests.items()]
        return [name for name, (a, b) in spans if int(a.split(".")[1]) <= minor <= int(b.split(".")[1])]

    def covers(self, test: str, version: str) -> bool:
        """Tell whether a failure of this test is expected."""
        return any(fnmatch.fnmatch(test, each) for each in self.patterns(version))


def expectations() -> list[Expectation]:
    """Read the list of expected failures."""
    listed = tomllib.loads((HERE / "expected.toml").read_text(encoding="utf-8"))["expected"]
    return [Expectation(each["reason"], each["tests"]) for each in listed]


def recorded() -> dict[str, Any]:
    """Read the counts of earlier runs, by release and serializer."""
    counts: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.exists() else {}
    return counts


def of_minor(version: str) -> str:
    """Shorten a version to ``3.11``."""
    return ".".join(version.split(".")[:2])


def complaints(counts: Counter[str], version: str) -> list[str]:
    """Compare failures of pickleloaf with what is expected and recorded; return what differs."""
    expected = expectations()
    found = [
        f"fails, and expected.toml does not expect it: {test}"
        for test in sorted(counts)
        if not any(each.covers(test, version) for each in expected)
    ]
    found += [
        f"fails no more, and expected.toml expects it: {pattern}"
        for each in expected
        for pattern in each.patterns(version)
        if not fnmatch.filter(counts, pattern)
    ]
    if version in recorded():
        before = recorded()[version]["pickleloaf"]["failures"]
        found += [
            f"fails {counts[test]} times, and recorded.json has {before.get(test, 0)}: {test}"
            for test in sorted({*counts, *before})
            if counts[test] != before.get(test, 0)
        ]
    return found


# ---------------------------------------------------------------- recording

PAGE = """# What CPython's own tests say

CPython tests `pickle` with the classes of `test.pickletester`, which take any pickler. `make peers` runs those of the
Python at hand on pickleloaf's functions and classes, under every protocol that they try. It fails if another test fails
than those named below, or one of these no longer does. Failures are counted by subtest:

{counts}

From 3.13 on CPython tests the errors of pickling, and from 3.14 on also their texts and notes: most failures are there.
cloudpickle is tested with its pickler and pickle's unpickler, so the tests of loading are pickle's there.

## Why each of them fails

{reasons}

The names are without `test_`. Written from `tests/cpython/expected.toml`, which `ci/pickletester.py` holds true, and
from `recorded.json` beside it: `python ci/pickletester.py --record`, then `python docs/generate.py`.
"""


def page() -> str:
    """Return the page of the docs: counts and reasons."""
    by_version = recorded()
    versions = sorted(by_version, key=lambda version: [int(part) for part in version.split(".")])
    counts = [["Python", "tests", *SERIALIZERS]]
    for version in versions:
        found = by_version[version]
        sums = [str(sum(found[each]["failures"].values())) for each in SERIALIZERS]
        counts.append([version, str(found["pickleloaf"]["tests"]), *sums])
    reasons = [["reason", "tests", *map(of_minor, versions)]]
    for each in expectations():
        sums = [
            str(sum(n for test, n in by_version[v]["pickleloaf"]["failures"].items() if each.covers(test, v)))
            for v in versions
        ]
        tests = sorted({pattern.rpartition(".test_")[2] for pattern in each.tests})
        reasons.append([each.reason, ", ".join(f"`{test}`" for test in tests), *sums])
    return PAGE.format(counts=_table(counts, 1), reasons=_table(reasons, 2))


def _table(rows: list[list[str]], texts: int) -> str:
    """Lay out rows as Markdown; the first columns are text, the others numbers."""
    rule = ["---"] * texts + ["---:"] * (len(rows[0]) - texts)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [rows[0], rule, *rows[1:]])


def record() -> int:
    """Run the tests on every Python that can be had, and write down the counts."""
    from ci.pythons import interpreters

    counts = recorded()
    for python in interpreters():
        found = {}
        for serializer in SERIALIZERS:
            arguments = ["ci/pickletester.py", "--json", "--serializer", serializer]
            said = python.run(arguments, check=True, capture_output=True, text=True).stdout
            found[serializer] = json.loads(said)
        if not all(found.values()):
            print(f"{python.version}: not recorded, it is installed without its tests")
            continue
        for release in [each for each in counts if of_minor(each) == of_minor(python.version)]:
            del counts[release]
        counts[python.version] = found
    RECORDED.write_text(json.dumps(counts, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0


# ---------------------------------------------------------------- the command line


def main() -> int:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--serializer", default="pickleloaf", choices=SERIALIZERS)
    parser.add_argument("--tests", metavar="FOLDER", default=BESIDE, help="more of the package `test`")
    parser.add_argument("--list", action="store_true", help="name each failure")
    parser.add_argument("--show", metavar="TEST", help="show the failures of a test")
    parser.add_argument("--json", action="store_true", help="print the counts for a program")
    parser.add_argument("--record", action="store_true", help="write down the counts of every Python")
    asked = parser.parse_args()
    if asked.record:
        return record()
    try:
        result = run(asked.serializer, asked.tests)
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("test"):
            raise
        print("{}" if asked.json else f"{VERSION} skipped: it is installed without its tests ({error})")
        return 0
    counts = result.counts()
    if asked.json:
        print(json.dumps({"tests": result.testsRun, "failures": dict(sorted(counts.items()))}))
        return 0
    for name, text in result.texts:
        if asked.list or (asked.show and asked.show in name):
            print(name, *[text] if asked.show else [], sep="\n")
    found = complaints(counts, VERSION) if asked.serializer == "pickleloaf" else []
    print(*found, sep="\n", end="\n" if found else "")
    print(
        f"{VERSION} {asked.serializer}: {counts.total()} failures in {len(counts)} of {result.testsRun} tests"
    )
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
