"""What one Python dumps and another loads: every case of the test suite, from each Python to each.

    python ci/portable.py                       the whole matrix; writes docs/portable-matrix.md
    python ci/portable.py --only closures -v    some families, with what went wrong
    python ci/portable.py --golden              payloads for tests/golden, where there are none yet
    python ci/portable.py --share               of how many functions the source is proved, on each Python

A cell is one case, dumped on one Python, loaded and used on another. It is right, or refused by a clear
error; anything else is a failure, and the exit code says so. What is dumped without ``portable`` has to be
right or refused as well. See tests/portable/travel.py for how cells are kept apart.
"""

import argparse
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

sys.path.append(str(Path(__file__).resolve().parent.parent))

from ci.environments import ROOT
from ci.pythons import VERSIONS, Interpreter, interpreters

TRAVEL = "tests/portable/travel.py"
PAGE = ROOT / "docs" / "portable-matrix.md"
MODES = {"portable": "With `portable=True`", "plain": "Without"}
KINDS = ("right", "refused", "newer", "other", "wrong", "crash")
FAILURES = frozenset({"wrong", "crash"})

_OF_LIBRARY = "the attributes of a library's instances are what they are; an AttributeError when used"

#: Cases that arrive as something else than at a sender of the same Python, and say so loudly or in the docs.
OTHERWISE = {
    "annotations-LazyUnresolvable": "an annotation that cannot be evaluated arrives as its text",
    "data-Parser": _OF_LIBRARY,
    "data-ToolsOfTheLibrary": _OF_LIBRARY,
}


class Cell(NamedTuple):
    """One case on its way from one Python to another."""

    mode: str
    case: str
    title: str
    sender: str
    receiver: str
    outcome: str
    text: str


