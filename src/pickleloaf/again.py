"""What is known only once a payload has been written. It is then written once more.

1. Whether what a view of memory or data of ctypes looks into travels as well, or another one that overlaps: then they
   share it over there, too. Where nothing else looks into it, only what the view shows travels. So it is with views
   of the keys or values of a dict.
2. Whether the globals of functions that ``exec`` has made travel as the dict that they are. Then it is in that dict
   that the functions look their names up over there, too.
3. Whether a dict of a subclass is the ``__dict__`` of an instance. Pickle would copy it into a plain one.
4. Whether the ``__dict__`` of an instance travels on its own too, or is that of another instance. To find that out, it
   is written once more with a copy as the state: then the dict itself is in the memo only if it is met elsewhere.
5. Whether what handles are made of, such as the lock of a queue, travels on its own too, or is part of several. Then it
   is not made anew with each.
6. Whether the body of a function imports a module that only this process has: made by hand, or loaded from a file that
   is on nobody's path. Then it travels by value, as those do that are registered.

All are rare, and which objects a payload holds is known from the pickler's memo. Reducers that meet such a view or
dict say so in `Dump.doubts`, as (kind, object); what turns out to be shared they find in `Dump.shared`, by its id.
"""

from __future__ import annotations

import gc
import io
from collections import Counter
from itertools import pairwise, repeat
from typing import Any

from pickleloaf.reducers._dicts_of import has_dict, place_of_dict
from pickleloaf.reducers._own_dicts import ask_again, ask_less, believe, keep_own_dict
from pickleloaf.reducers._sharing import Sharing
from pickleloaf.reducers.handles._parts import parts_of
from pickleloaf.reducers.views import extent, is_native
from pickleloaf.rescue import Memory

__all__ = ["write_again"]

_Memo = dict[int, tuple[int, Any]]

#: What a view of a BytesIO looks into.
_BUFFER = type(io.BytesIO().getbuffer().obj)


def write_again(pickler: Any, obj: Any, before: Memory | None) -> None:
    """Write an object once more if what was doubtful turns out to need that.

    Raises:
        EncodeError: a part of the object cannot travel.
    """
    dump = pickler._dump
    memo = pickler.memo.copy()
    for kind, doubtful in dump.doubts:
        if kind != "globals" or id(doubtful) in memo:
            break
    else:  # the common case: functions that exec has made, or that came from elsewhere
        dump.doubts.clear()
        return
    doubts: dict[str, list[Any]] = {}
    for kind, doubtful in dump.doubts:
        doubts.setdefault(kind, []).append(doubtful)
    dump.doubts.clear()
    if "imports" in doubts:
        _bring_modules(pickler, obj, before)
        return
    scopes = [scope for scope in doubts.get("globals", ()) if id(scope) in memo]
    shared = _shared_memory(doubts.get("memory", []), memo, pickler._buffers is not None)
    shared.update((id(each), each) for each in [*scopes, *doubts.get("whole", ())] if id(each) in memo)
    shared |= _sharing_parts(doubts.get("made", []), memo)
    kept = _kept_dicts(doubts["attributes"], memo) if "attributes" in doubts else set()
    asked = {id(type(each)): type(each) for each in doubts.get("own", ())}
    for cls in asked.values():
        ask_again(cls)
    for cls in [each for each in pickler._judged if id(each) in kept or id(each) in asked]:
        del pickler._judged[cls]
    root = Sharing(scopes, obj) if scopes else obj
    unsure = _held_elsewhere(doubts.get("own", []), shared)
    if unsure:
        _write(
            pickler,
            root,
            before,
            shared | {key: dict(object.__getattribute__(each, "__dict__")) for key, each in unsure.items()},
        )
        met = pickler.memo.copy()
        found = {key: object.__getattribute__(each, "__dict__") for key, each in unsure.items() if key in met}
        if not found:
            for each in unsure.values():
                ask_less(type(each))
            return
        shared |= found
    if shared or kept:
        _write(pickler, root, before, shared)


def _bring_modules(pickler: Any, obj: Any, before: Memory | None) -> None:
    """Write an object once more with the modules that only this process has, and look at it again."""
    dump = pickler._dump
    dump.brings = True
    try:
        (before or Memory()).restore(pickler)
        pickler._write(obj, before)
        if dump.doubts:
            write_again(pickler, obj, before)
    finally:
        dump.brings = False


