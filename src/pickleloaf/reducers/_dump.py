"""The state of one pickler that its reducers share, and what they may ask of it.

A class has to exist before anything that refers to it, yet its functions refer to it and are needed
to make it. So while the arguments of a class are pickled (it is *being built*):

1. functions met on the way are made as shells, and given at once only what cannot lead to a class
   that is being built; the rest is *late* and is given to them as soon as that class exists;
2. attributes of the class that lead back to it are late too;
3. what is late for an inner class but leads to an outer one, still being built, waits for that one.

`leads_to` answers the question behind all three.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from types import CellType, ModuleType
from typing import Any

from pickleloaf.inspecting.kinds import ATOMS
from pickleloaf.policy.by_value import ValuePolicy
from pickleloaf.reducers._cycles import Cycles
from pickleloaf.reducers._leading import Leading, ways

__all__ = ["Dump", "Late", "Namespace", "ScopeOf", "ShippedModules", "Unheard"]


class Namespace:
    """Stands in a payload for the globals dict of functions that travel by value.

    It arrives as a module object, whose ``__dict__`` the functions share.
    """

    __slots__ = ("globals", "name")

    def __init__(self, namespace: dict[str, Any], name: str) -> None:
        self.globals = namespace
        self.name = name


class ScopeOf:
    """Stands in a payload for the globals of functions of a class that the payload has."""

    __slots__ = ("cls", "name", "path")

    def __init__(self, cls: type, path: tuple[Any, ...], name: str) -> None:
        self.cls = cls
        self.path = path
        self.name = name


class ShippedModules:
    """Stands in a payload for a dict, at first empty, that its modules by value enter."""

    __slots__ = ()


class Late:
    """The parts that an object is still to be given once a class exists."""

    __slots__ = ("fill", "join", "parts", "target")

    def __init__(
        self,
        target: Any,
        parts: dict[tuple[str, Any], Any],
        join: Callable[[dict[tuple[str, Any], Any]], Any],
        fill: Callable[[Any, Any], Any],
    ) -> None:
        self.target = target
        #: By kind and name: ("globals", "x"), ("closure", 0), ("attributes", "__defaults__") ...
        self.parts = parts
        #: Makes a state of some parts, for ``fill(target, state)``.
        self.join = join
        self.fill = fill


#: Parts of a Dump that most dumps never need; they are made when they are first asked for.
_ON_DEMAND: dict[str, Callable[[], Any]] = {
    "class_cells": dict,
    "named": dict,
    "holders": dict,
    "required": set,
    "modules": ShippedModules,
    "left_out": dict,
    "kept": dict,
    "boxes": dict,
    "cycles": Cycles,
    "leading": Leading,
}

#: Parts of a Dump that hold while an object is pickled once more.
_KEPT = frozenset({"left_out", "kept"})


class Unheard(deque[Any]):
    """Takes whatever is appended, and stays empty."""

    def __init__(self) -> None:
        super().__init__(maxlen=0)


class _Heard(list[Any]):
    """Is looked at even if it is empty."""

    def __bool__(self) -> bool:
        return True


#: Lists that take down the uses of a payload, by the treatment of patches.
_USES: dict[str, Callable[[], Any]] = {"warn": list, "carry": _Heard, "refuse": list, "ignore": Unheard}


class Dump:
    """The state of one pickler, as reducers see it.

    Attributes:
        policy: what travels by value.
        portable: whether what is pickled is for every Python.
        protocol: pickle protocol.
        judged: the reducers of the types that have been met; see judging.
        building: classes whose arguments are being pickled, outermost first, with what waits for each.
        made: ids of classes that the payload has, of those that others waited for.
        uses: what goes by reference, and the look-ups of code that travels; see patching/scan.
        namespaces: what stands for a globals dict, by its id; see functions, rule 2.
        given: globals that functions which need no second step have brought, by the id of their dict.
        cells: where a cell is found in the payload, by its id: (function, index), or the cell itself.
        class_cells: cells that making a class fills, by id.
        named: stand-ins for named objects of modules, by module and name.
        holders: modules that have a name, by name and the id of what they call so.
        required: attributes of modules by value that functions use by name, as (module, name).
        modules: stands for the dict of modules by value that the payload itself will hold.
        images: classes whose images have been pickled, with where their functions are, by id; see `place_of`.
        nested: ids of functions, such as methods, that have been pickled on their own.
        is_used: whether a reducer has been asked, so that there may be something to clear.
        has_more, keeps: whether there are parts that most dumps never need, or any that clearing leaves.
        left_out: names of modules by value that cannot travel, with the reason, by module.
        kept: objects that go by name since they cannot be pickled, by id.
        cycles: which objects lead back to themselves.
        leading: which objects lead to a class that is being built.
        answers: objects that have been asked for their state, each followed by its answer; see _asking.
        known: answers of earlier passes over the same object, by id.
        doubts: what is looked at once the payload has been written; see again.
        shared: what several parts of the payload have in common, by its id; see again.
        boxes: lists that stand in a payload for what must be made once or is made up here, by id of the object.
        brings: whether what function bodies import is brought where only this process has it; see again.
    """

    class_cells: dict[int, CellType]
    named: dict[tuple[str, str], Any]
    holders: dict[str, dict[int, Any]]
    required: set[tuple[str, str]]
    modules: ShippedModules
    left_out: dict[str, dict[str, str]]
    kept: dict[int, Any]
    boxes: dict[int, Any]
    cycles: Cycles
    leading: Leading

    def __init__(self, policy: ValuePolicy, protocol: int) -> None:
        self.policy = policy
        self.portable = bool(policy.portable)
        self.protocol = protocol
        self.judged: dict[type, Any] = {}
        self.namespaces: dict[int, Any] = {}
        self.building: list[tuple[type, list[Late]]] = []
        self.made: set[int] = set()
        self.uses: Any = _USES[policy.patches]()
        self.given: dict[int, dict[str, Any]] = {}
        self.cells: dict[int, Any] = {}
        self.images: list[tuple[type, dict[int, Any]]] = []
        self._places: dict[int, tuple[type, Any]] = {}
        self.nested: set[int] = set()
        self.answers: list[Any] = []
        self.known: dict[int, tuple[Any, Any]] = {}
        self.doubts: list[tuple[str, Any]] = []
        self.shared: dict[int, Any] = {}
        self.is_used = self.has_more = self.keeps = self.brings = False

    @property
    def ships_modules(self) -> bool:
        """Tell whether any module that function bodies import may travel by value."""
        return self.brings or self.policy.ships_modules

    def __getattr__(self, name: str) -> Any:
        try:
            value = _ON_DEMAND[name]()
        except KeyError:
            raise AttributeError(name) from None
        setattr(self, name, value)
        self.has_more = True
        self.keeps |= name in _KEPT
        return value

    def clear(self) -> None:
        """Forget what has been pickled; the pickler's memo is forgotten at the same time."""
        if not self.is_used:
            return
        for part in (self.namespaces, self.given, self.cells, self.images, self.nested, self.uses):
            part.clear()
        self.made.clear()
        self._places.clear()
        self.building = []
        self.answers.clear()
        self.known.clear()
        self.doubts.clear()
        self.is_used = False
        if self.has_more:
            for name in _ON_DEMAND.keys() - _KEPT:
                self.__dict__.pop(name, None)
            self.has_more = self.keeps

    def remembered(self) -> tuple[dict[Any, Any], ...]:
        """Return copies of what refers to the pickler's memo."""
        given = {key: dict(names) for key, names in self.given.items()}
        return dict(self.namespaces), given, dict(self.cells), dict(self.named)

    def remember(self, state: tuple[dict[Any, Any], ...]) -> None:
        """Go back to what `remembered` returned."""
        self.is_used = True
        self.namespaces, given, self.cells, self.named = (dict(part) for part in state)
        self.given = {key: dict(names) for key, names in given.items()}

    def give(self, late: Late) -> Any:
        """Return the state that can be given now, or None; leave the rest to the innermost class being built."""
        if not self.building:
            return late.join(late.parts)
        waits = {key: value for key, value in late.parts.items() if self.leads_to_building(value)}
        if waits:
            self.building[-1][1].append(Late(late.target, waits, late.join, late.fill))
        now = {key: self.stand_in(value) if key in waits else value for key, value in late.parts.items()}
        now = {key: value for key, value in now.items() if key not in waits or value is not None}
        return late.join(now) if now else None

    def stand_in(self, value: Any) -> Any:
        """Return what hooks may use instead of a value that is late: of a container, what is not late in it."""
        kind = type(value)
        if kind in (list, set):
            return kind(each for each in value if not self.leads_to_building(each))
        if kind in (dict, OrderedDict, defaultdict):
            kept = value.copy()
            for key, each in value.items():
                if self.leads_to_building(key) or self.leads_to_building(each):
                    del kept[key]
            return kept
        return kind() if kind in _WEAK_CONTAINERS else None

    def has_made(self, classes: Iterable[type]) -> bool:
        """Tell whether classes are there before what is pickled now."""
        return all(id(cls) in self.made or self.policy.by_reference(cls) for cls in classes)

    def leads_to_building(self, value: Any) -> bool:
        """Tell whether pickling a value may need a class that is being built."""
        if not self.building or ATOMS.have(value) or type(value) is ModuleType:
            return False
        self._enter_images()
        return self.leading.leads(value, self.building, self._places, self.policy)

    def place_of(self, function: Any) -> tuple[type, Any] | None:
        """Return the class whose image has brought a function, and where it is there."""
        if self.images:
            self._enter_images()
        return self._places.get(id(function))

    def _enter_images(self) -> None:
        """Enter the functions of the images that have been pickled since the last time; the first image counts."""
        places = self._places
        for cls, paths in self.images:
            for key, path in paths.items():
                places.setdefault(key, (cls, path))
            if self.has_more:
                self.leading.enter(paths)
        self.images.clear()

    def leads_to(self, targets: set[int], values: Iterable[Any]) -> bool:
        """Tell whether references lead from values to a target, given by id, as far as one need look."""
        return bool(ways(targets, values, self._places, self.policy)[0])


#: Containers whose contents would not outlive an empty moment.
_WEAK_CONTAINERS = (weakref.WeakSet, weakref.WeakValueDictionary, weakref.WeakKeyDictionary)
