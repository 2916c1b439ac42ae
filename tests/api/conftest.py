"""Fixtures: a script that dumps, a process that has not run it and loads several payloads, a module of its own."""

import importlib
import inspect
import os
import pickle
import sys
import textwrap
from pathlib import Path

import pytest
from harness import SERIALIZER

TESTS = Path(__file__).parent.parent


@pytest.fixture
def import_anew(request, tmp_path, monkeypatch):
    """Return a function that imports a module of the test's own, made of the `SOURCE` of its file, each time anew."""
    name = f"module_{abs(hash(str(tmp_path))) % 10**8}"
    (tmp_path / f"{name}.py").write_text(textwrap.dedent(request.module.SOURCE))
    monkeypatch.syspath_prepend(tmp_path)

    def run():
        sys.modules.pop(name, None)
        return importlib.import_module(name)

    yield run
    sys.modules.pop(name, None)


@pytest.fixture
def receive(lab, tmp_path):
    """Call `receive(check, *payloads)`: a process of its own loads them in turn and runs the check.

    The check is a function of one argument, an iterator that loads the next payload when it is
    asked for the next object. It travels as source text.
    """

    def run(check, *payloads, path=()):
        source = textwrap.dedent(inspect.getsource(check))
        loading = f"""
            def start(payloads):
                import {SERIALIZER} as loaf
                namespace = {{"loaf": loaf, "raises": raises, "__name__": "receiver"}}
                exec({source!r}, namespace)
                namespace[{check.__name__!r}](map(loaf.loads, payloads))
            """
        answer = lab.receive(
            {
                "loader": "pickle",
                "redump": None,
                "payload": pickle.dumps(payloads),
                "check": textwrap.dedent(loading),
                "name": check.__name__,
                "path": [str(folder) for folder in path],
            },
            preload=[SERIALIZER],
        )
        if answer["error"]:
            pytest.fail(answer["error"], pytrace=False)

    return run


@pytest.fixture
def script(lab, tmp_path):
    """Call `script(source)`: a process of its own runs it as `__main__`; returns the dumped `obj`."""

    def run(source, name="script.py", seed="0"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        ending = f"\nimport {SERIALIZER}, sys\nsys.stdout.buffer.write({SERIALIZER}.dumps(obj))\n"
        file.write_text(textwrap.dedent(source) + ending)
        env = {**os.environ, **lab.compiled(), "PYTHONHASHSEED": seed}
        ended = lab.processes.run(file, cwd=file.parent, env=env, preload=[SERIALIZER])
        assert ended.returncode == 0, ended.stderr.decode()
        return ended.stdout

    return run
