"""Dumping: drives the table of reducers from inside the C pickler (see judging)."""

from __future__ import annotations

import functools
import importlib
import pickle
import sys
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from pickleloaf.dispatch_table import ClassTable, DispatchTable
from pickleloaf.errors import EncodeError
from pickleloaf.judging import CORE, CORE_SIZE, override_of
from pickleloaf.policy.by_value import Registry, ValuePolicy, chosen_policy, default_treatment
from pickleloaf.policy.handles import Handles
from pickleloaf.reducers._dump import Dump
from pickleloaf.rescue import Memory, Parts, rescue

__all__ = [
    "DEFAULT_POLICY",
    "DEFAULT_PROTOCOL",
    "REGISTRY",
    "SMALL",
    "Pickler",
    "dump",
    "dumps",
    "set_default_patches",
]

DEFAULT_PROTOCOL = pickle.HIGHEST_PROTOCOL

#: The modules registered to travel by value where nothing else is said.
REGISTRY = Registry()

#: The policies of handles where nothing else is said.
HANDLES = Handles()

#: The entries that are set on `Pickler.dispatch_table`.
TABLE = ClassTable(lambda: _spare.clear())  # noqa: PLW0108 - which is there later

BufferCallback = Callable[[pickle.PickleBuffer], Any] | None

#: A pickler that had much in its memo stays large, and takes long to clear each time: it is not kept. There may be
#: something in the memo for every third byte of a payload.
SMALL = 1 << 12

_IN_USE = "Pickler object is already used"  # as pickle says it, from 3.14 on

_dump, _clear_memo = pickle.Pickler.dump, pickle.Pickler.clear_memo


