"""Loading: plain pickle, with errors that say what is missing."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterable
from typing import Any

from pickleloaf.errors import DecodeError, PickleloafError

__all__ = ["load", "loads"]


def loads(data: Any, *, buffers: Iterable[Any] | None = None) -> Any:
    """Make the object in a payload.

    Args:
        data: bytes, or anything with the buffer protocol.
        buffers: the buffers that went out of band, in order.

    Raises:
        DecodeError: the bytes are damaged, or need something that this process does not have.
    """
    return pickle.loads(data, buffers=buffers)


def load(file: Any, *, buffers: Iterable[Any] | None = None) -> Any:
    """Make the object in a file; see `loads`."""
    return pickle.load(file, buffers=buffers)
