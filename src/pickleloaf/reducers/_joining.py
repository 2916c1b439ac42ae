"""A method that a class is given later joins the others: it looks its globals up where they do.

Functions of one payload share one dict of globals, and each payload brings its own. A method that comes in a later one
would not see what the others assign to globals, or put into a list that is one. So it is made again with their dict.

1. The sender names a function that every receiver has with the class, and whose globals the method has at the sender.
2. Globals that such functions use are there already, and what changes about them is changed there (see _revisions).
   Others come along with the method.
3. So it is with functions, static and class methods. What has been wrapped around a function stays by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import FunctionType
from typing import Any

from pickleloaf.code.codec import facts_of
from pickleloaf.reducers._places import Path
from pickleloaf.reducers._tokens import facets_of

__all__ = ["Others", "join", "others_of"]

#: Where a function is whose globals a method is to have, and the names of those that come along.
Others = tuple[Path, tuple[str, ...]]

_WRAPPERS = (staticmethod, classmethod)


def others_of(value: Any, places: Mapping[Path, Any], changed: Collection[Path]) -> Others | None:
    """Return whom a method joins, or None.

    Args:
        value: the method.
        places: what is at the places of the class.
        changed: places where not every receiver has what is there.
    """
    function = value.__func__ if type(value) in _WRAPPERS else value
    if type(function) is not FunctionType:
        return None
    others = {
        path: facts_of(other.__code__).names.globals
        for path, other in places.items()
        if type(other) is FunctionType
        and other.__globals__ is function.__globals__
        and not any(path[:end] in changed for end in range(1, len(path) + 1))
    }
    if not others:
        return None
    known = {name for names in others.values() for name in names}
    along = [name for name in facts_of(function.__code__).names.globals if name not in known]
    return next(iter(others)), tuple(along)


def join(value: Any, other: Any, along: tuple[str, ...]) -> Any:
    """Return a method with the globals of another function."""
    if type(other) is not FunctionType:  # it is something else here
        return value
    if type(value) in _WRAPPERS:
        return type(value)(join(value.__func__, other, along))
    scope, brought = other.__globals__, value.__globals__
    if scope is brought:
        return value
    for name in facts_of(value.__code__).names.globals:
        if name in brought and (name in along or name not in scope):
            scope[name] = brought[name]
    joined = FunctionType(value.__code__, scope, value.__name__, None, value.__closure__)
    for name, facet in facets_of(value).items():
        setattr(joined, name, facet)
    joined.__module__ = value.__module__
    joined.__dict__.update(value.__dict__)
    if hasattr(value, "__type_params__"):
        joined.__type_params__ = value.__type_params__  # type: ignore[attr-defined, unused-ignore]
    return joined
