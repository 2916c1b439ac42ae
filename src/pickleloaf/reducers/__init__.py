"""Families of objects, one file each, both directions side by side.

This table is their table of contents. A type is named as its own module and qualified name say; it is
looked up with its bases, so that a row also serves subclasses unless it says that it is for the exact
type alone. Nothing is imported until an object of the type is met.
"""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

__all__ = ["TABLE", "Row", "reducer_for"]


class Row(NamedTuple):
    """Which function takes objects of a type apart: ``"file:function"``."""

    reducer: str
    exact: bool = False


TABLE: dict[str, Row] = {
    # code
    "builtins.function": Row("functions:reduce_function"),
    "builtins.code": Row("codes:reduce_code"),
    "builtins.cell": Row("cells:reduce_cell"),
    "builtins.module": Row("modules:reduce_module"),
    # classes, by metaclass
    "builtins.type": Row("classes:reduce_class"),
    # methods and descriptors
    "builtins.method": Row("methods:reduce_method"),
    "builtins.classmethod": Row("descriptors:reduce_wrapper"),
    "builtins.staticmethod": Row("descriptors:reduce_wrapper"),
    "builtins.property": Row("descriptors:reduce_property"),
    # the pickler's own stand-ins
    "pickleloaf.reducers._building.ClassState": Row("_building:reduce_class_state"),
    "pickleloaf.reducers._dump.Namespace": Row("_namespaces:reduce_namespace"),
    "pickleloaf.reducers._dump.ShippedModules": Row("_namespaces:reduce_shipped_modules"),
    "pickleloaf.reducers._named.Named": Row("modules:reduce_named"),
}


def reducer_for(cls: type) -> Any:
    """Return the reducer of objects of a type, or None where pickle's own way is right."""
    for base in cls.__mro__:
        row = TABLE.get(f"{base.__module__}.{base.__qualname__}")
        if row is not None and (base is cls or not row.exact):
            file, _, function = row.reducer.partition(":")
            return getattr(importlib.import_module(f"{__name__}.{file}"), function)
    return importlib.import_module(f"{__name__}.instances").reducer_of_instances(cls)
