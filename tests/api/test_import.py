"""Importing the package is cheap."""

import json
import subprocess
import sys

#: What takes a millisecond or more to import, and is needed by few dumps.
HEAVY = {"dataclasses", "dis", "hashlib", "inspect", "logging", "pickletools", "tokenize", "traceback"}
if sys.version_info < (3, 14):
    HEAVY.add("ast")  # from 3.14 on, typing.NamedTuple itself imports it, through annotationlib

ASK = """
import json, sys
before = set(sys.modules)
import pickleloaf
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_heavy_modules_wait():
    """Importing pickleloaf imports nothing heavy, so that it takes less time than cloudpickle does."""
    done = subprocess.run([sys.executable, "-c", ASK], check=True, capture_output=True)
    found = set(json.loads(done.stdout))
    assert "pickleloaf.pickler" in found
    assert not found & HEAVY
