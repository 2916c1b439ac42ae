"""An engine on any executor of `concurrent.futures`; MPI is one of them, and the simplest engine is this file."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, ClassVar

from pickleloaf.engines.base import Engine, Job
from pickleloaf.engines.copies import Copies
from pickleloaf.engines.payload import Payload
from pickleloaf.engines.running import run_payload

__all__ = ["FuturesEngine"]

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

    #: By which protocol of pickle it sends; pools of processes, by the default.
    _protocol = pickle.DEFAULT_PROTOCOL

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._copy: Callable[[Any], Any] = Copies() if self._protocol >= 5 else bytes

    def run(self, name: str, payload: Payload, held: Sequence[Any], to: str | None) -> Job:
        """Submit; payloads are sent later, by a thread, so they must not change until then."""
        theirs = self._executor.submit(run_payload, name, payload.sent(self._copy), *held)
        return Job(theirs, theirs)

    def width(self) -> int:
        """Return what the executor says; they have different names for it, and some have none."""
        said = getattr(self._executor, "_max_workers", None) or getattr(self._executor, "num_workers", None)
        return said or os.cpu_count() or 1

    def close(self) -> None:
        """Leave the executor to its owner."""
