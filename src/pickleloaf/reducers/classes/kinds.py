"""Kinds of classes: which file knows how a class is made."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from pickleloaf.reducers.classes.draft import Kind

__all__ = ["kind_of"]

#: Files of kinds by their metaclass, or the module of that; of others class_ knows how they are made.
_KINDS: dict[str, str] = {
    "enum.EnumType": "pickleloaf.reducers.classes.enum_",
    "typing._TypedDictMeta": "pickleloaf.reducers.typings",
    "sqlalchemy.orm.decl_api": "pickleloaf.reducers.third.sqlalchemy_",
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
