"""Ray: a cluster that the program is connected to, the address of one, or a small one of our own.

A task goes to Ray as a task. Ray's tasks have no way to choose a worker, its actors are nothing but chosen workers:
so there is an actor for every name, made when a task is first sent to one.

A thread that waits for a task gets the result from Ray itself. To be told of it by Ray's thread for callbacks takes a
tenth longer; so that happens only when somebody asks who does not wait, or when the next task is submitted.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from typing import Any, ClassVar

from pickleloaf.engines.base import Engine, Job
from pickleloaf.engines.payload import Payload, Sent
from pickleloaf.engines.running import run_payload

__all__ = ["RayEngine"]


def _run(call: list[Any], *held: Sent) -> Sent:
    """Make a call; each argument of a task costs Ray a thirtieth of what the whole task does."""
    return run_payload(*call, *held)


class _Worker:
    """What an actor does; what else is sent to it waits until it is done."""

    def run(self, call: list[Any], *held: Sent) -> Sent:
        """Make a call."""
        return _run(call, *held)


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
        self._late = ray.exceptions.GetTimeoutError
        self._task = ray.remote(max_retries=0)(_run)
        self.cancelled = (ray.exceptions.TaskCancelledError,)
        self._actor = ray.remote(num_cpus=0)(_Worker)
        #: Whether results would be fetched once for each who gets them ("ray://...").
        self._far = ray.util.client.ray.is_connected()
        self._actors: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._last: Job | None = None

    @classmethod
    def inside(cls) -> RayEngine:
        """Return the engine of the task that is running.

        Raises:
            ValueError: this is no task of Ray's.
        """
        ray = importlib.import_module("ray")
        if not ray.is_initialized() or ray.get_runtime_context().get_task_id() is None:
            raise ValueError("this is no task of Ray's")
        return cls()

    def workers(self) -> tuple[str, ...]:
        """Return a name for each CPU of the cluster."""
        count = int(self._ray.cluster_resources().get("CPU", 1))
        return tuple(f"worker-{number}" for number in range(count))

    def run(self, name: str, payload: Payload, held: Sequence[Any], to: str | None) -> Job:
        """Submit, with Ray's own references as what it depends on."""
        remote = self._task.remote if to is None else self._worker(to).run.remote
        job = Job(_Result(), remote([name, payload.sent()], *held))
        with self._lock:
            before, self._last = self._last, job
        self.attend(job if self._far else before)
        return job

    def attend(self, job: Job | None) -> None:
        """See to it that a future becomes done though nobody waits for it."""
        if job is None or job.future.attended or job.future.done():
            return
        self._let_go(job)
        job.future.attended = True
        job.handle.future().add_done_callback(functools.partial(_arrived, job.future))

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
        if self._far:
            return
        try:
            result = self._ray.get(job.handle, timeout=timeout_s)
        except self._late:
            return
        except Exception as error:  # noqa: BLE001 - whatever Ray has to say of the task
            _settle(job.future, error=error)
        else:
            _settle(job.future, result)
        self._let_go(job)

    def _let_go(self, job: Job) -> None:
        """Do not keep a task, and what it has returned, for being the last one."""
        with self._lock:
            if self._last is job:
                self._last = None

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


class _Result(Future[Any]):
    """Of what a task has returned."""

    #: Whether Ray will tell of it.
    attended = False


def _arrived(future: Future[Any], theirs: Future[Any]) -> None:
    """Pass on what has become of Ray's own future."""
    if not future.done():
        error = theirs.exception()
        _settle(future, None if error else theirs.result(), error)


def _settle(future: Future[Any], result: Any = None, error: BaseException | None = None) -> None:
    """Decide a future, unless another thread has done so."""
    with contextlib.suppress(InvalidStateError):
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)
