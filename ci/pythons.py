"""Find or bring every Python that pickleloaf supports, and run things on each.

    python ci/pythons.py list                        what can be had, and from where
    python ci/pythons.py test [--skip 3.13] [-- -x]  the test suite on each, one line for each
    python ci/pythons.py run 3.15 -- -c 'print(1)'   that Python, in the checkout

From another script: `interpreters()`, or `interpreter("3.15")`; bytes pass through stdin and stdout.

How it works:

1. A Python that is installed (pyenv, PATH) is used through a venv in the cache.
2. 3.14 and 3.15, where not installed, come from Debian unstable: see `debian.py`.
3. A Python that cannot be had is `Unavailable`, which is said and is no failure. One that is there
   and cannot install or pass the suite is a failure.
"""

import argparse
import functools
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))  # also as a script this file is ci.pythons

from ci import debian
from ci.environments import (
    CACHE,
    ROOT,
    Unavailable,
    call,
    explain,
    fill_venv,
    home_in,
    note,
    only_one_builder,
)

VERSIONS = ("3.11", "3.12", "3.13", "3.14", "3.15")


@dataclass(frozen=True)
class Interpreter:
    """A Python that can import pickleloaf and what its tests need."""

    version: str
    """All of it, as in `3.15.2`."""
    argv: tuple[str, ...]
    """The command, to be followed by Python's own arguments."""

    def run(
        self, args: Sequence[str], *, check: bool = False, **options: Any
    ) -> subprocess.CompletedProcess[Any]:
        """Run `python ARGS` in the checkout; `options` are those of `subprocess.run`."""
        return subprocess.run([*self.argv, *args], check=check, cwd=ROOT, **options)


def interpreters(versions: Sequence[str] = VERSIONS) -> list[Interpreter]:
    """Make ready every Python that can be had, and leave out the others."""
    found = []
    for version in versions:
        try:
            found.append(interpreter(version))
        except Unavailable as reason:
            note(f"{version} not available: {reason}")
    return found


def interpreter(version: str) -> Interpreter:
    """Make one Python ready, such as "3.15"; what was made ready before is used again.

    Raises:
        Unavailable: it is not here and cannot be brought.
        subprocess.CalledProcessError: it is here, and its environment cannot be made.
    """
    with only_one_builder():
        python = installed(version)
        argv = native(version, python) if python else debian.command(version)
    ask = [*argv, "-c", "import platform; print(platform.python_version())"]
    return Interpreter(call(*ask), argv)


# -- Pythons that are installed ------------------------------------------------------------------


def installed(version: str) -> str | None:
    """Look for a Python of this version in pyenv, on PATH, and at what runs this script."""
    ask = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    for python in candidates(version):
        try:
            if call(python, "-c", ask) == version:
                return python
        except (OSError, subprocess.CalledProcessError):  # a pyenv shim that leads nowhere, no ensurepip
            continue
    return None


def candidates(version: str) -> Iterator[str]:
    """Name the commands that may be this version, pyenv's newest release first."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    releases = [p for p in pyenv.glob(f"{version}.*") if re.fullmatch(r"\d+\.\d+\.\d+", p.name)]
    for release in sorted(releases, key=lambda p: int(p.name.rpartition(".")[2]), reverse=True):
        yield str(release / "bin" / "python")
    yield from filter(None, [shutil.which(f"python{version}")])
    yield sys.executable


def native(version: str, python: str) -> tuple[str, ...]:
    """Give the command of an installed Python, in a venv of the cache."""
    home = home_in(CACHE / "venvs")
    venv = home / version
    if not (venv / "complete").exists():
        note(f"{version}: making an environment")
        fill_venv((), python, str(venv))
        (venv / "complete").touch()
    return (str(venv / "bin" / "python"),)


# -- the test suite on each ----------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What became of the suite on one Python."""

    line: str
    passed: int = 0
    failed: int = 0
    output: str = ""
    """What pytest printed, where it did not succeed."""


def try_suite(version: str, arguments: Sequence[str]) -> Outcome:
    """Run the suite on one Python."""
    try:
        python = interpreter(version)
    except Unavailable as reason:
        return Outcome(f"{version:8} not available: {reason}")
    except subprocess.CalledProcessError as error:
        return Outcome(f"{version:8} FAILED to set up", failed=1, output=f"{error.stderr}{explain(error)}")
    began = time.monotonic()
    suite = ["-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    done = python.run(suite, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    passed, failed, skipped = tally(done.stdout)
    line = f"{python.version:8} {passed} passed, {failed} failed, {skipped} skipped"
    line += f", {time.monotonic() - began:.1f} s"
    if done.returncode == 0:
        return Outcome(line, passed, failed)
    return Outcome(f"{line}, exit code {done.returncode}", passed, max(failed, 1), done.stdout)


def tally(output: str) -> tuple[int, int, int]:
    """Read passed, failed and skipped off the summary that ends pytest's output."""
    summaries = re.findall(r"^(\d+ [a-z]+.*) in [\d.]+s", output, re.MULTILINE)
    count = {word: int(number) for number, word in re.findall(r"(\d+) ([a-z]+)", "".join(summaries[-1:]))}
    failed = sum(count.get(word, 0) for word in ("failed", "error", "errors"))
    return count.get("passed", 0), failed, count.get("skipped", 0)


def test_all(versions: Sequence[str], arguments: Sequence[str]) -> int:
    """Run the suite on every Python, two at a time; print a line for each, and the sum."""
    outcomes = []
    with ThreadPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as threads:
        run = functools.partial(try_suite, arguments=arguments)
        for outcome in threads.map(run, versions):
            print(outcome.output, outcome.line, sep="\n" if outcome.output else "", flush=True)
            outcomes.append(outcome)
    failed = sum(outcome.failed for outcome in outcomes)
    print(f"{sum(outcome.passed for outcome in outcomes)} passed, {failed} failed")
    return int(failed > 0)


# -- the command line ----------------------------------------------------------------------------


def describe(version: str) -> str:
    """Say where a Python would come from, without bringing it."""
    if python := installed(version):
        return python
    if reason := debian.why_not(version):
        return f"not available: {reason}"
    return f"Debian unstable, {'in' if debian.TREE.exists() else 'to be brought into'} {debian.TREE}"


def main() -> int:
    """Parse, call, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list", help="say where each Python comes from")
    test = verbs.add_parser("test", help="run the suite on every Python")
    test.add_argument("--skip", action="append", default=[], choices=VERSIONS, metavar="VERSION")
    test.add_argument("arguments", nargs="*", metavar="-- PYTEST ARGUMENTS")
    run = verbs.add_parser("run", help="run one Python")
    run.add_argument("version", choices=VERSIONS)
    run.add_argument("arguments", nargs="*", metavar="-- ARGUMENTS")
    asked = parser.parse_args()
    if asked.verb == "list":
        print(*(f"{version}  {describe(version)}" for version in VERSIONS), sep="\n")
        return 0
    if asked.verb == "test":
        versions = [version for version in VERSIONS if version not in asked.skip]
        return test_all(versions, asked.arguments)
    try:
        return interpreter(asked.version).run(asked.arguments).returncode
    except Unavailable as reason:
        note(f"{asked.version} not available: {reason}")
    except subprocess.CalledProcessError as error:
        note(explain(error))
    return 3


if __name__ == "__main__":
    sys.exit(main())
