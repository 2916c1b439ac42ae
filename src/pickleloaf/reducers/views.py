"""Views: of dicts, of mappings that may only be read, of memory.

Takes apart: what the view shows. Travels as: wire.keys, wire.values, wire.fill_values, wire.items;
types.MappingProxyType, by name, wire.class_namespace; wire.memory.
Keeps: order; of an items view and a mapping proxy, that they go on showing their mapping, and of other views of
dicts where it travels as well; of memory, contents, format, shape, whether it may be written, and that it is
shared with what else in the payload looks into it. Memory goes out of band where pickle is asked to.
Loses: of views of keys or values and of memory, the rest of what they alone look into, so that nothing travels
that they do not show; strides of memory that is not shared; that the locals of a frame follow it (from 3.13 on).
"""

from __future__ import annotations

import builtins
import collections
import gc
import pickle
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from pickleloaf.errors import EncodeError
from pickleloaf.inspecting.anatomy import space_of
from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb


def reduce_keys(view: Any, dump: Dump) -> Any:
    if _is_shared(view, dump):
        return rebuild_shown, (_mapping(view), "keys")
    return rebuild_keys, (list(view), isinstance(_mapping(view), collections.OrderedDict))


@verb
def rebuild_keys(keys: list[Any], ordered: bool) -> Any:
    return _dict(ordered).fromkeys(keys).keys()


def reduce_values(view: Any, dump: Dump) -> Any:
    if _is_shared(view, dump):
        return rebuild_shown, (_mapping(view), "values")
    ordered = isinstance(_mapping(view), collections.OrderedDict)
    return rebuild_values, (ordered,), list(view), None, None, fill_values


@verb
def rebuild_values(ordered: bool) -> Any:
    return _dict(ordered)().values()


@verb
def fill_values(view: Any, values: Iterable[Any]) -> None:
    """Put values into the dict behind a view; the keys do not matter."""
    _mapping(view).update(enumerate(values))


def reduce_items(view: Any, dump: Dump) -> Any:
    mapping = _mapping(view)
    owner = _class_of_namespace(mapping)
    return rebuild_items, (mapping if owner is None else owner.__dict__,)


@verb
def rebuild_items(mapping: Mapping[Any, Any]) -> Any:
    return _kind(mapping).items(mapping)


def _is_shared(view: Any, dump: Dump) -> bool:
    """Tell whether the dict behind a view of keys or values travels as well; see again."""
    mapping = _mapping(view)
    dump.doubts.append(("whole", mapping))
    return id(mapping) in dump.shared


@verb
def rebuild_shown(mapping: dict[Any, Any], what: str) -> Any:
    """Make a view of the keys or values of a dict that travels as well."""
    return getattr(_kind(mapping), what)(mapping)


def _kind(mapping: Any) -> Any:
    """Return the class whose views show a mapping; a subclass of dict may say something else to `items`."""
    return next((kind for kind in _KINDS if isinstance(mapping, kind)), type(mapping))


#: From 3.15 on there are frozen dicts, which are no dicts.
_KINDS: tuple[Any, ...] = (
    collections.OrderedDict,
    dict,
    *filter(None, [getattr(builtins, "frozendict", None)]),
)


def _dict(ordered: bool) -> Any:
    return collections.OrderedDict if ordered else dict


def _mapping(view: Any) -> Any:
    """Return the mapping behind a view, past the read-only proxy that its ``mapping`` is."""
    return gc.get_referents(view)[0]


def reduce_locals(view: Any, dump: Dump) -> Any:
    """Send the local variables of a frame as a dict, which they were up to Python 3.12."""
    return dict, (), None, None, iter(dict(view).items())


def reduce_mapping_proxy(proxy: Any, dump: Dump) -> Any:
    mapping = _mapping(proxy)
    owner = _class_of_namespace(mapping)
    return (MappingProxyType, (mapping,)) if owner is None else (rebuild_class_namespace, (owner,))


def _class_of_namespace(mapping: Any) -> type | None:
    """Return the class of which a dict is the namespace, or None."""
    if type(mapping) is not dict or "__doc__" not in mapping:
        return None
    native = [getattr(value, "__objclass__", None) for value in mapping.values()]
    for found in (*native, *gc.get_referrers(mapping)):
        if issubclass(type(found), type) and _mapping(space_of(found)) is mapping:
            cls: type = found
            return cls
    return None


@verb
def rebuild_class_namespace(cls: type) -> Mapping[str, Any]:
    return cls.__dict__


