"""One namespace: what was seen in it, and whether it has changed since.

To look closely at a value takes some tenths of a microsecond; to ask whether a namespace is as it was, some
hundredths for each name. What is remembered for that depends on the value:

1. functions, classes, modules, descriptors and the like: the object itself, and of functions the code;
2. everything else: its type. So no large object is kept alive, and as long as the type is the same and
   no code of by-value modules, an object is no patch, whichever it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import singledispatchmethod
from operator import itemgetter
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from pickleloaf.inspecting.anatomy import LRU_CACHE, WRAPPERS, is_patchable, space_of
from pickleloaf.patching.detect import OF_THE_PROCESS, PLAIN, PatchDetector
from pickleloaf.patching.place import Place, entries, registry_of

__all__ = ["NamespaceSnapshot"]

_HELD = (FunctionType, BuiltinFunctionType, MethodType, type, ModuleType, LRU_CACHE, *WRAPPERS)
_HELD_IDS = frozenset(map(id, _HELD))

#: Attributes of a class that say what it is; of interest only where they are not plain data.
_USUAL = frozenset(
    "__module__ __qualname__ __doc__ __dict__ __weakref__ __firstlineno__ __static_attributes__ __slots__ "
    "__annotations__ __parameters__ __orig_bases__ __match_args__ __abstractmethods__".split()
)


class NamespaceSnapshot:
    """The namespace of a module, or of a class in one.

    Attributes:
        owner: the module or class.
        module: the name of the module.
        path: qualified name of the class; "" for the module.
        space: the namespace.
        size: how many names it had when it was last read.
        inner: the snapshots of the classes defined in it, by name.
        patched: where patches were seen when it was last read, without those in `inner`.
        leads: names of the modules that it holds something of, without those of `inner`.
    """

    __slots__ = (
        "_codes", "_functions", "_get_held", "_get_rest", "_held", "_kind", "_registries", "_rest",
        "inner", "leads", "module", "owner", "patched", "path", "size", "space",
    )  # fmt: skip

    def __init__(self, owner: Any, module: str, path: str = "") -> None:
        self.owner = owner
        self.module = module
        self.path = path
        self.space: Mapping[str, Any] = space_of(owner)
        self.inner: dict[str, NamespaceSnapshot] = {}
        self.patched: tuple[Place, ...] = ()
        self.leads: frozenset[str] = frozenset()
        self.size = -1

    def is_current(self) -> bool:
        """Tell whether the namespace is as it was when it was read."""
        space = self.space
        try:
            return (
                len(space) == self.size
                and type(self.owner) is self._kind
                and self._get_held(space) == self._held
                and tuple(map(type, self._get_rest(space))) == self._rest
                and [each.__code__ for each in self._functions] == self._codes
                and all(len(registry) == size for registry, size in self._registries)
            )
        except Exception:  # noqa: BLE001 - a name is gone, or a foreign __eq__ fails
            return False

    def read(self, detector: PatchDetector) -> None:
        """Look at every value, and at the classes that are defined here."""
        held: dict[str, Any] = {}
        rest: dict[str, type] = {}
        known, self.inner = self.inner, {}
        patched: list[Place] = []
        leads: set[str] = set()
        self._registries: list[tuple[Mapping[Any, Any], int]] = []
        items = list(self.space.items())
        for name, value in items:
            kind = type(value)
            if id(kind) in PLAIN:
                if not self.path or name not in _USUAL:
                    rest[name] = kind
                if kind is dict and self.module == "copyreg":
                    patched.extend(self._entries(name, value, detector))
                continue
            if (
                id(kind) in _HELD_IDS
                or issubclass(kind, type)
                or (callable(value) and not kind.__dictoffset__)
            ):
                held[name] = value
            else:
                rest[name] = kind
            if self._is_plain_function(value, kind, detector):
                continue
            home = _home(value, kind)
            if home == self.module and issubclass(kind, type):
                self._enter(name, value, known.get(name), detector)
                continue
            if kind is singledispatchmethod or (kind is FunctionType and value.__module__ == self.module):
                patched.extend(self._entries(name, value, detector))
            patches = list(self._patches(name, value, detector))
            patched.extend(patches)
            if not patches:  # where a patch comes from nobody goes who imports this
                leads.add(home)
        self._kind = type(self.owner)
        if issubclass(self._kind, ModuleType):  # which may be given another class
            patched.extend(self._patches("__class__", self._kind, detector))
        self.patched = tuple(patched)
        self.leads = frozenset(leads - {self.module, ""})
        self._held, self._get_held = tuple(held.values()), _getter(held)
        self._rest, self._get_rest = tuple(rest.values()), _getter(rest)
        self._functions = [value for value in self._held if type(value) is FunctionType]
        self._codes = [each.__code__ for each in self._functions]
        self.size = len(items)

    def walk(self) -> Iterator[NamespaceSnapshot]:
        """Yield this snapshot and those inside it."""
        yield self
        for snapshot in self.inner.values():
            yield from snapshot.walk()

    def _enter(self, name: str, cls: type, known: NamespaceSnapshot | None, detector: PatchDetector) -> None:
        """Look into a class that is found by its own name."""
        if cls.__qualname__ != Place(self.module, self.path, name).qualname or not is_patchable(cls):
            return
        if known is None or known.owner is not cls:
            known = NamespaceSnapshot(cls, self.module, cls.__qualname__)
        if not known.is_current():
            known.read(detector)
        self.inner[name] = known

    def _patches(self, name: str, value: Any, detector: PatchDetector) -> Iterator[Place]:
        place = Place(self.module, self.path, name)
        if place in OF_THE_PROCESS:
            return
        if detector.is_patch(value, place):
            yield place
        elif type(value) is FunctionType and detector.is_of_session(value.__code__.co_filename, self.module):
            yield Place(self.module, place.qualname, "__code__")

    def _entries(self, name: str, value: Any, detector: PatchDetector) -> Iterator[Place]:
        """Yield the entries of a registry that were not made by an import; remember its size."""
        registry = registry_of(value)
        if registry is None:
            return
        self._registries.append((registry, len(registry)))
        path = Place(self.module, self.path, name).qualname
        for entry, pair in entries(value).items():
            place = Place(self.module, path, entry)
            if any(detector.is_patch(each, place) for each in pair):
                yield place

    def _is_plain_function(self, value: Any, kind: type, detector: PatchDetector) -> bool:
        """Tell at a glance that a value is a function that was defined in this module, and never touched."""
        return (
            kind is FunctionType
            and value.__closure__ is None
            and value.__globals__.get("__name__") == self.module
            and not value.__dict__
            and not detector.is_of_session(value.__code__.co_filename, self.module)
        )


def _home(value: Any, kind: type) -> str:
    """Return the name of the module that a value is of, as far as that is told quickly, or ""."""
    if issubclass(kind, ModuleType):
        home = space_of(value).get("__name__")
    elif kind is FunctionType:
        home = value.__globals__.get("__name__")
    else:
        try:
            home = (value if issubclass(kind, type) else kind).__module__
        except Exception:  # noqa: BLE001 - a metaclass that answers in its own way
            return ""
    return home if type(home) is str else ""


def _getter(names: dict[str, Any]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what takes some names out of a mapping, as a tuple."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda space: tuple(space[name] for name in names)
