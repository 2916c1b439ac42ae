"""pickleloaf's executor."""

from collections.abc import Callable, Sequence
from typing import Any

import pickleloaf
from benchmarks.tasks.rivals._base import Futures

VERSION = pickleloaf.__version__
Executor = pickleloaf.Executor  # imported now, as a program does that says `from pickleloaf import Executor`
BY_NAME = False


class Workers(Futures):
    """Nothing set but the number of workers."""

    def __init__(self, count: int) -> None:
        self.executor: Executor
        super().__init__(Executor(workers=count))

    def share(self, array: Any) -> Any:
        """Put it into the cluster."""
        return self.executor.cluster.put(array)

    def bulk(self, f: Callable[[Any], Any], xs: Sequence[Any]) -> list[Any]:
        """Let the executor make its chunks."""
        return list(self.executor.map(f, xs, chunksize="auto"))
