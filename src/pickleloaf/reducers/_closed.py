"""Closed classes: ordinary ones, whose definition holds nothing but code and atoms.

Most classes of a script are of this kind. The whole definition is one sealed bytes object, a *template* (see
_templates). The sender makes it once and afterwards only checks that the class is still what it was made from
(see _snapshots); a receiver that has the class does not open it.

1. A class is closed when its metaclass is ``type``, no base has an ``__init_subclass__`` of its own, and
   every attribute is an atom, a tuple of atoms, or a function, static method, class method or property of
   closed functions, each at one place.
2. A function is closed when its only closure variable is ``__class__``, its defaults are atoms, it has no
   annotations, overloads or attributes, does not assign to globals, and every global it uses is a builtin, a module
   or goes by reference. So its globals need not be those of functions outside the class. It was defined in the
   class: otherwise it may be elsewhere as well, and has to stay one.
3. A template is for one Python: a portable payload holds the class as an open one.
4. A class about which anything has changed since it first travelled, the globals of its methods too, travels as an
   open one from then on: see _revisions.
"""

from __future__ import annotations

from operator import is_
from types import CellType, FunctionType
from typing import Any

from pickleloaf._compat import HAS_LAZY_ANNOTATIONS
from pickleloaf.code.codec import FACETS, facts_of
from pickleloaf.reducers._attributes import OVERLOADS, overloads_of
from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers._kinds import ATOMS, Kinds
from pickleloaf.reducers._namespaces import own_builtins
from pickleloaf.reducers._places import Path
from pickleloaf.reducers._revisions import revision_of
from pickleloaf.reducers._snapshots import Snapshot, keep, kept
from pickleloaf.reducers._templates import (
    Parts,
    functions_of,
    open_template,
    put_together,
    uses_of,
)
from pickleloaf.reducers._tokens import UNKNOWN, Token, token_of
from pickleloaf.reducers._uses import look_up, needs_nothing
from pickleloaf.reducers.classes import identities
from pickleloaf.reducers.classes.building import make_class, namespace_of
from pickleloaf.wire import verb

__all__ = ["reduce_closed", "sealed_definition"]

_OBJECT = (object,)
_VALUES = Kinds(ATOMS - {bytearray, type(NotImplemented)})  # what marshal can write


def reduce_closed(cls: type, dump: Dump) -> Any:  # noqa: PLR0911 - each says why not
    """Return the reduction of a closed class, or None for another one."""
    known = identities.known(cls)
    if dump.portable or (known is not None and known.changes is not None and known.has_changed):
        return None
    last = _snapshot(cls)
    if last is None or not last.functions.isdisjoint(dump.nested):  # a method has travelled on its own
        return None
    if dump.shared and id(last.scope()) in dump.shared:  # so do its globals
        return None
    used = look_up(last.scope, last.uses, dump)
    if used is None:
        return None
    template = last.template(cls)
    identity = None
    if dump.digesting is not cls:
        if known is None:
            known = _first_known(cls, last, template, dump)
        if known.first is None:
            if known.changes is not None and revision_of(cls, namespace_of(cls), dump):
                return None  # it has travelled as an open one, and has changed
            known.first = First(cls, last, used)
        elif not known.first.is_still(cls, last, used):
            return None
        identity = known.identity
    dump.closed.append(cls)
    bases = () if cls.__bases__ == _OBJECT else cls.__bases__
    if used:
        return rebuild_closed_class, (identity, template, bases, used)
    return rebuild_closed_class, (identity, template, bases) if bases else (identity, template)


def _first_known(cls: type, last: Snapshot, template: bytes, dump: Dump) -> Any:
    """Give a class its identity, and return what is known about it then."""
    if _is_all(cls, last):
        identities.note_definition(cls, template, [], dump)
    identities.identity(cls, dump)
    identities.remember(cls, last)
    return identities.known(cls)


class First:
    """What a closed class first travelled as."""

    __slots__ = ("_bases", "_last", "_used")

    def __init__(self, cls: type, last: Snapshot, used: dict[str, Any]) -> None:
        self._last = last
        self._bases = cls.__bases__
        self._used = used

    def is_still(self, cls: type, last: Snapshot, used: dict[str, Any]) -> bool:
        """Tell whether a class is what it was, as far as what it consists of and looks up."""
        if last is not self._last and (
            cls.__bases__ != self._bases or last.template(cls) != self._last.template(cls)
        ):
            return False
        return not (used or self._used) or (
            used.keys() == self._used.keys() and all(map(is_, used.values(), self._used.values()))
        )

    def shows(self, cls: type) -> bool:
        """Tell whether a class is what it was."""
        last = _snapshot(cls)
        if last is None:
            return False
        scope = last.scope()
        return self.is_still(cls, last, {name: scope[name] for name in last.uses.globals if name in scope})

    def tokens(self) -> dict[Path, Token]:
        """Return what stands for what was at the places of the class; there is no telling of its functions."""
        return {
            (("names", name),): UNKNOWN if type(kind) is str else token_of(value)
            for name, kind, value in self._last.parts
        }


