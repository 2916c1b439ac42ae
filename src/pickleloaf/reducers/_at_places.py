"""What is at a place of a class, and what is to be there: follows the path to it, see _places."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from pickleloaf.reducers._places import NOTHING, Path, attributes_of, name_of, registry_of

__all__ = ["delete", "put", "what_is_at"]


def what_is_at(cls: type, path: Path) -> Any:
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


def put(cls: type, path: Path, value: Any) -> None:
    """Put something into a place."""
    holder = what_is_at(cls, path[:-1])
    if holder is not NOTHING:
        kind, key = path[-1]
        _PUT[kind](holder, key, value)


def delete(cls: type, path: Path) -> None:
    """Empty a place."""
    holder = what_is_at(cls, path[:-1])
    kind, key = path[-1]
    _DELETE[kind](holder, key)


def _registered(generic: Any, name: str) -> Any:
    return next(function for cls, function in registry_of(generic).items() if name_of(cls) == name)


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
    "vars": lambda instance, name: attributes_of(instance)[name],
    "part": getattr,
    "items": lambda container, key: container[key],
}


def _put_closure(function: FunctionType, index: int, value: Any) -> None:
    (function.__closure__ or ())[index].cell_contents = value


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


_PUT: dict[str, Callable[[Any, Any, Any], None]] = {
    "class": type.__setattr__,
    "names": type.__setattr__,
    "globals": lambda function, name, value: function.__globals__.__setitem__(name, value),
    "closure": _put_closure,
    "dict": setattr,
    "function": _put_attributes,
    "generic": _register,
    "vars": object.__setattr__,
    "items": _put_item,
}


def _delete_closure(function: FunctionType, index: int) -> None:
    del (function.__closure__ or ())[index].cell_contents


def _delete_item(container: Any, key: Any) -> None:
    if type(container) is list:  # what a list no longer has was at its end
        del container[key:]
    else:
        del container[key]


_DELETE: dict[str, Callable[[Any, Any], None]] = {
    "names": type.__delattr__,
    "globals": lambda function, name: function.__globals__.__delitem__(name),
    "closure": _delete_closure,
    "dict": delattr,
    "vars": object.__delattr__,
    "items": _delete_item,
}
