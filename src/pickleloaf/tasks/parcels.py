"""Parcels: pickled objects on their way, with what is large in shared memory.

Buffers of 64 KiB and more (PEP 574) lie in one segment, and so does the pickle itself when it is that
long. Whoever passes a parcel on opens it not. The receiver maps the segment: its arrays are views of it,
and the memory lives as long as the last of them. What could be written where it comes from can be written: the
mapping is private, so the memory is shared until somebody writes, and whoever writes has a copy of that page.
"""

from __future__ import annotations

import errno
import pickle
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from pickleloaf.pickler import SMALL, Pickler
from pickleloaf.policy.by_value import TREATMENTS
from pickleloaf.tasks.plain import ATOMS, is_data
from pickleloaf.tasks.shared_memory import Segment, places
from pickleloaf.tasks.sharing import received, shared
from pickleloaf.unpickler import loads
from pickleloaf.wire import verb

__all__ = ["LARGE", "Packer", "Parcel", "mentioning", "opened", "pack", "rebuild_lost", "unpack"]

#: From this size on, in bytes, a buffer or a pickle lies in shared memory.
LARGE = 1 << 16

#: (size of the segment, where its buffers lie, what of the pickle lies there, whether any buffer may be written)
Layout = tuple[int, tuple[tuple[int, int], ...], int, bool]

#: The pickle is not in the segment; it is the last piece there; it is that, and carries patches.
_OUTSIDE, _INSIDE, _INSIDE_WITH_PATCHES = range(3)


class Parcel:
    """A pickled object.

    Attributes:
        data: the pickle; empty where it lies in the segment.
        segment: what is large, or None.
        layout: how the segment is divided, as plain data; None without a segment.
        mentions: the values that handles in it are of.
    """

    __slots__ = ("data", "layout", "mentions", "segment")

    def __init__(
        self,
        data: bytes,
        segment: Segment | None = None,
        layout: Layout | None = None,
        mentions: tuple[int, ...] = (),
    ) -> None:
        self.data = data
        self.segment = segment
        self.layout = layout
        self.mentions = mentions

    @property
    def fd(self) -> int:
        """The descriptor that has to travel along, or -1."""
        return -1 if self.segment is None else self.segment.fd

    @property
    def nbytes(self) -> int:
        """Size in bytes, shared memory included."""
        return len(self.data) + (0 if self.layout is None else self.layout[0])

    @classmethod
    def received(cls, data: bytes, layout: Layout | None, fd: int, mentions: tuple[int, ...] = ()) -> Parcel:
        """Put together a parcel that came over a link; without its descriptor it is an error for whoever opens it.

        Raises:
            ValueError: the descriptor is not what was announced.
        """
        if layout is None:
            return cls(data, mentions=mentions)
        if fd < 0:
            return cls(pickle.dumps(_Lost(layout[0]), 5), mentions=mentions)  # nothing can be imported now
        return cls(data, received(fd, layout[0]), layout, mentions)


class _Lost:
    """What cannot be had, as its descriptor is lost."""

    def __init__(self, nbytes: int) -> None:
        self._nbytes = nbytes

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild_lost, (self._nbytes,)


@verb
def rebuild_lost(nbytes: int) -> Any:
    """Say why a value is not there.

    Raises:
        OSError: always.
    """
    raise OSError(
        errno.EMFILE,
        f"{nbytes:,} bytes of shared memory came while the process had no file descriptor left for them; "
        "let go of results that are done with (each one that nobody has read holds a descriptor), or "
        "raise the limit (ulimit -n)",
    )


class _Mentions(threading.local):
    """The handles that this thread is pickling, for whom those are that it unpickles, and the runtime of its task."""

    into: list[int] | None = None
    runtime: Any = None
    current: Any = None


MENTIONS = _Mentions()


class mentioning:  # noqa: N801 - a block
    """Let handles that this thread unpickles belong to a runtime."""

    __slots__ = ("_before", "_runtime")

    def __init__(self, runtime: Any) -> None:
        self._runtime = runtime

    def __enter__(self) -> None:
        self._before, MENTIONS.runtime = MENTIONS.runtime, self._runtime

    def __exit__(self, *_: object) -> None:
        MENTIONS.runtime = self._before


class Packer:
    """A pickler to be used again; nobody else uses it meanwhile.

    Attributes:
        clean: whether it is as good as new: it remembers nothing of what it has pickled, and is not large.
        carries: whether the last pickle carries patches.
    """

    clean = True
    carries = False

    def __init__(self, **policy: Any) -> None:
        self.parts: list[bytes] = []
        self.buffers: list[Any] = []
        self.write = self.parts.append
        self._pickler = Pickler(self, 5, self._keeps, **policy)

    def _keeps(self, buffer: pickle.PickleBuffer) -> bool:
        return _stays(buffer, self.buffers)

    def pickle(self, obj: Any) -> tuple[bytes, list[Any]]:
        """Return the pickle of an object, and the buffers beside it."""
        self._pickler.dump(obj)
        data, buffers = b"".join(self.parts), self.buffers
        self.parts.clear()
        self.buffers = []
        self._pickler.clear_memo()
        self.carries = self._pickler._carries
        self.clean = len(data) < SMALL and not (self.carries or self._pickler._dump.keeps)
        return data, buffers


