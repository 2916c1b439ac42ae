"""Inside of a task: the engine that runs it, and the promises that it was given.

A promise or a ref that stands somewhere in the arguments of a task arrives as itself. Its value has gone along, as a
payload beside the call: a task begins when all of them are there, and `result` opens the payload.
"""

from __future__ import annotations

import functools
import importlib
import sys
from concurrent.futures import Future
from typing import Any

from pickleloaf.engines.base import FEATURES
from pickleloaf.engines.cluster import EngineCluster
from pickleloaf.engines.executor import Executor
from pickleloaf.engines.payload import Payload
from pickleloaf.engines.values import Task, TaskFuture
from pickleloaf.errors import EngineError

__all__ = ["Inside", "here"]


def here(**policy: Any) -> Executor:
    """Return an executor on the engine that runs this task.

    Args:
        policy: as for `connect`.

    Raises:
        EngineError: this is no task of an engine whose tasks may submit tasks.
    """
    for file, kind, library in _INSIDE:
        if library in sys.modules:  # whoever runs a task of theirs has imported it
            module = importlib.import_module(f"pickleloaf.engines.{file}")
            try:
                return Executor(getattr(module, kind).inside(), **policy)
            except ValueError:
                continue
    raise EngineError(f"no task of a cluster, of Dask's or of Ray's runs here ({FEATURES['nested']})")


#: Engines whose tasks may submit tasks: file, class, and the module that has been imported in such a task.
_INSIDE = (
    ("local", "LocalEngine", "pickleloaf.tasks.promise"),
    ("dask", "DaskEngine", "distributed"),
    ("ray", "RayEngine", "ray"),
)


class Inside(EngineCluster):
    """The runtime of a task on an engine, which `pickleloaf.tasks.current` returns there."""

    def __init__(self) -> None:
        """Belong to the task that is about to run in this thread."""
        self._values: dict[int, Any] = {}
        self._given: dict[int, Payload] = {}

    @functools.cached_property
    def _executor(self) -> Executor:  # type: ignore[override]
        return here()

    def give(self, ident: int, payload: Payload) -> None:
        """Let the value of a promise or ref be known."""
        self._given[ident] = payload

    def fetch(self, ident: int, *, copy: bool = False) -> Future[Any]:
        """Return a future of a value; what was given to the task is there."""
        return super().fetch(ident, copy=copy) if ident in self._values else self._opened(ident)

    fetch_stored = fetch

    def announce(self, future: Any) -> None:
        """Let the engine know that a coroutine awaits a future; it may block until that is done."""
        if future._job is not None and not future.done():
            future._owner.engine.wait(future._job, None)

    def known(self, ident: int) -> Any:
        """Return what the executor of this task has for a number."""
        if ident not in self._values:
            future = self._opened(ident)
            future._owner = self._executor
            self._values[ident] = future
        return super().known(ident)

    def _opened(self, ident: int) -> TaskFuture:
        payload = self._given[ident]
        future = TaskFuture(None, Task("a promise", payload, [], None), 0)
        try:
            value = payload.open()
        except BaseException as error:  # noqa: BLE001 - it is whoever's who asks for the value
            future.set_exception(error)
        else:
            if payload.failed:
                future.set_exception(value)
            else:
                future.set_result(value)
        return future
