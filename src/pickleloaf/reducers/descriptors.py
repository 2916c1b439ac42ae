"""Class methods, static methods and properties.

Takes apart: the functions. Travels as: the type, by name.
Keeps: docstrings, attributes, subclasses. Loses: nothing."""

from __future__ import annotations

from typing import Any

from pickleloaf.reducers._dump import Dump


def reduce_wrapper(wrapper: classmethod[Any, Any, Any] | staticmethod[Any, Any], dump: Dump) -> Any:  # noqa: ARG001
    inner = wrapper.__func__
    own = {
        name: value
        for name, value in wrapper.__dict__.items()
        if name not in _COPIED or getattr(inner, name, None) is not value
    }
    return (type(wrapper), (inner,), own) if own else (type(wrapper), (inner,))


#: What both wrappers copy from the function when they are made; Objects/funcobject.c.
_COPIED = frozenset("__module__ __name__ __qualname__ __doc__ __wrapped__ __annotations__ __annotate__".split())


def reduce_property(prop: property, dump: Dump) -> Any:  # noqa: ARG001 - every reducer takes both
    functions = (prop.fget, prop.fset, prop.fdel)
    inherits_doc = prop.fget is not None and prop.__doc__ == prop.fget.__doc__
    arguments = functions if inherits_doc or prop.__doc__ is None else (*functions, prop.__doc__)
    state = {name: value for name, value in getattr(prop, "__dict__", {}).items() if name != "__doc__"}
    return (type(prop), arguments, state) if state else (type(prop), arguments)
