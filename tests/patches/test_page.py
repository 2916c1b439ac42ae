"""The how-to about patches: every snippet runs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pickleloaf

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "patches.md"
SNIPPETS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
USED = "loads dumps applied patches revert_patches mark_patched track_patches LostPatchWarning PatchError".split()


def test_page_shows_what_there_is():
    """Every public name about patches is used in a snippet."""
    assert {name for name in USED if f"pickleloaf.{name}" not in "".join(SNIPPETS)} == set()


@pytest.mark.parametrize("snippet", SNIPPETS, ids=range(len(SNIPPETS)))
def test_snippet(snippet, tmp_path):
    """A snippet is a script that runs without a warning, and whose assertions hold."""
    script = tmp_path / "snippet.py"
    script.write_text(snippet, encoding="utf-8")
    path = str(Path(pickleloaf.__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([path, os.environ.get("PYTHONPATH", "")])}
    environment.pop("PICKLELOAF_PATCHES", None)
    command = [sys.executable, "-W", "error", str(script)]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
