"""What dataclasses says of a class: its fields and its options.

Takes apart: the attributes. Travels as: wire.field, wire.fill_field, wire.dataclass_options in portable
payloads; as pickle has it in others.
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
        return NotImplemented
    state = {name: getattr(field, name) for name in _Field.__slots__}
    state["metadata"] = dict(field.metadata)
    state["_field_type"] = getattr(field._field_type, "name", None)
    return rebuild_field, (), state, None, None, fill_field


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
        return NotImplemented
    return rebuild_dataclass_options, ({name: getattr(options, name) for name in _Params.__slots__},)


@verb
def rebuild_dataclass_options(said: dict[str, bool]) -> Any:
    """Make the options of a dataclass of those that are known here."""
    known = inspect.signature(_Params).parameters
    return _Params(**{name: said.get(name, _OPTIONS.get(name)) for name in known})
