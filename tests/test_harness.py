"""The harness itself: cases are complete, and a wrong case cannot pass."""

import ast
import os
import subprocess
import textwrap

import harness
import pytest
from lab import CASES, DRIVERS, FAMILIES, RECEIVERS, Lab
from processes import Processes

LAWS = {
    node.name.removeprefix("test_")
    for path in FAMILIES["functions"].parent.parent.glob("laws/*.py")
    for node in ast.walk(ast.parse(path.read_text()))
    if isinstance(node, ast.FunctionDef)
}


def test_enough_cases():
    """There are cases of every family, and many of them."""
    assert len({case.family for case in CASES}) == len(FAMILIES) >= 30
    assert sum(not case.refused for case in CASES) >= 400
    assert sum(case.refused for case in CASES) >= 40


def test_titles_are_unique():
    """No two cases of a family say the same, since titles are rows of a table."""
    titles = [(case.family, case.title) for case in CASES]
    assert len(titles) == len(set(titles))


def test_files_are_unique():
    """No two cases write the same importable module: they may share a process."""
    names = [name.partition("/")[0] for case in CASES for name in {*case.files}]
    owners = {(name, case.id) for case in CASES for name in (n.partition("/")[0] for n in case.files)}
    assert len({name for name, _ in owners}) == len(owners), names


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])
def test_case(case):
    """A case has a title, a check that asserts, and reasons for what it is exempt from."""
    assert case.title
    assert not case.title.endswith(".")
    for name in {"same", case.expectation()}:
        tree = ast.parse(case.source(name))
        assert any(isinstance(node, ast.Assert) or asserts(node) for node in ast.walk(tree))
        harness.compile_check(case.source(name), case.id)
    assert set(case.exempt) <= LAWS
    assert all(case.exempt.values())
    assert not (case.refused and case.old_protocols)


def asserts(node):
    """Whether a node is a call of `raises`."""
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "raises"


SELF_PORTRAIT = """
import os, sys, threading
import pickleloaf
main = dict(vars(sys.modules["__main__"]))
del main["__loader__"], main["os"], main["sys"], main["threading"], main["pickleloaf"]
print(sorted(sys.modules), sys.argv, sys.path, sys.flags, sys.warnoptions, os.getcwd(), hash("loaf"), main,
      [each.name for each in threading.enumerate()], sys.stdin.read(), sys.stdout.line_buffering,
      sorted(os.environ.items()), sorted(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else "")
"""


@pytest.fixture
def forms(tmp_path):
    """Processes in both forms."""
    forms = Processes(tmp_path), Processes(fresh=True)
    yield forms
    forms[0].close()


def test_forked_processes_look_fresh(forms, tmp_path):
    """A script cannot tell whether it runs in a child of a zygote, whatever other children have done."""
    script, spoiler = tmp_path / "portrait.py", tmp_path / "spoiler.py"
    script.write_text(SELF_PORTRAIT)
    spoiler.write_text(
        "import os, sys, json\nos.environ['A'] = 'b'\nsys.path.clear()\nsys.argv = None\nsys.exit(3)\n"
    )
    options = {"env": {**os.environ, "PYTHONHASHSEED": "3"}, "cwd": tmp_path, "preload": ["pickleloaf"]}
    assert [each.run(spoiler, "x", **options).returncode for each in forms] == [3, 3]
    portraits = [
        each.run(script, 1, path=[tmp_path / "lib"], data=b"read", **options).stdout for each in forms
    ]
    assert portraits[0].decode() == portraits[1].decode() != ""


