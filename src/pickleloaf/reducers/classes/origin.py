"""Origins: tell whether something about a class that has arrived is still what came with it.

Little is done when a class is made, since most are never changed: the sealed template is kept, functions are referred
to weakly, and what the payload brought besides has tokens. The template is opened when a change arrives.
"""

from __future__ import annotations

import builtins
import functools
import marshal
import weakref
from collections.abc import Collection, Sequence
from types import FunctionType
from typing import Any

from pickleloaf._compat import HAS_LAZY_ANNOTATIONS
from pickleloaf.code.codec import facts_of
from pickleloaf.inspecting.anatomy import LRU_CACHE, NOTHING
from pickleloaf.reducers._annotations import lazy_annotations
from pickleloaf.reducers.classes import identities
from pickleloaf.reducers.classes import template as t
from pickleloaf.reducers.classes.body import namespace_of
from pickleloaf.reducers.classes.draft import annotation_node
from pickleloaf.reducers.classes.stamp import WRAPPERS, Place
from pickleloaf.reducers.classes.tokens import Token, token_of

__all__ = ["Origin", "note_given", "note_made"]


def note_made(
    known: identities.Tracked,
    sealed: bytes,
    functions: Sequence[FunctionType],
    early: Sequence[Any],
    deferred: Collection[int],
) -> None:
    """Take down what a class has been made with.

    Args:
        known: what is known about the class.
        sealed: its template.
        functions: the functions of that.
        early: values of the early holes.
        deferred: those whose values come later.
    """
    tokens = (
        [None if at in deferred else token_of(value) for at, value in enumerate(early)] if early else early
    )
    codes = [function.__code__ for function in functions]
    known.made = (sealed, [*map(weakref.ref, functions)], codes, tokens)


def note_given(known: identities.Tracked, cls: type, use: t.Use, value: Any) -> None:
    """Take down what a late hole of a class has been filled with."""
    kind, path, key = use
    if kind == "name":
        place: Place = ("names", key)
    elif kind == "global":
        place = ("globals", (str(t.function_at(cls, path).__globals__.get("__name__")), 0), key)
    else:
        place = (kind, *path, key)
    known.given[place] = token_of(value)


