"""The docs say what the code does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def test_generated_pages_are_up_to_date():
    """Pages that are read off the code say what it says now."""
    result = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_enough_kinds_travel():
    """The table of supported objects has the 215 kinds that were promised, and no title twice in a family."""
    lines = (ROOT / "docs" / "supported.md").read_text(encoding="utf-8").splitlines()
    kinds = int(lines[2].split()[0])
    assert kinds >= 215


def test_guide_to_sharing_runs():
    """What the guide to sharing shows is so."""
    pytest.importorskip("numpy")
    text = (ROOT / "docs/how-to/sharing.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert blocks
    exec(compile("\n".join(blocks), "sharing.md", "exec"), {"__name__": "__main__"})
