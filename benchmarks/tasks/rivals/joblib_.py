"""joblib: loky's workers, calls in batches, arrays in memory-mapped files."""

from collections.abc import Callable, Sequence
from typing import Any

import joblib

VERSION = joblib.__version__
BY_NAME = False


class Workers:
    """One ``Parallel`` for all, as its documentation recommends; see `Futures` for what the methods mean."""

    def __init__(self, count: int) -> None:
        self.parallel = joblib.Parallel(n_jobs=count).__enter__()

    def submit(self, f: Callable[..., Any], *args: Any) -> Any:
        """Note a task: it has no other way to start one than with others in a batch."""
        return joblib.delayed(f)(*args)

    def result(self, handle: Any) -> Any:
        """Run one task."""
        return self.parallel([handle])[0]

    def results(self, handles: Sequence[Any]) -> list[Any]:
        """Run many tasks."""
        return self.parallel(handles)

    def bulk(self, f: Callable[[Any], Any], xs: Sequence[Any]) -> list[Any]:
        """Let joblib make its batches."""
        return self.parallel(joblib.delayed(f)(x) for x in xs)

    def share(self, array: Any) -> Any:
        """Leave it to joblib, which maps arrays over 1 MB."""
        return array

    def chain(self, f: Callable[[Any], Any], start: Any, length: int) -> Any:
        """Wait for each task."""
        value = start
        for _ in range(length):
            value = self.result(self.submit(f, value))
        return value

    def close(self) -> None:
        """End the workers."""
        self.parallel.__exit__(None, None, None)
        joblib.externals.loky.get_reusable_executor().shutdown()