def run(python: Interpreter, arguments: Sequence[str], given: bytes = b"") -> Any:
    """Run travel.py on a Python; return its answer."""
    done = python.run([TRAVEL, *arguments], input=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        raise SystemExit(f"{python.version}: {done.stderr.decode(errors='replace')[-2000:]}")
    return pickle.loads(done.stdout)  # of a process of our own


def cells(pythons: list[Interpreter], families: Sequence[str]) -> list[Cell]:
    """Dump everything everywhere, and load it everywhere."""
    with ThreadPoolExecutor(2) as threads:
        dumped = list(threads.map(lambda python: run(python, ["dump", *families]), pythons))
        sent = dict(zip(map(short, pythons), dumped, strict=True))
        loaded = threads.map(lambda python: receive(python, sent), pythons)
        return [cell for found in loaded for cell in found]


def write_golden(pythons: list[Interpreter]) -> None:
    """Write the payloads that have to load for ever; those that are there stay."""
    for python in pythons:
        file = ROOT / "tests" / "golden" / f"portable-{short(python)}.pickle"
        if not file.exists():
            done = python.run(["tests/portable/specimens.py"], stdout=subprocess.PIPE, check=True)
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(done.stdout)


def receive(python: Interpreter, sent: dict[str, Any]) -> list[Cell]:
    """Load and use on one Python what all have dumped."""
    here = short(python)
    found, jobs = [], []
    for sender, cases in sent.items():
        for name, title, check, outcome in cases:
            for mode in MODES:
                kind, value = outcome.get(mode, ("wrong", outcome["error"]))
                text = "" if kind == "bytes" else f"at the sender: {value}"
                found.append((Cell(mode, name, title, sender, here, kind, text), check))
                if kind == "bytes":
                    jobs.append((value, check[0], name, check[3]))
    answers = iter(run(python, ["load"], pickle.dumps(jobs)))
    return [
        judged(cell, check[2], next(answers)) if cell.outcome == "bytes" else cell for cell, check in found
    ]


def judged(cell: Cell, since: tuple[int, int], answer: tuple[str, str]) -> Cell:
    """Return a cell with its outcome; some are not what they seem."""
    outcome, text = answer
    if outcome == "wrong" and since > tuple(map(int, cell.receiver.split("."))):
        outcome = "newer"
    elif outcome == "wrong" and cell.case in OTHERWISE:
        outcome, text = "other", OTHERWISE[cell.case]
    return cell._replace(outcome=outcome, text=text)


def short(python: Interpreter) -> str:
    """Return the version without the last number."""
    return python.version.rpartition(".")[0]


def grid(found: list[Cell], mode: str) -> Iterator[str]:
    """Yield a table: for each sender and receiver, the counts of outcomes."""
    versions = sorted({cell.sender for cell in found}, key=lambda version: int(version.partition(".")[2]))
    count = Counter((cell.sender, cell.receiver, cell.outcome) for cell in found if cell.mode == mode)
    yield f"| dumped on | {' | '.join(f'loaded on {version}' for version in versions)} |"
    yield "| --- " * (len(versions) + 1) + "|"
    for sender in versions:
        row = [
            ", ".join(
                f"{count[sender, receiver, kind]} {kind}" for kind in KINDS if count[sender, receiver, kind]
            )
            for receiver in versions
        ]
        yield f"| {sender} | {' | '.join(row)} |"


def page(found: list[Cell], pythons: list[Interpreter]) -> str:
    """Return the page of the docs."""
    lines = [
        "# From every Python to every Python",
        "",
        f"{len({cell.case for cell in found})} kinds of object, the cases of the test suite, dumped and then loaded",
        f"and used on Python {', '.join(python.version for python in pythons)}; written by `make portable-matrix`.",
        "",
        "*Refused*: by an `EncodeError` at the sender or a `DecodeError` at the receiver. *Newer*: the kind of object",
        "does not exist on the older Python. *Other*: arrives as something else, see below. *Wrong* and *crash*",
        "would be failures.",
    ]
    for mode, title in MODES.items():
        lines += ["", f"## {title}", "", *grid(found, mode)]
    lines += ["", "## What is not right, with `portable=True`", "", "| kind | outcome | from, to | reason |"]
    lines += ["| --- | --- | --- | --- |"]
    rows: dict[tuple[str, ...], list[Cell]] = {}
    for cell in found:
        if cell.mode == "portable" and cell.outcome != "right":
            rows.setdefault((cell.case, cell.title, cell.outcome), []).append(cell)
    for (case, title, outcome), cases in sorted(rows.items()):
        where = ", ".join(f"{cell.sender} to {cell.receiver}" for cell in cases)
        where = where if len(cases) < 8 else f"{len(cases)} cells"
        row = (f"`{case}`: {title}", outcome, where, reason(cases[0].text))
        lines.append(f"| {' | '.join(each.replace('|', chr(92) + '|') for each in row)} |")
    return "\n".join(lines) + "\n"


def reason(text: str) -> str:
    """Return the line of an outcome that says most, without paths."""
    rows = [row for row in text.splitlines() if row.strip()]
    if not rows:
        return ""
    row = rows[0] if "Error: " in rows[0] or rows[0].startswith("at the sender") else rows[-1]
    return " ".join(word for word in row.split(" ") if not word.strip("'(").startswith("/")).replace(
        "<", "&lt;"
    )


def main() -> int:
    """Parse, call, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], help="families", metavar="FAMILY")
    parser.add_argument("--on", nargs="*", default=VERSIONS, help="versions", metavar="VERSION")
    parser.add_argument("--golden", action="store_true", help="write what tests/golden lacks")
    parser.add_argument("--share", action="store_true", help="count functions whose source is proved")
    parser.add_argument("--dry", action="store_true", help="write no page")
    parser.add_argument("-v", "--verbose", action="store_true", help="say all about all that is not right")
    asked = parser.parse_args()
    pythons = interpreters(asked.on)
    if asked.golden:
        write_golden(pythons)
        return 0
    if asked.share:
        return max(python.run(["ci/portable_share.py", *asked.only]).returncode for python in pythons)
    found = cells(pythons, asked.only)
    for mode, title in MODES.items():
        print(title, "", *grid(found, mode), "", sep="\n")
    for cell in found:
        if cell.outcome in FAILURES or (
            asked.verbose and cell.outcome != "right" and cell.mode == "portable"
        ):
            text = cell.text if asked.verbose else reason(cell.text)
            print(f"{cell.mode} {cell.case} {cell.sender} -> {cell.receiver}: {cell.outcome} {text}")
    if tuple(asked.on) == VERSIONS and not asked.dry:
        PAGE.write_text(page(found, pythons))
    return int(any(cell.outcome in FAILURES for cell in found))


if __name__ == "__main__":
    sys.exit(main())
