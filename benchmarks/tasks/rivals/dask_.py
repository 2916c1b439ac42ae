"""Dask's distributed scheduler, on one machine."""

from collections.abc import Callable, Sequence
from typing import Any

import distributed

VERSION = distributed.__version__
BY_NAME = False


class Workers:
    """Processes of one thread; see `Futures` for what the methods mean."""

    def __init__(self, count: int) -> None:
        self.client = distributed.Client(n_workers=count, threads_per_worker=1, dashboard_address=None)

    def submit(self, f: Callable[..., Any], *args: Any) -> Any:
        """Start a task, and not the one of before once more."""
        return self.client.submit(f, *args, pure=False)

    def result(self, handle: Any) -> Any:
        """Wait for a task."""
        return handle.result()

    def results(self, handles: Sequence[Any]) -> list[Any]:
        """Wait for many tasks."""
        return self.client.gather(handles)

    def bulk(self, f: Callable[[Any], Any], xs: Sequence[Any]) -> list[Any]:
        """Send all calls at once."""
        return self.client.gather(self.client.map(f, xs, pure=False, batch_size=1000))

    def share(self, array: Any) -> Any:
        """Place it on every worker."""
        return self.client.scatter(array, broadcast=True)

    def chain(self, f: Callable[[Any], Any], start: Any, length: int) -> Any:
        """Pass the future of one task to the next."""
        value = start
        for _ in range(length):
            value = self.submit(f, value)
        return value.result()

    def close(self) -> None:
        """End the workers."""
        self.client.shutdown()
