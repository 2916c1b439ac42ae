"""A fingerprint is the same in every process: other hash seeds, directories, Pythons, after a trip."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("subjects.py")
SOURCE = SCRIPT.read_text(encoding="utf-8")

#: Written by any Python from 3.11 to 3.15. They change when the way of hashing does, which the changelog says.
GOLDEN = json.loads(SCRIPT.with_name("golden.json").read_text(encoding="utf-8"))


def run(script, *arguments, seed="0", cwd=None):
    """What a script prints in a process of its own."""
    import pickleloaf

    path = os.pathsep.join(
        filter(None, [str(Path(pickleloaf.__file__).parent.parent), os.environ.get("PYTHONPATH")])
    )
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
    command = [sys.executable, str(script), *arguments]
    done = subprocess.run(command, env=environment, cwd=cwd, capture_output=True, check=False)
    assert not done.returncode, done.stderr.decode()
    return done.stdout


def prints(script, **options):
    """The fingerprints of the subjects."""
    return json.loads(run(script, "prints", **options))


@pytest.mark.parametrize("seed", ["1", "77"])
def test_golden(seed):
    """On every Python, under every hash seed."""
    assert prints(SCRIPT, seed=seed) == GOLDEN


def test_elsewhere(tmp_path):
    """From another directory, another file, with blank lines above."""
    script = tmp_path / "another name.py"
    script.write_text("\n\n# A comment.\n" + SOURCE, encoding="utf-8")
    assert prints(script, cwd=tmp_path) == GOLDEN


def test_round_trip(tmp_path):
    """After a trip to another process, which never saw the script, and to the process it came from."""
    payload = tmp_path / "payload"
    run(SCRIPT, "dump", str(payload))
    assert json.loads(run(SCRIPT.with_name("arrival.py"), str(payload))) == GOLDEN
    assert json.loads(run(SCRIPT, "roundtrip")) == GOLDEN


def test_import_stays_light():
    """Importing the package does not import what fingerprints need, and the name means the function in the end."""
    script = (
        "import sys, pickleloaf\n"
        "assert not [name for name in sys.modules if name.startswith('pickleloaf.fingerprinting')]\n"
        "import pickleloaf.fingerprinting\n"
        "assert pickleloaf.fingerprint(1) == pickleloaf.fingerprinting.fingerprint(1)\n"
    )
    assert run("-c", script) == b""
