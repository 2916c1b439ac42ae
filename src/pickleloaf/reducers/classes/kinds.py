"""Kinds of classes: what they have in common on their way out."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from pickleloaf.reducers._dump import Dump, Late
from pickleloaf.reducers.classes.building import reduce_building
from pickleloaf.reducers.classes.draft import Kind
from pickleloaf.reducers.classes.merge import fill_changes, told_changes
from pickleloaf.reducers.classes.shipping import image_of, join_changes, reduce_image
from pickleloaf.reducers.classes.template import Use

__all__ = ["kind_of", "nothing_more", "reduce_by_value"]

#: Files of kinds by their metaclass, or the module of that; of others class_ knows how they are made.
_KINDS: dict[str, str] = {
    "enum.EnumType": "pickleloaf.reducers.classes.enum_",
    "typing._TypedDictMeta": "pickleloaf.reducers.typings",
    "_ctypes": "pickleloaf.reducers.ctypes_",
}


def kind_of(cls: type) -> Kind:
    """Return how a class is made."""
    if type(cls) is type:
        return _kind_at("pickleloaf.reducers.classes.class_")
    for metaclass in type.mro(type(cls)):
        home = _KINDS.get(f"{metaclass.__module__}.{metaclass.__qualname__}") or _KINDS.get(
            metaclass.__module__
        )
        if home is not None:
            break
    else:
        home = "pickleloaf.reducers.classes.class_"
    return _kind_at(home)


@cache
def _kind_at(home: str) -> Kind:
    kind: Kind = import_module(home).KIND
    return kind


def nothing_more(cls: type) -> tuple[Any, ...]:
    """Return that a maker takes no further arguments."""
    return ()


def reduce_by_value(
    cls: type,
    dump: Dump,
    kind: Kind,
    rebuild: Callable[..., type],
    more: Callable[[type], tuple[Any, ...]],
    late: list[Late],
    defer_item: Callable[[Use, Any], Late] | None = None,
) -> Any:
    """Return the reduction of a class: its image, or in a portable payload what it consists of.

    Args:
        cls: the class.
        dump: the pickler's state.
        kind: how it is made.
        rebuild: the verb that makes it.
        more: returns further arguments of the verb for a class; may add to `late`.
        late: what else the class is given once it exists.
        defer_item: returns what gives the class an item of these arguments that leads back to it.

    Raises:
        EncodeError: what the class is made from refers to the class.
    """
    if not dump.policy.portable:
        return reduce_image(cls, dump, kind, kind_of, late, defer_item)
    image, _, known = image_of(cls, kind, kind_of, dump)
    if known.changes is not None:
        told = {("changes", place): each for place, each in told_changes(cls, image, known, dump).items()}
        late.append(Late(cls, told, join_changes, fill_changes))
    return reduce_building(cls, dump, known.identity, rebuild, kind.names(cls), more, late)
