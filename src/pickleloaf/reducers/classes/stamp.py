"""Stamps: all that was read when the image of a class was worked out, to tell whether the image is still right.

A class is dumped again and again and has rarely changed, so the questions are asked at C speed, many at once. (Not of
``id``: each call is an audit event, which takes long.)

1. Atoms and code are held and have to be the same objects; equality would not do, since 1 == True.
2. Functions are held weakly, since they lead to their globals and so perhaps to the class, which would live for ever.
   Of a property or a static method its functions are looked at, not the object.
3. A function consists of what `gc` says that it refers to, whichever attributes a Python has. It keeps its globals
   and its closure as long as it lives; the contents of its dicts and cells are looked at one by one.
4. Annotations that have been evaluated are no part of a class, as long as they are what evaluates them says (see
   _annotations): they are looked at only to see whether to ask again.
5. Everything else is *loose*: read at each dump, compared with a token (see tokens), and sent from there.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Collection, Sequence
from gc import get_referents
from itertools import groupby
from operator import call, is_
from types import CellType, FunctionType
from typing import Any, NamedTuple

from pickleloaf.inspecting.anatomy import LRU_CACHE, NOTHING, PARTS, contents_of
from pickleloaf.inspecting.kinds import ATOMS
from pickleloaf.reducers._annotations import lazy_annotations, values_of
from pickleloaf.reducers.classes.tokens import Tokens, getter, token_of

__all__ = ["WRAPPERS", "Place", "Scope", "Stamp", "Watched"]

#: Where something about a class may change: ("names", n), ("globals", scope, n), ("cell", n, ...), ("class", n) ...
Place = tuple[Any, ...]

#: Returns what else counts about a class, with its places.
Watched = Callable[[type], Sequence[tuple[Place, Any]]]

#: Names of attributes that a class keeps under another name.
_ATTRIBUTES = {"__annotations_cache__": "__annotations__"}

#: What consists of functions of a class, by exact type: the attributes that it consists of.
WRAPPERS = {
    kind: PARTS[kind] for kind in (staticmethod, classmethod, property, functools.cached_property, LRU_CACHE)
}


class Scope(NamedTuple):
    """Globals that functions of a class reach.

    Attributes:
        key: by which they are told apart from others.
        function: one that has them.
        names: those that are looked up.
    """

    key: tuple[str, int]
    function: weakref.ref[FunctionType]
    names: tuple[str, ...]


class _Contents(NamedTuple):
    """What is looked at one by one in a part of a function.

    Attributes:
        name: the attribute of the class where the function is.
        at: number of the part among all parts of all functions.
        kind: type of the part.
        keys: those of a dict; of a tuple, its indexes.
    """

    name: str
    at: int
    kind: type
    keys: list[Any]


class _Evaluated:
    """Stands for annotations that have been evaluated."""

    def __init__(self, annotations: dict[str, Any]) -> None:
        self._names = list(annotations)
        self._tokens = Tokens([token_of(value, 0) for value in annotations.values()])

    def shows(self, value: Any) -> bool:
        return type(value) is dict and list(value) == self._names and self._tokens.show([*value.values()])


class Stamp:
    """What a class and its functions consisted of when its image was worked out.

    Attributes:
        functions: weak references to the functions of the image.
        places: where each loose value is; of what functions hold, the attribute where the function is.
        tokens: what stands for the loose values.
        scopes: globals that functions reach.
        first: the loose values when the stamp was made, which whoever made it takes off: they may lead to the class.
    """

    first: list[Any]

    def __init__(
        self,
        cls: type,
        functions: Sequence[FunctionType],
        paths: Sequence[Place],
        loose: Collection[str],
        cells: Sequence[tuple[int, int]],
        scopes: Sequence[Scope],
        watched: Watched | None,
    ) -> None:
        """Read a class.

        Args:
            cls: the class.
            functions: the functions of its image.
            paths: where each of these is: an attribute of the class, and steps from there.
            loose: attributes of the class that are sent by themselves.
            cells: cells that are not the class's own, as (function, index).
            scopes: globals that functions reach.
            watched: reads what else counts.
        """
        self._kind = weakref.ref(type(cls))
        self._own = (cls.__name__, cls.__qualname__)
        self._bases = [weakref.ref(base) for base in cls.__bases__]
        self.functions = [weakref.ref(each) for each in functions]
        self._paths = paths
        self._cells = cells
        self.scopes = scopes
        self._watched = watched
        values = list(cls.__dict__.values())
        found = get_referents(*functions)
        self._read_names(cls, values, functions, loose)
        self._read_functions(cls, functions)
        self.first = self._read_loose(cls, values, functions, found)
        self.tokens = Tokens([*map(token_of, self.first)])
        self.places: list[Place] = [
            *[("names", _ATTRIBUTES.get(name := self._names[at], name)) for at in self._loose],
            *[("names", part.name) for part in self._contents for _ in part.keys],
            *[("cell", *paths[at], index) for at, index in cells],
            *[("globals", scope.key, name) for scope in scopes for name in scope.names],
            *[place for place, _ in (watched(cls) if watched else ())],
        ]

    def _read_names(
        self, cls: type, values: list[Any], functions: Sequence[FunctionType], loose: Collection[str]
    ) -> None:
        """Sort the attributes of the class by how they are checked."""
        self._names = list(cls.__dict__)
        index = {id(each): at for at, each in enumerate(functions)}
        fixed, direct, others = [], [], []
        last: type | None = None
        self._loose: list[int] = []
        self._direct: list[int] = []
        #: Number of the attribute, its type, and functions (by number) or other parts of it.
        self._wrapped: list[tuple[int, type, tuple[Any, ...]]] = []
        self._evaluated_names: list[tuple[int, _Evaluated]] = []
        for at, (name, value) in enumerate(zip(self._names, values, strict=True)):
            kind = type(value)
            if name in loose:
                self._loose.append(at)
            elif kind is last:  # the members of an enum, say
                others.append(at)
            elif name == "__annotations_cache__":
                self._evaluated_names.append((at, _Evaluated(value)))
            elif kind is FunctionType and id(value) in index:
                direct.append(at)
                self._direct.append(index[id(value)])
            elif ATOMS.have(value) or kind in (tuple, frozenset) or kind is type:
                fixed.append(at)
            else:
                parts = (
                    [getattr(value, part) for part in WRAPPERS[kind]]
                    if type(kind) is type and kind in WRAPPERS
                    else []
                )
                if parts and any(id(part) in index for part in parts):
                    known: list[Any] = [index.get(id(part), (part,)) for part in parts]
                    if kind is not property:
                        known.append(_own_atoms(value))
                    self._wrapped.append((at, kind, tuple(known)))
                else:  # the descriptors of slots, and what making the class has added
                    others.append(at)
                    last = None if type(kind) is type and kind in WRAPPERS else kind
        self._get_loose, self._get_others = getter(self._loose), getter(others)
        self._get_fixed, self._get_direct = getter(fixed), getter(direct)
        self._fixed = [*self._get_fixed(values)]
        #: Types, and how many objects in a row have each; those of the members of an enum are the class itself.
        self._other_kinds: list[tuple[weakref.ref[type], int]] = [
            (weakref.ref(kinds[0]), len(kinds))
            for _, row in groupby(map(type, self._get_others(values)), id)
            if (kinds := [*row])
        ]

    def _read_functions(self, cls: type, functions: Sequence[FunctionType]) -> None:
        """Sort the parts of all functions by how they are checked."""
        same, empty = [], []
        self._contents: list[_Contents] = []
        self._evaluated: list[tuple[int, _Evaluated]] = []
        found: list[Any] = []
        for function, path in zip(functions, self._paths, strict=True):
            evaluated: Any = None if lazy_annotations(function) is None else values_of(function)
            for part in get_referents(function):
                at, kind = len(found), type(part)
                found.append(part)
                if kind is dict:
                    if not part:
                        empty.append(at)
                    elif part is evaluated:
                        self._evaluated.append((at, _Evaluated(part)))
                    elif part is not function.__globals__ and part is not function.__builtins__:  # type: ignore[attr-defined, unused-ignore]
                        self._contents.append(_Contents(path[0], at, kind, list(part)))
                elif kind is tuple and not _is_fixed(part):
                    if type(part[0]) is not CellType:
                        self._contents.append(_Contents(path[0], at, kind, list(range(len(part)))))
                elif kind is FunctionType:
                    self._contents.append(_Contents(path[0], at, kind, [None]))
                else:
                    same.append(at)
        self._contents_at: list[tuple[int, Any, list[Any]]] = [each[1:] for each in self._contents]
        self._count = len(found)
        self._get_same, self._get_empty = getter(same), getter(empty)
        self._same = [*self._get_same(found)]
        self._bound = [
            (at, index)
            for at, function in enumerate(functions)
            for index, name in enumerate(function.__code__.co_freevars)
            if name == "__class__" and contents_of((function.__closure__ or ())[index]) is cls
        ]

    def read(self, cls: type) -> list[Any] | None:
        """Return the loose values of a class if the rest of it is what it was; None where that is not certain."""
        namespace = cls.__dict__
        if list(namespace) != self._names:
            return None
        values = list(namespace.values())
        functions = [*map(call, self.functions)]
        found = get_referents(*functions)
        try:
            if not self._is_made_of(cls, values, functions, found):
                return None
            loose = self._read_loose(cls, values, functions, found)
        except (
            AttributeError,
            LookupError,
            ValueError,
        ):  # a function is gone, a cell empty, a dict another one
            return None
        return loose if len(loose) == len(self.tokens.each) else None

    def changed(self, loose: list[Any]) -> list[int]:
        """Return which loose values are not what they were."""
        if self.tokens.show(loose):
            return []
        return [at for at, token in enumerate(self.tokens.each) if not token.shows(loose[at])]

    def renew(self, loose: Sequence[Any], changed: Sequence[int]) -> None:
        """Take down that some loose values have changed."""
        each = self.tokens.each.copy()
        for at in changed:
            each[at] = token_of(loose[at])
        self.tokens = Tokens(each)

    def _is_made_of(self, cls: type, values: list[Any], functions: list[Any], found: list[Any]) -> bool:
        """Tell whether a class has the attributes and functions that it had, but for the loose ones."""
        if not all(map(is_, self._get_fixed(values), self._fixed)):
            return False
        direct = self._direct
        if direct and not all(map(is_, self._get_direct(values), [functions[at] for at in direct])):
            return False
        for at, kind, parts in self._wrapped:
            if not _wraps(values[at], kind, parts, functions):
                return False
        kinds: list[Any] = []
        for each, count in self._other_kinds:
            kinds += [each()] * count
        if kinds and [*map(type, self._get_others(values))] != kinds:
            return False
        bases = cls.__bases__
        return (
            type(cls) is self._kind()
            and (cls.__name__, cls.__qualname__) == self._own
            and len(bases) == len(self._bases)
            and all(map(is_, bases, map(call, self._bases)))
            and len(found) == self._count
            and not any(self._get_empty(found))
            and all(map(is_, self._get_same(found), self._same))
            and all(each.shows(found[at]) for at, each in self._evaluated)
            and all(each.shows(values[at]) for at, each in self._evaluated_names)
            and all(functions[at].__closure__[index].cell_contents is cls for at, index in self._bound)
        )

    def _read_loose(
        self, cls: type, values: list[Any], functions: Sequence[Any], found: list[Any]
    ) -> list[Any]:
        """Return the loose values.

        Raises:
            AttributeError: a function is gone.
            LookupError: a part of a function has other keys.
        """
        loose = [*self._get_loose(values)] if self._loose else []
        for at, kind, keys in self._contents_at:
            part = found[at]
            if kind is FunctionType:
                loose.append(part)
            elif type(part) is not kind or len(part) != len(keys):
                raise LookupError(keys)
            elif kind is tuple:
                loose += part
            elif list(part) != keys:
                raise LookupError(keys)
            else:
                loose += part.values()
        loose += [contents_of(functions[at].__closure__[index]) for at, index in self._cells]
        for scope in self.scopes:
            get = scope.function().__globals__.get  # type: ignore[union-attr]
            loose += [get(name, NOTHING) for name in scope.names]
        if self._watched is not None:
            loose += [value for _, value in self._watched(cls)]
        return loose


def _wraps(value: Any, kind: type, parts: tuple[Any, ...], functions: list[Any]) -> bool:
    """Tell whether a value wraps the functions that it did."""
    return (
        type(value) is kind
        and all(
            getattr(value, name) is (functions[part] if type(part) is int else part[0])
            for name, part in zip(WRAPPERS[kind], parts, strict=False)
        )
        and (kind is property or all(map(is_, _own_atoms(value), parts[-1])))
    )


def _own_atoms(wrapper: Any) -> list[Any]:
    """Return the names of a wrapper's attributes, and the values of those that are atoms."""
    held = wrapper.__dict__
    return [len(held), *held, *[part if ATOMS.have(part) else NOTHING for part in held.values()]]


def _is_fixed(part: Any) -> bool:
    """Tell whether a part of a function can be held: it leads nowhere."""
    return ATOMS.have(part) or (type(part) is tuple and all(map(_is_fixed, part)))
