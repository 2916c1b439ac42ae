"""Objects that an importable module holds by name, and that therefore go by reference.

``from os import environ`` puts an object into a global that nothing but its name leads back to. It
must be that process's environment over there, not a copy of ours; the same goes for the generator
behind ``from random import random`` and for the sentinels of libraries.

1. An object goes by its module's name when the module of its own type holds it.
2. A global goes by name when an importable module other than its own holds the same object under the
   same name: the place that it was imported from.
   Of instances of classes both hold for those only that have nothing to lose: no state, or none but their own name
   (sentinels), or one of the process: what the standard library holds, handles, and what functions of the module are
   bound to (the generator behind ``numpy.random.random``). All others go by value, as with pickle, since what the
   sender has changed about a config object would be lost. One that cannot be pickled goes by name all the same, with a
   warning that its state stays behind.
3. In a portable payload, a class or function of a private module goes by the name that a public one holds it
   under: ``pathlib._local.PosixPath`` of Python 3.13 is ``pathlib.PosixPath`` in every other.
4. A bare ``object()`` is nothing but its identity, so it goes by any name under which an importable module
   holds it, wherever it is met: in an attribute, a default, a list.

`sys.modules` is looked through for a global that rule 2 might apply to when it is first seen, and for bare
objects when the first of them is met; again only when more modules have been imported.
"""

from __future__ import annotations

import builtins
import sys
from collections import deque
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from pickleloaf.errors import DecodeError
from pickleloaf.inspecting.anatomy import defined, members_of
from pickleloaf.inspecting.caches import IdentityCache
from pickleloaf.inspecting.holders import closeness, module_of, modules
from pickleloaf.inspecting.kinds import ATOMS, CONTAINERS, Kinds
from pickleloaf.policy.by_value import MAIN
from pickleloaf.policy.handles import kind_of
from pickleloaf.reducers._asking import reduces_itself
from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import find, verb

__all__ = [
    "SELF_NAMED",
    "Named",
    "by_name",
    "is_held",
    "keeps_name",
    "name_of",
    "names_of_instances",
    "reduce_bare",
    "reduce_importable",
    "reduce_named",
    "reduce_public",
]


class Named:
    """Stands in a payload for an object that a module holds."""

    __slots__ = ("module", "name")

    def __init__(self, module: str, name: str) -> None:
        self.module = module
        self.name = name


#: Types of globals that are never looked for in other modules: atoms, and what has a name of its own.
SELF_NAMED = Kinds(ATOMS | {FunctionType, ModuleType, type})

#: Where globals were found, by id of their scope and name: (id of the value, len(sys.modules), module).
_homes: dict[tuple[int, str], tuple[int, int, str | None]] = {}

#: Where modules hold bare objects, by id, as (module, name): looked up when there were so many modules.
_bare: tuple[int, dict[int, list[tuple[str, str]]]] = (0, {})


def by_name(value: Any, name: str, scope: dict[str, Any], dump: Dump, *, with_state: bool = True) -> Any:
    """Return a stand-in for a global that another, importable module holds, or the value itself.

    Args:
        value: the global.
        name: its name.
        scope: where it is.
        dump: the pickler's state.
        with_state: whether an instance with a state is the value itself; an identity counts it by its name.
    """
    if ATOMS.have(value) or isinstance(value, (type, ModuleType)):
        return value
    own: Any = scope.get("__name__")
    if dump.portable and module_of(scope, own) is not None and not dump.policy.travels(own):
        return dump.named.setdefault((own, name), Named(own, name))
    key = (id(scope), name)
    known = _homes.get(key)
    if known is None or known[0] != id(value) or known[1] != len(sys.modules):
        if len(_homes) > 10_000:
            _homes.clear()
        known = _homes[key] = (id(value), len(sys.modules), _home(value, name, scope, dump))
    home = known[2]
    if (
        home is None
        or dump.policy.travels(home)
        or _held(home, name) is not value
        or id(value) in dump.policy.forced
        or (with_state and not keeps_name(value, home, name, dump))
    ):
        return value
    return dump.named.setdefault((home, name), Named(home, name))


#: Whether instances of a type keep their names whatever their state, by type.
_kinds: IdentityCache[bool] = IdentityCache()


def keeps_name(value: Any, module: str, name: str, dump: Dump) -> bool:
    """Tell whether nothing is lost when an object that a module holds goes by its name."""
    if module.partition(".")[0] in sys.stdlib_module_names or (dump.keeps and id(value) in dump.kept):
        return True
    kind = type(value)
    always = _kinds.get(id(kind))
    if always is None:
        always = _kinds.keep(kind, _NAMED_KINDS.have(value) or bool(kind_of(kind)[1].policy))
    if always:
        return True
    attributes = _attributes_of(value)
    if "__qualname__" in attributes and dump.policy.by_reference(value):
        return True
    return not _has_state(value, kind, name, attributes) or _has_functions(module, value)


def _has_functions(module: str, instance: Any) -> bool:
    """Tell whether a module has functions that are methods of an instance, which then is a part of how it works."""
    held = list(vars(sys.modules[module]).values()) if module in sys.modules else []
    return any(type(each) in (BuiltinFunctionType, MethodType) and each.__self__ is instance for each in held)


#: Types whose objects have no state of their own, and containers: these are the state of the module that holds them.
_NAMED_KINDS = Kinds({BuiltinFunctionType, MethodType, FunctionType, *CONTAINERS})


