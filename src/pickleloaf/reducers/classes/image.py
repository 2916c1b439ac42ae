"""Images: everything that a payload needs for a class, worked out once for each state of the class.

An image is a sealed template (see template), the holes in it, and a stamp (see stamp) that tells whether it still
holds. Repeated dumps check the stamp and read the values of the holes anew.
"""

from __future__ import annotations

import marshal
import weakref
from collections.abc import Collection
from threading import active_count
from types import CellType, ModuleType
from typing import Any

from pickleloaf.code.codec import facts_of
from pickleloaf.code.envelope import seal
from pickleloaf.inspecting.anatomy import NOTHING
from pickleloaf.inspecting.holders import module_of
from pickleloaf.inspecting.kinds import interned
from pickleloaf.policy.by_value import ValuePolicy
from pickleloaf.reducers._dump import Dump, ScopeOf
from pickleloaf.reducers._named import SELF_NAMED, by_name
from pickleloaf.reducers._namespaces import imported_modules, namespace_for, shipped_with, submodules
from pickleloaf.reducers.classes.draft import Draft, Kind
from pickleloaf.reducers.classes.reach import scopes_of
from pickleloaf.reducers.classes.stamp import Place, Stamp
from pickleloaf.reducers.classes.template import FUNCTION, HOLE, PROPERTY, Use

__all__ = ["Image", "draw_image"]


