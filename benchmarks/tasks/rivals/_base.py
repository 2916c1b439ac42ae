"""What a rival has to do, as an executor of the standard library does it."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from typing import Any

__all__ = ["Futures"]


class Futures:
    """Workers behind a ``concurrent.futures.Executor``."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    def submit(self, f: Callable[..., Any], *args: Any) -> Future[Any]:
        """Start a task."""
        return self.executor.submit(f, *args)

    def result(self, future: Any) -> Any:
        """Wait for a task."""
        return future.result()

    def bulk(self, f: Callable[[Any], Any], xs: Sequence[Any]) -> list[Any]:
        """Apply one function to many arguments, the fastest way there is."""
        return list(self.executor.map(f, xs, chunksize=max(1, len(xs) // 16)))

    def share(self, array: Any) -> Any:
        """Prepare an array as the argument of many tasks."""
        return array

    def chain(self, f: Callable[[Any], Any], start: Any, length: int) -> Any:
        """Apply a function to its own result, a task each."""
        value = start
        for _ in range(length):
            value = self.result(self.submit(f, value))
        return value

    def close(self) -> None:
        """End the workers."""
        self.executor.shutdown()
