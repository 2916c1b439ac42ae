"""One line that makes a framework use pickleloaf's pickler, for people who stay with the framework's own API.

    integrations.use_in_multiprocessing()        multiprocessing, concurrent.futures.ProcessPoolExecutor
    integrations.use_in_loky()                   loky
    integrations.use_in_joblib()                 joblib
    integrations.use_in_dask(client)             dask.distributed
    integrations.use_in_mpi4py()                 mpi4py, mpi4py.futures
    integrations.use_in_ipyparallel(client)      ipyparallel
    integrations.use_in_ray()                    Ray
    integrations.use_in_pyspark()                PySpark
    integrations.parcel(function)                anything that pickles: Ray, PySpark, ...

Each framework has a file, which is imported when it is asked for; a framework that is not installed is the
`ImportError` of its own name. docs/how-to/integrations.md says what each line changes, and where.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pickleloaf.integrations.dask_ import use_in_dask
    from pickleloaf.integrations.ipyparallel_ import use_in_ipyparallel
    from pickleloaf.integrations.loky_ import use_in_joblib, use_in_loky
    from pickleloaf.integrations.mpi4py_ import use_in_mpi4py
    from pickleloaf.integrations.multiprocessing_ import use_in_multiprocessing
    from pickleloaf.integrations.parcels import parcel
    from pickleloaf.integrations.pyspark_ import use_in_pyspark
    from pickleloaf.integrations.ray_ import use_in_ray

__all__ = [
    "parcel",
    "use_in_dask",
    "use_in_ipyparallel",
    "use_in_joblib",
    "use_in_loky",
    "use_in_mpi4py",
    "use_in_multiprocessing",
    "use_in_pyspark",
    "use_in_ray",
]

_FILES = {
    "parcel": "parcels",
    "use_in_dask": "dask_",
    "use_in_ipyparallel": "ipyparallel_",
    "use_in_joblib": "loky_",
    "use_in_loky": "loky_",
    "use_in_mpi4py": "mpi4py_",
    "use_in_multiprocessing": "multiprocessing_",
    "use_in_pyspark": "pyspark_",
    "use_in_ray": "ray_",
}


def __getattr__(name: str) -> Any:
    """Import the file of a framework when its line is asked for (PEP 562)."""
    if name not in _FILES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = globals()[name] = getattr(importlib.import_module(f"{__name__}.{_FILES[name]}"), name)
    return value