def _stays(buffer: pickle.PickleBuffer, others: list[Any]) -> bool:
    """Tell whether a buffer stays in the pickle; it goes to the others if it does not."""
    try:
        raw = buffer.raw()
    except BufferError:  # it does not lie in one piece
        return True
    if raw.nbytes < LARGE:
        return True
    others.append(raw)
    return False


#: Picklers to be used again, by what becomes of patches.
_spare: dict[str, list[Packer]] = {treatment: [] for treatment in TREATMENTS}
_SPARE = 8


def pack(obj: Any, patches: str = "carry") -> Parcel:
    """Pickle an object for a worker, or for the driver.

    Args:
        obj: the object.
        patches: see `Pickler`.

    Raises:
        EncodeError: a part of it cannot travel; says which and where it sits.
        OSError: there is no room for what is large.
    """
    large: list[Any] = []
    mentions: tuple[int, ...] = ()
    patched = False
    if type(obj) in ATOMS or (type(obj) is tuple and ATOMS.issuperset(map(type, obj))):
        data = pickle.dumps(obj, 5)
    elif all(map(is_data, obj)) if type(obj) is tuple else is_data(obj):
        data = pickle.dumps(obj, 5, buffer_callback=lambda buffer: _stays(buffer, large))
    else:
        data, large, mentions, patched = _pickled(obj, patches)
    if not large and len(data) < LARGE:
        return Parcel(data, mentions=mentions)
    is_written = not all(memoryview(piece).readonly for piece in large)
    place = _OUTSIDE if len(data) < LARGE else _INSIDE_WITH_PATCHES if patched else _INSIDE
    if place:
        large.append(data)
    segment = shared(large)
    sizes = [memoryview(piece).nbytes for piece in large]
    layout = (segment.nbytes, tuple(zip(places(large), sizes, strict=False)), place, is_written)
    return Parcel(b"" if place else data, segment, layout, mentions)


def _pickled(obj: Any, patches: str) -> tuple[bytes, list[Any], tuple[int, ...], bool]:
    spare = _spare[patches]
    try:
        packer = spare.pop()
    except IndexError:
        packer = Packer(patches=patches)
    before, MENTIONS.into = MENTIONS.into, []
    try:
        data, buffers = packer.pickle(obj)
        # What is written once more, behind its patches, mentions everything again.
        mentions = tuple(dict.fromkeys(MENTIONS.into) if packer.carries else MENTIONS.into)
    finally:
        MENTIONS.into = before
    if packer.clean and len(spare) < _SPARE:
        spare.append(packer)
    return data, buffers, mentions, packer.carries


def unpack(parcel: Parcel, *, copy: bool = False) -> Any:
    """Make the object in a parcel.

    Args:
        parcel: what `pack` made.
        copy: whether arrays are to have memory of their own from the start, also what could not be written.

    Raises:
        DecodeError: it cannot be made here.
    """
    if parcel.segment is not None and parcel.layout is not None and not parcel.layout[1]:
        view = parcel.segment.map(writable=True)  # nothing was pickled: it is a buffer for all to write
        return bytearray(view) if copy else view
    data, buffers = _opened(parcel, copy=copy)
    return loads(data, buffers=buffers)


def opened(value: Any, make: Callable[[Parcel], Any]) -> Any:
    """Make what a parcel holds, or a list of what several do: a tuple, which may be nested deeper than the stack."""
    found: list[Any] = []
    todo: list[tuple[Any, list[Any]]] = [(value, found)]
    while todo:
        each, into = todo.pop()
        if type(each) is tuple:
            parts: list[Any] = []
            into.append(parts)
            todo.extend((part, parts) for part in reversed(each))
        else:
            into.append(make(each))
    return found[0]


def unpack_for_a_while(parcel: Parcel) -> tuple[Any, AbstractContextManager[None]]:
    """Make the object in a parcel, and a block that has the patches in force that it carries.

    Raises:
        DecodeError: it cannot be made here.
    """
    data, buffers = _opened(parcel)
    place = _OUTSIDE if parcel.layout is None else parcel.layout[2]
    if not (carries_patches(data) if place == _OUTSIDE else place == _INSIDE_WITH_PATCHES):
        return loads(data, buffers=buffers), _NOTHING
    from pickleloaf.patching.api import applied

    obj, patches = loads(data, buffers=buffers, patches="collect")
    return obj, applied(patches)


def carries_patches(data: Any) -> bool:
    """Tell whether a pickle may carry patches: if it does, then by the verb that makes them."""
    return b"patche" in data


_NOTHING: AbstractContextManager[None] = nullcontext()


def _opened(parcel: Parcel, *, copy: bool = False) -> tuple[Any, list[Any] | None]:
    if parcel.segment is None or parcel.layout is None:
        return parcel.data, None
    whole = parcel.segment.map(private=parcel.layout[3] and not copy)
    make: Callable[[memoryview], Any] = bytearray if copy else _same
    pieces = [whole[at : at + nbytes] for at, nbytes in parcel.layout[1]]
    data: Any = pieces.pop() if parcel.layout[2] else parcel.data
    if parcel.layout[2] and len(data) < 1 << 24:
        data = bytes(data)
    return data, [make(piece) for piece in pieces]


def _same(piece: memoryview) -> memoryview:
    return piece
