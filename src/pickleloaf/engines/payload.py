"""Payloads: our bytes on their way through an engine.

Large buffers (PEP 574) lie beside the pickle, not in it, and are offered to the engine as buffers again, so
that one with a store of objects or with zero-copy transport, Ray and Dask, does not copy them. What has none is
sent as the bytes that it consists of, since all engines are fastest with bytes.
"""

from __future__ import annotations

import contextlib
import functools
import pickle
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from pickleloaf.tasks.parcels import LARGE, Packer
from pickleloaf.tasks.plain import ATOMS
from pickleloaf.unpickler import loads

__all__ = ["LARGE", "POLICIES", "Packing", "Payload", "Policy", "Sent", "packing", "policy_of"]

#: Arguments of `pickleloaf.dumps`, as pairs.
Policy: TypeAlias = tuple[tuple[str, Any], ...]


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
        return packing(tuple(policy.items())).pack(obj, failed=failed)

    @classmethod
    def received(cls, sent: Sent) -> Payload:
        """Return the payload that was sent."""
        return sent if isinstance(sent, Payload) else cls(sent)

    def sent(self, copy: Callable[[Any], Any] | None = None) -> Sent:
        """Return what an engine is given, which is bytes where nothing else has to be said.

        Args:
            copy: copies a buffer, for an engine that sends it later, when the user may have changed it; `bytes` for
                one that pickles by a protocol before 5, else see `copies`.
        """
        if not self.buffers:
            return self if self.failed else self.data
        return (
            self if copy is None else Payload(self.data, [copy(each) for each in self.buffers], self.failed)
        )

    def shared(self) -> Payload:
        """Return the same, with memory that may not be written: other tasks may be given it as well."""
        return Payload(self.data, [memoryview(each).toreadonly() for each in self.buffers], self.failed)

    def open(self, stack: contextlib.ExitStack | None = None) -> Any:
        """Make the object.

        Args:
            stack: the patches that it carries are in force until this is left; without it, from now on.

        Raises:
            DecodeError: it cannot be made in this process.
        """
        if stack is None or b"patche" not in self.data:
            return loads(self.data, buffers=self.buffers)
        from pickleloaf.patching.api import applied

        obj, patches = loads(self.data, buffers=self.buffers, patches="collect")
        stack.enter_context(applied(patches))
        return obj

    @property
    def nbytes(self) -> int:
        """Size in bytes, buffers included."""
        return len(self.data) + sum(memoryview(each).nbytes for each in self.buffers)

    def __sizeof__(self) -> int:
        return self.nbytes

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        wrap: Any = pickle.PickleBuffer if protocol >= 5 else bytes
        return Payload, (self.data, [wrap(each) for each in self.buffers], self.failed)


#: What an engine carries: a payload, or the bytes of one that has nothing large in it.
Sent: TypeAlias = bytes | Payload


#: What may be said about how things are pickled.
POLICIES = frozenset({"by_value", "handles", "patches", "portable"})


def policy_of(
    *,
    by_value: Any = "local",
    handles: Any = None,
    patches: str | None = None,
    portable: bool | str = False,
) -> Policy:
    """Return a policy, as its parts are said to `engines.connect`; see `pickleloaf.Pickler` for what they mean.

    Args:
        by_value: by default your own project travels, and need not be installed there.
        handles: what becomes of locks, files and the like.
        patches: what is carried is in force while the task runs.
        portable: whether the workers may have another Python, as far as the engine allows that.

    Raises:
        ValueError: one of them has no such value.
    """
    said = {"by_value": by_value, "handles": handles, "patches": patches, "portable": portable or None}
    policy = {name: value for name, value in said.items() if value is not None}
    Packer(**policy)
    return tuple(policy.items())


#: Picklers of one way that are kept at most.
_SPARE = 8


class Packing:
    """One way of making payloads. Its picklers are used again: to make one takes longer than to pickle a function."""

    def __init__(self, policy: Policy) -> None:
        self._policy = dict(policy)
        self._spare: list[Packer] = []
        #: Whether code travels as it does by default, where it refers to nothing, and the policy itself is plain data.
        self.is_plain = all(type(value) in ATOMS for value in self._policy.values()) and not self._policy.get(
            "portable"
        )

    def pack(self, obj: Any, *, failed: bool = False) -> Payload:
        """Pickle an object; see `Payload.of`.

        Raises:
            EncodeError: a part of it cannot travel; says which and where it sits.
        """
        if type(obj) in ATOMS:
            return Payload(pickle.dumps(obj, 5), (), failed)
        try:
            packer = self._spare.pop()
        except IndexError:
            packer = Packer(**self._policy)
        data, buffers = packer.pickle(obj)
        if packer.clean and len(self._spare) < _SPARE:
            self._spare.append(packer)
        return Payload(data, buffers, failed)


@functools.lru_cache(8)
def packing(policy: Policy) -> Packing:
    """Return the way of making payloads under a policy; the last few are kept."""
    return Packing(policy)
