"""C types and data of ctypes.

Takes apart: of classes, the fields; of data, the bytes. Travels as: ctypes' own functions, by name;
wire.ctypes_class, wire.fill_fields, wire.function_type, wire.ctypes_part.
Keeps: layout, bit fields, byte order, types that refer to themselves, one type for each array length, and that data
shares memory with what it is a part of, with other parts of that, or with a bytearray or a view.
Loses: the rest of what parts alone share, so that nothing travels that they do not show.

Data that holds a pointer is refused: an address means nothing elsewhere.
"""

from __future__ import annotations

import _ctypes
import ctypes
import operator
from typing import Any

from pickleloaf.errors import EncodeError
from pickleloaf.reducers._dump import Dump, Late
from pickleloaf.reducers.classes import identities
from pickleloaf.reducers.classes.building import arrived, make_class, namespace_of
from pickleloaf.reducers.classes.draft import Kind
from pickleloaf.reducers.classes.shipping import nothing_more, reduce_by_value
from pickleloaf.wire import verb

_FIELD = type(type("Probe", (ctypes.Structure,), {"_fields_": [("x", ctypes.c_int)]}).x)  # type: ignore[attr-defined]

#: The base of all data of ctypes, which has no name.
_DATA: Any = ctypes.c_int.__mro__[-2]

#: What ctypes puts into the namespace of a class, in both byte orders.
_ORDERS = ("__ctype_be__", "__ctype_le__")


def reduce_ctypes(obj: Any, dump: Dump) -> Any:
    if issubclass(type(obj), type):
        return _reduce_class(obj, dump)
    try:
        reduced = obj.__reduce__()
    except ValueError as error:
        msg = f"cannot pickle {type(obj).__qualname__} object: it holds a pointer"
        raise EncodeError(msg, hint="send what it points to") from error
    owner = owner_of(obj)
    if owner is None:
        return reduced
    if id(owner) not in dump.shared:
        dump.doubts.append(("memory", obj))
        return reduced
    if dump.shared[id(owner)] is None:
        msg = f"cannot pickle {type(obj).__qualname__} object: what its memory belongs to travels as well"
        raise EncodeError(msg, hint="make it over there, with from_buffer")
    stands, begin, _ = dump.shared[id(owner)]
    return rebuild_ctypes_part, (type(obj), stands, extent(obj, owner)[0] - begin)


def extent(part: Any, owner: Any) -> tuple[int, int]:
    """Return where in the memory of its owner a part begins and ends."""
    start = ctypes.addressof(part) - _address_of(owner)
    return start, start + ctypes.sizeof(part)


def owner_of(obj: Any) -> Any:
    """Return what the memory of an object belongs to: other data, a bytearray and the like, or None if itself.

    An object keeps what it needs alive: as what it is a part of, as what it points to, as a buffer. Of these it is the
    furthest one in whose memory the object lies.
    """
    owner = None
    seen: set[int] = set()
    kept: list[Any] = [obj._b_base_, obj._objects]
    for each in kept:
        if id(each) in seen:
            continue
        seen.add(id(each))
        if type(each) is dict:
            kept += each.values()
        elif type(each) is memoryview:
            owner = each.obj if _is_within(obj, each.obj) else owner
            kept.append(each.obj)
        elif isinstance(each, _DATA):
            owner = each if _is_within(obj, each) else owner
            kept += (each._b_base_, each._objects)
    return owner


def _is_within(obj: Any, owner: Any) -> bool:
    return 0 <= extent(obj, owner)[0] <= memoryview(owner).nbytes - ctypes.sizeof(obj)


def _address_of(owner: Any) -> int:
    try:
        return ctypes.addressof(owner)
    except TypeError:
        return ctypes.addressof(ctypes.c_char.from_buffer(owner))


def memory_of(owner: Any, start: int, stop: int) -> bytes:
    """Return what is in a part of some memory."""
    return ctypes.string_at(_address_of(owner) + start, stop - start)


@verb
def rebuild_ctypes_part(cls: Any, owner: Any, offset: int) -> Any:
    """Make data that uses memory of other data, or of a bytearray."""
    return cls.from_buffer(owner, offset)


def _reduce_class(cls: Any, dump: Dump) -> Any:
    if dump.policy.by_reference(cls):
        dump.uses.append(cls)
        return NotImplemented
    made = _reduce_made(cls)
    if made is not None:
        return made
    late = []
    if "_fields_" in cls.__dict__:
        late.append(Late(cls, {("fields", None): cls._fields_}, _join, fill_fields))
    return reduce_by_value(cls, dump, KIND, rebuild_ctypes_class, nothing_more, late)


def _names(cls: type) -> dict[str, Any]:
    return {
        name: value
        for name, value in namespace_of(cls).items()
        if name != "_fields_" and name not in _ORDERS and not isinstance(value, _FIELD)
    }


#: How classes of ctypes are made.
KIND = Kind("ctypes_class", names=_names, watched=lambda cls: [(("fields",), getattr(cls, "_fields_", None))])


def _join(parts: dict[tuple[str, Any], Any]) -> Any:
    return parts["fields", None]


def _reduce_made(cls: Any) -> Any:
    """Return the call of ctypes that makes a class, and always the same one; None if there is no such call."""
    base = cls.__base__
    if base is ctypes.Array and cls._type_ * cls._length_ is cls:
        return operator.mul, (cls._type_, cls._length_)
    if (
        base is ctypes._Pointer
        and cls.__name__ == f"LP_{cls._type_.__name__}"
        and ctypes.POINTER(cls._type_) is cls
    ):
        return ctypes.POINTER, (cls._type_,)
    if base is _ctypes.CFuncPtr and cls.__module__ == "ctypes":
        return rebuild_function_type, (cls._flags_, cls._restype_, *cls._argtypes_)
    named = getattr(ctypes, cls.__qualname__, None) if base is ctypes._SimpleCData else None
    for order in _ORDERS:
        if getattr(named, order, None) is cls:
            return getattr, (named, order)
    return None


@verb
def rebuild_function_type(flags: int, *types: Any) -> type:
    """Make a function prototype: result and parameters; the flags are those of ``_flags_``."""
    if flags & _ctypes.FUNCFLAG_PYTHONAPI:
        return ctypes.PYFUNCTYPE(*types)
    return ctypes.CFUNCTYPE(
        *types,
        use_errno=bool(flags & _ctypes.FUNCFLAG_USE_ERRNO),
        use_last_error=bool(flags & _ctypes.FUNCFLAG_USE_LASTERROR),
    )


@verb
def rebuild_ctypes_class(
    identity: bytes, metaclass: type, name: str, bases: tuple[type, ...], names: dict[str, Any]
) -> type:
    return arrived(identity, names) or make_class(identity, metaclass, name, bases, names, {})


@verb
def fill_fields(cls: Any, fields: Any) -> None:
    """Lay out a structure or union that is new here."""
    if identities.is_new(cls):
        cls._fields_ = fields
