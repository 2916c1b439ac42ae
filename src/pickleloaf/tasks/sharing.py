"""What lies in shared memory already is neither put there again nor mapped again.

1. The sender: what is to be shared may be the same as what a segment holds that is still in use, as when one
   array goes to ten tasks. An array may be written between two of them, and there is no way to be told of it.
   So its bytes are compared with those in the segment: that takes a sixth of the time of a copy into new
   memory, it is always right, and it finds equal bytes wherever they come from.
2. Which segment to compare with is told by the sizes of the pieces and a few samples of their bytes.
3. The receiver: the kernel knows a segment by a number of its own, whichever descriptor it came with. A task
   that waits beside another one for the same array uses the mapping that is there.
4. Nothing is kept here: only what somebody else holds is found again. (A worker holds the segment of its latest
   task until the next one comes, or for a tenth of a second.)
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Sequence

from pickleloaf.tasks.shared_memory import Piece, Segment, places

__all__ = ["received", "shared"]

#: How many bytes of a piece are looked at, at its beginning, middle and end.
_SAMPLE = 64

#: Sealed segments that this process made, by samples of what they hold.
_made: weakref.WeakValueDictionary[int, Segment] = weakref.WeakValueDictionary()
#: Segments that this process received, by the kernel's numbers.
_attached: weakref.WeakValueDictionary[tuple[int, int], Segment] = weakref.WeakValueDictionary()


def shared(pieces: Sequence[Piece]) -> Segment:
    """Return a sealed segment that holds these pieces, as `Segment.holding` makes it, or one that is there.

    Raises:
        OSError: there is no room for a new one.
        TypeError: a piece is no contiguous buffer.
    """
    views = [memoryview(piece).cast("B") for piece in pieces]
    look = hash(tuple((view.nbytes, *_samples(view)) for view in views))
    known = _made.get(look)
    if known is not None and _holds(known, views):
        return known
    made = _made[look] = Segment.holding(pieces)
    return made


def received(fd: int, nbytes: int) -> Segment:
    """Take over a descriptor, as `Segment.attach` does; return the segment that is there already, if it is.

    Raises:
        ValueError: it is no memory, or less than was announced.
        OSError: it is no descriptor.
    """
    status = os.fstat(fd)
    number = status.st_dev, status.st_ino
    known = _attached.get(number)
    if known is not None and known.nbytes == nbytes:
        os.close(fd)
        return known
    segment = _attached[number] = Segment.attach(fd, nbytes)
    return segment


def _samples(view: memoryview) -> tuple[bytes, bytes, bytes]:
    middle = view.nbytes // 2
    return bytes(view[:_SAMPLE]), bytes(view[middle : middle + _SAMPLE]), bytes(view[-_SAMPLE:])


def _holds(segment: Segment, pieces: Sequence[memoryview]) -> bool:
    """Tell whether a segment has the bytes of these pieces, in their places."""
    offsets = places(pieces)
    if segment.nbytes != offsets[-1]:
        return False
    whole = segment.map()  # all of it is going to be read
    return all(
        _equal(whole[offset : offset + piece.nbytes], piece)
        for offset, piece in zip(offsets, pieces, strict=False)
    )


def _equal(one: memoryview, other: memoryview) -> bool:
    """Compare memory at its full speed, which no operator of Python's does for views that may not be written."""
    import ctypes

    with _Address(one) as here, _Address(other) as there:
        return one.nbytes == other.nbytes and not ctypes.CDLL(None).memcmp(
            ctypes.c_void_p(here), ctypes.c_void_p(there), ctypes.c_size_t(one.nbytes)
        )


class _Address:
    """A block in which the address of a buffer is known, and stays."""

    def __init__(self, view: memoryview) -> None:
        import ctypes

        self._view = ctypes.py_object(view)
        self._buffer = (
            ctypes.c_void_p * 12
        )()  # a Py_buffer, which begins with the address and has ten fields
        self._api = ctypes.pythonapi

    def __enter__(self) -> int:
        self._api.PyObject_GetBuffer(self._view, self._buffer, 0)
        return self._buffer[0] or 0

    def __exit__(self, *_: object) -> None:
        self._api.PyBuffer_Release(self._buffer)
