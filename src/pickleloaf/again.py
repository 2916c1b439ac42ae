"""What is known only once a payload has been written. It is then written once more.

1. Whether what a view of memory looks into travels as well, or another view that overlaps: then they share it
   over there, too. Where nothing else looks into it, only what the view shows travels.
2. Whether a dict of a subclass is the ``__dict__`` of an instance. Pickle would copy it into a plain one.

Both are rare, and which objects a payload holds is known from the pickler's memo. Reducers that meet a view or
such a dict note it in `Dump.doubts`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from pickleloaf.reducers._own_dicts import keep_own_dict
from pickleloaf.reducers.views import extent
from pickleloaf.rescue import Memory

__all__ = ["write_again"]


def write_again(pickler: Any, obj: Any, before: Memory | None) -> None:
    """Write an object once more if what was doubtful turns out to need that.

    Raises:
        EncodeError: a part of the object cannot travel.
    """
    dump = pickler._dump
    memo = pickler.memo.copy()
    views = [each for each in dump.doubts if type(each) is memoryview]
    dicts = {id(each) for each in dump.doubts if type(each) is not memoryview}
    dump.doubts.clear()
    shared = _shared(views, memo, pickler._buffers is not None)
    owners = [type(each) for _, each in memo.values() if dicts and _dict_of(each) in dicts]
    kept = {id(cls) for cls in owners if keep_own_dict(cls)}
    if not shared and not kept:
        return
    (before or Memory()).restore(pickler)
    if pickler._buffers is not None:
        pickler._buffers.replay()
    for cls in [each for each in pickler._judged if id(each) in kept]:
        del pickler._judged[cls]
    dump.shared = shared
    try:
        pickler._write(obj, before)
    finally:
        del dump.shared
        dump.doubts.clear()


def _dict_of(obj: Any) -> int:
    """Return the id of an object's ``__dict__``, or 0."""
    try:
        return id(object.__getattribute__(obj, "__dict__"))
    except (AttributeError, TypeError):
        return 0


def _shared(views: list[memoryview], memo: dict[int, Any], is_out_of_band: bool) -> dict[int, Any]:
    """Return what several look into, by the id of the object: the object, or a part of it and where that begins."""
    looked_into: dict[int, list[memoryview]] = {}
    for view in views:
        looked_into.setdefault(id(view.obj), []).append(view)
    found: dict[int, Any] = {}
    for key, group in looked_into.items():
        if key in memo:
            found[key] = (group[0].obj, 0, is_out_of_band)
        elif len(group) > 1 and memoryview(group[0].obj).c_contiguous:
            parts = sorted(extent(view) for view in group)
            if any(one[1] > other[0] for one, other in pairwise(parts)):
                start, stop = parts[0][0], max(stop for _, stop in parts)
                found[key] = (
                    bytearray(memoryview(group[0].obj).cast("B")[start:stop]),
                    start,
                    is_out_of_band,
                )
    return found
