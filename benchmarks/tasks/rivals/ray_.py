"""Ray, on one machine."""

from collections.abc import Callable, Sequence
from typing import Any

import ray

VERSION = ray.__version__
BY_NAME = False


class Workers:
    """As many processors as workers are wanted; see `Futures` for what the methods mean."""

    def __init__(self, count: int) -> None:
        ray.init(num_cpus=count, include_dashboard=False, logging_level="error")
        self._known: tuple[Any, Any] = (None, None)

    def remote(self, f: Callable[..., Any]) -> Any:
        """Return the task of a function; that of the last one is kept, as with a decorator."""
        if self._known[0] is not f:
            self._known = (f, ray.remote(f))
        return self._known[1]

    def submit(self, f: Callable[..., Any], *args: Any) -> Any:
        """Start a task."""
        return self.remote(f).remote(*args)

    def result(self, handle: Any) -> Any:
        """Wait for a task."""
        return ray.get(handle)

    results = result

    def bulk(self, f: Callable[[Any], Any], xs: Sequence[Any]) -> list[Any]:
        """Send all calls at once."""
        task = self.remote(f)
        return ray.get([task.remote(x) for x in xs])

    def share(self, array: Any) -> Any:
        """Place it in the object store."""
        return ray.put(array)

    def chain(self, f: Callable[[Any], Any], start: Any, length: int) -> Any:
        """Pass the ref of one result to the next task."""
        value = start
        for _ in range(length):
            value = self.submit(f, value)
        return ray.get(value)

    def close(self) -> None:
        """End everything."""
        ray.shutdown()
