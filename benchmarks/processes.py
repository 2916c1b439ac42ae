"""Processes that measure: a module of the benchmarks that prints its figures as JSON."""

import json
import os
import subprocess
import sys
from typing import Any

__all__ = ["figures_of"]


def figures_of(module: str, *arguments: str) -> Any:
    """Run a module in a process of its own, with the paths of this one, and return what it prints."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path or "." for path in sys.path)}
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)