class Image:
    """The image of one class.

    Attributes:
        kind: how the class is made.
        contents, sealed: the template, and this in an envelope.
        stamp: tells whether the image still holds.
        early, late: uses of the holes.
        is_plain: whether nothing that the class is made from has to wait for it, since no code of the user's looks at
            it before it is complete.
        is_plain_after_bases: whether that holds as soon as the payload has the bases.
        needs_scopes: whether the payload may have to bring globals of its functions.
        own_scope: whether the globals of its functions are made for them alone.
        using: functions that may need modules besides their globals.
        look_ups: names that patches of builtins and modules may change.
        paths: where its functions are, and those with a cache, by id.
        cells: cells that are not the class's own, as (function, index).
        places: what is at the attributes of the class, as nodes.
    """

    sealed: bytes

    def __init__(self, cls: type, kind: Kind, draft: Draft, policy: ValuePolicy) -> None:
        """Take everything from a draft."""
        self.kind = kind
        self.draft_names = {**draft.names, **draft.after}
        self.functions = [
            (function.__code__, node) for function, node in zip(draft.functions, draft.nodes, strict=True)
        ]
        self._own_facets = (cls.__name__, cls.__qualname__, [*map(weakref.ref, cls.__bases__)])
        self._abstract = cls.__dict__.get("__abstractmethods__")
        scopes, is_shared = scopes_of(cls, draft, policy)
        draft.has_own_scope = draft.has_own_scope and not is_shared
        self.contents = draft.write(kind).contents()
        self.early = tuple(draft.early)
        self.late = draft.late_uses()
        self.look_ups = draft.look_ups()
        has_known_bases = cls.__bases__[0] is object or all(map(policy.by_reference, cls.__bases__))
        has_known_metaclass = type(cls) is type or policy.by_reference(type(cls))
        self.is_plain = (
            has_known_metaclass
            and (not draft.is_hooked or (has_known_bases and not draft.late))
            and all(use[0] in {"metaclass", "base"} or draft.is_settled(use) for use in draft.early)
        )
        self.is_plain_after_bases = (
            has_known_metaclass
            and draft.is_hooked
            and not draft.late
            and all(use[0] in {"metaclass", "base"} for use in draft.early)
        )
        self._is_made_first = self.is_plain and has_known_bases
        self.own_scope = draft.has_own_scope
        self.paths = {id(function): path for function, path in zip(draft.functions, draft.paths, strict=True)}
        self.paths.update({id(cached): path for cached, path in draft.caches.values()})
        self.cells = tuple(draft.cells)
        self._at = {path: at for at, path in enumerate(draft.paths)}
        self._scopes = [draft.functions.index(function) for function in draft.scopes]
        self._own = self._at[draft.own] if draft.own else None
        self.using = [at for at, facts in enumerate(draft.facts) if facts.names.chains or facts.names.imports]
        self._registered = policy.registry._names
        self._local = policy.local
        names = {use[2] for use in (*draft.early, *draft.late) if use[0] == "name"}
        holes = names.copy()
        if "__annotations__" in draft.names and draft.names["__annotations__"] is not None:
            names.add("__annotations__")
        if "__annotations__" in names and "__annotations__" not in cls.__dict__:
            names.add("__annotations_cache__")
        self.stamp = Stamp(cls, draft.functions, draft.paths, names, draft.cells, scopes, kind.watched)
        self._loose = {place: at for at, place in enumerate(self.stamp.places)}
        self.needs_scopes = bool(self._scopes or self.using or not self.own_scope)
        self._key = draft.key
        self.own_path = draft.own
        self._sources = [self._source(use) for use in self.late]
        written = {
            ("globals", self._key, name)
            for name in draft.globals
            if not _is_hole(draft.global_nodes.get(name))  # an absent name is written, too: by its absence
        }
        self._free = [
            (place[0] == "globals" and place not in written) or (place[0] == "names" and place[1] in holes)
            for place in self.stamp.places
        ]

    def __getattr__(self, name: str) -> Any:
        """Seal the template when it is first asked for."""
        if name == "sealed":
            self.sealed = seal(self.contents)
            return self.sealed
        raise AttributeError(name)

    def serves(self, policy: ValuePolicy) -> bool:
        """Tell whether an image was made under a policy that decides as another one."""
        return self._registered is policy.registry._names and self._local is policy.local

    def changed(self, loose: list[Any]) -> list[int] | None:
        """Return which loose values are not what they were; None if the template has to be another one for them."""
        changed = self.stamp.changed(loose)
        is_free = all(self._free[at] and loose[at] is not NOTHING for at in changed)
        return changed if is_free else None

    def _source(self, use: Use) -> int:
        """Return which loose value goes into a hole; -1 where it is read from a function."""
        kind, path, key = use
        if kind == "name":
            return self._loose.get(("names", key), -1)
        if kind == "global":
            return self._loose["globals", self._key, key]
        return self._loose["cell", *path, key] if kind == "cell" else -1

    def late_values(self, cls: type, loose: list[Any], dump: Dump) -> list[Any]:
        """Return the values of the late holes."""
        return [self._value(use, at, loose, dump) for use, at in zip(self.late, self._sources, strict=True)]

    def early_value(self, cls: type, use: Use, loose: list[Any], dump: Dump) -> Any:
        """Return the value of an early hole."""
        kind, path, key = use
        if kind == "metaclass":
            return type(cls)
        if kind == "base":
            return cls.__bases__[key]
        if kind == "item":
            return self.kind.item(cls, path)  # type: ignore[misc]
        return self._value(use, self._source(use), loose, dump)

    def _value(self, use: Use, at: int, loose: list[Any], dump: Dump) -> Any:
        """Return the value of a hole that is filled with a loose value, or from a function."""
        value = interned(loose[at] if at >= 0 else self._read(use))
        if use[0] == "global" and not SELF_NAMED.have(value):
            value = by_name(value, use[2], self._functions_at(self._own).__globals__, dump)
        return value

    def _functions_at(self, at: Any) -> Any:
        return self.stamp.functions[at]()

    def _read(self, use: Use) -> Any:
        """Read a part of a function."""
        kind, path, key = use
        if kind == "name":
            raise AssertionError(key)
        function = self._functions_at(self._at[path])
        if kind == "facet":
            return getattr(function, key)
        return getattr(function, _HOLDERS[kind])[key]

    def scopes(self, cls: type, dump: Dump) -> tuple[Any, ...]:
        """Return what stands for the globals of the functions."""
        found = [self._stand_in(at, None, dump) for at in self._scopes]
        if self._own is not None and (
            not self.own_scope
            or (
                self.using and (dump.ships_modules or shipped_with(self._functions_at(self._own).__globals__))
            )
            or (dump.shared and id(self._functions_at(self._own).__globals__) in dump.shared)
        ):
            found.append(self._stand_in(self._own, cls, dump))
        return tuple(found)

    def _stand_in(self, at: Any, cls: type | None, dump: Dump) -> Any:
        function = self._functions_at(at)
        scope = function.__globals__
        found = dump.namespaces.get(id(scope))
        if found is not None:
            return found
        if cls is None:
            name = scope.get("__name__", "")
            module = module_of(scope, name)
            if module is not None and not dump.policy.travels(name):
                dump.namespaces[id(scope)] = module
                return module
        stands = None
        if cls is not None and self._is_made_first:
            stands = ScopeOf(cls, self.own_path, interned(str(scope.get("__name__"))))
        return namespace_for(scope, stands, dump)

    def modules(self, dump: Dump) -> tuple[ModuleType, ...]:
        """Return modules that the functions need and that globals do not bring."""
        found: list[ModuleType] = []
        for at in self.using:
            function = self._functions_at(at)
            names = facts_of(function.__code__).names
            found += submodules(function, names, dump)
            found += imported_modules(function, names, dump)
        return tuple(dict.fromkeys(found))

    def share_cells(self, dump: Dump) -> dict[int, Any]:
        """Let other functions of the payload use the cells; return those that are there already, by index.

        Functions of the class are not there before what the class is made from. So the cells of such a class are
        objects of their own, in case something that it is made from has functions with the same ones.
        """
        given = {}
        for index, (at, number) in enumerate(self.cells):
            function = self._functions_at(at)
            cell: CellType = function.__closure__[number]
            known = dump.cells.get(id(cell))
            if known is None and not self._is_made_first:
                given[index] = dump.cells[id(cell)] = cell
            elif known is None:
                dump.cells[id(cell)] = (function, number)
                dump.class_cells[id(cell)] = cell
            else:
                given[index] = known
        return given

    @property
    def own(self) -> tuple[list[Any], ...]:
        """Name, qualified name, bases and abstract methods of the class, as lists."""
        name, qualname, bases = self._own_facets
        return [name], [qualname], [base() for base in bases], [self._abstract]

    def names(self) -> dict[str, Any]:
        """Return what is at the attributes of the class, written in a form that can be compared."""
        return {name: self._resolved(node) for name, node in self.draft_names.items()}

    def _resolved(self, node: Any) -> Any:
        """Return a node with functions in the place of their numbers."""
        if type(node) is not tuple:
            return type(node), node
        if node[0] in _OF_FUNCTIONS:
            kind, *parts = node
            end = 3 if kind == PROPERTY else 1  # after the functions come other parts
            functions = [None if at is None else self._written(at) for at in parts[:end]]
            return (kind, *functions, marshal.dumps(parts[end:], 2))
        return (node[0], marshal.dumps(node[1:], 2))  # 1 is not True

    def _written(self, at: int) -> tuple[Any, bytes]:
        code, node = self.functions[at]
        return code, marshal.dumps(node, 2)


