"""Measure how many faults the short form of the suite catches, of those that the full form catches.

    python ci/mutants.py record                      which tests reach which line: once, about twice the suite's time
    python ci/mutants.py run --count 100 --seed 1    changes the source in random places, one at a time
    python ci/mutants.py report

A mutant is the source with one small change: a comparison, constant, condition, argument or statement. It is killed by
the first test that fails, of those that reach its line. What the short form leaves alive is given to the full form
(`--fresh`, and what is marked stress). All of it happens in a copy of the checkout; results are kept beside it in
`--folder`, a line each, and a run goes on where one of the same seed has ended.

Tests are told apart by file, those of the laws by family. This file is also a plugin of coverage, which says so.
"""

import argparse
import ast
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
COPIED = (
    "src",
    "tests",
    "docs",
    "examples",
    "benchmarks",
    "ci",
    "pyproject.toml",
    "ARCHITECTURE.md",
    "README.md",
)
FORMS = {"short": ["-m", "not stress"], "full": ["--fresh"]}
ALL = "*"  # a line that runs when its module is imported belongs to no test
LIMIT_S = 1800  # of one form: what runs longer hangs

# ---------------------------------------------------------------- which tests reach a line


def dynamic_context(plugin: object, frame: FrameType) -> str | None:
    """Name the test, or family of laws, on whose behalf a frame runs; what it calls belongs to it."""
    here, script = frame.f_locals, Path(sys.argv[0])
    if script.name == "receiver.py":
        if frame.f_code.co_name != "attempt":
            return None
        family = re.fullmatch(r"same of (\w+)-\w+", here["job"]["name"])
        return f"law {family[1]}" if family else _current()
    if len(sys.argv) == 3 and sys.argv[1].endswith("/job"):
        return f"law {script.stem}" if frame.f_code.co_name == "_run" else None
    return _current()


def _current() -> str | None:
    """Return the file of the test that runs, which processes inherit from pytest."""
    return os.environ.get("PYTEST_CURRENT_TEST", "").partition("::")[0] or None


def coverage_init(registry: Any, options: Any) -> None:
    """Tell coverage of the plugin."""
    import coverage

    kind = type("Plugin", (coverage.CoveragePlugin,), {"dynamic_context": dynamic_context})
    registry.add_dynamic_context(kind())


def record(folder: Path) -> None:
    """Run the short form once under coverage; keep which tests reach each line."""
    copy = copied(folder)
    (folder / "plugin").mkdir(exist_ok=True)  # by itself: other files here would hide modules of the tests
    shutil.copy(__file__, folder / "plugin" / "mutants.py")
    settings = (copy / "pyproject.toml").read_text(encoding="utf-8")
    settings = settings.replace("[tool.coverage.run]\n", '[tool.coverage.run]\nplugins = ["mutants"]\n')
    (copy / "pyproject.toml").write_text(settings, encoding="utf-8")
    command = [sys.executable, "-m", "coverage", "run", "-m", "pytest", "-q", *FORMS["short"], "tests"]
    subprocess.run(command, cwd=copy, env=environment(copy), check=False)  # coverage itself fails a few tests
    subprocess.run(
        [sys.executable, "-m", "coverage", "combine", "-q"], cwd=copy, env=environment(copy), check=True
    )
    (folder / "lines.json").write_text(json.dumps(reached(copy)), encoding="utf-8")


def reached(copy: Path) -> dict[str, dict[int, list[str]]]:
    """Read what coverage has found: path in the source, line, names of tests."""
    import coverage

    data = coverage.CoverageData(str(copy / ".coverage"))
    data.read()
    found = {}
    for path in data.measured_files():
        name = Path(path).resolve().relative_to(copy.resolve()).as_posix()
        contexts = data.contexts_by_lineno(path)
        found[name] = {line: sorted(set(names) - {""}) or [ALL] for line, names in contexts.items()}
    return found


# ---------------------------------------------------------------- mutants


class Mutant(NamedTuple):
    """A change of a file: what stands from one place to another, and what is put there."""

    path: str
    line: int
    start: int
    end: int
    old: str
    new: str


_FLIPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


