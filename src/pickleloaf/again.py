"""Find what is known only once a payload has been written. It is then written once more.

1. Whether what a view of memory or data of ctypes looks into travels as well, or another one that overlaps: then they
   share it over there, too. Where nothing else looks into it, only what the view shows travels. So it is with views
   of the keys or values of a dict.
2. Whether the globals of functions that ``exec`` has made travel as the dict that they are. Then it is in that dict
   that the functions look their names up over there, too.
3. Whether a dict of a subclass is the ``__dict__`` of an instance. Pickle would copy it into a plain one.
4. Whether the ``__dict__`` of an instance travels on its own too, or is that of another instance. It is given to the
   instance at the end of the payload, which is not written once more for that.
5. Whether the body of a function imports a module that only this process has: made by hand, or loaded from a file that
   is on nobody's path. Then it travels by value, as those do that are registered.

All are rare, and which objects a payload holds is known from the pickler's memo. Reducers that meet such a view or
dict say so in `Dump.doubts`, as (kind, object); what turns out to be shared they find in `Dump.shared`, by its id.
"""

from __future__ import annotations

import gc
import io
import pickle
from itertools import pairwise, repeat
from typing import Any

from pickleloaf.inspecting.instance_dicts import has_dict
from pickleloaf.reducers._own_dicts import Owner, believe, keep_own_dict, refusal_of
from pickleloaf.reducers._sharing import Sharing
from pickleloaf.reducers.views import extent, is_native
from pickleloaf.rescue import Memory

__all__ = ["look_again"]

_Memo = dict[int, tuple[int, Any]]

#: What a view of a BytesIO looks into.
_BUFFER = type(io.BytesIO().getbuffer().obj)


def look_again(pickler: Any, obj: Any, before: Memory | None) -> None:
    """Write an object once more if what was doubtful turns out to need that, and join what is shared.

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
    doubts = _taken(dump)
    if "imports" in doubts:
        _bring_modules(pickler, obj, before)
        return
    owners: list[Owner] = doubts.get("own", [])
    met = memo.keys() | {id(owner.attributes) for owner in owners}
    scopes = [scope for scope in doubts.get("globals", ()) if id(scope) in met]
    shared = _shared_memory(doubts.get("memory", []), memo, pickler._buffers is not None)
    shared.update((id(each), each) for each in [*scopes, *doubts.get("whole", ())] if id(each) in met)
    kept = _kept_dicts(doubts["attributes"], memo) if "attributes" in doubts else set()
    if shared or kept:
        for cls in [each for each in pickler._judged if id(each) in kept]:
            del pickler._judged[cls]
        _write(pickler, Sharing(scopes, obj) if scopes else obj, before, shared)
        owners = _taken(dump).get("own", [])
        memo = pickler.memo.copy()
    if owners:
        _join_dicts(pickler, obj, before, owners, memo)


def _taken(dump: Any) -> dict[str, list[Any]]:
    """Return the doubts by kind, and forget them."""
    doubts: dict[str, list[Any]] = {}
    for kind, doubtful in dump.doubts:
        doubts.setdefault(kind, []).append(doubtful)
    dump.doubts.clear()
    return doubts


def _bring_modules(pickler: Any, obj: Any, before: Memory | None) -> None:
    """Write an object once more with the modules that only this process has, and look at it again."""
    dump = pickler._dump
    dump.brings = True
    try:
        (before or Memory()).restore(pickler)
        pickler._write(obj, before)
        if dump.doubts:
            look_again(pickler, obj, before)
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


def _join_dicts(pickler: Any, obj: Any, before: Memory | None, owners: list[Owner], memo: _Memo) -> None:
    """Append to a payload what gives instances the dict that they have in common, or that travels on its own, too.

    Only references to what the payload holds are appended, so nobody is asked for anything.
    """
    first: dict[int, Any] = {}
    steps = bytearray()
    for instance, attributes, takes_dict in {id(each.instance): each for each in owners}.values():
        other = attributes if id(attributes) in memo else first.setdefault(id(attributes), instance)
        if other is instance or id(instance) not in memo:
            continue
        if not takes_dict:
            from pickleloaf.trails import path_to

            path = path_to(obj, instance, pickler._dump)
            (before or Memory()).give_up(pickler)
            raise refusal_of(instance, path)
        keep_own_dict(type(instance))
        steps += (
            _SHARE + _get(memo, instance) + _get(memo, other) + pickle.TUPLE2 + pickle.REDUCE + pickle.POP
        )
    if steps:
        _append(pickler._parts, bytes(steps))


#: Puts the verb on the unpickler's stack.
_SHARE = pickle.GLOBAL + b"pickleloaf.wire\nshare_dict\n"


def _get(memo: _Memo, obj: Any) -> bytes:
    """Return the opcode that gets an object from the memo."""
    number = memo[id(obj)][0]
    return (
        pickle.BINGET + bytes([number]) if number < 256 else pickle.LONG_BINGET + number.to_bytes(4, "little")
    )


def _append(parts: list[Any], steps: bytes) -> None:
    """Append opcodes to a payload, before its end. The last frame becomes one byte shorter, without the STOP."""
    last = bytes(parts[-1])
    if len(parts) > 1 and parts[-2] == _frame(len(last)):  # as the pickler without recursion writes it
        parts[-2] = _frame(len(last) - 1)
    for start in (0, 2):  # at the beginning, or after the number of the protocol
        if last[start : start + _HEAD] == _frame(len(last) - start - _HEAD):
            last = last[:start] + _frame(len(last) - start - _HEAD - 1) + last[start + _HEAD :]
    parts[-1] = last[:-1]
    parts.append(steps + pickle.STOP)


#: Length of the head of a frame: an opcode, and the size.
_HEAD = 9


def _frame(size: int) -> bytes:
    return pickle.FRAME + size.to_bytes(8, "little", signed=True)


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
