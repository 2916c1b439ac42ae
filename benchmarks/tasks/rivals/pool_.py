"""The standard library's ``multiprocessing.Pool``, forked."""

import multiprocessing
import platform
from collections.abc import Callable, Sequence
from typing import Any

VERSION = platform.python_version()
BY_NAME = True


class Workers:
    """A pool; see `Futures` for what the methods mean."""

    def __init__(self, count: int) -> None:
        self.pool = multiprocessing.get_context("fork").Pool(count)

    def submit(self, f: Callable[..., Any], *args: Any) -> Any:
        """Start a task."""
        return self.pool.apply_async(f, args)

    def result(self, handle: Any) -> Any:
        """Wait for a task."""
        return handle.get()

    def bulk(self, f: Callable[[Any], Any], xs: Sequence[Any]) -> list[Any]:
        """Let the pool make its chunks."""
        return self.pool.map(f, xs)

    def share(self, array: Any) -> Any:
        """Have no store."""
        return array

    def chain(self, f: Callable[[Any], Any], start: Any, length: int) -> Any:
        """Wait for each task."""
        value = start
        for _ in range(length):
            value = self.pool.apply(f, (value,))
        return value

    def close(self) -> None:
        """End the workers."""
        self.pool.terminate()
        self.pool.join()