def _write(pickler: Any, root: Any, before: Memory | None, shared: dict[int, Any]) -> None:
    (before or Memory()).restore(pickler)
    dump = pickler._dump
    dump.shared = shared
    try:
        pickler._write(root, before)
    finally:
        dump.shared = {}
        dump.doubts.clear()


def _held_elsewhere(instances: list[Any], shared: dict[int, Any]) -> dict[int, Any]:
    """Return instances whose dict others have, who may or may not be in the payload, by the id of the dict.

    Dicts that several of the instances have, or their class, are noted as shared.
    """
    unsure: dict[int, Any] = {}
    for each in {id(each): each for each in instances}.values():  # in a cycle, an instance is met twice
        attributes = object.__getattribute__(each, "__dict__")
        if id(attributes) in unsure or place_of_dict(type(each), attributes) is not None:
            shared[id(attributes)] = attributes
        unsure[id(attributes)] = each
    return {key: each for key, each in unsure.items() if key not in shared}


def _sharing_parts(handles: list[Any], memo: _Memo) -> dict[int, Any]:
    """Return handles that are made of handles which travel on their own, too, or are part of others, by id."""
    within = {id(each): _within(each, {}) for each in handles}
    counts = Counter(key for parts in within.values() for key in parts)
    met_elsewhere = {key for key, count in counts.items() if count > 1 or key in memo}
    if not met_elsewhere:
        return {}
    known = {id(each): each for each in handles}
    for parts in within.values():
        known |= parts
    return {key: each for key, each in known.items() if not met_elsewhere.isdisjoint(_within(each, {}))}


def _within(handle: Any, found: dict[int, Any]) -> dict[int, Any]:
    """Add the handles that a handle is made of, and those that these are made of, by id."""
    for part in parts_of(handle):
        if id(part) not in found:
            found[id(part)] = part
            _within(part, found)
    return found


def _kept_dicts(dicts: list[Any], memo: _Memo) -> set[int]:
    """Return the ids of types of which an instance has a dict of a subclass, where that is new."""
    objects = [each for _, each in memo.values()]
    kinds = {id(kind): kind for kind in map(type, objects)}
    with_dict = {key for key, kind in kinds.items() if has_dict(kind)}
    instances = [each for each in objects if id(type(each)) in with_dict]
    held = map(object.__getattribute__, instances, repeat("__dict__"))
    owners = [type(each) for each, its in zip(instances, held, strict=True) if type(its) is not dict]
    if not owners:
        for cls in {id(type(each)): type(each) for each in dicts}.values():
            believe(cls)
    return {id(cls) for cls in owners if keep_own_dict(cls)}


def _file_of(buffer: Any) -> int:
    """Return the id of the BytesIO that a buffer belongs to."""
    return next(id(each) for each in gc.get_referents(buffer) if isinstance(each, io.BytesIO))


def _shared_memory(parts: list[Any], memo: _Memo, is_out_of_band: bool) -> dict[int, Any]:
    """Return what several views or data of ctypes look into, by the id of the object that it is.

    That is what stands for it, where in it that begins, and whether its views have gone out of band already; or
    None for what they cannot be made of over there.
    """
    looked_into: dict[int, tuple[Any, list[Any]]] = {}
    for part in {id(each): each for each in parts}.values():
        owner = part.obj if type(part) is memoryview else _ctypes().owner_of(part)
        looked_into.setdefault(id(owner), (owner, []))[1].append(part)
    found: dict[int, Any] = {}
    for key, (owner, group) in looked_into.items():
        if key in memo:
            found[key] = (owner, 0, is_out_of_band)
        elif type(owner) is _BUFFER and _file_of(owner) in memo:
            found[key] = None
        elif len(group) > 1 and memoryview(owner).c_contiguous:
            extents = sorted(_extent(part, owner) for part in group)
            if any(one[1] > other[0] for one, other in pairwise(extents)):
                start, stop = extents[0][0], max(stop for _, stop in extents)
                found[key] = (bytearray(_contents(owner, start, stop)), start, is_out_of_band)
    return found


def _extent(part: Any, owner: Any) -> tuple[int, int]:
    return extent(part) if type(part) is memoryview else _ctypes().extent(part, owner)


def _contents(owner: Any, start: int, stop: int) -> Any:
    view = memoryview(owner)
    return view.cast("B")[start:stop] if is_native(view) else _ctypes().memory_of(owner, start, stop)


def _ctypes() -> Any:
    """Import what is only needed where there is data of ctypes."""
    from pickleloaf.reducers import ctypes_

    return ctypes_