def _attributes_of(value: Any) -> dict[str, Any]:
    """Return the attributes of an instance; none where its class has something else under ``__dict__``."""
    try:
        found = object.__getattribute__(value, "__dict__")
    except Exception:  # noqa: BLE001 - a proxy may raise anything
        return {}
    return found if isinstance(found, dict) else {}


def _has_state(value: Any, kind: type, name: str, attributes: dict[str, Any]) -> bool:
    """Tell whether an instance has a state besides its own name, as far as that is seen without asking it."""
    if issubclass(kind, _DATA) or reduces_itself(kind):
        return True
    if defined(kind, "__getstate__") is not object.__getstate__:
        return True
    held = [*attributes.values(), *(contents for _, contents in members_of(value))]
    return any(type(each) is not str or each.rpartition(".")[2] != name for each in held)


#: Types whose instances are data themselves.
_DATA = (list, dict, set, frozenset, tuple, str, bytes, bytearray, int, float, complex, deque)


def name_of(value: Any, dump: Dump) -> Named | None:
    """Return the name by which a module holds an instance that goes by value, or None."""
    kind = type(value)
    if issubclass(kind, (type, ModuleType)) or ATOMS.have(value):
        return None
    found = names_of_instances(kind).get(id(value))
    for (_, name), (key, _, home) in list(_homes.items()):
        if found is None and key == id(value) and home is not None and _held(home, name) is value:
            found = Named(home, name)
    return None if found is None or dump.policy.travels(found.module) else found


def _home(value: Any, name: str, scope: dict[str, Any], dump: Dump) -> str | None:
    own = scope.get("__name__")
    homes = [
        module.__name__
        for key, module in _holders(name, dump).get(id(value), ())
        if module.__dict__.get(name) is value
        and module.__dict__ is not scope
        and key not in MAIN
        and key != own
    ]
    return min(homes, key=closeness, default=None)


def _holders(name: str, dump: Dump) -> dict[int, list[tuple[str, ModuleType]]]:
    """Return the modules that have a name, by the id of what they call so; looked through once for a payload."""
    held = dump.holders.get(name)
    if held is None:
        held = dump.holders[name] = {}
        for key, module in modules():
            if name in module.__dict__:
                held.setdefault(id(module.__dict__.get(name)), []).append((key, module))
    return held


def _held(module: str, name: str) -> Any:
    return getattr(sys.modules.get(module), name, None)


def names_of_instances(cls: type) -> dict[int, Named]:
    """Return the instances of an importable class that its own module holds by name, by id."""
    home: Any = cls.__module__
    module = sys.modules.get(home) if isinstance(home, str) else None
    if module is None or home in MAIN:
        return {}
    return {id(value): Named(home, name) for name, value in list(vars(module).items()) if type(value) is cls}


def is_held(named: Named, value: Any) -> bool:
    """Tell whether a module still holds an object under a name: another one may have come to lie at its address."""
    return _held(named.module, named.name) is value


def reduce_importable(cls: type, dump: Dump) -> Any:
    """Return the reduction of a class that goes by reference, or None."""
    if cls.__module__ == "builtins" and vars(builtins).get(cls.__name__) is cls:
        return NotImplemented
    if cls.__module__ != "__main__" and (
        dump.policy.by_reference(cls) or any(cls is each for each in _NAMELESS)
    ):
        dump.uses.append(cls)
        return reduce_public(cls, dump) if dump.portable else NotImplemented
    return None


#: Types without a name that pickle itself knows.
_NAMELESS = (type(None), type(...), type(NotImplemented))


def reduce_public(definition: Any, dump: Dump) -> Any:
    """Name the public module that holds a class or function, where its own is private (rule 3)."""
    module, name = definition.__module__, definition.__qualname__
    public, private, _ = module.partition("._")
    if not private or _held(public, name) is not definition:
        return NotImplemented
    return reduce_named(Named(public, name), dump)


def reduce_bare(value: object, dump: Dump) -> Any:
    """Name the place where a module holds this ``object()``; elsewhere it is like any other instance."""
    if id(value) not in dump.policy.forced:
        for module, name in _places_of_bare_objects().get(id(value), ()):
            if _held(module, name) is value and not dump.policy.travels(module):
                return reduce_named(Named(module, name), dump)
    return NotImplemented


def _places_of_bare_objects() -> dict[int, list[tuple[str, str]]]:
    """Return where modules hold bare objects; first what is likely the defining module, as in `_home`."""
    global _bare  # noqa: PLW0603 - count and places are replaced together
    count, places = _bare
    if count != len(sys.modules):
        places = {}
        for key, module in sorted(modules(), key=lambda each: closeness(each[0])):
            for name, value in list(vars(module).items()):
                if type(value) is object:
                    places.setdefault(id(value), []).append((key, name))
        _bare = (len(sys.modules), places)
    return places


def reduce_named(named: Named, dump: Dump, value: Any = None) -> Any:
    dump.uses.append(sys.modules[named.module])
    if (
        getattr(value, "__module__", None) == named.module
    ):  # which is where pickle looks for the name of an instance
        return named.name
    return rebuild_attribute, (named.module, named.name)


@verb
def rebuild_attribute(module: str, name: str) -> Any:
    """Return what a module holds under a name.

    Raises:
        DecodeError: the module has no such name here.
    """
    try:
        return find(module, name)
    except AttributeError:
        msg = f"the module {module!r} of this process has no {name!r}, which the payload refers to"
        raise DecodeError(msg) from None
