"""The how-to about fingerprints: every snippet runs."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pickleloaf

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "fingerprint.md"
SNIPPETS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def needs(snippet):
    """The libraries that a snippet imports."""
    return set(re.findall(r"^(?:import|from) (dask|joblib|cachetools)", snippet, re.MULTILINE))


def test_page_has_its_snippets():
    """The page shows the function itself, and each of three libraries."""
    assert len(SNIPPETS) >= 5
    assert set().union(*map(needs, SNIPPETS)) == {"dask", "joblib", "cachetools"}


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: "".join(needs(snippet)) or "plain")
def test_snippet(snippet, tmp_path):
    """A snippet is a script that runs and whose assertions hold."""
    for name in needs(snippet):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"needs {name}")
    script = tmp_path / "snippet.py"
    script.write_text(snippet, encoding="utf-8")
    path = str(Path(pickleloaf.__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([path, os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
