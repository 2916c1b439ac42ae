"""Two fixtures: a script that dumps, and a fresh process that loads several payloads."""

import inspect
import os
import pickle
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from harness import SERIALIZER

TESTS = Path(__file__).parent.parent


@pytest.fixture
def receive(lab, tmp_path):
    """Call `receive(check, *payloads)`: a fresh process loads them in turn and runs the check.

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
                "payload": pickle.dumps(payloads),
                "check": textwrap.dedent(loading),
                "name": check.__name__,
                "path": [str(folder) for folder in path],
            }
        )
        if answer["error"]:
            pytest.fail(answer["error"], pytrace=False)

    return run


@pytest.fixture
def script(tmp_path):
    """Call `script(source)`: a fresh process runs it as `__main__`; returns the dumped `obj`."""

    def run(source, name="script.py", seed="0", python=sys.executable):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        ending = f"\nimport {SERIALIZER}, sys\nsys.stdout.buffer.write({SERIALIZER}.dumps(obj))\n"
        file.write_text(textwrap.dedent(source) + ending)
        ended = subprocess.run(
            [python, "-P", file],
            capture_output=True,
            cwd=file.parent,
            env={**os.environ, "PYTHONHASHSEED": seed},
            timeout=60,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr.decode()
        return ended.stdout

    return run
