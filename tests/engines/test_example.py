"""The example tells its story on an engine that is always there."""

import subprocess
import sys
from pathlib import Path

import pytest

KITCHEN = Path(__file__).parent.parent.parent / "examples" / "engines" / "kitchen.py"


@pytest.mark.parametrize("engine", ["local", "processes"])
def test_kitchen(engine):
    """The same script on two engines, and each says what it can do."""
    result = subprocess.run([sys.executable, KITCHEN, engine], capture_output=True, text=True, check=True)
    lines = result.stdout.splitlines()
    assert lines[:4] == [
        "1. SQUAWK from another process: True",
        "2. [1, 3, 5, 7, 9]",
        "3. 51 letters",
        "4. burnt: 90 minutes",
    ]
    assert lines[4].startswith("5. workers:" if engine == "local" else "5. concurrent.futures cannot do this")
