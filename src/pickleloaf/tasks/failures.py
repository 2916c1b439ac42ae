"""Why a task has failed that no worker could say anything of, as an exception."""

from __future__ import annotations

import signal
from concurrent.futures import CancelledError
from typing import NamedTuple

from pickleloaf.errors import TaskError, WorkerDied

__all__ = ["Death", "ending", "failure"]


class Death(NamedTuple):
    """How a worker ended."""

    worker: str
    exitcode: int
    how: str
    output: str


def failure(cause: str, task: str, death: Death) -> BaseException:
    """Return the exception for a cause that the scheduler named.

    Args:
        cause: see `Settle`.
        task: what people call the function.
        death: of the worker that died last.
    """
    if cause == "died":
        said = f"; it printed last:\n{death.output}" if death.output else ""
        text = f"{death.worker} {death.how} while it ran {task}{said}"
        return WorkerDied(text, task, death.worker, death.exitcode, death.output)
    if cause == "cancelled":
        return CancelledError(f"task {task} was cancelled")
    if cause.startswith("expired"):
        return TimeoutError(f"task {task} took longer than its timeout of {cause.partition(':')[2]} s")
    if cause == "gone":
        return TaskError(f"task {task} is for a worker that is not there", task)
    return TaskError(f"task {task} returned a promise whose value is forgotten", task)


def ending(code: int) -> str:
    """Say how a process with this exit code has ended."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"was killed by {name}"
