"""Places of a class: where in it, however deep, something may change that counts for what it does.

A place is a path of steps from the class; a step is (kind, key): the attribute ``("names", "speak")`` and in that
function the global ``("globals", "LIMIT")``. What is one object at the sender need not be one at the receiver, but it
is at the same place. So there is one walk that finds places, and one that follows a path.

1. Places are the attributes of the class, and of each function in it the globals that it uses, its closure, its
   attributes and its defaults. Functions are looked for in whatever the class holds: descriptors, also the user's own,
   wrappers, partials, containers, the attributes of instances, and other functions' globals, closures and defaults.
2. On the way to a function instances and containers count for nothing else: what they hold changes in place.
3. Classes and modules lead nowhere: they travel on their own. So does what goes by reference.
4. Nothing of the user's is run, and a walk goes so far and no further.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from types import BuiltinFunctionType, CodeType, FunctionType, MemberDescriptorType, MethodType, ModuleType
from typing import Any

from pickleloaf._compat import HAS_LAZY_ANNOTATIONS
from pickleloaf.code.codec import FACETS, CodeFacts, facts_of
from pickleloaf.policy.by_value import ValuePolicy
from pickleloaf.reducers._kinds import ATOMS, Kinds
from pickleloaf.reducers._namespaces import owns

__all__ = [
    "NOTHING",
    "Path",
    "attributes_of",
    "delete",
    "is_settled",
    "parts_of",
    "places_of",
    "put",
    "what_is_at",
]

Path = tuple[tuple[str, Any], ...]

#: So deep, past so many objects and into containers that are no larger goes a walk.
_DEPTH, _FAR, _LARGE = 10, 1000, 64

#: Of what C code makes, the attributes that may lead to functions.
_PARTS: dict[type, tuple[str, ...]] = {
    staticmethod: ("__func__",),
    classmethod: ("__func__",),
    property: ("fget", "fset", "fdel", "__doc__"),
    functools.partial: ("func", "args", "keywords"),
    MethodType: ("__func__", "__self__"),
}
_CONTAINERS = Kinds({list, tuple, dict})
_LEAD_NOWHERE = Kinds(ATOMS | {CodeType, BuiltinFunctionType})

#: What a class is, besides what is in its namespace.
_OF_CLASSES = ("__name__", "__qualname__", "__bases__")
#: What in its namespace only says how it was made.
_OF_MAKING = frozenset({"__slots__", "__static_attributes__", "__classcell__", "__classdictcell__"})

#: Where there is nothing.
NOTHING: Any = object()


def places_of(cls: type, names: Mapping[str, Any], policy: ValuePolicy) -> dict[Path, Any]:
    """Return what is at each place of a class.

    Args:
        cls: the class.
        names: its namespace, as it travels.
        policy: what travels by value.
    """
    return _Walk(policy).of(cls, names)


class _Walk:
    """One walk through a class."""

    def __init__(self, policy: ValuePolicy) -> None:
        self.policy = policy
        self.found: dict[Path, Any] = {}
        self._seen: set[int] = set()
        self._owned: dict[int, bool] = {}

    def of(self, cls: type, names: Mapping[str, Any]) -> dict[Path, Any]:
        self._seen.add(id(cls))
        for name in (*_OF_CLASSES, "__abstractmethods__") if "_abc_impl" in cls.__dict__ else _OF_CLASSES:
            self.found[("class", name),] = type.__getattribute__(cls, name)
        for name, value in cls.__dict__.items():
            if (name in names or name == "__doc__") and name not in _OF_MAKING:
                self._note((("names", name),), value)
        if "__annotations__" in names:  # from 3.14 on they may be under another name
            self.found[("names", "__annotations__"),] = names["__annotations__"]
        return self.found

    def _note(self, path: Path, value: Any) -> None:
        self.found[path] = value
        if not _LEAD_NOWHERE.have(value):
            self._enter(path, value)

    def _enter(self, path: Path, value: Any) -> None:
        """Look for functions in what is at a place, and for what there is to those."""
        kind = type(value)
        if id(value) in self._seen or len(path) > _DEPTH or len(self._seen) > _FAR:
            return
        self._seen.add(id(value))
        if kind is FunctionType:
            if value.__module__ == "__main__" or not self.policy.by_reference(value):
                self._enter_function(path, value)
        elif not (_LEAD_NOWHERE.have(value) or issubclass(kind, (type, ModuleType))):
            for step, part in _steps(value, kind):
                inner = (*path, step)
                if not is_settled(kind) and _is_function(part):
                    self.found[inner] = part
                self._enter(inner, part)

    def _enter_function(self, path: Path, function: FunctionType) -> None:
        scope, facts = function.__globals__, facts_of(function.__code__)
        is_own = not self._is_owned(scope)
        note = self._note if is_own else self._enter
        if is_own:
            if not is_plain(function, facts):
                self.found[*path, ("function", None)] = function
            for name in facts.names.globals:
                if name in scope:
                    note((*path, ("globals", name)), scope[name])
        for index, cell in enumerate(function.__closure__ or ()):
            if function.__code__.co_freevars[index] != "__classdict__":
                try:
                    note((*path, ("closure", index)), cell.cell_contents)
                except ValueError:  # it is empty
                    continue
        for name, value in function.__dict__.items():
            note((*path, ("dict", name)), value)
        for index, value in enumerate(function.__defaults__ or ()):
            self._enter((*path, ("defaults", index)), value)
        for name, value in (function.__kwdefaults__ or {}).items():
            self._enter((*path, ("kwdefaults", name)), value)

    def _is_owned(self, scope: dict[str, Any]) -> bool:
        """Tell whether globals are those of an importable module, which a receiver has of its own."""
        key = id(scope)
        if key not in self._owned:
            name: Any = scope.get("__name__")
            self._owned[key] = owns(sys.modules.get(name), scope) and not self.policy.travels(name)
        return self._owned[key]


def is_settled(kind: type) -> bool:
    """Tell whether what objects of a type hold cannot be replaced in them."""
    return kind is tuple or bool(_parts_of(kind))


def parts_of(value: Any) -> list[Any]:
    """Return what an object holds that is settled."""
    return list(value) if type(value) is tuple else [getattr(value, name) for name in _parts_of(type(value))]


def is_plain(function: FunctionType, facts: CodeFacts) -> bool:
    """Tell whether a function has nothing but its code and what is at places of their own."""
    if FACETS(function) != facts.plain or function.__defaults__ or function.__kwdefaults__:
        return False
    return not (HAS_LAZY_ANNOTATIONS and function.__annotations__)


def _is_function(value: Any) -> bool:
    """Tell whether something is a function, or has one that it cannot lose."""
    kind = type(value)
    if kind is FunctionType:
        return True
    return is_settled(kind) and any(_is_function(part) for part in parts_of(value))


def _steps(value: Any, kind: type) -> Iterator[tuple[tuple[str, Any], Any]]:
    """Yield what an object that is no function holds, with the steps that lead there."""
    if kind in _CONTAINERS:
        if len(value) <= _LARGE:
            items = value.items() if kind is dict else enumerate(value)
            yield from ((("items", key), part) for key, part in items if ATOMS.have(key))
        return
    for name in _parts_of(kind):
        yield ("part", name), getattr(value, name)
    if type(kind) is type and kind in _PARTS:
        return
    for name, part in islice(attributes_of(value).items(), _LARGE):
        yield ("vars", name), part


def _parts_of(kind: type) -> tuple[str, ...]:
    if type(kind) is type and kind in _PARTS:
        return _PARTS[kind]
    for base in kind.__mro__:
        if base in _PARTS:
            return _PARTS[base]
    return ()


def attributes_of(instance: Any) -> dict[str, Any]:
    """Return the attributes of an instance, those in slots as well, without asking its class."""
    found: dict[str, Any] = {}
    for base in type(instance).__mro__[:-1]:
        if "__slots__" in base.__dict__:
            for name, descriptor in base.__dict__.items():
                if type(descriptor) is MemberDescriptorType:
                    try:
                        found[name] = descriptor.__get__(instance)
                    except AttributeError:  # it is empty
                        continue
    if type(instance).__dictoffset__:
        found.update(object.__getattribute__(instance, "__dict__"))
    return found


def what_is_at(cls: type, path: Path) -> Any:
    """Return what is at a place, or NOTHING."""
    value: Any = cls
    for kind, key in path:
        try:
            value = _LOOK[kind](value, key)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):  # it is another object here
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


_LOOK: dict[str, Callable[[Any, Any], Any]] = {
    "class": type.__getattribute__,
    "names": lambda cls, name: cls.__dict__[name],
    "globals": lambda function, name: function.__globals__[name],
    "closure": lambda function, index: function.__closure__[index].cell_contents,
    "dict": lambda function, name: function.__dict__[name],
    "defaults": lambda function, index: function.__defaults__[index],
    "kwdefaults": lambda function, name: function.__kwdefaults__[name],
    "function": lambda function, _: function,
    "vars": lambda instance, name: attributes_of(instance)[name],
    "part": getattr,
    "items": lambda container, key: container[key],
}


def _put_closure(function: FunctionType, index: int, value: Any) -> None:
    (function.__closure__ or ())[index].cell_contents = value


def _put_attributes(function: FunctionType, _: None, attributes: dict[str, Any]) -> None:
    for name, value in attributes.items():
        setattr(function, name, value)


_PUT: dict[str, Callable[[Any, Any, Any], None]] = {
    "class": type.__setattr__,
    "names": type.__setattr__,
    "globals": lambda function, name, value: function.__globals__.__setitem__(name, value),
    "closure": _put_closure,
    "dict": setattr,
    "function": _put_attributes,
    "vars": object.__setattr__,
    "items": lambda container, key, value: container.__setitem__(key, value),
}


def _delete_closure(function: FunctionType, index: int) -> None:
    del (function.__closure__ or ())[index].cell_contents


_DELETE: dict[str, Callable[[Any, Any], None]] = {
    "names": type.__delattr__,
    "globals": lambda function, name: function.__globals__.__delitem__(name),
    "closure": _delete_closure,
    "dict": delattr,
    "vars": object.__delattr__,
    "items": lambda container, key: container.__delitem__(key),
}
