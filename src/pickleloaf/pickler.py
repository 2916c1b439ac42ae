"""Dumping: drives the table of reducers from inside the C pickler.

`Pickler.reducer_override` is called for every object but exact builtin containers and atoms, so it is
the hot path of the whole package: one look-up by the id of the exact type, which needs neither the
hash nor the equality that a metaclass may have redefined. A type is judged once per pickler, when its
first object is met (`_judge`).
"""

from __future__ import annotations

import copyreg
import pickle
from collections.abc import Callable
from types import CellType, FunctionType
from typing import Any

from pickleloaf.policy.by_value import Registry, ValuePolicy
from pickleloaf.reducers import reducer_for
from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers.cells import reduce_cell
from pickleloaf.reducers.classes import reduce_class
from pickleloaf.reducers.functions import reduce_function
from pickleloaf.rescue import Buffers, Memory, Parts, rescue

__all__ = ["DEFAULT_PROTOCOL", "REGISTRY", "Pickler", "dump", "dumps"]

DEFAULT_PROTOCOL = pickle.HIGHEST_PROTOCOL

#: The modules registered to travel by value where nothing else is said.
REGISTRY = Registry()

BufferCallback = Callable[[pickle.PickleBuffer], Any] | None

#: Judged beforehand: pickle knows these two itself, and asks no dispatch table about them.
_CORE: dict[int, Any] = {id(FunctionType): reduce_function, id(type): reduce_class, id(CellType): reduce_cell}


class Pickler(pickle.Pickler):
    """A pickler of live objects; a drop-in for ``pickle.Pickler`` and ``cloudpickle.Pickler``.

    ``reducer_override``, ``persistent_id`` and ``dispatch_table`` may be overridden as pickle documents.
    """

    def __init__(
        self,
        file: Any,
        protocol: int | None = None,
        buffer_callback: BufferCallback = None,
        *,
        by_value: str | Registry | None = None,
    ) -> None:
        """Set up a pickler that writes to a file.

        Args:
            file: anything with a ``write`` method that takes bytes.
            protocol: pickle protocol, 2 to 5; negative or None for the highest.
            buffer_callback: called with each buffer that goes out of band (PEP 574).
            by_value: a registry of modules that travel by value instead of the default one, or
                ``"local"``: the default one and whatever code belongs to no installed distribution.

        Raises:
            ValueError: ``by_value`` is another string.
        """
        protocol = DEFAULT_PROTOCOL if protocol is None or protocol < 0 else protocol
        self._file = file
        self._parts = Parts()
        self._buffers = None if buffer_callback is None else Buffers(buffer_callback)
        super().__init__(self._parts, protocol, buffer_callback=self._buffers)
        self._dump = Dump(_value_policy(by_value), protocol, _define)
        self._reducers = _CORE.copy()
        self._used = False

    def dump(self, obj: Any) -> None:
        """Write the pickle of an object to the file. When it fails, nothing is written.

        Raises:
            EncodeError: a part of the object cannot travel; says which and where it sits.
        """
        before = Memory(self._dump, self.memo.copy()) if self._used else Memory()
        self._used = True
        if self._buffers is not None:
            self._buffers.forget()
        try:
            super().dump(obj)
        except Exception as error:  # noqa: BLE001 - whatever user code raises while it is asked for its state
            rescue(self, obj, before, error)
        for part in self._parts:
            self._file.write(part)
        self._parts.clear()

    def clear_memo(self) -> None:
        """Forget which objects have been pickled, as pickle does."""
        super().clear_memo()
        self._dump.clear()
        self._used = False

    def reducer_override(self, obj: Any) -> Any:
        """Return how to make an object again, or NotImplemented where pickle's own way is right."""
        try:
            reducer = self._reducers[id(type(obj))]
        except KeyError:
            reducer = self._judge(type(obj))
        if reducer is None:
            return NotImplemented
        return reducer(obj, self._dump)

    def _judge(self, cls: type) -> Any:
        """Choose the reducer for a type; one that the user registered comes first."""
        reducer = None
        if not _is_registered(cls, getattr(self, "dispatch_table", copyreg.dispatch_table)):
            reducer = reducer_for(cls)
        self._reducers[id(cls)] = reducer
        return reducer


def _define(cls: type, policy: ValuePolicy) -> tuple[bytes, list[type]]:
    """Pickle the definition of one class, with other classes only named; return these too."""
    file = Parts()
    pickler = Pickler(file)
    pickler._dump.policy = policy
    pickler._dump.digesting = cls
    pickler.dump(cls)
    return b"".join(file), pickler._dump.met


def _is_registered(cls: type, table: Any) -> bool:
    try:
        return cls in table
    except TypeError:  # a metaclass that makes classes unhashable
        return False


def _value_policy(by_value: str | Registry | None) -> ValuePolicy:
    if isinstance(by_value, Registry):
        return ValuePolicy(by_value)
    if by_value not in (None, "local"):
        msg = f"by_value is a Registry, 'local' or None, not {by_value!r}"
        raise ValueError(msg)
    return ValuePolicy(REGISTRY, local=by_value == "local")


def dumps(
    obj: Any, protocol: int | None = None, buffer_callback: BufferCallback = None, **policy: Any
) -> bytes:
    """Return the pickle of an object.

    Args:
        obj: what is to travel.
        protocol: pickle protocol, 2 to 5; the highest by default.
        buffer_callback: called with each buffer that goes out of band (PEP 574).
        policy: further arguments of `Pickler`.

    Raises:
        EncodeError: a part of the object cannot travel; says which and where it sits.
    """
    file = Parts()
    Pickler(file, protocol, buffer_callback, **policy).dump(obj)
    return b"".join(file)


def dump(
    obj: Any, file: Any, protocol: int | None = None, buffer_callback: BufferCallback = None, **policy: Any
) -> None:
    """Write the pickle of an object to a file; see `dumps`. Nothing is written when it fails.

    Raises:
        EncodeError: a part of the object cannot travel; says which and where it sits.
    """
    file.write(dumps(obj, protocol, buffer_callback, **policy))
