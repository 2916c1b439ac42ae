"""Write docs/coverage.md: how much of each package the tests reach, by lines and branches.

    python ci/measure_coverage.py [OPTIONS OF PYTEST]
    python ci/measure_coverage.py --report      from what the last run has left

Scripts, forked processes and workers count as well: see `[tool.coverage.run]` in pyproject.toml.
To measure what ends with `os._exit`, coverage patches it, and a few tests that send it to workers fail; they are told.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "coverage.md"
PACKAGE = "src/pickleloaf/"
WORST = 20

HEAD = """# Coverage

Written by `make coverage` with Python {python}: the short form of the suite, with all processes that it starts. A
branch is a way from one line to the next.

| package | files | lines | reached | branches | taken |
| --- | ---: | ---: | ---: | ---: | ---: |
"""

FILES = """
## The files with most lines that no test reaches

Other suites reach what wants a framework or a newer Python. The rest are errors and rare states that no test tries.

| file | lines not reached | of | reached by | where |
| --- | ---: | ---: | --- | --- |
"""

#: By the beginning of a path, what reaches its lines instead of the suite on the Python that is measured.
ELSEWHERE = {
    "engines/": "`make engines`",
    "integrations/": "`make engines`",
    "reducers/_annotations.py": "newer Pythons",
    "reducers/_eager.py": "newer Pythons",
    "reducers/_lazily.py": "newer Pythons",
    "reducers/sentinels.py": "newer Pythons",
    "reducers/typings.py": "newer Pythons",
}


def coverage(*arguments: str, check: bool = True) -> None:
    """Call coverage on this checkout."""
    command = [sys.executable, "-m", "coverage", *arguments]
    subprocess.run(command, cwd=ROOT, check=check, env=os.environ | {"PYTHONPATH": str(ROOT / "src")})


def measured() -> dict[str, Any]:
    """Return coverage's own report on every file, by its path in the package."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        coverage("json", "-q", "-o", str(report))
        files = json.loads(report.read_text(encoding="utf-8"))["files"]
    return {path.partition(PACKAGE)[2]: found for path, found in sorted(files.items()) if PACKAGE in path}


def share(part: int, whole: int) -> str:
    """Write a share as a percentage."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def row(title: str, summaries: list[dict[str, int]]) -> str:
    """Write a row of the table about some files together."""
    total: defaultdict[str, int] = defaultdict(int)
    for summary in summaries:
        for key in ("num_statements", "covered_lines", "num_branches", "covered_branches"):
            total[key] += summary[key]
    lines, branches = total["num_statements"], total["num_branches"]
    reached, taken = share(total["covered_lines"], lines), share(total["covered_branches"], branches)
    return f"| {title} | {len(summaries)} | {lines} | {reached} | {branches} | {taken} |\n"


def ranges(lines: list[int]) -> str:
    """Write numbers of lines, runs of them as one."""
    runs: list[list[int]] = []
    for line in lines:
        if runs and line <= runs[-1][1] + 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def page(files: dict[str, Any]) -> str:
    """Write the page."""
    packages: defaultdict[str, list[dict[str, int]]] = defaultdict(list)
    for path, found in files.items():
        packages[path.rpartition("/")[0] or "(top)"].append(found["summary"])
    text = HEAD.format(python=platform.python_version())
    text += "".join(row(name, summaries) for name, summaries in packages.items())
    text += row("**all**", [found["summary"] for found in files.values()]) + FILES
    worst = sorted(files.items(), key=lambda item: -item[1]["summary"]["missing_lines"])[:WORST]
    for path, found in worst:
        summary, where = found["summary"], ranges(found["missing_lines"])
        by = next((by for start, by in ELSEWHERE.items() if path.startswith(start)), "nothing")
        text += f"| {path} | {summary['missing_lines']} | {summary['num_statements']} | {by} | {where} |\n"
    return text


def main(arguments: list[str]) -> None:
    """Run the suite under coverage, unless it has been, and write the page."""
    if arguments != ["--report"]:
        coverage("erase")
        coverage("run", "-m", "pytest", "-q", "-m", "not stress", *arguments, check=False)
        coverage("combine", "-q")
    PAGE.write_text(page(measured()), encoding="utf-8")
    print(f"written: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main(sys.argv[1:])
