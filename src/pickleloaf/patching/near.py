"""A glance at what a payload refers to: is it what it was when somebody last looked closely?

It is for every dump, and takes a few hundredths of the time that dumps take. So payloads are known by what
they refer to, as a tuple, and only that is compared:

1. the names that shipped code looks up in builtins and in modules, and the globals of importable functions;
2. the values in the namespaces of classes and of their bases, up to `_NAMES` for each class. Of what is
   beyond, and of modules that lack a name, the size tells that there is something new.

Everything further away is the watch's affair (see watch).
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from time import perf_counter
from types import FunctionType, ModuleType
from typing import Any

from pickleloaf.inspecting.anatomy import space_of
from pickleloaf.inspecting.names import LookUps
from pickleloaf.patching.snapshot import Scope

__all__ = ["Seen", "glance_of", "is_known_by_identity", "see"]

#: As many names of a class and its bases are looked at each time. Of others it is seen that they are new.
_NAMES = 40

#: Namespaces, names in them, and their values.
_Names = tuple[tuple[dict[str, Any], str, Any], ...]

#: Namespaces and their sizes, since a name may be new; values in namespaces of classes, now and then.
_More = tuple[list[tuple[Mapping[str, Any], int]], list[tuple[Iterable[Any], list[Any]]]]

#: What a payload refers to, and what was there when it was last looked at. Most have only names.
Seen = tuple[_Names, _More | None]


def see(uses: Iterable[Any], namespaces: Callable[[type], Iterable[Scope]]) -> Seen:
    """Return what everything that a payload refers to is now.

    Args:
        uses: what it refers to by name, and the `LookUps` of the code it ships.
        namespaces: returns those of a class and of its bases.
    """
    names: dict[tuple[int, str], Any] = {}
    sizes: dict[int, Any] = {}
    values: dict[int, Any] = {}
    modules: list[dict[str, Any]] = [space_of(each) for each in uses if type(each) is ModuleType]
    for each in uses:
        for space, name in _looked_up(each, modules):
            if name in space:
                names[id(space), name] = (space, name, space[name])
            else:
                sizes[id(space)] = (space, len(space))
        if isinstance(each, type):
            count = 0
            for scope in namespaces(each):
                count += len(scope.space)
                if count <= _NAMES:
                    values[id(scope)] = (scope.space.values(), list(scope.space.values()))
                else:
                    sizes[id(scope)] = (scope.space, len(scope.space))
    more = ([*sizes.values()], [*values.values()]) if sizes or values else None
    return tuple(names.values()), more  # as plain tuples, which take half the time to unpack


def is_known_by_identity(used: Any) -> bool:
    """Tell whether an object is equal to nothing but itself: metaclasses may see that in another way."""
    kind: Any = type(used)
    return kind.__hash__ is object.__hash__ and kind.__eq__ is object.__eq__


def glance_of(watch: Any) -> Callable[[list[Any]], bool]:
    """Return what tells, at little cost, whether a closer look at what a payload uses is needed.

    It is asked about every dump. As a closure it takes a fifth of a microsecond.
    """
    seen, clock = watch.seen, perf_counter

    def glance(uses: list[Any]) -> bool:
        try:
            names, more = seen[tuple(uses)]
            for space, name, value in names:
                if space[name] is not value:
                    return True
            if more is not None:
                for growing, size in more[0]:
                    if len(growing) != size:
                        return True
                for now, before in more[1]:
                    if [*now] != before:
                        return True
        except Exception:  # noqa: BLE001 - a payload not seen yet, a name that is gone, a foreign __eq__ that fails
            return True
        late: bool = clock() > watch.due
        return late

    return glance


def _looked_up(used: Any, modules: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the names that something a payload uses looks up, each with the namespace where it does."""
    if type(used) is FunctionType:
        yield from ((used.__globals__, name) for name in used.__code__.co_names)
    elif type(used) is LookUps:
        yield from ((sys.modules, name) for name in used.modules)
        yield from ((vars(builtins), name) for name in used.builtins)
        for module, name in used.members:
            if isinstance(known := sys.modules.get(module), ModuleType):
                yield space_of(known), name
        for chain in used.chains:
            for space in [each for each in modules if chain[0] in each] or modules:
                yield from _steps(space, chain)


def _steps(space: dict[str, Any], chain: tuple[str, ...]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the names of a chain of attributes, as far as it leads from module to module."""
    for name in chain:
        yield space, name
        value = space.get(name)
        if type(value) is not ModuleType:
            return
        space = space_of(value)
