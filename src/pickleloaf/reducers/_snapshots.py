"""Whether a closed class is still what it was when it was last taken apart.

A class is often dumped again and again, and has not changed. To take it apart takes long, so this only looks
whether everything that could have been replaced is still there. This is part of the hot path, so the questions
are asked in C and many at once. (Not of ``id``: each call is an audit event, which takes long.)

1. What lives in the class for ever, atoms and code, is held and has to be the same object; equality would not
   do, since 1 == True.
2. Functions are held weakly, since they lead to their globals and so perhaps to the class itself, which
   would live for ever. Of a property or a static method its functions are looked at, not the object.
3. What a function consists of is what `gc` says that it refers to, whichever attributes a Python has. It keeps
   its globals and its closure as long as it lives.
4. Dicts that a closed function must not have anything in, its attributes and annotations, must still be empty.
   A class with keyword defaults, a dict that may change without being replaced, is taken apart each time.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from gc import get_referents
from operator import attrgetter, call, is_, itemgetter
from types import CellType, FunctionType
from typing import Any

from pickleloaf.reducers._templates import Parts, write_template
from pickleloaf.reducers._uses import Uses

__all__ = ["Snapshot", "keep", "kept"]

_OWN = attrgetter("__name__", "__qualname__", "__bases__")

#: Gets what there is out of what holds functions, by its exact type.
_WRAPPERS: dict[type, Any] = {
    staticmethod: attrgetter("__func__", "__doc__"),
    classmethod: attrgetter("__func__", "__doc__"),
    property: attrgetter("fget", "fset", "fdel", "__doc__"),
}


class Snapshot:
    """What a closed class was taken apart into, and what it consisted of then.

    Attributes:
        parts: what it consists of.
        uses: what its functions look up.
        functions: the ids of these, for as long as it is shown.
    """

    __slots__ = (
        "_bound", "_count", "_get_dicts", "_get_functions", "_get_others", "_get_same", "_is_settled", "_names",
        "_others", "_refs", "_same", "_slots", "_template", "_wrapped", "functions", "parts", "uses",
    )  # fmt: skip

    def __init__(self, cls: type, parts: Parts, uses: Uses) -> None:
        self.parts = parts
        self.uses = uses
        self._template: bytes | None = None
        self._names = list(cls.__dict__)
        values = list(cls.__dict__.values())
        kinds = list(map(type, values))
        plain = [at for at, kind in enumerate(kinds) if kind is FunctionType]
        self._get_functions = _getter(plain)
        self._wrapped = [at for at, kind in enumerate(kinds) if kind in _WRAPPERS]
        # The descriptors of slots lead to the class. They cannot be replaced without showing another type.
        self._slots = [
            at for at, kind in enumerate(kinds) if hasattr(kind, "__set__") and kind not in _WRAPPERS
        ]
        taken = {*plain, *self._wrapped, *self._slots}
        self._get_others = _getter([at for at in range(len(values)) if at not in taken])
        functions, self._others = self._look(cls, values)
        self._is_settled = not any(each.__kwdefaults__ for each in functions)
        self._refs = [weakref.ref(each) for each in functions]
        self.functions = frozenset(map(id, functions))
        found = get_referents(*functions)
        self._count = len(found)
        # Other dicts are the globals and the builtins.
        self._get_dicts = _getter([at for at, part in enumerate(found) if type(part) is dict and not part])
        self._get_same = _getter(
            [
                at
                for at, kind in enumerate(map(type, found))
                if kind is not dict and not (kind is tuple and _is_closure(found[at]))
            ]
        )
        self._same = self._get_same(found)
        self._bound = [at for at, each in enumerate(functions) if each.__closure__ is not None]

    def template(self, cls: type) -> bytes:
        """Return the definition of the class, sealed when it is first asked for."""
        if self._template is None:
            self._template = write_template(cls, self.parts)
        return self._template

    def shows(self, cls: type) -> bool:
        """Tell whether a class is what it was; False where that is not certain."""
        if list(cls.__dict__) != self._names or not self._is_settled:
            return False
        functions, others = self._look(cls, list(cls.__dict__.values()))
        if not (_are(functions, [*map(call, self._refs)]) and _are(others, self._others)):
            return False
        parts = get_referents(*functions)
        if len(parts) != self._count or any(self._get_dicts(parts)):
            return False
        if not all(map(is_, self._get_same(parts), self._same)):
            return False
        try:
            return all(functions[at].__closure__[0].cell_contents is cls for at in self._bound)
        except ValueError:  # the cell has been emptied
            return False

    def scope(self) -> dict[str, Any]:
        """Return the globals of the functions, as long as they are shown."""
        function = self._refs[0]() if self._refs else None
        return {} if function is None else function.__globals__

    def _look(self, cls: type, values: list[Any]) -> tuple[list[Any], list[Any]]:
        """Return the functions, and what else has to be identical: what is the class's own, atoms, types."""
        functions = [*self._get_functions(values)]
        others = [*_OWN(cls), *self._get_others(values), *[type(values[at]) for at in self._slots]]
        for at in self._wrapped:
            wrapper = values[at]
            others.append(type(wrapper))
            for part in _WRAPPERS[type(wrapper)](wrapper) if type(wrapper) in _WRAPPERS else ():
                if type(part) is FunctionType:
                    functions.append(part)
                    others.append(FunctionType)  # one stands here, whichever it is
                else:
                    others.append(part)
        return functions, others


def _are(some: list[Any], others: list[Any]) -> bool:
    """Tell whether objects are the same, one by one."""
    return len(some) == len(others) and all(map(is_, some, others))


def _is_closure(part: tuple[Any, ...]) -> bool:
    return len(part) > 0 and type(part[0]) is CellType


def _getter(positions: list[int]) -> Callable[[Any], Iterable[Any]]:
    """Return what takes some items out of a list."""
    if len(positions) > 1:
        return itemgetter(*positions)
    return lambda values: [values[at] for at in positions]


#: The class that was last taken apart while it was not yet known to identities, and what it was.
_latest: tuple[weakref.ref[type], Snapshot] | None = None


def keep(cls: type, snapshot: Snapshot) -> None:
    """Remember a snapshot for the moment: a class is asked for its digest, then at once to travel."""
    global _latest  # noqa: PLW0603 - a cache of one
    _latest = weakref.ref(cls), snapshot


def kept(cls: type) -> Snapshot | None:
    """Return the snapshot of a class if it was the last one that was kept."""
    latest = _latest
    return latest[1] if latest is not None and latest[0]() is cls else None
