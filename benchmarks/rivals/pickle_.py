"""The standard library's pickle: by reference only."""

import pickle
import platform
from typing import Any

NAME = "pickle"
VERSION = platform.python_version()
register = unregister = None


def dumps(obj: Any) -> bytes:
    """Pickle with the newest protocol, as the others do by default."""
    return pickle.dumps(obj, pickle.HIGHEST_PROTOCOL)


loads = pickle.loads


def dumps_apart(obj: Any) -> tuple[bytes, list[Any]]:
    """Pickle with buffers out of band."""
    buffers: list[Any] = []
    return pickle.dumps(obj, pickle.HIGHEST_PROTOCOL, buffer_callback=buffers.append), buffers
