"""The local runtime as an engine, so that one program runs here and past one machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pickleloaf.engines.base import Engine, Job
from pickleloaf.engines.payload import Payload
from pickleloaf.engines.running import run_payload
from pickleloaf.tasks.asking import Asking
from pickleloaf.tasks.cluster import Cluster
from pickleloaf.tasks.promise import RUNTIMES, Promise, Taken

__all__ = ["LocalEngine"]


class LocalEngine(Engine):
    """Runs tasks on a `pickleloaf.Cluster`."""

    name = "local"

    def __init__(self, cluster: Any = None, *, workers: int | None = None) -> None:
        """Use a cluster, left open, or open one."""
        self._own = cluster is None
        self._cluster = Cluster(workers) if cluster is None else cluster

    @classmethod
    def inside(cls) -> LocalEngine:
        """Return the engine of the task that is running.

        Raises:
            ValueError: this is no task of a cluster's.
        """
        for runtime in RUNTIMES:
            if isinstance(runtime, Asking):  # a worker: what runs in it is a task
                return cls(runtime)
        raise ValueError("this is no task of a cluster's")

    def workers(self) -> tuple[str, ...]:
        """Return the names of the cluster's workers."""
        return tuple(map(str, self._cluster.workers))

    def run(self, name: str, payload: Payload, held: Sequence[Any], to: str | None) -> Job:
        """Submit, with the cluster's own promises as what it depends on."""
        taken = [Taken(each.ident) if isinstance(each, Promise) else each for each in held]
        promise = self._cluster.submit((run_payload, (name, payload.sent(), *taken), {}), to=to)
        return Job(promise.future(), promise)

    def hold(self, payload: Payload) -> Any:
        """Put it into the cluster."""
        return self._cluster.put(payload.sent())

    def cancel(self, job: Job) -> bool:
        """Cancel; what has begun is interrupted."""
        job.handle.cancel()
        return True

    def wait(self, job: Job, timeout_s: float | None) -> None:
        """Wait as the cluster does: a task that waits lets its worker run others."""
        job.handle.exception(timeout_s)

    def close(self) -> None:
        """Close the cluster if it is ours."""
        if self._own:
            self._cluster.close_when_idle()
