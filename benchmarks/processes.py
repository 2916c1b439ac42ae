"""Processes of their own: their environment, and those that print what they measure as JSON."""

import json
import os
import subprocess
import sys
from typing import Any

__all__ = ["environment", "figures_of"]


def environment() -> dict[str, str]:
    """Return the environment of a process that is to import what this one can."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path or "." for path in sys.path)}


def figures_of(module: str, *arguments: str) -> Any:
    """Run a module in a process of its own, with the paths of this one, and return what it prints."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, env=environment(), check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)
