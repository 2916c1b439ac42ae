"""Payloads: our bytes on their way through an engine.

Large buffers (PEP 574) lie beside the pickle, not in it, and are offered to the engine as buffers again, so
that one with a store of objects or with zero-copy transport, Ray and Dask, does not copy them.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

from pickleloaf.pickler import dumps
from pickleloaf.unpickler import loads

__all__ = ["LARGE", "Payload"]

#: From this size on, in bytes, a buffer lies beside the pickle.
LARGE = 1 << 16


class Payload:
    """An object as bytes. An engine may keep it, copy it and pickle it, and never sees what is in it.

    Attributes:
        data: the pickle.
        buffers: what is large in it.
        failed: whether the object is the exception that a task raised.
    """

    __slots__ = ("buffers", "data", "failed")

    def __init__(self, data: bytes, buffers: Sequence[Any] = (), failed: bool = False) -> None:
        self.data = data
        self.buffers = buffers
        self.failed = failed

    @classmethod
    def of(cls, obj: Any, *, failed: bool = False, **policy: Any) -> Payload:
        """Pickle an object.

        Raises:
            EncodeError: a part of it cannot travel; says which and where it sits.
        """
        buffers: list[memoryview] = []

        def keep(buffer: pickle.PickleBuffer) -> bool:
            """Take what is large; whatever is not goes into the pickle."""
            raw = buffer.raw()
            if raw.nbytes >= LARGE:
                buffers.append(raw)
            return raw.nbytes < LARGE

        return cls(dumps(obj, buffer_callback=keep, **policy), buffers, failed)

    def open(self, *, patches: str = "apply") -> Any:
        """Make the object.

        Raises:
            DecodeError: it cannot be made in this process.
        """
        return loads(self.data, buffers=self.buffers, patches=patches)

    def settled(self) -> Payload:
        """Return the same, independent of what the sender does to its buffers from now on."""
        return (
            Payload(self.data, [bytes(each) for each in self.buffers], self.failed) if self.buffers else self
        )

    @property
    def nbytes(self) -> int:
        """Size in bytes, buffers included."""
        return len(self.data) + sum(memoryview(each).nbytes for each in self.buffers)

    def __sizeof__(self) -> int:
        return self.nbytes

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        wrap: Any = pickle.PickleBuffer if protocol >= 5 else bytes
        return Payload, (self.data, [wrap(each) for each in self.buffers], self.failed)