class Origin:
    """What a class came with.

    Args:
        cls: the class.
        known: what is known about it.
    """

    def __init__(self, cls: type, known: identities.Tracked) -> None:
        self._sealed, self._functions, self._codes, self._early = known.made or (b"", [], [], [])
        self._cls = cls
        self._given = known.given

    @functools.cached_property
    def _template(self) -> t.Template:
        """Open the template when it is first asked for."""
        return t.open_template(self._sealed)

    def shows(self, place: Place, here: Any) -> bool | None:
        """Tell whether what is at a place came with the class; None where that cannot be told."""
        kind, key, *rest = place
        if kind == "names":
            return self._shows_name(key, here)
        if kind == "globals":
            return None if key[1] else self._shows_global(key[0], rest[0], here)
        if kind == "cell":
            return self._shows_cell((key, *rest), here)
        if kind == "member":
            return self._shows_member(key, rest[0], here)
        return self._shows_facet(key, here)

    def _shows_name(self, name: str, here: Any) -> bool | None:
        for names, nodes in (self._template.names, self._template.after):
            if name in names:
                return self._shows(nodes[names.index(name)], here, (name,))
        return here is NOTHING or name not in namespace_of(self._cls)

    def _shows_global(self, module: str, name: str, here: Any) -> bool | None:
        names, nodes = self._template.globals
        if name in names:
            return self._shows(nodes[names.index(name)], here, ())
        for function, code in zip(self._functions, self._codes, strict=True):
            alive = function()
            if (
                alive is not None
                and alive.__globals__.get("__name__") == module
                and name in facts_of(code).names.globals
            ):
                return here is NOTHING
        return None  # functions look it up that came by themselves

    def _shows_cell(self, path: tuple[Any, ...], here: Any) -> bool | None:
        *way, index = path
        function = t.function_at(self._cls, way)
        for each, (_, _, closure, _) in zip(self._functions, self._template.functions, strict=True):
            if each() is function and closure is not None and closure[index] >= 0:
                return self._shows(self._template.cells[closure[index]], here, ())
        return None

    def _shows_member(self, name: str, key: str, here: Any) -> bool | None:
        if not self._template.more:
            return None
        _, names, members = self._template.more[0]
        node = members[names.index(name)] if name in names else None
        if type(node) is not tuple:
            return None
        *_, state = node[1]
        if len(node[1]) == 1:
            return here is NOTHING
        _, keys, nodes = state
        return self._shows(nodes[keys.index(key)], here, ()) if key in keys else here is NOTHING

    def _shows_facet(self, name: str, here: Any) -> bool | None:
        template = self._template
        if name == "__name__":
            return bool(here == template.name)
        if name == "__qualname__":
            names, nodes = template.names
            return bool(here == (nodes[names.index(name)] if name in names else template.name))
        if name == "__bases__":
            if template.bases is None:
                return bool(here == (object,))
            return len(here) == len(template.bases) and _all(
                self._shows(node, base, ()) for node, base in zip(template.bases, here, strict=True)
            )
        return None

    def _shows(  # noqa: PLR0911 - one for each sort
        self, node: Any, here: Any, path: tuple[Any, ...]
    ) -> bool | None:
        """Tell whether a value is what a node stands for, at a path from the class."""
        if type(node) is not tuple:
            return Token(node).shows(here)
        kind = node[0]
        if kind == t.HOLE:
            token = self._early[node[1]] if node[1] >= 0 else None
            return None if token is None else token.shows(here)
        if kind == t.FUNCTION:
            return self._shows_function(node[1], here, path)
        if kind in _WRAPPERS:
            return self._shows_wrapper(kind, node, here, path)
        if kind == t.CONSTANT:
            return Token(node[1]).shows(here)
        if kind == t.BUILTIN:
            return here is getattr(builtins, node[1])
        if kind == t.EMPTY:
            return here is NOTHING
        written = annotation_node(here)
        return written is not None and marshal.dumps(written, 2) == marshal.dumps(node, 2)

    def _shows_wrapper(self, kind: int, node: Any, here: Any, path: tuple[Any, ...]) -> bool:
        wrapper = _WRAPPERS[kind]
        if type(here) is not wrapper:
            return False
        names = WRAPPERS[wrapper]
        numbers = node[1:4] if kind == t.PROPERTY else node[1:2]
        for name, number in zip(names, numbers, strict=False):
            part = getattr(here, name, None)
            if not (part is None if number is None else self._shows_function(number, part, (*path, name))):
                return False
        return True

    def _shows_function(self, at: int, here: Any, path: tuple[Any, ...]) -> bool:
        if type(here) is not FunctionType or self._functions[at]() is not here:
            return False
        code = self._codes[at]
        if here.__code__ is not code:
            return False
        facts, attributes = facts_of(code), self._template.functions[at][3] or {}
        defaults, held = attributes.get("__defaults__", ()), here.__defaults__ or ()
        return (
            len(defaults) == len(held)
            and all(
                self._shows_part(node, value, ("default", *path, index), path)
                for index, (node, value) in enumerate(zip(defaults, held, strict=True))
            )
            and all(
                self._shows_part(
                    attributes.get(name, expected), getattr(here, name), ("facet", *path, name), path
                )
                for name, expected in (
                    ("__name__", facts.name),
                    ("__qualname__", facts.qualname),
                    ("__doc__", facts.doc),
                )
            )
            and all(
                self._shows_dict(attributes.get(name, ((), ())), getattr(here, name) or {}, kind, path)
                for name, kind in _DICTS
            )
            and ("__annotate__" in attributes)
            == (lazy_annotations(here) is not None)  # they were not changed
        )

    def _shows_dict(self, items: Any, held: dict[str, Any], kind: str, path: tuple[Any, ...]) -> bool:
        keys, nodes = items
        return list(held) == list(keys) and all(
            self._shows_part(node, held[key], (kind, *path, key), (*path, key))
            for key, node in zip(keys, nodes, strict=True)
        )

    def _shows_part(self, node: Any, here: Any, place: Place, path: tuple[Any, ...]) -> bool:
        """Tell whether a part of a function is what came; where that cannot be told, it is."""
        token = self._given.get(place)
        return self._shows(node, here, path) is not False if token is None else token.shows(here)


_WRAPPERS: dict[int, type] = {
    t.STATIC: staticmethod,
    t.CLASS: classmethod,
    t.CACHED: functools.cached_property,
    t.CACHE: LRU_CACHE,
    t.PROPERTY: property,
}

#: Attributes of functions that are dicts, and the uses of holes in them. Lazy annotations are not evaluated.
_DICTS = [
    ("__kwdefaults__", "kwdefault"),
    ("__dict__", "attribute"),
    *([] if HAS_LAZY_ANNOTATIONS else [("__annotations__", "annotation")]),
]


def _all(answers: Any) -> bool | None:
    """Return whether all are true; None where that cannot be told."""
    found = [*answers]
    return False if False in found else None if None in found else True
