"""Writes the pages of the docs that are read off the code, so that they cannot say something else.

python docs/generate.py          writes them
python docs/generate.py --check  says which of them are out of date, and fails if any is
"""

import ast
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "pickleloaf"


def supported() -> str:
    """Return the page of supported objects: every case of the test suite, by family."""
    cases = _cases()
    travel = [case for case in cases if not case.refused]
    refused = [case for case in cases if case.refused]
    lines = [
        "# What travels",
        "",
        f"{len(travel)} kinds of object that travel and {len(refused)} that are refused with a path and a hint.",
        "Each row is a case under `tests/cases/`: the object is dumped by a script, loaded in a fresh process and used",
        "there, and is held to the laws under `tests/laws/` on Python 3.11 to 3.15.",
        "",
    ]
    for family in sorted({case.family for case in travel}):
        lines += [f"## {family.strip('_').replace('_', ' ')}", "", "| kind | since |", "| --- | --- |"]
        lines += [f"| {_cell(case.title)} | {_since(case)} |" for case in travel if case.family == family]
        lines.append("")
    lines += ["## Refused", "", "| kind | family |", "| --- | --- |"]
    lines += [f"| {_cell(case.title)} | {case.family.strip('_')} |" for case in refused]
    lines += [
        "",
        "## How each family travels",
        "",
        "| file | what | travels as | keeps | loses |",
        "| --- | --- | --- | --- | --- |",
    ]
    files = sorted((PACKAGE / "reducers").rglob("*.py"))
    lines += filter(None, map(_family_row, files))
    lines += [
        "",
        "## Objects of libraries",
        "",
        "Each is made and dumped by a script and used in a fresh process. [The table](libraries-table.md) says what",
        "becomes of it, with pickleloaf, cloudpickle and dill.",
        "",
        "| library | object |",
        "| --- | --- |",
    ]
    lines += [f"| {each.library} | {_cell(each.title)} |" for each in _objects()]
    return "\n".join(lines) + "\n"


def wire() -> str:
    """Return the page of the format: every verb that a payload may contain."""
    verbs = importlib.import_module("pickleloaf.wire").VERBS
    lines = [
        "# The format",
        "",
        "A payload is a pickle. Besides what goes by reference it names only these functions, all of them",
        "in `pickleloaf.wire`. A verb may be added; none is renamed, removed or given another meaning.",
        "",
        "Some verbs take the name of a module, or of something in one: `module`, `attribute`, `hidden_type`,",
        "`original`, `patch`, `parcel`. They ask the `find_class` of a `pickleloaf.Unpickler` for it, as pickle",
        "does for names of its own; for a module as such, for its `__name__`. A scanner that looks at names",
        "alone has to look at the arguments of these verbs; and `function`, `image`, `class_`, `code` and `namespace`",
        "make code of the sender's, so whoever allows them allows everything.",
        "",
        "| verb | makes or does |",
        "| --- | --- |",
        *(f"| `{name}` | {_cell(verb.meaning)} |" for name, verb in verbs.items()),
    ]
    return "\n".join(lines) + "\n"


def handles() -> str:
    """Return the page of handles: what becomes of locks, files and the like."""
    kinds = importlib.import_module("pickleloaf.policy.handles").KINDS
    lines = [
        "# Handles",
        "",
        "What becomes of objects that stand for something of one process or machine. `pickleloaf.handle(type,",
        "policy)` says otherwise for a type, and the `handles` argument of `dumps` for one call.",
        "",
        "| type | policy | becomes, or what to do instead |",
        "| --- | --- | --- |",
        *(f"| `{name}` | {kind.policy} | {_cell(kind.text)} |" for name, kind in kinds.items()),
    ]
    return "\n".join(lines) + "\n"


