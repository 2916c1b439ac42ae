"""Another Python gets what it can run, or an error that names both versions; never a crash."""

import importlib.util
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from harness import define, loaf

HERE = sys.version_info[:2]
VERSIONS = [(3, minor) for minor in range(11, 16)]
RECEIVER = """
import pickle, sys
sys.path.insert(0, sys.argv[1])
import pickleloaf
work, plain = pickle.load(sys.stdin.buffer)
assert pickleloaf.loads(plain) == {"a": [1, (2, "x")]}
try:
    answer = pickleloaf.loads(work)(5)
except pickleloaf.DecodeError as error:
    answer = str(error)
print(answer)
"""


def find(version):
    """An interpreter of that version which starts, or None: on the path, or one of pyenv's."""
    name = "python{}.{}".format(*version)
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    pattern = "{}.{}.*/bin/python".format(*version)
    for program in filter(None, [shutil.which(name), *sorted(root.glob(pattern))]):
        ended = subprocess.run([program, "-c", "import pickle"], capture_output=True, check=False)
        if ended.returncode == 0:
            return str(program)
    return None


@pytest.mark.parametrize("version", [v for v in VERSIONS if v != HERE])
def test_other_python(version, tmp_path):
    """A function is right there, or refused by both versions' names; plain data always arrives."""
    program = find(version)
    if program is None:
        pytest.skip("Python {}.{} is not installed".format(*version))
    work = define(
        """
        def work(n):
            total = 0
            for i in range(n):
                try:
                    if i % 3 == 1:
                        raise ValueError(i)
                    total += i
                except ValueError as error:
                    total += 100 * error.args[0]
            return total, [x for x in "ab"], {k: v for k, v in zip("ab", [1, 2])}
        """,
        "work",
    )
    ended = subprocess.run(
        [program, "-c", RECEIVER, str(Path(sys.modules["pickleloaf"].__file__).parent.parent)],
        input=pickle.dumps((loaf.dumps(work), loaf.dumps({"a": [1, (2, "x")]}))),
        capture_output=True,
        env={"PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr.decode()
    answer = ended.stdout.decode().strip()
    if answer != str(work(5)):
        assert "{}.{}".format(*HERE) in answer
        assert "{}.{}".format(*version) in answer


@pytest.mark.parametrize("head", [bytes((3, 9)) + b"a\r", bytes(HERE) + b"\x01\x02"])
def test_wrong_version(head):
    """Code whose envelope says another Python, or another bytecode, is refused before it is built."""
    payload = loaf.dumps(define("def f():\n    return 1\n", "f"))
    ours = bytes(HERE) + importlib.util.MAGIC_NUMBER[:2]
    assert payload.count(ours) == 1
    with pytest.raises(loaf.DecodeError) as caught:
        loaf.loads(payload.replace(ours, head))
    for version in (tuple(head[:2]), HERE):
        assert "{}.{}".format(*version) in str(caught.value)
