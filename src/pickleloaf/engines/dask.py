"""Dask: a ``distributed.Client`` of the user's, the address of a scheduler, or a small cluster of our own.

Payloads of a mebibyte and more are scattered first, since Dask's scheduler would pass them on inside the task graph.
What was scattered is gone with the worker that kept it, and Dask then calls cancelled whatever needs it.
"""

from __future__ import annotations

import importlib
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ClassVar

from pickleloaf.engines.base import Engine, Job
from pickleloaf.engines.copies import copied
from pickleloaf.engines.payload import Payload
from pickleloaf.engines.running import run_payload
from pickleloaf.errors import EngineError, WorkerDied

__all__ = ["DaskEngine"]

#: From this size on, in bytes, a payload does not go through the scheduler.
_SCATTERED = 1 << 20

#: Why Dask says that a task was cancelled when nobody has done so, but what it needs is lost.
_LOST = ("already forgotten", "lost dependencies")


class DaskEngine(Engine):
    """Runs tasks on Dask."""

    name = "Dask"
    lacks: ClassVar[Mapping[str, str]] = {
        "alone": "Dask suspects every task that it had sent there; `retries=` helps",
    }

    def __init__(self, client: Any = None, *, address: str = "", workers: int | None = None) -> None:
        """Use a client, or connect, or start a cluster.

        Args:
            client: a ``distributed.Client``, left running.
            address: of a scheduler: ``"tcp://10.0.0.1:8786"``.
            workers: how many processes a cluster of our own has.

        Raises:
            ImportError: distributed is not installed.
            OSError: nobody answers at the address.
        """
        distributed = importlib.import_module("distributed")
        self.died = (distributed.scheduler.KilledWorker,)
        self.cancelled = (distributed.CancelledError, *type(self).cancelled)
        self._arrived = ThreadPoolExecutor(1, thread_name_prefix="pickleloaf-dask")
        self._ours: list[Any] = []
        if client is None and not address:
            self._ours.append(_cluster(distributed, workers))
        if client is None:
            client = distributed.Client(address or self._ours[0])
            self._ours.insert(0, client)
        self._client = client
        #: Where workers are threads of this process, what they keep must be a copy.
        self._copy = copied if client.scheduler.address.startswith("inproc://") else None

    @classmethod
    def inside(cls) -> DaskEngine:
        """Return the engine of the task that is running; it gives up its place in the worker until it is done.

        Raises:
            ValueError: this is no task of Dask's.
        """
        distributed = importlib.import_module("distributed")
        distributed.get_worker()  # get_client alone would also answer outside of a task
        client = distributed.get_client()
        if importlib.import_module("distributed.threadpoolexecutor").thread_state.proceed:  # not yet
            distributed.secede()
        engine = cls(client)
        engine._copy = copied  # this worker is where a task scatters to
        return engine

    def workers(self) -> tuple[str, ...]:
        """Return the names that Dask's workers have."""
        return tuple(sorted(self._addresses()))

    def run(self, name: str, payload: Payload, held: Sequence[Any], to: str | None) -> Job:
        """Submit, with Dask's own futures as what it depends on."""
        where = None if to is None else [self._addresses()[to]]
        sent: Any = self.hold(payload) if payload.nbytes >= _SCATTERED else payload.sent(bytes)
        key = f"{name}-{uuid.uuid4().hex}"
        theirs = self._client.submit(run_payload, name, sent, *held, key=key, workers=where, pure=False)
        job = Job(Future(), theirs)
        self._client.loop.add_callback(self._fetch, job, name)
        return job

    async def _fetch(self, job: Job, name: str) -> None:
        """Fetch a result, on Dask's own event loop and so several at a time, which `add_done_callback` cannot."""
        try:
            result = await job.handle.result()
        except BaseException as error:  # noqa: BLE001 - whatever Dask has to say
            ours = error
            if getattr(error, "reason", None) in _LOST:
                ours = WorkerDied(f"task {name}: the worker died that kept what it takes: {error}", name)
                ours.__cause__ = error
            self._arrived.submit(job.future.set_exception, ours)
        else:
            self._arrived.submit(job.future.set_result, result)

    def hold(self, payload: Payload) -> Any:
        """Scatter."""
        return self._client.scatter([payload.sent(self._copy)], hash=False)[0]

    def cancel(self, job: Job) -> bool:
        """Let Dask forget the task; where it has begun, it runs on, and nobody waits for it."""
        job.handle.cancel()
        return True

    def close(self) -> None:
        """End what we have started."""
        self._arrived.shutdown()
        for each in self._ours:
            each.close()

    def _addresses(self) -> dict[str, str]:
        # The scheduler itself is asked: in `scheduler_info` the client's heartbeat now and then puts an answer that
        # names no workers, also between its question and its return.
        told = self._client.sync(self._client.scheduler.identity)
        return {str(info["name"]): address for address, info in told["workers"].items()}


def _cluster(distributed: Any, workers: int | None) -> Any:
    """Start a cluster of processes with one thread each. A task whose worker died is not run again unasked."""
    import dask

    if workers is not None and workers < 1:
        raise EngineError(f"a cluster has at least one worker, not {workers}")
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        return distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address=None,
            worker_dashboard_address=None,
        )