def changes(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Yield what could be put in the place of a node, or of a part of it."""
    match node:
        case ast.Compare(ops=[operator, *more]):
            yield (
                node,
                ast.unparse(ast.Compare(node.left, [_FLIPPED[type(operator)](), *more], node.comparators)),
            )
        case ast.Constant(value=bool()):
            yield node, repr(not node.value)
        case ast.Constant(value=int()):
            yield node, repr(int(str(node.value)) + 1)
        case ast.If() | ast.While() | ast.IfExp():
            yield node.test, f"(not ({ast.unparse(node.test)}))"
        case ast.BoolOp(op=ast.And()):
            yield node, f"({ast.unparse(ast.BoolOp(ast.Or(), node.values))})"
        case ast.BoolOp():
            yield node, f"({ast.unparse(ast.BoolOp(ast.And(), node.values))})"
        case ast.Call(args=[first, second, *more]) if not isinstance(first, ast.Starred | ast.GeneratorExp):
            yield node, ast.unparse(ast.Call(node.func, [second, first, *more], node.keywords))
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Raise() | ast.Continue() | ast.Break():
            yield node, "pass"
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield node, "pass"
        case ast.Return(value=ast.expr()) if not isinstance(node.value, ast.Constant):
            yield node, "return None"


def mutants(root: Path) -> list[Mutant]:
    """List every mutant of the source, but for annotations and what only type checkers read."""
    found = []
    for path in sorted((root / "src").rglob("*.py")):
        source = path.read_bytes()
        starts = [0]
        for line in source.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        for node in _code(ast.parse(source)):
            for target, new in changes(node):
                start = starts[target.lineno - 1] + target.col_offset  # type: ignore[attr-defined]
                end = starts[target.end_lineno - 1] + target.end_col_offset  # type: ignore[attr-defined]
                name, old = path.relative_to(root).as_posix(), source[start:end].decode()
                found.append(Mutant(name, target.lineno, start, end, old, new))  # type: ignore[attr-defined]
    return found


def _code(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return
    yield node
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns"}:
            continue
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, ast.AST) and not isinstance(each, ast.JoinedStr):
                yield from _code(each)


# ---------------------------------------------------------------- running


def copied(folder: Path) -> Path:
    """Copy the checkout, without what has been built there."""
    copy = folder / "tree"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    ignore = shutil.ignore_patterns("__pycache__", ".*")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=ignore)
        else:
            shutil.copy(ROOT / name, copy)
    return copy


def environment(copy: Path) -> dict[str, str]:
    """Return what makes processes import the copy; nothing stale is left of a mutant's bytecode."""
    path = os.pathsep.join([str(copy / "src"), str(copy.parent / "plugin")])
    return {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "PY_COLORS": "0"}


def selections(tests: list[str]) -> list[list[str]]:
    """Return the arguments of pytest for some tests: first the laws of some families, then files."""
    if tests == [ALL]:
        return [["tests/laws"], ["tests", "--ignore=tests/laws"]]
    families = sorted(each.removeprefix("law ") for each in tests if each.startswith("law "))
    files = sorted(each for each in tests if not each.startswith("law ") and "/laws/" not in each)
    laws = [["tests/laws", "-k", " or ".join(f"[{each}-" for each in families)]] if families else []
    return [*laws, files] if files else laws


def killer(copy: Path, form: str, tests: list[str]) -> str | None:
    """Return the first test that fails, or None if all pass."""
    for arguments in selections(tests):
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "--tb=no",
            "-p",
            "no:cacheprovider",
            *FORMS[form],
        ]
        with subprocess.Popen(
            [*command, *arguments],
            cwd=copy,
            env=environment(copy),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                output, _ = process.communicate(timeout=LIMIT_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                return f"no end after {LIMIT_S} s"
        if process.returncode not in (0, 5):  # 5: the form has none of them
            failed = re.search(r"^(?:FAILED|ERROR) (\S+)", output, re.MULTILINE)
            return failed[1] if failed else output[-200:]
    return None


def judge(copy: Path, mutant: Mutant, tests: list[str]) -> dict[str, Any]:
    """Put a mutant into the copy and give it to both forms."""
    file = copy / mutant.path
    source = file.read_bytes()
    start = time.monotonic()
    verdict: dict[str, Any] = {"mutant": list(mutant), "tests": len(tests), "short": None, "full": None}
    try:
        file.write_bytes(source[: mutant.start] + mutant.new.encode() + source[mutant.end :])
        verdict["short"] = killer(copy, "short", tests)
        if verdict["short"] is None:
            verdict["full"] = killer(copy, "full", tests)
    finally:
        file.write_bytes(source)
    return verdict | {"seconds": round(time.monotonic() - start, 1)}


def chosen(
    root: Path, lines: dict[str, dict[str, list[str]]], seed: int
) -> Iterator[tuple[Mutant, list[str]]]:
    """Yield mutants that tests reach, in an order that the seed fixes."""
    every = mutants(root)
    random.Random(seed).shuffle(every)  # noqa: S311 - to be repeatable is the point
    for mutant in every:
        if tests := lines.get(mutant.path, {}).get(str(mutant.line)):
            yield mutant, tests


def run(folder: Path, seed: int, count: int) -> None:
    """Judge as many mutants as asked for, but for those that have been."""
    lines = json.loads((folder / "lines.json").read_text(encoding="utf-8"))
    results = folder / f"results-{seed}.jsonl"
    done = len(results.read_text(encoding="utf-8").splitlines()) if results.exists() else 0
    copy = copied(folder)
    for n, (mutant, tests) in enumerate(chosen(copy, lines, seed)):
        if n >= count:
            break
        if n < done:
            continue
        verdict = judge(copy, mutant, tests)
        with results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(verdict) + "\n")
        end = next((f"{form}: {verdict[form]}" for form in FORMS if verdict[form]), "lives")
        print(f"{n + 1} {mutant.path}:{mutant.line} {mutant.old!r} -> {mutant.new!r}: {end}", flush=True)
    report(folder, seed)


def report(folder: Path, seed: int) -> None:
    """Print how many were killed, and the share of the short form."""
    text = (folder / f"results-{seed}.jsonl").read_text(encoding="utf-8")
    killed: defaultdict[str, int] = defaultdict(int)
    verdicts = [json.loads(line) for line in text.splitlines()]
    for verdict in verdicts:
        killed[next((form for form in FORMS if verdict[form]), "neither")] += 1
    both = killed["short"] + killed["full"]
    share = f"{100 * killed['short'] / both:.1f} %" if both else "-"
    print(
        f"{len(verdicts)} mutants: the short form kills {killed['short']}, the full form {killed['full']} more,"
    )
    print(f"{killed['neither']} live; the short form kills {share} of those that the full form kills")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("verb", choices=["record", "run", "report"])
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir(), "pickleloaf-mutants"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    if given.verb == "record":
        record(given.folder)
    elif given.verb == "run":
        run(given.folder, given.seed, given.count)
    else:
        report(given.folder, given.seed)


if __name__ == "__main__":
    main()
