"""Ray: a cluster that the program is connected to, the address of one, or a small one of our own.

A task goes to Ray as a task. Ray's tasks have no way to choose a worker, its actors are nothing but chosen workers:
so there is an actor for every name, made when a task is first sent to one.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pickleloaf.engines.base import Engine, Job
from pickleloaf.engines.payload import Payload, Sent
from pickleloaf.engines.running import run_payload

__all__ = ["RayEngine"]


class _Worker:
    """What an actor does; what else is sent to it waits until it is done."""

    def run(self, name: str, sent: Sent, *held: Sent) -> Sent:
        """Make a call."""
        return run_payload(name, sent, *held)


class RayEngine(Engine):
    """Runs tasks on Ray."""

    name = "Ray"
    lacks: ClassVar[Mapping[str, str]] = {
        "alone": "true of tasks to any worker; what has been sent to an actor (`to=`) fails with it",
    }

    def __init__(self, *, address: str | None = None, workers: int | None = None) -> None:
        """Use the connection that there is, or make one.

        Args:
            address: of a cluster: ``"ray://10.0.0.1:10001"``, ``"auto"``; None for one of our own.
            workers: how many tasks a cluster of our own runs at once.

        Raises:
            ImportError: Ray is not installed.
            ConnectionError: nobody answers at the address.
        """
        self._ray = ray = importlib.import_module("ray")
        self._own = not ray.is_initialized()
        if self._own and address is None:
            ray.init(
                "local",
                num_cpus=workers,
                include_dashboard=False,
                logging_level="ERROR",
                log_to_driver=False,
            )
        elif self._own:
            ray.init(address)
        self.died = (ray.exceptions.WorkerCrashedError, ray.exceptions.RayActorError)
        self._task = ray.remote(max_retries=0)(run_payload)
        self.cancelled = (ray.exceptions.TaskCancelledError,)
        self._actor = ray.remote(num_cpus=0)(_Worker)
        self._actors: dict[str, Any] = {}

    #: Whether this is a task of Ray's.
    _inside = False

    @classmethod
    def inside(cls) -> RayEngine:
        """Return the engine of the task that is running.

        Raises:
            ValueError: this is no task of Ray's.
        """
        ray = importlib.import_module("ray")
        if not ray.is_initialized() or ray.get_runtime_context().get_task_id() is None:
            raise ValueError("this is no task of Ray's")
        engine = cls()
        engine._inside = True
        return engine

    def workers(self) -> tuple[str, ...]:
        """Return a name for each CPU of the cluster."""
        count = int(self._ray.cluster_resources().get("CPU", 1))
        return tuple(f"worker-{number}" for number in range(count))

    def run(self, name: str, payload: Payload, held: Sequence[Any], to: str | None) -> Job:
        """Submit, with Ray's own references as what it depends on."""
        remote = self._task.remote if to is None else self._worker(to).run.remote
        ref = remote(name, payload.sent(), *held)
        return Job(ref.future(), ref)

    def failure(self, error: BaseException, name: str, to: str | None) -> BaseException:
        """Say what has failed; the next task to the name of an actor that died gets another."""
        if to is not None and isinstance(error, self.died):
            self._actors.pop(to, None)
        return super().failure(error, name, to)

    def hold(self, payload: Payload) -> Any:
        """Put it into Ray's store."""
        return self._ray.put(payload.sent())

    def cancel(self, job: Job) -> bool:
        """Cancel; what has begun is interrupted (``KeyboardInterrupt``)."""
        self._ray.cancel(job.handle)
        return True

    def wait(self, job: Job, timeout_s: float | None) -> None:
        """Wait as Ray does: a task that waits gives its CPU to others, so that nested tasks find one."""
        if self._inside:
            self._ray.wait([job.handle], timeout=timeout_s)

    def close(self) -> None:
        """End the actors, and the connection if it is ours."""
        for actor in self._actors.values():
            self._ray.kill(actor)
        if self._own:
            self._ray.shutdown()

    def _worker(self, name: str) -> Any:
        if name not in self._actors:
            self._actors[name] = self._actor.remote()
        return self._actors[name]