_OF_FUNCTIONS = frozenset(range(FUNCTION, PROPERTY + 1))
_HOLDERS = {
    "default": "__defaults__",
    "kwdefault": "__kwdefaults__",
    "annotation": "__annotations__",
    "attribute": "__dict__",
}


def _is_hole(node: Any) -> bool:
    return type(node) is tuple and node[0] == HOLE


#: A class that other threads change all the time is read so often.
_OFTEN = 5


def draw_image(
    cls: type,
    kind: Kind,
    policy: ValuePolicy,
    *,
    volatile: Collection[Place] = (),
    excluded: Collection[int] = (),
) -> tuple[Image, list[Any]]:
    """Return a new image of a class, and the values of its holes.

    Args:
        cls: the class.
        kind: how it is made.
        policy: what goes by value.
        volatile: places that have changed before.
        excluded: ids of functions that the payload has already.
    """
    is_alone = active_count() < 2
    draft = Draft(cls, kind, policy, volatile=volatile, excluded=excluded)
    for _ in range(_OFTEN):
        image = Image(cls, kind, draft, policy)
        if is_alone:
            break
        again = Draft(cls, kind, policy, volatile=volatile, excluded=excluded)
        if again.reading() == draft.reading():
            break
        draft = again  # another thread has changed the class between the draft and the stamp
    loose = image.stamp.first
    del image.stamp.first
    return image, loose
