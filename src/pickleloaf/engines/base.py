"""What an engine must do. Who wants a new one writes these few methods, and has all of `Executor`.

    Executor: functions, refs, retries, errors     ours, the same for all
    Engine:   payloads, futures, worker names      one file for each

1. An engine is given `run_payload` and payloads. It never opens a payload, and never pickles user code.
2. `run` returns at once, with a future of what `run_payload` will have returned. Its callbacks are called in a
   thread that may wait, since users' code is run by them. What it fails with is the engine's own: `died` and
   `cancelled` say what that means, and anything else becomes an `EngineError`.
3. A handle is whatever the engine understands as "that payload": its own future, a reference into its store, or
   the payload itself. Handles of results and of `hold` may be given to `run`.
4. What an engine cannot do is in `lacks`, with the reason, and what none can in `NOWHERE`; asked for it, `Executor`
   raises `EngineError`. The table in docs/how-to/engines.md is made of that.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError
from typing import Any, ClassVar, NamedTuple

from pickleloaf.engines.copies import copied
from pickleloaf.engines.payload import Payload
from pickleloaf.errors import EngineError, WorkerDied

__all__ = ["FEATURES", "NOWHERE", "Engine", "Job"]

#: What an engine may lack: the key in `lacks`, and what it means.
FEATURES: dict[str, str] = {
    "workers": "workers with names; `to=` chooses one",
    "store": "`put` keeps an object at the engine, once, however many tasks take it",
    "chain": "the engine itself hands a task's result to the tasks that take it",
    "death": "a worker that dies is the `WorkerDied` of its task, and is replaced",
    "alone": "what has been sent to a worker and has not begun is not harmed when it dies",
    "cancel": "`cancel` takes back a task that has not begun",
    "nested": "tasks submit tasks, by `here()` or `current()`",
    "given": "promises and refs stand anywhere in the arguments; the task begins when their values are there",
    "returned": "a promise stands inside of a result; one that is the result is waited for",
    "timeout": "`timeout=` interrupts a task that takes longer",
    "policy": "`by_value`, `handles`, `patches` and `portable`, of tasks and of what they return",
    "progress": "`map` with `progress=True`, chunks and a timeout",
    "alloc": "`alloc`: memory that all tasks may write",
    "seen": "`statistics`, `profile` and `watch`",
}

#: What there is on no engine; it needs the processes themselves, as `pickleloaf.Cluster` has them.
NOWHERE: dict[str, str] = {
    "returned": "nobody would count it; return its value",
    "alloc": "there is such memory on one machine only",
    "seen": "the engine has its own dashboard",
}


class Job(NamedTuple):
    """A task that an engine has been given."""

    #: Of what the task returns: `result` and `add_done_callback` are as in concurrent.futures.
    future: Any
    #: What the engine understands as that payload.
    handle: Any


class Engine(abc.ABC):
    """An engine that is running; `close` ends what the engine itself has started."""

    #: What it is called in errors and in the docs.
    name: ClassVar[str]
    #: What it cannot do: keys of `FEATURES`, with the reason.
    lacks: ClassVar[Mapping[str, str]] = {}
    #: What its futures raise when the worker is gone, and when the task was taken back.
    died: tuple[type[BaseException], ...] = (BrokenExecutor,)
    cancelled: tuple[type[BaseException], ...] = (CancelledError,)

    @abc.abstractmethod
    def run(self, name: str, payload: Payload, held: Sequence[Any], to: str | None) -> Job:
        """Let ``run_payload(name, payload.sent(), *held)`` be called on a worker.

        Args:
            name: of the task, for people.
            payload: the call.
            held: handles; the worker's function is given the payloads that they stand for.
            to: name of the worker; None for any. One of `workers`, or None where "workers" is lacked.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """Wait for what runs, and stop what this engine has started."""

    def workers(self) -> tuple[str, ...]:
        """Return the names of the workers; a worker that is replaced leaves its name to the next."""
        raise self.refusal("workers")

    def width(self) -> int:
        """Return how many tasks run at once, more or less; `map` with ``chunksize="auto"`` asks."""
        return len(self.workers())

    def hold(self, payload: Payload) -> Any:
        """Keep a payload, and return a handle on it. By default it is sent along with each task."""
        return payload.sent(copied)

    def cancel(self, job: Job) -> bool:
        """Take a task back, and tell whether that was possible."""
        return bool(job.future.cancel())

    def wait(self, job: Job, timeout_s: float | None) -> None:  # noqa: B027 - most engines have nothing to do
        """Let the engine know that a thread is about to block until a task is done; may block itself."""

    def attend(self, job: Job) -> None:  # noqa: B027 - most engines attend to all of them
        """See to it that the future of a task becomes done though no thread is in `wait`: somebody has asked."""

    def refusal(self, feature: str) -> EngineError:
        """Return the error that says why this engine does not have a feature."""
        why = self.lacks.get(feature) or NOWHERE[feature]
        return EngineError(f"{self.name} cannot do this ({FEATURES[feature]}): {why}")

    def failure(self, error: BaseException, name: str, to: str | None) -> BaseException:
        """Return what a task fails with when the future that the engine gave for it has failed.

        Args:
            error: what the future raised.
            name: of the task.
            to: where it was to run.
        """
        if isinstance(error, WorkerDied):
            error.task, error.worker = name, to or error.worker
            return error
        said = str(error) or type(error).__name__
        ours: EngineError | WorkerDied
        if isinstance(error, self.died):
            ours = WorkerDied(f"task {name}: its worker died: {said}", name, to or "")
        else:
            ours = EngineError(f"task {name}: the engine failed: {type(error).__name__}: {error}")
        ours.__cause__ = error
        return ours
