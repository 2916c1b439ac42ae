"""Copies of large buffers, for an engine that sends them later, when the user may have changed what they are of.

1. Most of the time of a copy goes into the faults of new pages: so pages are huge, and are used again.
2. Pages may be used again once nobody reads them any more: who has sent them, or, where the workers are threads, who
   has made an array of them. Whoever reads them holds an export of theirs, at however many removes, and memory with
   exports refuses to be resized. So nobody has to say that he is done.
"""

from __future__ import annotations

import mmap
import threading
from typing import Any

__all__ = ["Copies", "copied"]

#: How many pieces of memory are kept, and the largest of them, in bytes.
_KEPT = 4
_LARGEST = 128 << 20


def copied(buffer: Any) -> Any:
    """Copy a buffer into memory of its own."""
    return _filled(_pages(memoryview(buffer).nbytes), buffer)


class Copies:
    """Copies buffers, into memory that it has used before where it can."""

    def __init__(self) -> None:
        self._kept: list[Any] = []
        self._lock = threading.Lock()

    def __call__(self, buffer: Any) -> Any:
        """Copy a buffer."""
        with self._lock:  # until there is a view of them, the pages are free for the next
            view = memoryview(self._free(memoryview(buffer).nbytes))
        return _filled(view, buffer)

    def _free(self, nbytes: int) -> Any:
        for pages in self._kept:
            if len(pages) >= nbytes and _is_free(pages):
                return pages
        pages = _pages(nbytes)
        if _HUGE is not None and nbytes <= _LARGEST:
            self._kept = [*self._kept[1 - _KEPT :], pages]
        return pages


def _filled(pages: Any, buffer: Any) -> memoryview:
    """Return a copy of a buffer, at the beginning of some memory."""
    view = memoryview(buffer).cast("B")
    copy = memoryview(pages)[: view.nbytes]
    copy[:] = view
    return copy


#: What asks for huge pages, where the system has them.
_HUGE = getattr(mmap, "MADV_HUGEPAGE", None)


def _pages(nbytes: int) -> Any:
    if _HUGE is None:
        return bytearray(nbytes)
    pages = mmap.mmap(-1, nbytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    pages.madvise(_HUGE)
    return pages


def _is_free(pages: Any) -> bool:
    """Tell whether nobody reads some memory."""
    try:
        pages.resize(len(pages))
    except BufferError:
        return False
    return True