@pytest.mark.parametrize(
    ("source", "code", "words"),
    [
        ("import os; os.abort()", -6, b""),
        ("1 / 0", 1, b"ZeroDivisionError"),
        ("import sys; sys.exit('enough')", 1, b"enough"),
        ("import os; os.write(2, b'last words'); os._exit(5)", 5, b"last words"),
    ],
)
def test_ends_are_told(forms, tmp_path, source, code, words):
    """An exit code, a signal and last words of a script arrive, and the next one runs."""
    script = tmp_path / "script.py"
    options = {"env": dict(os.environ), "cwd": tmp_path, "preload": ["os"]}
    for each in forms:
        script.write_text(source)
        ended = each.run(script, **options)
        assert (ended.returncode, words in ended.stderr) == (code, True)
        script.write_text("print('well')" + " " * code)
        assert each.run(script, **options).stdout == b"well\n"


def test_limit_ends_a_script(forms, tmp_path):
    """What takes too long is killed, and the next script runs."""
    script, other = tmp_path / "script.py", tmp_path / "other.py"
    script.write_text("while True: pass")
    other.write_text("print('well')")
    options = {"env": dict(os.environ), "cwd": tmp_path, "preload": ["os"]}
    for each in forms:
        with pytest.raises(subprocess.TimeoutExpired):
            each.run(script, timeout_s=0.1, **options)
        assert each.run(other, **options).stdout == b"well\n"


FAULTY = """
    import os
    from harness import Case, drive

    class Right(Case):
        \"\"\"r\"\"\"
        old_protocols = True
        def make():
            return [1]
        def same(obj):
            assert obj == [1]

    class WrongExpectation(Right):
        \"\"\"e\"\"\"
        def same(obj):
            assert obj == [2]

    class KnowsTheScript(Right):
        \"\"\"s\"\"\"
        def same(obj):
            assert Right

    class Crashes(Right):
        \"\"\"c\"\"\"
        def make():
            os._exit(3)

    class CannotLoad(Right):
        \"\"\"l\"\"\"
        def make():
            return Bomb()
        def same(obj):
            pass

    class Bomb:
        def __reduce__(self):
            return int, ("not a number",)

    class Changes(Right):
        \"\"\"m\"\"\"
        def make():
            return Moody()
        def same(obj):
            assert obj.n == 0

    class Moody:
        n = 0
        def __getstate__(self):
            self.n += 1
            return {"n": 0}

    drive()
    """


@pytest.fixture
def faulty(request, monkeypatch, tmp_path):
    """A lab over a family of cases that are wrong in different ways."""
    script = tmp_path / "faulty.py"
    script.write_text(textwrap.dedent(FAULTY))
    monkeypatch.setitem(FAMILIES, "faulty", script)
    source = textwrap.dedent(FAULTY).removesuffix("drive()\n")
    namespace = {"__name__": "cases.faulty"}
    import linecache

    linecache.cache[str(script)] = (len(source), None, source.splitlines(True), str(script))
    exec(compile(source, str(script), "exec"), namespace)
    lab = Lab(request.config.option.fresh)
    yield lab, harness.Case.known.pop("cases.faulty")
    lab.close()


def test_wrong_cases_fail(request, faulty):
    """Each way of being wrong shows in the stage that looks for it, and only there."""
    lab, cases = faulty
    wanted = [(stage, case) for stage in [*DRIVERS, *RECEIVERS] for case in cases.values()]
    lab.prefetch(wanted)
    failed = {}
    for stage, case in wanted:
        outcome = lab.ask(stage, case).result(100)
        if outcome["error"] or outcome.get("unchanged"):
            failed.setdefault(case.__name__, set()).add(stage)
    receivers = set(RECEIVERS)
    assert "Right" not in failed
    assert failed["WrongExpectation"] >= {"identity", "sender", "fresh", "third", "roundtrip"}
    assert failed["KnowsTheScript"] >= {"identity", "sender", "fresh", "plain"}
    assert failed["Crashes"] == {*DRIVERS, *receivers}
    assert failed["CannotLoad"] == {"sender", "roundtrip"} | receivers
    dumped_before_use = () if request.config.option.fresh else ("fresh",)
    assert failed["Changes"] == {"sender", *dumped_before_use}
