"""Where in an object dumping failed, as Python from the root: ``obj.callbacks[2].__closure__['lock']``.

The trail that a flat pickler leaves holds every object on the way, those that a reducer made up among
them. A path is found by asking, for an object on the trail, which of the next ones it leads to (`_step`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from itertools import islice, repeat
from operator import is_
from sys import getrefcount
from types import CellType, FunctionType, ModuleType
from typing import Any

from pickleloaf.inspecting.anatomy import cells_of, contents_of, members_of
from pickleloaf.inspecting.instance_dicts import shows_dict
from pickleloaf.patching.payload import Patched
from pickleloaf.reducers._sharing import Sharing

__all__ = ["IMMORTAL", "first_with", "has", "path_along"]

#: What the pickler puts around the object that it was given.
_WRAPPERS = (Patched, Sharing)

#: Attributes of the interpreter's own kinds of objects that lead to others.
_ATTRIBUTES = (
    "__func__ __self__ __wrapped__ func args keywords fget fset fdel __cause__ __context__ __traceback__ "
    "__origin__ __args__ __bound__ __defaults__ __kwdefaults__ __annotations__ __dict__ "
    "exceptions default_factory maps data gi_frame tzinfo".split()
)
#: Elements of a container that are looked through at most, since a class of the user's may have no end of them.
_LOOKED_THROUGH = 1_000_000
#: Elements that are copied at a time, to see whether an object is among them.
_CHUNK = 4096
#: Reference counts above that are those of immortal objects, which never change.
IMMORTAL = 1 << 28
#: Objects at either end of a very long trail whose steps are shown.
_SHOWN = 100
#: Objects in a row that reducers make up at most between two that names connect.
_MADE_UP = 8


def path_along(trail: list[Any]) -> str:
    """Return the path from the first object of a trail as far along it as names lead.

    Of a very long one, only its beginning and its end.
    """
    if not trail:
        return ""
    if type(trail[0]) in _WRAPPERS:
        trail = trail[next((at for at, each in enumerate(trail) if each is trail[0].obj), 0) :]
    if len(trail) > 2 * _SHOWN:
        return f"{_along(trail[:_SHOWN], _root(trail[0]))} ... {_along(trail[-_SHOWN:], '')}"
    return _along(trail, _root(trail[0]))


def _along(trail: list[Any], path: str) -> str:
    at, last = 0, len(trail) - 1
    named = 0
    while at < last:
        for ahead in range(at + 1, min(last, at + _MADE_UP) + 1):
            step = _step(trail[at], trail[ahead])
            if step is not None:
                path, at, named = path + step, ahead, ahead
                break
        else:
            at += 1
    return path if named == last else f"{path}.<{type(trail[last]).__name__}>"


def _root(obj: Any) -> str:
    if isinstance(obj, (type, FunctionType)):
        return obj.__qualname__
    return obj.__name__ if isinstance(obj, ModuleType) else "obj"


def _step(parent: Any, child: Any) -> str | None:
    """Return what leads from an object straight to another, or None."""
    try:
        for kind, look in _LOOKS:
            if isinstance(parent, kind):
                found = look(parent, child)
                if found is not None:
                    return found
        return _in_attributes(parent, child)
    except Exception:  # noqa: BLE001 - user code that fails while we look for the place of another failure
        return None


def first_with(obj: Any, items: Any, make: Callable[[Any], list[Any]]) -> int:
    """Return the index of the first item that leads to an object, found by halving; one of them has to.

    Args:
        obj: the object. A list that holds it raises its reference count, which costs less than to compare.
        items: a list or tuple.
        make: returns a list of what some of the items lead to.
    """
    start, stop = 0, len(items)
    while stop - start > 1:
        middle = start + min((stop - start) // 2, _CHUNK)
        count = getrefcount(obj)
        made = make(items[start:middle])
        if getrefcount(obj) > count or (count > IMMORTAL and has(made, obj)):
            stop = middle
        else:
            start = middle
        del made
    return start


def has(objects: list[Any], obj: Any) -> bool:
    """Return whether an object is in a list."""
    return any(map(is_, objects, repeat(obj)))


def _index(items: Any, child: Any) -> int | None:
    """Return where in a list or tuple an object is."""
    at = first_with(child, items, _itself)
    return at if items and items[at] is child else None


def _itself(items: Any) -> Any:
    return items


def _in_mapping(parent: Mapping[Any, Any], child: Any) -> str | None:
    at = _index(_beginning(parent.values()), child)
    if at is not None:
        return f"[{_short(next(islice(parent, at, None)))}]"
    at = _index(_beginning(parent), child)
    return None if at is None else f".<key {at}>"


def _in_sequence(parent: Iterable[Any], child: Any) -> str | None:
    at = _index(parent if type(parent) in (list, tuple) else _beginning(parent), child)
    return None if at is None else f"[{at}]"


def _beginning(elements: Iterable[Any]) -> list[Any]:
    return list(islice(elements, _LOOKED_THROUGH))


def _in_set(parent: Iterable[Any], child: Any) -> str | None:
    return None if _in_sequence(parent, child) is None else ".<element>"


def _in_function(parent: FunctionType, child: Any) -> str | None:
    for name, cell in cells_of(parent).items():
        if child is cell or child is contents_of(cell):
            return f".__closure__[{name!r}]"
    for name, value in parent.__globals__.items():
        if value is child:
            return f".__globals__[{name!r}]"
    return None


def _in_cell(parent: Any, child: Any) -> str | None:
    return "" if parent.cell_contents is child else None


def _in_class(parent: type, child: Any) -> str | None:
    for name, value in parent.__dict__.items():
        if value is child:
            return f".{name}"
    return _prefixed(".__bases__", _in_sequence(parent.__bases__, child))


def _in_module(parent: ModuleType, child: Any) -> str | None:
    for name, value in parent.__dict__.items():
        if value is child:
            return f".{name}"
    return None


def _in_attributes(parent: Any, child: Any) -> str | None:
    if child is type(parent):
        return ".__class__"
    own = shows_dict(type(parent)) and object.__getattribute__(parent, "__dict__")
    if own:
        if own is child:
            return None  # the attribute in it follows on the trail
        for name, value in own.items():
            if value is child:
                return f".{name}"
    for name, value in members_of(parent):
        if value is child:
            return f".{name}"
    for name in _ATTRIBUTES:
        if getattr(parent, name, None) is child:
            return f".{name}"
    return None


def _prefixed(prefix: str, step: str | None) -> str | None:
    return None if step is None else prefix + step


def _short(key: Any) -> str:
    text = repr(key)
    return text if len(text) <= 60 else text[:57] + "..."


#: By kind of the parent. The last takes long to tell.
_LOOKS: tuple[tuple[Any, Callable[[Any, Any], str | None]], ...] = (
    ((list, tuple, deque), _in_sequence),
    (dict, _in_mapping),
    ((set, frozenset), _in_set),
    (FunctionType, _in_function),
    (CellType, _in_cell),
    (type, _in_class),
    (ModuleType, _in_module),
    (Mapping, _in_mapping),
)
