"""What reducers share while one pickler works, and may ask of it.

A class has to exist before anything that refers to it, yet its functions refer to it and are needed
to make it. So while the arguments of a class are pickled (it is *being built*):

1. functions met on the way are made as shells, and given at once only what cannot lead to a class
   that is being built; the rest is *late* and is given to them as soon as that class exists;
2. attributes of the class that lead back to it are late too;
3. what is late for an inner class but leads to an outer one, still being built, waits for that one.

`leads_to` answers the question behind all three.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, ModuleType
from typing import Any

from pickleloaf.policy.by_value import ValuePolicy

__all__ = ["ATOMS", "HEAP_TYPE", "Dump", "Late", "Namespace", "ShippedModules"]

#: Exact types whose objects refer to nothing.
ATOMS = frozenset({type(None), bool, int, float, complex, str, bytes, bytearray, type(...), type(NotImplemented)})

#: Objects that are followed at most to answer one question; beyond that the answer is "may be".
_FAR = 2000


class Namespace:
    """Stands in a payload for the globals dict of functions that travel by value.

    It arrives as a module object, whose ``__dict__`` the functions share.
    """

    __slots__ = ("globals", "name")

    def __init__(self, namespace: dict[str, Any], name: str) -> None:
        self.globals = namespace
        self.name = name


class ShippedModules:
    """Stands in a payload for a dict, at first empty, that its modules by value enter."""

    __slots__ = ()


class Late:
    """What an object is still to be given, part by part, once a class exists."""

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


class Dump:
    """The state of one pickler, as reducers see it."""

    def __init__(
        self,
        policy: ValuePolicy,
        protocol: int,
        define: Callable[[type, ValuePolicy], tuple[bytes, list[type]]],
    ) -> None:
        self.policy = policy
        self.protocol = protocol
        #: Names of modules by value that cannot travel, with the reason, by module.
        self.left_out: dict[str, dict[str, str]] = {}
        #: Pickles the definition of one class; see _tracking.
        self.define = define
        #: While a definition is pickled for a digest: of which class, and the other classes met.
        self.digesting: type | None = None
        self.met: list[type] = []
        self.clear()

    def clear(self) -> None:
        """Forget what has been pickled; the pickler's memo is forgotten at the same time."""
        #: What stands for a globals dict, by its id: see functions, rule 2.
        self.namespaces: dict[int, Any] = {}
        #: Where a cell is found in the payload, by its id: (function, index), or the cell itself.
        self.cells: dict[int, Any] = {}
        #: Cells that making a class fills, by id.
        self.class_cells: dict[int, CellType] = {}
        #: Stand-ins for named objects of modules, by module and name.
        self.named: dict[tuple[str, str], Any] = {}
        #: Attributes of modules by value that functions use by name, as (module, name).
        self.required: set[tuple[str, str]] = set()
        #: The modules that travel by value, by name, as the payload itself will hold them.
        self.modules = ShippedModules()
        #: Digests of the classes defined so far; see _tracking.
        self.digests: dict[int, tuple[bytes, list[type]]] = {}
        #: Classes whose arguments are being pickled, outermost first, with what waits for each.
        self.building: list[tuple[type, list[Late]]] = []

    def remembered(self) -> tuple[dict[Any, Any], ...]:
        """Return copies of what refers to the pickler's memo."""
        return dict(self.namespaces), dict(self.cells), dict(self.named)

    def remember(self, state: tuple[dict[Any, Any], ...]) -> None:
        """Go back to what `remembered` returned."""
        self.namespaces, self.cells, self.named = (dict(part) for part in state)

    def give(self, late: Late) -> Any:
        """Return the state that can be given now, or None; leave the rest to the innermost class being built."""
        if not self.building:
            return late.join(late.parts)
        waits = {key: value for key, value in late.parts.items() if self.leads_to_building(value)}
        if waits:
            self.building[-1][1].append(Late(late.target, waits, late.join, late.fill))
        now = {key: value for key, value in late.parts.items() if key not in waits}
        return late.join(now) if now else None

    def leads_to_building(self, value: Any) -> bool:
        """Tell whether pickling a value may need a class that is being built."""
        kind = type(value)
        if not self.building or kind in ATOMS or kind is ModuleType:
            return False
        return self._leads((value,))

    def _leads(self, values: Iterable[Any]) -> bool:
        """Follow references, breadth first; functions are shells and lead nowhere."""
        targets = {id(cls) for cls, _ in self.building}
        seen: set[int] = set()
        queue = list(values)
        for value in queue:
            if id(value) in targets:
                return True
            if id(value) in seen or type(value) in ATOMS:
                continue
            seen.add(id(value))
            if isinstance(value, (FunctionType, BuiltinFunctionType, ModuleType, CodeType)):
                continue
            if isinstance(value, type):
                if not self.policy.by_reference(value) and value.__flags__ & HEAP_TYPE:
                    queue.extend(value.__bases__)
                    queue.extend(value.__dict__.values())
                    queue.append(type(value))
                continue
            queue.extend(gc.get_referents(value))
            queue.append(type(value))
            if len(queue) > _FAR:
                return True
        return False


#: Py_TPFLAGS_HEAPTYPE, Include/object.h: types made by a class statement or at run time.
HEAP_TYPE = 1 << 9
