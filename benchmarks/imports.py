"""Measures the start in a fresh process: the import alone, and with a first `dumps` of a lambda of the script."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.measure import Result
from benchmarks.processes import environment
from benchmarks.timing import Effort

__all__ = ["import_times"]

_SCRIPTS = {
    "import": "import time; began = time.process_time(); import {0}; print(time.process_time() - began)\n",
    "import and a first dumps": """\
import time

began = time.process_time()
import {0}

{0}.dumps(lambda: 1)
print(time.process_time() - began)
""",
}


def import_times(modules: Sequence[str], effort: Effort) -> list[Result]:
    """Return the median milliseconds of each script, all rivals in turns."""
    settings = environment()
    # Rivals are installed with their bytecode; without this we would be compiled anew each time.
    settings.pop("PYTHONDONTWRITEBYTECODE", None)
    asked = [(what, name) for what in _SCRIPTS for name in modules if what == "import" or name != "pickle"]
    seconds: dict[tuple[str, str], list[float]] = {each: [] for each in asked}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(effort.processes + 1):
            for (what, name), values in seconds.items():
                script = Path(folder, f"{what.replace(' ', '_')}_{name}.py")
                script.write_text(_SCRIPTS[what].format(name), encoding="utf-8")
                command = [sys.executable, script]
                done = subprocess.run(command, env=settings, check=True, capture_output=True)
                values.append(float(done.stdout))
    # The first process may have had to compile.
    return [
        Result("import", what, name, median(values[1:]) * 1e3) for (what, name), values in seconds.items()
    ]
