"""What dataclasses says of a class: its fields and its options.

Takes apart: the attributes. Travels as: wire.field_of, wire.options_of; in portable payloads as wire.field,
wire.fill_field, wire.dataclass_options.
Keeps: what both Pythons know. Loses: what only one of them knows, such as the ``doc`` of a field (3.14).
"""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb

_Field: Any = dataclasses.Field
_Params: Any = dataclasses._DataclassParams  # type: ignore[attr-defined]
#: Options that 3.12 has begun to keep, with what they are where nothing is said.
_OPTIONS = {"match_args": True, "kw_only": False, "slots": False, "weakref_slot": False}


def reduce_field(field: Any, dump: Dump) -> Any:
    if not dump.portable:
        return rebuild_field_of, _arguments_of(field)
    state = {name: getattr(field, name) for name in _Field.__slots__}
    state["metadata"] = dict(field.metadata)
    state["_field_type"] = getattr(field._field_type, "name", None)
    return rebuild_field, (), state, None, None, fill_field


#: What the numbers in a payload mean.
_KINDS = ("_FIELD", "_FIELD_CLASSVAR", "_FIELD_INITVAR")
_HASHES = (None, False, True)


def _arguments_of(field: Any) -> tuple[Any, ...]:
    """Return a field as a name, a type, a number, and the rest in pairs."""
    missing = dataclasses.MISSING
    kind = field._field_type
    number = (
        bool(field.init) * 1
        + bool(field.repr) * 2
        + bool(field.compare) * 4
        + (field.kw_only is not missing and bool(field.kw_only)) * 8
        + (field.kw_only is missing) * 16
        + (0 if kind is None else 1 + _KINDS.index(kind.name)) * 32
        + _HASHES.index(field.hash if field.hash is None else bool(field.hash)) * 128
    )
    rest: list[Any] = []
    for name in ("default", "default_factory"):
        if getattr(field, name) is not missing:
            rest += (name, getattr(field, name))
    if field.metadata:
        rest += ("metadata", dict(field.metadata))
    if getattr(field, "doc", None) is not None:
        rest += ("doc", field.doc)
    return (field.name, field.type, number, *rest)


@verb
def rebuild_field_of(name: Any, kind: Any, number: int, *rest: Any) -> Any:
    """Make a field.

    Args:
        name: its name.
        kind: its type.
        number: its options: init, repr, compare, kw_only and whether that was left open; from bit 5 on its sort, from
            bit 7 on what it says of hash.
        rest: names and values of what else it says.
    """
    said = dict(zip(rest[::2], rest[1::2], strict=True))
    metadata = said.pop("metadata", None)
    field: Any = dataclasses.field(metadata=metadata)
    field.name, field.type = name, kind
    field.init, field.repr, field.compare = bool(number & 1), bool(number & 2), bool(number & 4)
    field.kw_only = dataclasses.MISSING if number & 16 else bool(number & 8)
    sort = number >> 5 & 3
    field._field_type = getattr(dataclasses, _KINDS[sort - 1]) if sort else None
    field.hash = _HASHES[number >> 7]
    for attribute, value in said.items():
        if attribute in _Field.__slots__:
            setattr(field, attribute, value)
    return field


@verb
def rebuild_field() -> Any:
    return dataclasses.field()


@verb
def fill_field(field: Any, state: dict[str, Any]) -> None:
    """Give a field what its kind knows here."""
    kind = state["_field_type"]
    known = {name: value for name, value in state.items() if name in _Field.__slots__}
    known["metadata"] = dataclasses.field(metadata=state["metadata"]).metadata
    known["_field_type"] = kind and getattr(dataclasses, kind)
    for name, value in known.items():
        setattr(field, name, value)


def reduce_options(options: Any, dump: Dump) -> Any:
    if not dump.portable:
        return rebuild_options_of, (
            sum(bool(getattr(options, name)) << at for at, name in enumerate(_NAMES)),
        )
    return rebuild_dataclass_options, ({name: getattr(options, name) for name in _Params.__slots__},)


#: Options in the order of their bits; 3.12 has added the last four.
_NAMES = tuple(
    name
    for name in ("init", "repr", "eq", "order", "unsafe_hash", "frozen", *_OPTIONS)
    if name in _Params.__slots__
)


@verb
def rebuild_options_of(number: int) -> Any:
    """Make the options of a dataclass from a number."""
    return _Params(**{name: bool(number >> at & 1) for at, name in enumerate(_NAMES)})


@verb
def rebuild_dataclass_options(said: dict[str, bool]) -> Any:
    """Make the options of a dataclass of those that are known here."""
    known = inspect.signature(_Params).parameters
    return _Params(**{name: said.get(name, _OPTIONS.get(name)) for name in known})
