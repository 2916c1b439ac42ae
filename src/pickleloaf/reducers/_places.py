"""Places of a class: where in it, however deep, something may change that counts for what it does.

A place is a path of steps from the class; a step is (kind, key): the attribute ``("names", "speak")`` and in that
function the global ``("globals", "LIMIT")``. What is one object at the sender need not be one at the receiver, but it
is at the same place. Here is the walk that finds places; who follows a path is in _at_places.

1. Places are the attributes of the class, and of each function in it the globals that it uses, its closure, its
   attributes and its defaults; of a generic function what it dispatches to. Functions are looked for in whatever the
   class holds: descriptors, also the user's own, wrappers, partials, containers, the attributes of instances, and
   other functions' globals, closures and defaults.
2. On the way to a function containers count for nothing else. Of instances of by-value classes the attributes count
   that are data: atoms, and containers of few atoms.
3. Classes and modules lead nowhere: they travel on their own. So does what goes by reference.
4. Nothing of the user's is run, and a walk goes so far and no further.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator, Mapping
from enum import EnumType
from itertools import islice
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
    SimpleNamespace,
)
from typing import Any

from pickleloaf._compat import HAS_LAZY_ANNOTATIONS
from pickleloaf.code.codec import FACETS, CodeFacts, facts_of
from pickleloaf.policy.by_value import ValuePolicy
from pickleloaf.reducers._dicts_of import shows_dict
from pickleloaf.reducers._kinds import ATOMS, Kinds
from pickleloaf.reducers._namespaces import owns
from pickleloaf.reducers._referents import HEAP_TYPE

__all__ = [
    "NOTHING",
    "Path",
    "attributes_of",
    "contents_of",
    "is_data",
    "is_settled",
    "name_of",
    "parts_of",
    "places_of",
    "registry_of",
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
_DATA = Kinds({list, tuple, dict, set, frozenset})
_LEAD_NOWHERE = Kinds(ATOMS | {CodeType, BuiltinFunctionType})

#: What a class is, besides what is in its namespace.
_OF_CLASSES = ("__name__", "__qualname__", "__bases__")
#: What in its namespace only says how it was made.
_OF_MAKING = frozenset({"__slots__", "__static_attributes__", "__classcell__", "__classdictcell__"})

#: The code of what `functools.singledispatch` makes of a function.
_GENERIC: Any = functools.singledispatch(len).__code__  # type: ignore[attr-defined]

#: What a class says of how its instances are pickled.
_PICKLING = frozenset({"__reduce__", "__reduce_ex__", "__getstate__", "__setstate__"})

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
        for name, value in list(cls.__dict__.items()):
            if (name in names or name == "__doc__") and name not in _OF_MAKING:
                self._note((("names", name),), value)
        for name, member in (
            getattr(cls, "_member_map_", {}).items() if issubclass(type(cls), EnumType) else ()
        ):
            for key, value in member.__dict__.items():
                self._note((("member", name), ("vars", key)), value)
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
            settled = is_settled(kind)
            holds_data = not settled and self._holds_data(kind)
            for step, part in _steps(value, kind):
                inner = (*path, step)
                if not settled and (_is_function(part) or (holds_data and is_data(part))):
                    self.found[inner] = part
                if not _LEAD_NOWHERE.have(part):
                    self._enter(inner, part)

    def _holds_data(self, kind: type) -> bool:
        """Tell whether instances of a type are made again from their attributes, and are nobody else's."""
        if kind is SimpleNamespace:
            return True
        if not kind.__flags__ & HEAP_TYPE or self.policy.by_reference(kind):
            return False
        return all(_PICKLING.isdisjoint(base.__dict__) for base in kind.__mro__[:-1])

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
        elif function.__code__ is _GENERIC:
            self.found[*path, ("generic", None)] = function
            for cls, each in registry_of(function).items():
                self._enter((*path, ("registered", name_of(cls))), each)
        for index, cell in enumerate(function.__closure__ or ()):
            if function.__code__.co_freevars[index] != "__classdict__":
                try:
                    note((*path, ("closure", index)), cell.cell_contents)
                except ValueError:  # it is empty
                    continue
        for name, value in list(function.__dict__.items()):
            note((*path, ("dict", name)), value)
        for index, value in enumerate(function.__defaults__ or ()):
            self._enter((*path, ("defaults", index)), value)
        for name, value in list((function.__kwdefaults__ or {}).items()):
            self._enter((*path, ("kwdefaults", name)), value)

    def _is_owned(self, scope: dict[str, Any]) -> bool:
        """Tell whether globals are those of an importable module, which a receiver has of its own."""
        key = id(scope)
        if key not in self._owned:
            name: Any = scope.get("__name__")
            self._owned[key] = owns(sys.modules.get(name), scope) and not self.policy.travels(name)
        return self._owned[key]


def registry_of(generic: Any) -> dict[type, Any]:
    """Return what a generic function dispatches to."""
    return dict(generic.registry)


def name_of(cls: type) -> str:
    """Return how a class is called where its generic function is another one."""
    return f"{cls.__module__}.{cls.__qualname__}"


def is_settled(kind: type) -> bool:
    """Tell whether what objects of a type hold cannot be replaced in them."""
    return kind is tuple or bool(_parts_of(kind))


def parts_of(value: Any) -> list[Any]:
    """Return what an object holds that is settled."""
    if type(value) is tuple:
        return list(value)
    return [object.__getattribute__(value, name) for name in _parts_of(type(value))]


def is_data(value: Any) -> bool:
    """Tell whether something is an atom, or containers of few atoms."""
    if ATOMS.have(value):
        return True
    met = [value]
    for each in met:
        if not ATOMS.have(each):
            if not _DATA.have(each) or len(met) + len(each) > _LARGE:
                return False
            met += contents_of(each)
    return True


def contents_of(container: Any) -> list[Any]:
    """Return keys, values and elements of a container."""
    return [*container, *container.values()] if type(container) is dict else list(container)


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
    if _CONTAINERS.have(value):
        if len(value) <= _LARGE:
            items = list(value.items()) if kind is dict else enumerate(list(value))
            yield from ((("items", key), part) for key, part in items if ATOMS.have(key))
        return
    for name in _parts_of(kind):
        yield ("part", name), object.__getattribute__(value, name)
    if type(kind) is type and kind in _PARTS:
        return
    for name, part in islice(attributes_of(value).items(), _LARGE):
        yield ("vars", name), part


def _parts_of(kind: type) -> tuple[str, ...]:
    if type(kind) is type and kind in _PARTS:
        return _PARTS[kind]
    return next((parts for made, parts in _PARTS.items() if issubclass(kind, made)), ())


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
    if shows_dict(type(instance)):
        found.update(object.__getattribute__(instance, "__dict__"))
    return found
