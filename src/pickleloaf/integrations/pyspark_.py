"""PySpark: functions go through ``dumps`` of its copy of cloudpickle, ``pyspark.cloudpickle``; data by plain pickle.

Its workers are started by the JVM, and nothing of the user's runs before their first task. They need no telling:
they load what they get by plain pickle. What functions return, and the elements of an RDD, go by plain pickle as well,
both ways; what that cannot send goes in parcels.
"""

from __future__ import annotations

from pickleloaf.integrations._framework import settle_patches, take_the_place

__all__ = ["use_in_pyspark"]


def use_in_pyspark(*, patches: str | None = None) -> None:
    """Let PySpark pickle functions with pickleloaf: what RDDs are mapped with, and user-defined functions of SQL.

    Args:
        patches: see `settle_patches`.

    Raises:
        ImportError: PySpark is not installed.
    """
    take_the_place("pyspark.cloudpickle")
    settle_patches(patches)
