"""Exceptions and exception groups, of builtin, imported and shipped classes.

Takes apart: the fields that C classes keep, slots, attributes, cause, context, notes, traceback.
Travels as: wire.exception, wire.fill_exception; by the class's own ``__reduce__`` where it has one.
Keeps: everything that it carries and shows, cycles, the members of a group; no ``__init__`` runs there.
Loses: the ``obj`` of an AttributeError, as with pickle.

What an exception carries is found by one rule, whatever its class: the member and getset descriptors
of the classes that it inherits from (``OSError.filename``, ``BaseException.__cause__``, a slot of the
user's) are its fields, and a field travels if it differs from that of a fresh exception.
"""

from __future__ import annotations

from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any

from pickleloaf.inspecting.anatomy import definer, is_heap_type, is_maker
from pickleloaf.reducers._asking import ask, ask_for_state
from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb

#: Not a field: CPython leaves it out too (gh-103352), as it may be any object that lacks an attribute.
_OF_ATTRIBUTE_ERROR = AttributeError.__dict__["obj"]

#: What an exception carries besides what its class's own ``__reduce__`` knows about.
_CARRIED = ("__traceback__", "__context__", "__cause__", "__suppress_context__", "__notes__")

_UNSET = object()


def reduce_exception(error: BaseException, dump: Dump) -> Any:
    cls = type(error)
    if _is_own(cls, "__reduce_ex__") or _is_own(cls, "__reduce__"):
        return _with_carried(ask(error, dump), error)
    args: tuple[Any, ...] = ()
    if isinstance(error, BaseExceptionGroup):
        args = tuple(BaseExceptionGroup.__dict__[name].__get__(error) for name in ("message", "exceptions"))
    native = _native(cls)
    fields = _differing(error, native.__new__(native, *args))
    if _is_own(cls, "__getstate__"):
        known = _fields(native)
        state: Any = (
            {name: value for name, value in fields.items() if name in known},
            ask_for_state(error, dump),
        )
    elif _is_own(cls, "__setstate__"):
        state = (fields, vars(error) or None)
    else:
        state = {**vars(error), **fields}
    return rebuild_exception, (cls, *args), state or None, None, None, fill_exception


def _with_carried(reduced: Any, error: BaseException) -> Any:
    """Add what every exception carries to what a class's own ``__reduce__`` answers."""
    known = {**vars(error), **_differing(error, BaseException())}
    fields = {name: known[name] for name in _CARRIED if name in known}
    if type(reduced) is not tuple or not fields:
        return reduced
    rebuild, args, state, items, pairs, fill = (*reduced, *[None] * 4)[:6]
    return rebuild, args, (fields, state, fill), items, pairs, fill_exception


@verb
def rebuild_exception(cls: type[BaseException], *args: Any) -> BaseException:
    error: BaseException = _native(cls).__new__(cls, *args)
    return error


@verb
def fill_exception(error: BaseException, state: Any) -> None:
    """Give an exception its fields and attributes, and then the state that its class asked for."""
    fields, own, fill = (*state, None)[:3] if type(state) is tuple else (state, None, None)
    known = _fields(type(error))
    for name, value in fields.items():
        if name in known:
            known[name].__set__(error, value)
        else:
            vars(error)[name] = value
    if fill is not None:
        fill(error, own)
    elif own is not None:
        error.__setstate__(own)


def _native(cls: type) -> type:
    """Return the class implemented in C that makes instances of a class."""
    base: Any = cls
    while not is_maker(base):
        base = base.__base__
    return base  # type: ignore[no-any-return]


def _is_own(cls: type, name: str) -> bool:
    """Tell whether a method is one that no builtin class gives."""
    return is_heap_type(definer(cls.__mro__, name))


def _fields(cls: type) -> dict[str, Any]:
    """Return the descriptors of all fields, by name."""
    return {
        name: value
        for base in cls.__mro__[-2::-1]  # all but object
        for name, value in base.__dict__.items()
        if isinstance(value, (MemberDescriptorType, GetSetDescriptorType))
        and name not in {"__dict__", "__weakref__"}
        and value is not _OF_ATTRIBUTE_ERROR
    }


def _differing(error: BaseException, fresh: BaseException) -> dict[str, Any]:
    """Return the fields in which an exception differs from a fresh one."""
    found = {}
    for name, descriptor in _fields(type(error)).items():
        value = _get(descriptor, error)
        if value is not _UNSET and value is not _get(descriptor, fresh):
            found[name] = value
    if "__cause__" in found:  # setting a cause suppresses the context, so this has to come later
        found["__suppress_context__"] = found.pop("__suppress_context__", False)
    return found


def _get(descriptor: Any, error: BaseException) -> Any:
    try:
        return descriptor.__get__(error)
    except (AttributeError, TypeError):  # an empty slot; a slot of another class
        return _UNSET
