"""What changes a digest: twelve changes, six ways of making one.

    python -m benchmarks.changes [--python PATH] [--output FILE]

Writes docs/changes-table.md. A cell lists the kinds of objects whose digest has changed: a function, a
class, an instance of it, plain data. ``subject.py`` has these objects; it is edited and run again.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SOURCE = Path(__file__).with_name("subject.py").read_text(encoding="utf-8")
RIVALS = ("cloudpickle bytes", "dill bytes", "joblib.hash", "dask tokenize", "our bytes", "our fingerprint")
CODE = ("function", "class", "instance")

Digests = dict[str, dict[str, str | None]]


class Change(NamedTuple):
    """Something that is done to the script, or to how it runs."""

    title: str
    #: Kinds of objects that have to change; the others must not.
    must: tuple[str, ...] = ()
    #: Text of the script, and what takes its place.
    edit: tuple[str, str] = ("", "")
    seed: str = "1"
    folder: str = "one"


CHANGES = (
    Change("run it again"),
    Change("another hash seed", seed="77"),
    Change("a blank line above", edit=("RATE = 3", "\nRATE = 3")),
    Change("another directory", folder="another/place"),
    Change("a local variable renamed", edit=("total", "result")),
    Change("another order of a dict", edit=('{"low": 1, "high": 9}', '{"high": 9, "low": 1}')),
    Change(
        "equal strings that are not one object", edit=('OTHER = "alpha"', 'OTHER = "".join(["al", "pha"])')
    ),
    Change("after a trip to another process"),
    Change("another minor version of Python"),
    Change("body of a helper", CODE, edit=("amount * RATE", "amount + RATE")),
    Change("a global that is used", CODE, edit=("RATE = 3", "RATE = 4")),
    Change("a default", CODE, edit=("discount=5", "discount=6")),
)

#: Where the scripts are written, also by a Python that sees another file system.
_FOLDER = Path(tempfile.gettempdir()) / f"pickleloaf-changes-{os.getpid()}"

#: Writes the script and becomes it; its input comes from a pipe.
_START = """
import json, os, pathlib, sys
job = json.loads(sys.stdin.readline())
folder = pathlib.Path(job["folder"])
folder.mkdir(parents=True, exist_ok=True)
(folder / "subject.py").write_text(job["source"], encoding="utf-8")
read, write = os.pipe()
if os.fork() == 0:
    with open(write, "w") as pipe:
        pipe.write(job["input"])
    os._exit(0)
os.close(write)
os.dup2(read, 0)
os.execv(sys.executable, [sys.executable, str(folder / "subject.py")])
"""


def run(python: Sequence[str], change: Change, job: dict[str, Any]) -> Digests:
    """Run the changed script in a fresh process."""
    old, new = change.edit
    source = SOURCE.replace(old, new) if old else SOURCE
    message = json.dumps({"source": source, "folder": str(_FOLDER / change.folder), "input": json.dumps(job)})
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    environment = {
        **os.environ,
        "PYTHONHASHSEED": change.seed,
        "PYTHONPATH": path,
        "PYTHONWARNINGS": "ignore",
    }
    done = subprocess.run(
        [*python, "-c", _START],
        input=message + "\n",
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: Digests = json.loads(done.stdout)
    return found


def digests(change: Change, other_python: Sequence[str]) -> Digests:
    """Return the digests after a change."""
    here = [sys.executable]
    if "trip" in change.title:
        payloads = run(here, change, {"do": "dump"})
        # The objects are gone from the script that they arrive in.
        arrival = change._replace(edit=('return {"function"', 'return {} and {"function"'))
        return run(here, arrival, {"do": "arrive", "payloads": payloads})
    return run(other_python if "minor" in change.title else here, change, {"do": "hash"})


def cell(change: Change, before: dict[str, str | None], after: dict[str, str | None]) -> str:
    """Say which kinds have changed, and mark where that is wrong."""
    if not any(after.values()):
        return "?"
    changed = tuple(kind for kind in before if before[kind] != after.get(kind))
    wrong = set(changed) ^ set(change.must)
    if not change.must:
        text = "all" if len(changed) == len(before) else ", ".join(changed) or "-"
    else:
        missed = [kind for kind in change.must if kind not in changed]
        text = f"misses {', '.join(missed)}" if missed else ", ".join(changed)
    return f"**{text}**" if wrong else text


def table(other_python: Sequence[str], other_version: str) -> str:
    """Return the page."""
    before = run([sys.executable], CHANGES[0], {"do": "hash"})
    rows: dict[bool, list[str]] = {False: [], True: []}
    wrong = dict.fromkeys(RIVALS, 0)
    for change in CHANGES:
        print(change.title, file=sys.stderr)
        after = digests(change, other_python)
        cells = [cell(change, before[rival], after[rival]) for rival in RIVALS]
        for rival, text in zip(RIVALS, cells, strict=True):
            wrong[rival] += "**" in text
        title = f"{change.title} ({other_version})" if "minor" in change.title else change.title
        rows[bool(change.must)].append(f"| {title} | " + " | ".join(cells) + " |")
    head = "| | " + " | ".join(RIVALS) + " |\n| --- |" + " --- |" * len(RIVALS)
    sums = "| **wrong rows of 12** | " + " | ".join(map(str, wrong.values())) + " |"
    return "\n".join(
        [
            "# What changes a digest",
            "",
            f"Written by `python -m benchmarks.changes`, on Python {platform.python_version()}. The objects are a",
            "function with a helper and a global, a class, an instance of it, and plain data with a dict and a set;",
            "all are defined in a script. A cell lists those whose digest has changed, - for none; what is wrong is",
            "bold. A question mark: not installed there.",
            "",
            "What our bytes cannot keep, and a fingerprint does: names of locals and the order of a dict travel, so",
            "they are part of the bytes; a set of strings is written in the order of their hashes, which is another",
            "one in every process, and equal strings in lists and dicts once each or once for all, as the C pickler",
            "finds them; bytecode is of one Python. Keys are made with `fingerprint`.",
            "",
            "## These changes mean nothing, so no digest should change",
            "",
            head,
            *rows[False],
            "",
            "## These change what the code does, so the digests of function, class and instance must change",
            "",
            head,
            *rows[True],
            sums,
            "",
        ]
    )


def other_pythons(asked: str | None) -> Iterator[tuple[Sequence[str], str]]:
    """Yield commands of Pythons of another minor version, with their versions."""
    ask = "import platform; print(platform.python_version())"
    if asked:
        yield (
            [asked],
            subprocess.run([asked, "-c", ask], check=True, capture_output=True, text=True).stdout.strip(),
        )
        return
    sys.path.insert(0, str(ROOT))
    from ci.pythons import VERSIONS, interpreters

    here = ".".join(platform.python_version_tuple()[:2])
    for found in interpreters([version for version in VERSIONS if version != here]):
        yield found.argv, found.version


def main() -> int:
    """Parse, run, write."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.changes", description="Write the table of changes."
    )
    parser.add_argument("--python", metavar="PATH", help="a Python of another minor version with the rivals")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "changes-table.md", metavar="FILE")
    asked = parser.parse_args()
    other, version = next(other_pythons(asked.python))
    try:
        page = table(other, version)
    finally:
        shutil.rmtree(_FOLDER, ignore_errors=True)
    asked.output.write_text(page, encoding="utf-8")
    print(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