def architecture() -> str:
    """Return ARCHITECTURE.md with its list of files made anew."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    before, _, rest = text.partition("<!-- tree -->\n")
    _, _, after = rest.partition("<!-- end -->")
    rows = [
        f"- `{path.relative_to(PACKAGE).as_posix()}`: {_summary(path)}\n"
        for path in sorted(PACKAGE.rglob("*.py"))
    ]
    return f"{before}<!-- tree -->\n{''.join(rows)}<!-- end -->{after}"


def engines() -> str:
    """Return the page of engines with its table of features made anew."""
    text = (ROOT / "docs/how-to/engines.md").read_text(encoding="utf-8")
    before, _, rest = text.partition("<!-- table:engines -->\n")
    _, _, after = rest.partition("<!-- end -->")
    base = importlib.import_module("pickleloaf.engines.base")
    kinds = [
        getattr(importlib.import_module(f"pickleloaf.engines.{file}"), name)
        for file, name in (
            ("local", "LocalEngine"),
            ("dask", "DaskEngine"),
            ("ray", "RayEngine"),
            ("mpi", "MPIEngine"),
            ("futures", "FuturesEngine"),
        )
    ]
    lacking = [{**base.NOWHERE, **kind.lacks} for kind in kinds]
    rows = [
        "| | " + " | ".join(kind.name for kind in kinds) + " |\n",
        "| --- |" + " --- |" * len(kinds) + "\n",
        *(
            f"| {meaning} | "
            + " | ".join(f"no: {lacks[key]}" if key in lacks else "yes" for lacks in lacking)
            + " |\n"
            for key, meaning in base.FEATURES.items()
        ),
    ]
    return f"{before}<!-- table:engines -->\n{''.join(rows)}<!-- end -->{after}"


def peers() -> str:
    """Return the page of CPython's own tests: how many fail, and why."""
    sys.path.append(str(ROOT))
    return importlib.import_module("ci.pickletester").page()


PAGES: dict[str, Callable[[], str]] = {
    "docs/supported.md": supported,
    "docs/wire.md": wire,
    "docs/handles.md": handles,
    "docs/how-to/engines.md": engines,
    "docs/peers.md": peers,
    "ARCHITECTURE.md": architecture,
}


def _summary(path: Path) -> str:
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(text.partition("\n\n")[0].split())


def _cases() -> list[type]:
    sys.path.insert(0, str(ROOT / "tests"))
    harness = importlib.import_module("harness")
    for path in sorted((ROOT / "tests" / "cases").glob("*.py")):
        importlib.import_module(f"cases.{path.stem}")
    return [case for family in harness.Case.known.values() for case in family.values()]


def _objects() -> list[Any]:
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "libraries")]
    objects: list[Any] = importlib.import_module("objects").OBJECTS
    return objects


def _since(case: type) -> str:
    return "" if case.python == (3, 11) else ".".join(map(str, case.python))


def _family_row(path: Path) -> str:
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    parts = {"": []}
    current = ""
    for word in text.split():
        for key in ("Takes", "Travels", "Keeps:", "Loses:"):
            if word == key:
                current = key
                parts[key] = []
        parts[current].append(word)
    what, travels, keeps, loses = (
        " ".join(parts.get(key, [])) for key in ("", "Travels", "Keeps:", "Loses:")
    )
    if not travels:
        return ""
    name = path.relative_to(PACKAGE).as_posix()
    cells = (what.partition(".")[0], _after(travels), _after(keeps), _after(loses).partition(". ")[0])
    return f"| `{name}` | " + " | ".join(map(_cell, cells)) + " |"


def _after(text: str) -> str:
    return text.partition(": ")[2]


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def main() -> int:
    """Write the pages, or check them."""
    stale = []
    for name, page in PAGES.items():
        path = ROOT / name
        text = page()
        if "--check" in sys.argv:
            stale += [name] if not path.exists() or path.read_text(encoding="utf-8") != text else []
        else:
            path.write_text(text, encoding="utf-8")
    if stale:
        print(f"out of date: {', '.join(stale)}; run python docs/generate.py")
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())