def sealed_definition(cls: type) -> bytes | None:
    """Return what stands for the definition of a closed class in its digest, or None for another one.

    That is its template, where there is nothing to the class but this and builtins.
    """
    last = _snapshot(cls) if type(cls) is type and cls.__bases__ == _OBJECT else None
    return last.template(cls) if last is not None and _is_all(cls, last) else None


def _is_all(cls: type, last: Snapshot) -> bool:
    return cls.__bases__ == _OBJECT and needs_nothing(last.scope(), last.uses)


def _snapshot(cls: type) -> Snapshot | None:
    """Return what a closed class has been taken apart into; None for another one."""
    if type(cls) is not type or (cls.__bases__ != _OBJECT and not _has_plain_bases(cls)):
        return None
    last: Snapshot | None = identities.remembered(cls) or kept(cls)
    if last is None or not last.shows(cls):
        parts = _take_apart(cls)
        if parts is None or (last is None and _borrows(cls, parts)):
            return None
        last = Snapshot(cls, parts, uses_of(parts))
        keep(cls, last)  # for its digest and to travel it is asked for several times
        identities.remember(cls, last)
    return last


@verb
def rebuild_closed_class(
    identity: bytes, template: bytes, bases: tuple[type, ...] = (), used: dict[str, Any] | None = None
) -> type:
    """Return the class of an identity, made from a template unless it is here already.

    Args:
        identity: see identities.
        template: its sealed definition.
        bases: its bases.
        used: the globals that its methods use.
    """
    known = identities.arrived(identity)
    if known is not None:
        identities.came_closed(known)
        return known
    name, parts, source = open_template(template)
    names, cell = put_together(parts, source, used or {})
    names["__classcell__"] = cell
    if bases:
        cls = make_class(identity, type, name, bases, names, {})
    else:  # nothing that could do more than type itself
        cls = type(name, (), names)
        identities.start(identity, cls, {})
    identities.finish(cls)
    return cls


def _borrows(cls: type, parts: Parts) -> bool:
    """Tell whether a class has functions that were not defined in it, and that may be elsewhere as well."""
    start = f"{cls.__qualname__}."
    return not all(function[0].co_qualname.startswith(start) for function in functions_of(parts))


def _has_plain_bases(cls: type) -> bool:
    return all("__init_subclass__" not in base.__dict__ for base in cls.__mro__[1:-1])


def _take_apart(cls: type) -> Parts | None:
    """Return the attributes of a closed class as (name, kind, contents), or None for another class."""
    parts: list[tuple[str, Any, Any]] = []
    for name, value in namespace_of(cls).items():
        kind = type(value)
        contents: Any
        if kind is FunctionType:
            contents = _function(value, cls)
        elif _VALUES.have(value):
            parts.append((name, kind, value))
            continue
        elif kind is tuple and _VALUES.cover(value):
            parts.append((name, tuple(map(type, value)), value))
            continue
        elif kind is staticmethod or kind is classmethod:
            contents = _function(value.__func__, cls)
        elif kind is property:
            contents = _property(value, cls)
        else:
            return None
        if contents is None:
            return None
        parts.append((name, kind.__name__, contents))
    codes = [id(function[0]) for function in functions_of(tuple(parts))]
    return tuple(parts) if len(codes) == len(set(codes)) else None  # one function at two places stays one


def _function(function: Any, cls: type) -> tuple[Any, ...] | None:
    """Return (code, defaults, keyword defaults) of a closed method, or None."""
    if type(function) is not FunctionType or function.__module__ != cls.__module__:
        return None
    facts = facts_of(function.__code__)
    closure = function.__closure__
    if closure is not None and (len(closure) > 1 or not _is_own_cell(function, closure[0], cls)):
        return None
    if (
        FACETS(function) != facts.plain
        or (HAS_LAZY_ANNOTATIONS and function.__annotations__)
        or facts.names.touches_scope
        or (function.__module__ in OVERLOADS and overloads_of(function))
        or (facts.names.globals and own_builtins(function, facts.names))
    ):
        return None
    defaults, keywords = function.__defaults__, function.__kwdefaults__
    if defaults and not _VALUES.cover(defaults):
        return None
    if keywords and not _VALUES.cover(keywords.values()):
        return None
    return function.__code__, defaults, keywords and tuple(keywords.items())


def _is_own_cell(function: FunctionType, cell: CellType, cls: type) -> bool:
    try:
        return function.__code__.co_freevars == ("__class__",) and cell.cell_contents is cls
    except ValueError:
        return False


def _property(prop: property, cls: type) -> tuple[Any, ...] | None:
    functions = []
    for each in (prop.fget, prop.fset, prop.fdel):
        taken = None if each is None else _function(each, cls)
        if taken is None and each is not None:
            return None
        functions.append(taken)
    doc = prop.__doc__
    return (*functions, doc) if doc is None or type(doc) is str else None
