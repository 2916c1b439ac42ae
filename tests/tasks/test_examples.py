"""The examples do what they say, run as a user runs them."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent.parent / "examples"

#: The example to a part of what it prints.
PRINTS = {
    "simple_task": ("hi from worker-3", "in another process: True"),
    "promises": ("ten steps, to and fro: 10", "the sum of ten squares: 285", "first: the hare"),
    "function_ref": ("their sum is 332,833,500",),
    "shared_array": ("summed there: 499,999,500,000; summed here: 499,999,500,000",),
}


@pytest.mark.parametrize("name", PRINTS)
def test_example(name):
    """It ends by itself, prints what it should, and nothing to stderr."""
    if name == "shared_array":
        pytest.importorskip("numpy")
    result = subprocess.run(
        [sys.executable, str(EXAMPLES / f"{name}.py")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    for text in PRINTS[name]:
        assert text in result.stdout
