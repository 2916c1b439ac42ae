"""``ProcessPoolExecutor`` with functions as bytes of cloudpickle, as people do it by hand."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

import cloudpickle

from benchmarks.tasks.rivals.futures_ import Workers as ByName

VERSION = cloudpickle.__version__
BY_NAME = False


def call(function: bytes, *args: Any) -> Any:
    """Be the task that the workers know by name."""
    return cloudpickle.loads(function)(*args)


class Workers(ByName):
    """Functions as bytes, arguments as they are."""

    def submit(self, f: Callable[..., Any], *args: Any) -> Future[Any]:
        """Start a task."""
        return self.executor.submit(call, cloudpickle.dumps(f), *args)

    def bulk(self, f: Callable[[Any], Any], xs: Sequence[Any]) -> list[Any]:
        """Pickle the function once."""
        return super().bulk(partial(call, cloudpickle.dumps(f)), xs)
