"""Whether a closed class is still what it was when it was last taken apart.

A class is often dumped again and again, and has not changed. To take it apart takes long, so this only looks
whether everything that could have been replaced is still the same object. This is part of the hot path: the
questions are asked in C where there are many of them.

1. What lives in the class for ever, atoms and code, is held; equality would not do, since 1 == True.
2. Functions are held weakly, since they lead to their globals and so perhaps to the class itself, which
   would live for ever. Of a property or a static method its functions are looked at, not the object.
3. What a closed function must not have, such as attributes, must still not be there. Keyword defaults are a
   dict, which may change without being replaced: a class with any is taken apart each time.
"""

from __future__ import annotations

import weakref
from itertools import chain
from operator import attrgetter, is_
from types import FunctionType
from typing import Any

from pickleloaf._compat import HAS_LAZY_ANNOTATIONS
from pickleloaf.reducers._uses import Uses

__all__ = ["Snapshot", "keep", "kept"]

_OWN = attrgetter("__name__", "__qualname__", "__bases__")
_SAME = attrgetter("__code__", "__defaults__", "__name__", "__qualname__", "__doc__", "__module__")
_EMPTY = attrgetter(
    "__kwdefaults__",
    "__dict__",
    *(["__annotate__"] if HAS_LAZY_ANNOTATIONS else []),
    *(["__type_params__"] if hasattr(FunctionType, "__type_params__") else []),
)

_ANNOTATIONS = attrgetter("__annotations__")

#: Gets the functions out of what holds functions, by its exact type.
_WRAPPERS: dict[type, Any] = {
    staticmethod: lambda wrapper: (wrapper.__func__,),
    classmethod: lambda wrapper: (wrapper.__func__,),
    property: attrgetter("fget", "fset", "fdel"),
}


class Snapshot:
    """What a closed class was taken apart into, and what it consisted of then.

    Attributes:
        template: its sealed definition.
        uses: what its functions look up.
    """

    __slots__ = (
        "_atoms",
        "_bound",
        "_here",
        "_names",
        "_plain",
        "_refs",
        "_same",
        "_wrapped",
        "template",
        "uses",
    )

    def __init__(self, cls: type, template: bytes, uses: Uses) -> None:
        self.template = template
        self.uses = uses
        self._names = tuple(cls.__dict__)
        values = list(cls.__dict__.values())
        self._plain = [at for at, value in enumerate(values) if type(value) is FunctionType]
        self._wrapped = [at for at, value in enumerate(values) if type(value) in _WRAPPERS]
        others = set(range(len(values))) - {*self._plain, *self._wrapped}
        # The descriptors of slots lead to the class. They cannot be replaced without showing another type.
        self._atoms = sorted(at for at in others if not hasattr(type(values[at]), "__set__"))
        self._here = self._seen(cls, values)
        functions = self._functions(values)
        self._refs = [each and weakref.ref(each) for each in functions]
        found = [*filter(None, functions)]
        self._same = list(chain.from_iterable(map(_SAME, found)))
        self._bound = [at for at, each in enumerate(found) if each.__closure__ is not None]

    def shows(self, cls: type) -> bool:
        """Tell whether a class is what it was; False where that is not certain."""
        if tuple(cls.__dict__) != self._names:
            return False
        values = list(cls.__dict__.values())
        if not all(map(is_, self._seen(cls, values), self._here)):
            return False
        functions = self._functions(values)
        if functions != [each and each() for each in self._refs]:  # functions are equal if identical
            return False
        if self._wrapped:
            functions = [*filter(None, functions)]
        if not self._has_plain(functions):
            return False
        try:
            return all(functions[at].__closure__[0].cell_contents is cls for at in self._bound)
        except ValueError:  # the cell has been emptied
            return False

    def _has_plain(self, functions: list[Any]) -> bool:
        """Tell whether functions consist of what they did, and of nothing besides."""
        if any(chain.from_iterable(map(_EMPTY, functions))):
            return False
        if any(map(_ANNOTATIONS, functions)):  # evaluates nothing, since none has an __annotate__
            return False
        return all(map(is_, chain.from_iterable(map(_SAME, functions)), self._same))

    def _seen(self, cls: type, values: list[Any]) -> list[Any]:
        """Return what has to be identical: what is the class's own, the types of attributes, and the atoms."""
        docs = [values[at].__doc__ for at in self._wrapped]
        return [*_OWN(cls), *map(type, values), *[values[at] for at in self._atoms], *docs]

    def _functions(self, values: list[Any]) -> list[Any]:
        """Return the functions; None for those that a property does not have."""
        functions = [values[at] for at in self._plain]
        for at in self._wrapped:
            functions += _WRAPPERS[type(values[at])](values[at])
        return functions


#: The class that was last taken apart while it was not yet known to _tracking, and what it was.
_latest: tuple[weakref.ref[type], Snapshot] | None = None


def keep(cls: type, snapshot: Snapshot) -> None:
    """Remember a snapshot for the moment: a class is asked for its digest, then at once to travel."""
    global _latest  # noqa: PLW0603 - a cache of one
    _latest = weakref.ref(cls), snapshot


def kept(cls: type) -> Snapshot | None:
    """Return the snapshot of a class if it was the last one that was kept."""
    latest = _latest
    return latest[1] if latest is not None and latest[0]() is cls else None
