"""The same tasks on an engine past one machine: Dask, Ray, MPI, or any executor.

    with engines.connect(client) as ex:                  # a Dask client, an MPIPoolExecutor, "ray", "dask://host:8786"
        ex.submit(lambda t: t.hi(), turkey).result()

`connect` returns an `Executor`; `here()` does inside of a task. An engine is imported when it is connected to.
"""

from __future__ import annotations

import concurrent.futures
from typing import Any

from pickleloaf.engines.base import FEATURES, Engine, Job
from pickleloaf.engines.executor import EngineRef, Executor, TaskFuture
from pickleloaf.engines.inside import here
from pickleloaf.engines.payload import POLICIES, Payload, policy_of
from pickleloaf.errors import EngineError

__all__ = ["FEATURES", "Engine", "EngineRef", "Executor", "Job", "Payload", "TaskFuture", "connect", "here"]


def connect(engine: Any, *, workers: int | None = None, **policy: Any) -> Executor:
    """Return an executor on an engine.

    Args:
        engine: a ``distributed.Client``; an ``MPIPoolExecutor`` or any other executor; an `Engine`; or
            a name: ``"local"``, ``"dask"``, ``"ray"`` and ``"mpi"`` start a small one here, ``"dask://host:8786"`` and
            ``"ray://host:10001"`` connect to one. What the user made is left running.
        workers: how many, where one is started.
        policy: ``by_value``, ``handles``, ``patches`` and ``portable`` as in `pickleloaf.dumps`, of tasks and of their
            results; by default (``by_value="local"``) your own project travels, and need not be installed there.

    Raises:
        EngineError: this is no engine, or the name of none; an option is for workers that are started here.
        ImportError: the engine is not installed.
        ValueError: the policy is none.
    """
    if others := policy.keys() - POLICIES:
        said = ", ".join(sorted(others))
        raise EngineError(f"{said}: of workers that are started here; an engine has settings of its own")
    policy_of(**policy)  # before anything is started
    return Executor(_engine(engine, workers), **policy)


def _engine(engine: Any, workers: int | None) -> Engine:
    if isinstance(engine, Engine):
        return engine
    if isinstance(engine, str):
        return _by_name(engine, workers)
    package = type(engine).__module__.partition(".")[0]
    if package == "distributed":
        from pickleloaf.engines.dask import DaskEngine

        return DaskEngine(engine)
    if package == "mpi4py":
        from pickleloaf.engines.mpi import MPIEngine

        return MPIEngine(engine)
    if isinstance(engine, concurrent.futures.Executor):
        from pickleloaf.engines.futures import FuturesEngine

        return FuturesEngine(engine)
    raise EngineError(f"no engine: {engine!r}; a Dask client, an executor, an Engine, or one of {_NAMES}")


_NAMES = "'local', 'dask', 'dask://host:port', 'ray', 'ray://host:port', 'mpi'"


def _by_name(name: str, workers: int | None) -> Engine:
    kind, _, address = name.partition("://")
    if name == "local":
        from pickleloaf.engines.local import LocalEngine

        return LocalEngine(workers=workers)
    if kind == "dask":
        from pickleloaf.engines.dask import DaskEngine

        return DaskEngine(address=address and f"tcp://{address}", workers=workers)
    if kind == "ray":
        from pickleloaf.engines.ray import RayEngine

        return RayEngine(address=name if address else None, workers=workers)
    if kind == "mpi" and not address:
        from pickleloaf.engines.mpi import MPIEngine

        return MPIEngine(workers=workers)
    raise EngineError(f"no engine of this name: {name!r}; there are {_NAMES}")
