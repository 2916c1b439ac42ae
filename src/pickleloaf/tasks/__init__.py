"""Tasks: hand a live function to a worker process and await the result."""

from __future__ import annotations

from typing import Any

__all__ = ["current"]


def current() -> Any:
    """Return the cluster that this process belongs to; see `pickleloaf.tasks.promise.current`.

    Raises:
        RuntimeError: there is none.
    """
    from pickleloaf.tasks import promise

    return promise.current()
