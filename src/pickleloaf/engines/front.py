"""`pickleloaf.Executor` and `pickleloaf.run`, which take an engine: here by default, elsewhere when asked.

What they do here is the local runtime's (tasks/); on an engine it is `engines.connect`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CoroutineType
from typing import Any

from pickleloaf.tasks import cluster, executor
from pickleloaf.tasks.promise import Promise

__all__ = ["Executor", "run"]


class Executor(executor.Executor):
    """A drop-in for ``ProcessPoolExecutor`` that takes lambdas, closures and patched objects.

    With ``engine=`` it runs on Dask, Ray, MPI or another executor; see `pickleloaf.engines.connect`.

    Attributes:
        cluster: the cluster that it runs on; not on an engine.
    """

    def __new__(cls, workers: Any = None, *, engine: Any = None, **options: Any) -> Any:
        """Make one of here, or one of an engine's."""
        if engine is None:
            return super().__new__(cls)
        from pickleloaf.engines import connect

        return connect(engine, workers=workers, **options)

    def __init__(self, workers: Any = None, *, engine: None = None, **options: Any) -> None:
        super().__init__(workers, **options)


def run(main: Callable[[Any], Any], *, workers: Any = None, engine: Any = None, **options: Any) -> Any:
    """Open a cluster, call ``main(cluster)``, close the cluster, and return the result.

    Args:
        main: a function, sync or async; a promise that it returns is awaited.
        workers: how many, or their names.
        engine: what runs the tasks instead of processes here; see `pickleloaf.engines.connect`.
        options: as for `Cluster`; with an engine, as for `connect`.

    Raises:
        BaseException: what ``main`` raises.
        EngineError: the engine cannot be had.
    """
    if engine is None:
        return cluster.run(main, workers=workers, **options)
    import asyncio

    from pickleloaf.engines import connect
    from pickleloaf.engines.cluster import EngineCluster

    with EngineCluster(connect(engine, workers=workers, **options)) as there:
        result = main(there)
        if isinstance(result, CoroutineType):
            result = asyncio.run(result)
        return result.result() if isinstance(result, Promise) else result
