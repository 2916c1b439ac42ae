"""Models of pydantic that were made by giving arguments to a generic one: ``Response[int]``.

Takes apart: the generic model and its arguments. Travels as: wire.parametrized.
Keeps: that giving the same arguments again makes the same model, which pydantic sees to.
Loses: what was set on such a model after it was made. Refused: models that are mapped to tables (SQLModel).

Other models are classes like any other.
"""

from __future__ import annotations

from typing import Any

from pickleloaf.errors import EncodeError
from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb


def reduce_parametrized(model: Any, dump: Dump) -> Any:
    if "__mapper__" in model.__dict__ and not dump.policy.by_reference(model):
        msg = f"cannot pickle model {model.__qualname__}: it is mapped to a table as well, and does not show how"
        raise EncodeError(msg, hint="define it in a module that can be imported where it arrives")
    made = model.__dict__.get("__pydantic_generic_metadata__") or {}
    if made.get("origin") is None:
        return NotImplemented
    return rebuild_parametrized, (made["origin"], made["args"])


@verb
def rebuild_parametrized(generic: Any, arguments: tuple[Any, ...]) -> Any:
    """Give arguments to a generic class."""
    return generic[arguments]
