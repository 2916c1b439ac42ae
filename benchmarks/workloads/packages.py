"""A package that travels by value, as one does that is being worked on."""

import atexit
import importlib
import shutil
import sys
import tempfile
from pathlib import Path
from types import ModuleType

from benchmarks.workloads import Workload

__all__ = ["WORKLOADS", "make_package"]

_MODULE = '''
from . import base

LIMIT = {number}


class Step{number}(base.Step):
    """A step of its own."""

    def run(self, value):
        return helper(value) + LIMIT


def helper(value):
    return base.scale(value) * {number}
'''


def make_package(name: str) -> ModuleType:
    """Write a package of ten modules to a folder of its own, and import it."""
    root = tempfile.mkdtemp(prefix="benchmark-")
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    folder = Path(root) / name
    folder.mkdir()
    numbers = range(9)
    lines = [f"from .step{number} import Step{number}\n" for number in numbers]
    steps = ", ".join(f"Step{number}()" for number in numbers)
    lines.append(f"def run(value):\n    return [step.run(value) for step in ({steps})]\n")
    (folder / "__init__.py").write_text("".join(lines))
    (folder / "base.py").write_text("class Step:\n    pass\n\ndef scale(value):\n    return value * 2\n")
    for number in numbers:
        (folder / f"step{number}.py").write_text(_MODULE.format(number=number))
    sys.path.insert(0, str(folder.parent))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(folder.parent))


WORKLOADS = [
    Workload(
        "by-value package of ten modules",
        "from benchmarks.workloads.packages import make_package\npackage_{n} = make_package('benchpackage{n}')",
        "package_{n}.run",
        "len(it(2)) == 9",
        by_value="[package_{n}]",
    ),
]
