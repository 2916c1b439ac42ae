"""What hooks do while a class is made a second time, and which of it is taken back.

``__init_subclass__``, metaclasses and ``__set_name__`` ran where the class comes from, and they run again
where it arrives, because a library may have to know of the class there too. But what they did to classes,
globals and descriptors that travel along is part of the payload: a registry must not list a class twice,
a counter not count it twice. So what came with the payload is put back as it came.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import CellType, FunctionType
from typing import Any

from pickleloaf.inspecting.anatomy import NOTHING, contents_of, inner
from pickleloaf.inspecting.holders import module_of
from pickleloaf.reducers.classes import identities
from pickleloaf.reducers.classes.body import has_set_name

__all__ = ["taken_back"]


_HOOKS = frozenset({"__init_subclass__", "__set_name__"})


@contextmanager
def taken_back(metaclass: type, bases: tuple[type, ...], names: Mapping[str, Any]) -> Iterator[None]:
    """Put back what changes meanwhile in what came with the payload."""
    memories = [_Memory(place) for place in _places(metaclass, bases, names)]
    yield
    for memory in memories:
        memory.put_back()


def _places(metaclass: type, bases: tuple[type, ...], names: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the dicts, cells and classes that the hooks of a class can reach at once."""
    named = [each for each in names.values() if type(each) is not FunctionType and has_set_name(type(each))]
    asked = (metaclass, *bases, *map(type, named))
    classes = {id(each): each for cls in asked for each in cls.__mro__ if identities.is_new(each)}.values()
    hooked = [cls for cls in classes if issubclass(cls, type) or not _HOOKS.isdisjoint(cls.__dict__)]
    if hooked:
        yield from classes
    scopes: dict[int, dict[str, Any]] = {}
    for cls in hooked:
        for value in cls.__dict__.values():
            function = inner(value)
            if type(function) is FunctionType:
                scopes[id(function.__globals__)] = function.__globals__
                yield from function.__closure__ or ()
    for scope in scopes.values():
        if module_of(scope, scope.get("__name__")) is None:
            yield scope
    for value in named:
        if identities.is_new(type(value)):
            yield getattr(value, "__dict__", {})


class _Memory:
    """What is in one place: which objects, and what the lists, dicts and sets among them hold."""

    def __init__(self, place: Any) -> None:
        self.place = place
        self.objects = self._now()
        self.contents = [
            (each, each.copy()) for each in self.objects.values() if type(each) in (list, dict, set)
        ]

    def _now(self) -> dict[str, Any]:
        if type(self.place) is not CellType:
            return dict(vars(self.place) if isinstance(self.place, type) else self.place)
        contents = contents_of(self.place)
        return {} if contents is NOTHING else {"": contents}

    def put_back(self) -> None:
        now = self._now()
        for name, value in self.objects.items():
            if now.get(name) is not value:
                self._set(name, value)
        for each, contents in self.contents:
            each.clear()
            each.extend(contents) if type(each) is list else each.update(contents)

    def _set(self, name: str, value: Any) -> None:
        if type(self.place) is CellType:
            self.place.cell_contents = value
        elif isinstance(self.place, type):
            type.__setattr__(self.place, name, value)
        else:
            self.place[name] = value
