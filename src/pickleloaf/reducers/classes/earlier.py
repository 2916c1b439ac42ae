"""Verbs of earlier versions: payloads that they made are still loaded, and none is made any more."""

from __future__ import annotations

import builtins
import marshal
from collections.abc import Callable
from types import CellType, FunctionType
from typing import Any

from pickleloaf.code.codec import load_code, restore
from pickleloaf.code.envelope import unseal
from pickleloaf.inspecting.anatomy import NOTHING
from pickleloaf.reducers.classes import identities
from pickleloaf.reducers.classes.building import make_class
from pickleloaf.reducers.classes.tokens import token_of
from pickleloaf.wire import verb

_WRAPPERS: dict[str, type] = {"staticmethod": staticmethod, "classmethod": classmethod}

_Path = tuple[tuple[str, Any], ...]


@verb
def rebuild_closed_class(
    identity: bytes, template: bytes, bases: tuple[type, ...] = (), used: dict[str, Any] | None = None
) -> type:
    """Make a class of nothing but code and atoms.

    Args:
        identity: see identities.
        template: its sealed definition: its name, its attributes as (name, kind, contents), and their source text.
        bases: its bases.
        used: the globals that its methods use.
    """
    known = identities.arrived(identity)
    if known is not None:
        return known
    name, parts, *text = marshal.loads(
        unseal(template)
    )  # in older ones each code object has a text of its own
    source = text[0].decode("utf-8", "surrogatepass") if text else ""
    names = _put_together(parts, source, used or {})
    cls = make_class(identity, type, name, bases, names, {})
    identities.finish(cls)
    return cls


def _put_together(
    parts: tuple[tuple[str, Any, Any], ...], source: str, used: dict[str, Any]
) -> dict[str, Any]:
    """Make the namespace of a class."""
    module = next(contents for name, _, contents in parts if name == "__module__")
    scope = {"__name__": module, "__builtins__": builtins, **used}
    cell = CellType()

    def function(taken: tuple[Any, ...] | None) -> Any:
        if taken is None:
            return None
        code = load_code(taken[0]) if type(taken[0]) is bytes else restore(taken[0], source)
        made = FunctionType(code, scope, None, taken[1], (cell,) if code.co_freevars else None)
        if taken[2]:
            made.__kwdefaults__ = dict(taken[2])
        return made

    names: dict[str, Any] = {}
    for name, kind, contents in parts:
        if kind == "value":
            names[name] = contents
        elif kind == "function":
            names[name] = function(contents)
        elif kind == "property":
            fget, fset, fdel = map(function, contents[:3])
            is_own = fget is not None and fget.__doc__ == contents[3]
            names[name] = property(fget, fset, fdel, None if is_own else contents[3])
        else:
            names[name] = _WRAPPERS[kind](function(contents))
    names["__classcell__"] = cell
    return names


@verb
def fill_revision(cls: type, state: dict[_Path, Any]) -> None:
    """Change what was changed about a class where it came from, if it was here before that.

    Args:
        cls: the class.
        state: by the path to a place: a mark that begins with a number that grows, what was at the place at first,
            the value if there is one, and where a function finds the globals that it joins, which is passed over.
    """
    known = identities.known(cls)
    if known is None or known.keywords is None:
        return
    for path, (mark, former, *told) in state.items():
        number = int.from_bytes(mark[:4], "big")
        if known.numbers.get((b"", path), 0) >= number:
            continue
        known.numbers[b"", path] = number
        here = _what_is_at(cls, path)
        value = told[0] if told else NOTHING
        if not identities.is_new(cls) and (
            former is None
            or here is NOTHING
            or (path in known.given and known.given[path].shows(here))
            or any(token_of(each).shows(here) for each in former)
        ):
            _change(cls, path, here, value)
        known.given[path] = token_of(_what_is_at(cls, path))


def _change(cls: type, path: _Path, here: Any, value: Any) -> None:
    kind, key = path[-1]
    holder = _what_is_at(cls, path[:-1])
    if holder is NOTHING:
        return
    if value is not NOTHING:
        _PUT[kind](holder, key, value)
    elif here is not NOTHING:
        _DELETE[kind](holder, key)


def _what_is_at(cls: type, path: _Path) -> Any:
    """Return what is at a place, or NOTHING."""
    value: Any = cls
    for kind, key in path:
        try:
            value = _LOOK[kind](value, key)
        except (
            AttributeError,
            LookupError,
            StopIteration,
            TypeError,
            ValueError,
        ):  # it is another object here
            return NOTHING
    return value


def _registered(generic: Any, name: str) -> Any:
    return next(
        function
        for cls, function in generic.registry.items()
        if f"{cls.__module__}.{cls.__qualname__}" == name
    )


_LOOK: dict[str, Callable[[Any, Any], Any]] = {
    "class": type.__getattribute__,
    "names": lambda cls, name: cls.__dict__[name],
    "member": lambda cls, name: cls._member_map_[name],
    "globals": lambda function, name: function.__globals__[name],
    "closure": lambda function, index: function.__closure__[index].cell_contents,
    "dict": lambda function, name: function.__dict__[name],
    "defaults": lambda function, index: function.__defaults__[index],
    "kwdefaults": lambda function, name: function.__kwdefaults__[name],
    "function": lambda function, _: function,
    "generic": lambda generic, _: generic,
    "registered": _registered,
    "vars": object.__getattribute__,
    "part": getattr,
    "items": lambda container, key: container[key],
}


def _put_attributes(function: FunctionType, _: None, attributes: dict[str, Any]) -> None:
    for name, value in attributes.items():
        setattr(function, name, value)


def _register(generic: Any, _: None, registry: tuple[tuple[type, Any], ...]) -> None:
    for cls, function in registry:
        generic.register(cls, function)


def _put_item(container: Any, key: Any, value: Any) -> None:
    if type(container) is list:
        container[key : key + 1] = [value]
    else:
        container[key] = value


def _delete_item(container: Any, key: Any) -> None:
    if type(container) is list:  # what a list no longer has was at its end
        del container[key:]
    else:
        del container[key]


_PUT: dict[str, Callable[[Any, Any, Any], None]] = {
    "class": type.__setattr__,
    "names": type.__setattr__,
    "globals": lambda function, name, value: function.__globals__.__setitem__(name, value),
    "closure": lambda function, index, value: setattr(function.__closure__[index], "cell_contents", value),
    "dict": setattr,
    "function": _put_attributes,
    "generic": _register,
    "vars": object.__setattr__,
    "items": _put_item,
}

_DELETE: dict[str, Callable[[Any, Any], None]] = {
    "names": type.__delattr__,
    "globals": lambda function, name: function.__globals__.__delitem__(name),
    "closure": lambda function, index: delattr(function.__closure__[index], "cell_contents"),
    "dict": delattr,
    "vars": object.__delattr__,
    "items": _delete_item,
}
