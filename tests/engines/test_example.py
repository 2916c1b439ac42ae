"""The example tells its story on every engine."""

import subprocess
from pathlib import Path

import pytest
from launching import ENGINES, ENVIRONMENT, need

KITCHEN = Path(__file__).parent.parent.parent / "examples" / "engines" / "kitchen.py"


@pytest.mark.parametrize("engine", [name for name in ENGINES if name != "dask-tls"])
def test_kitchen(engine):
    """The same script on five engines, and each says what it can do."""
    library, command = ENGINES[engine]
    need(library, command[0])
    result = subprocess.run(
        [*command, KITCHEN, engine], capture_output=True, text=True, check=True, env=ENVIRONMENT, timeout=100
    )
    lines = result.stdout.splitlines()
    assert lines[:4] == [
        "1. SQUAWK from another process: True",
        "2. [1, 3, 5, 7, 9]",
        "3. 51 letters",
        "4. burnt: 90 minutes",
    ]
    refused = {"processes": "5. concurrent.futures cannot do this", "mpi": "5. MPI cannot do this"}
    assert lines[4].startswith(refused.get(engine, "5. workers:"))
