"""How long it takes to import a rival, each time in a fresh process."""

import os
import subprocess
import sys
from collections.abc import Sequence
from statistics import median

from benchmarks.measure import Result
from benchmarks.timing import Effort

__all__ = ["import_times"]

_ASK = "import time; began = time.process_time(); import {}; print(time.process_time() - began)"


def import_times(modules: Sequence[str], effort: Effort) -> list[Result]:
    """Return the median milliseconds of each import, measured in turns."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path or "." for path in sys.path)}
    # Rivals are installed with their bytecode; without this we would be compiled anew each time.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    seconds: dict[str, list[float]] = {name: [] for name in modules}
    for _ in range(effort.processes + 1):
        for name, values in seconds.items():
            command = [sys.executable, "-c", _ASK.format(name)]
            done = subprocess.run(command, env=environment, check=True, capture_output=True)
            values.append(float(done.stdout))
    # The first process may have had to compile.
    return [Result("import", "import", name, median(values[1:]) * 1e3) for name, values in seconds.items()]
