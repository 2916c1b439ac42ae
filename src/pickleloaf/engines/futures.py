"""An engine on any executor of `concurrent.futures`; MPI is one of them, and the simplest engine is this file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from typing import Any, ClassVar

from pickleloaf.engines.base import Engine, Job
from pickleloaf.engines.calls import run_payload
from pickleloaf.engines.payload import Payload
from pickleloaf.errors import EngineError, WorkerDied

__all__ = ["FuturesEngine", "passed_on"]

_NO_NAMES = "concurrent.futures does not say which worker runs what"
_NO_STORE = "concurrent.futures has no store; `put` works, and the object is sent along with each task"
_NO_CHAIN = "results come back to the driver, and are sent from there"
_NO_NESTING = "its workers do not know the executor"


class FuturesEngine(Engine):
    """Runs tasks on an executor that the user made, and leaves it running."""

    name = "concurrent.futures"
    lacks: ClassVar[Mapping[str, str]] = {
        "workers": _NO_NAMES,
        "store": _NO_STORE,
        "chain": _NO_CHAIN,
        "death": "a dead worker breaks the whole pool: all of its tasks fail",
        "alone": "as above",
        "nested": _NO_NESTING,
    }

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def run(self, name: str, payload: Payload, held: Sequence[Any], to: str | None) -> Job:
        """Submit; payloads are sent later, by a thread, so they must not change until then."""
        theirs = self._executor.submit(run_payload, name, payload.settled(), *held)
        job = Job(Future(), theirs)
        theirs.add_done_callback(lambda done: passed_on(done, job.future, name, died=(BrokenExecutor,)))
        return job

    def cancel(self, job: Job) -> bool:
        """Take a task back that has not begun."""
        return bool(job.handle.cancel())

    def close(self) -> None:
        """Leave the executor to its owner."""


def passed_on(
    done: Any,
    future: Future[Payload],
    name: str,
    died: tuple[type[BaseException], ...],
    cancelled: tuple[type[BaseException], ...] = (CancelledError,),
) -> None:
    """Let what became of an engine's future become of ours.

    Args:
        done: their future, which is done.
        future: ours.
        name: of the task.
        died: exceptions that mean that the worker is gone.
        cancelled: exceptions that mean that it was taken back.
    """
    try:
        result = done.result()
    except WorkerDied as error:
        error.task = name
        future.set_exception(error)
    except died as error:
        said = f"task {name}: its worker died: {str(error) or type(error).__name__}"
        future.set_exception(_caused(WorkerDied(said, name), error))
    except cancelled:
        future.cancel()
        future.set_running_or_notify_cancel()
    except BaseException as error:  # noqa: BLE001 - whatever the engine has to say
        said = f"task {name}: the engine failed: {type(error).__name__}: {error}"
        future.set_exception(_caused(EngineError(said), error))
    else:
        future.set_result(result)


def _caused(error: Exception, by: BaseException) -> Exception:
    error.__cause__ = by
    return error
