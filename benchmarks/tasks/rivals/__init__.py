"""The runtimes that are compared, one file each.

Every file has the same names: `VERSION`; `BY_NAME`, whether functions go by name only; and `Workers(count)`, a
class with the methods of `Futures`.
"""

import importlib
import importlib.util
from types import ModuleType

__all__ = ["OURS", "PACKAGES", "find_rivals", "load"]

OURS = "pickleloaf"
#: In the order of the columns: the file's name to what has to be installed.
PACKAGES = {
    "ProcessPoolExecutor": "concurrent.futures",
    "the same, cloudpickle": "cloudpickle",
    "multiprocessing.Pool": "multiprocessing",
    "loky": "loky",
    "joblib": "joblib",
    "dask": "distributed",
    "ray": "ray",
    "mpi4py": "mpi4py",
    OURS: "pickleloaf.tasks.futures",
}
_FILES = {
    "ProcessPoolExecutor": "futures_",
    "the same, cloudpickle": "futures_cloudpickle_",
    "multiprocessing.Pool": "pool_",
}


def find_rivals() -> list[str]:
    """Name the rivals that are installed."""
    return [name for name, package in PACKAGES.items() if importlib.util.find_spec(package)]


def load(name: str) -> ModuleType:
    """Import a rival."""
    return importlib.import_module(f"{__name__}.{_FILES.get(name, f'{name}_')}")