class Pickler(pickle.Pickler):
    """A pickler of live objects; a drop-in for ``pickle.Pickler`` and ``cloudpickle.Pickler``.

    ``reducer_override``, ``persistent_id`` and ``dispatch_table`` may be overridden as pickle documents.
    """

    #: As cloudpickle's: a mapping that holds for all picklers of this class, and for `dumps`.
    dispatch_table = DispatchTable(TABLE)

    #: True if the last payload that was looked at closely carries patches.
    _carries = False

    #: True while `dump` runs.
    _is_dumping = False

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Say that a subclass has forgotten to call ``__init__``, as pickle does."""
            if name in ("_used", "_dump"):
                kind = type(self).__name__
                msg = f"Pickler.__init__() was not called by {kind}.__init__()"
                raise EncodeError(msg)
            msg = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(msg, name=name, obj=self)

    if sys.implementation.name != "cpython":

        def __new__(cls, *_: Any, **__: Any) -> Self:
            """Refuse: others have no pickler in C, which is what asks the reducers."""
            msg = f"pickleloaf dumps on CPython, and this is {sys.implementation.name}"
            raise EncodeError(
                msg, hint="dump on CPython with portable=True: such payloads are loaded here too"
            )

    def __init__(
        self,
        file: Any,
        protocol: int | None = None,
        buffer_callback: BufferCallback = None,
        *,
        by_value: str | Registry | None = None,
        handles: Handles | None = None,
        patches: str | None = None,
        portable: bool | str = False,
    ) -> None:
        """Set up a pickler that writes to a file.

        Args:
            file: anything with a ``write`` method that takes bytes.
            protocol: pickle protocol, 2 to 5; negative or None for the highest.
            buffer_callback: called with each buffer that goes out of band (PEP 574).
            by_value: a registry of modules that travel by value instead of the default one, or
                ``"local"``: the default one and whatever code belongs to no installed distribution.
            handles: what becomes of locks, files and other handles instead of what `handle` says.
            patches: what becomes of patches of importable modules and classes that the object refers to:
                ``"warn"`` (a `LostPatchWarning` says that they stay behind), ``"carry"``, ``"refuse"`` or
                ``"ignore"``. By default what ``PICKLELOAF_PATCHES`` in the environment says, else "warn".
            portable: whether every Python from 3.11 on can load the payload: code then travels with its
                source, proved to be its own. ``"prefer"``: code whose source is uncertain is for this
                Python alone.

        Raises:
            RuntimeError: the pickler is dumping.
            TypeError: the file has no method ``write``.
            ValueError: ``by_value``, ``patches`` or ``portable`` is another string.
        """
        if self._is_dumping:
            raise RuntimeError(_IN_USE)
        if file is not None and not hasattr(file, "write"):
            msg = f"file must have a 'write' attribute, which {type(file).__name__!r} has not"
            raise TypeError(msg)
        protocol = DEFAULT_PROTOCOL if protocol is None or protocol < 0 else protocol
        self._file = file
        self._parts = parts = Parts()
        policy = DEFAULT_POLICY
        if by_value is not None or handles is not None or patches is not None or portable:
            policy = chosen_policy(DEFAULT_POLICY, by_value, handles, patches, portable)
        self._hooks: list[Any] = []
        self._buffers: Any = None
        if buffer_callback is not None:
            carries = policy.patches == "carry"
            kind = _part("patching.ship").HeldBuffers if carries else _part("replaying").Buffers
            self._buffers = kind(buffer_callback)
            self._hooks.append(self._buffers)
        if type(self).persistent_id is not _persistent_id:
            self.persistent_id = _part("replaying").PersistentIds(self)  # type: ignore[method-assign]
            self._hooks.append(self.persistent_id)
        pickle.Pickler.__init__(self, parts, protocol, buffer_callback=self._buffers)
        self._dump = Dump(policy, protocol)
        self._used = False
        self._judged = self._dump.judged = CORE.copy()
        self._override = override = override_of(
            None if file is None else weakref.ref(self), self._judged, self._dump, TABLE
        )
        if type(self).reducer_override is _reducer_override:
            self.reducer_override = override  # type: ignore[method-assign, assignment]
        else:
            self.reducer_override = _part("replaying").Overrides(self)  # type: ignore[method-assign]
            self._hooks.append(self.reducer_override)

    def dump(self, obj: Any) -> None:
        """Write the pickle of an object to the file. When it fails, nothing is written.

        Raises:
            EncodeError: a part of the object cannot travel; says which and where it sits.
            RuntimeError: the pickler is dumping already: a hook, or another thread, has called it.
        """
        if self._is_dumping:
            raise RuntimeError(_IN_USE)
        before = Memory(self._dump, self.memo.copy()) if self._used else None
        self._used = self._is_dumping = True
        try:
            for part in self._pickled(obj, before):
                self._file.write(part)
        finally:
            self._is_dumping = False
            self._parts.clear()
            self._dump.answers.clear()
            self._dump.known.clear()
            for hook in self._hooks:
                hook.forget()

    def _pickled(self, obj: Any, before: Memory | None = None) -> Parts:
        """Return the pickle of an object in parts, which the caller clears."""
        dump = self._dump
        self._write(obj, before)
        if dump.doubts:
            _part("again").look_again(self, obj, before)
        uses = dump.uses
        if uses and dump.policy.glance(uses):
            _part("patching.treat").treat_patches(self, obj, before)
        elif (
            self._buffers is not None and dump.policy.patches == "carry"
        ):  # not while it is written behind patches
            _part("patching.ship").release_buffers(self, obj, before)
        if dump.policy.portable and dump.portable:
            from pickleloaf.provided import with_note

            self._parts[:] = [with_note(b"".join(self._parts))]
        return self._parts

    def _write(self, obj: Any, before: Memory | None) -> None:
        try:
            _dump(self, obj)
        except Exception as error:  # noqa: BLE001 - whatever user code raises while it is asked for its state
            if not _part("patching.ship").write_with_originals(self, obj, before, error):
                rescue(self, obj, before or Memory(), error)

    def clear_memo(self) -> None:
        """Forget which objects have been pickled, as pickle does."""
        _clear_memo(self)
        self._dump.clear()
        if len(self._judged) > CORE_SIZE:
            self._judged.clear()
            self._judged.update(CORE)
        self._used = False

    def reducer_override(self, obj: Any) -> Any:  # noqa: D102 - see below
        self._answered = self._override(obj)
        return self._answered


#: To tell whether a subclass has its own.
_reducer_override = Pickler.reducer_override
_persistent_id = getattr(pickle.Pickler, "persistent_id", None)


@functools.cache
def _part(name: str) -> Any:
    """Import what plain data and most functions do without: patches, doubts, definitions with sets."""
    return importlib.import_module(f"pickleloaf.{name}")


#: The policy where nothing else is said.
DEFAULT_POLICY = ValuePolicy(REGISTRY, HANDLES, patches=default_treatment())


def set_default_patches(patches: str) -> None:
    """Say what becomes of patches wherever nothing else is said: in `dumps`, `Pickler`, and frameworks that use these.

    It holds in this process. ``PICKLELOAF_PATCHES`` in the environment holds in its children, too.

    Args:
        patches: see `Pickler`.

    Raises:
        ValueError: another string.
    """
    DEFAULT_POLICY.treat_patches(patches)
    _spare.clear()


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
    if policy or protocol is not None or buffer_callback is not None:
        return b"".join(Pickler(None, protocol, buffer_callback, **policy)._pickled(obj))
    try:
        pickler = _spare.pop()
    except IndexError:
        pickler = Pickler(None)
    try:
        parts = pickler._pickled(obj)
    except EncodeError:
        _keep(pickler)
        raise
    if len(parts) > 1:
        del pickler  # gives its memo back before memory is needed for the payload
        return b"".join(parts)
    payload: bytes = parts[0]
    if len(payload) < SMALL:
        _keep(pickler)
    return payload


def _keep(pickler: Pickler) -> None:
    if len(_spare) < _SPARE and not pickler._dump.keeps:
        pickler._parts.clear()
        pickler.clear_memo()
        _spare.append(pickler)


#: Picklers with nothing in them. To make one takes longer than to dump a function.
_spare: list[Pickler] = []
_SPARE = 8


def dump(
    obj: Any, file: Any, protocol: int | None = None, buffer_callback: BufferCallback = None, **policy: Any
) -> None:
    """Write the pickle of an object to a file; see `dumps`. Nothing is written when it fails.

    Raises:
        EncodeError: a part of the object cannot travel; says which and where it sits.
    """
    file.write(dumps(obj, protocol, buffer_callback, **policy))