def reduce_memory(view: memoryview, dump: Dump) -> Any:
    try:
        contents: Any = view if view.c_contiguous else view.tobytes()
    except ValueError as error:
        raise EncodeError(
            "cannot pickle memoryview object: it is released", hint="send it before that"
        ) from error
    if not is_native(view):
        if _is_whole(view):
            return rebuild_read_only if view.readonly else memoryview, (view.obj,)
        msg = f"cannot pickle memoryview object: nobody can make one of format {view.format!r} and a part of an object"
        raise EncodeError(msg, hint="send view.tobytes(), or the object that it is a view of")
    if view.readonly != isinstance(contents, bytes) and contents is not view:
        contents = bytearray(contents)
    if dump.protocol >= 5:
        contents = pickle.PickleBuffer(contents)
    elif contents is view:
        contents = bytes(view) if view.readonly else bytearray(view)
    if view.nbytes and type(view.obj) is not bytes:
        if id(view.obj) in dump.shared:
            return _reduce_shared(view, contents, dump)
        dump.doubts.append(("memory", view))
    return rebuild_memory, (contents, view.format, view.shape)


def _is_whole(view: memoryview) -> bool:
    """Tell whether a view is as its object gives it."""
    whole = memoryview(view.obj)
    return (whole.format, whole.shape, whole.strides) == (view.format, view.shape, view.strides)


def _reduce_shared(view: memoryview, contents: Any, dump: Dump) -> Any:
    """Name the object that a view looks into together with others, and where; see again."""
    if dump.shared[id(view.obj)] is None:
        kind = type(view.obj).__qualname__
        msg = f"cannot pickle memoryview object: it looks into a {kind}, and what that belongs to travels as well"
        raise EncodeError(msg, hint="make the view over there, as with the getbuffer() of a BytesIO")
    owner, begin, is_out_of_band = dump.shared[id(view.obj)]
    if owner is view.obj and not is_out_of_band and not view.readonly and _is_whole(view):
        return memoryview, (owner,)
    if (view.ndim != 1 and not view.c_contiguous) or not memoryview(owner).c_contiguous:
        msg = "cannot pickle memoryview object: it has strides in several dimensions, and shares memory with others"
        raise EncodeError(msg, hint="send view.tobytes(), or make the view over there")
    start, stop = extent(view)
    step = view.strides[0] // view.itemsize if view.strides and view.ndim == 1 else 1
    place = (owner, start - begin, stop - begin, view.format, view.shape, step, view.readonly)
    # Whoever takes buffers out of band has been given this one already.
    return rebuild_window, (*place, contents) if is_out_of_band else place


def extent(view: memoryview) -> tuple[int, int]:
    """Return where in the memory of its object the bytes of a view begin and end."""
    steps = [(size - 1) * stride for size, stride in zip(view.shape or (), view.strides or (), strict=True)]
    first = _address(view) - _address(memoryview(view.obj))
    start = first + sum(step for step in steps if step < 0)
    return start, first + sum(step for step in steps if step > 0) + view.itemsize


def _address(view: memoryview) -> int:
    """Return the address of the first element of a view; only C code can ask."""
    import ctypes

    buffer = (ctypes.c_char * _SIZE_OF_BUFFER)()
    ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(view), buffer, _WITH_STRIDES)
    try:
        return ctypes.c_void_p.from_buffer(buffer).value or 0
    finally:
        ctypes.pythonapi.PyBuffer_Release(buffer)


#: Py_buffer is smaller than that; its first field is the address. PyBUF_FULL_RO, Include/pybuffer.h.
_SIZE_OF_BUFFER = 256
_WITH_STRIDES = 0x011C


def is_native(view: memoryview) -> bool:
    """Tell whether memory can be cast to a view's format; others come from ctypes and the like."""
    try:
        memoryview(bytes(view.itemsize)).cast(view.format)  # type: ignore[call-overload]
    except ValueError:
        return False
    return True


@verb
def rebuild_memory(contents: Any, format: str, shape: tuple[int, ...]) -> memoryview:  # noqa: A002
    """Make a view of a buffer that came with the payload, in band or out of band."""
    view = memoryview(contents).cast("B")
    if len(shape) == 1:
        return view.cast(format)  # type: ignore[call-overload, no-any-return]
    return view.cast(format, shape)  # type: ignore[call-overload, no-any-return]


@verb
def rebuild_read_only(obj: Any) -> memoryview:
    """Make a view of the memory of an object that may not be written."""
    return memoryview(obj).toreadonly()


@verb
def rebuild_window(
    obj: Any,
    start: int,
    stop: int,
    format: str,  # noqa: A002
    shape: tuple[int, ...],
    step: int,
    is_read_only: bool,
    contents: Any = None,
) -> memoryview:
    """Make a view of a part of an object's memory.

    Args:
        obj: the object.
        start: of the part, in bytes.
        stop: of the part.
        format: of the view.
        shape: of the view.
        step: every how manieth element it shows; less than 0 for backwards.
        is_read_only: whether it may not be written.
        contents: what it shows once more, which is not needed.
    """
    part: Any = memoryview(obj).cast("B")[start:stop]
    view: memoryview = part.cast(format)[::step] if len(shape) == 1 else part.cast(format, shape)
    return view.toreadonly() if is_read_only else view
