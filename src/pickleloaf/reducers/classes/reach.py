"""Globals that functions of a class reach, through other functions and whatever holds these."""

from __future__ import annotations

import weakref
from types import CodeType, FunctionType, ModuleType
from typing import Any

from pickleloaf.code.codec import facts_of
from pickleloaf.inspecting.anatomy import contents_of
from pickleloaf.inspecting.holders import module_of
from pickleloaf.inspecting.kinds import ATOMS, CONTAINERS, Kinds
from pickleloaf.policy.by_value import ValuePolicy
from pickleloaf.reducers.classes.draft import Draft
from pickleloaf.reducers.classes.stamp import Scope
from pickleloaf.reducers.classes.tokens import has_parts, parts_of

__all__ = ["functions_behind", "scopes_of"]

#: Past so many objects goes a walk, and into containers that are no larger.
_FAR, _LARGE = 1000, 64

_LEAD_NOWHERE = Kinds(ATOMS | {CodeType, ModuleType, type(len)})


def functions_behind(values: list[Any], policy: ValuePolicy) -> list[FunctionType]:
    """Return the functions by value that some values lead to, in the order in which they are met.

    Classes lead nowhere, since they have images of their own, and neither do modules. Nothing of the user's is run.
    """
    queue = list(values)
    seen: set[int] = set()
    found: list[FunctionType] = []
    for value in queue:
        kind = type(value)
        if (
            _LEAD_NOWHERE.have(value)
            or id(value) in seen
            or len(seen) > _FAR
            or issubclass(kind, (type, ModuleType))
        ):
            continue
        seen.add(id(value))
        if kind is FunctionType:
            if value.__module__ == "__main__" or not policy.by_reference(value):
                found.append(value)
                queue += _behind(value, policy)
        elif CONTAINERS.have(value):
            if len(value) <= _LARGE:
                queue += parts_of(value)
        elif has_parts(kind):
            queue += parts_of(value)
    return found


def _behind(function: FunctionType, policy: ValuePolicy) -> list[Any]:
    scope = function.__globals__
    behind = [contents_of(cell) for cell in function.__closure__ or ()]
    behind += function.__defaults__ or ()
    behind += (function.__kwdefaults__ or {}).values()
    behind += function.__dict__.values()
    if not is_importable(scope, policy):
        behind += [scope.get(name) for name in facts_of(function.__code__).names.globals]
    return behind


def is_importable(scope: dict[str, Any], policy: ValuePolicy) -> bool:
    """Tell whether globals are those of an importable module, which a receiver has of its own."""
    name: Any = scope.get("__name__")
    return module_of(scope, name) is not None and not policy.travels(name)


def scopes_of(cls: type, draft: Draft, policy: ValuePolicy) -> tuple[list[Scope], bool]:
    """Return the globals that the functions of a class reach, with the names that they look up there.

    Also tell whether functions that are not the class's own have the same globals as those that are.
    """
    is_shared = False
    own_functions = set(map(id, draft.functions))
    names: dict[int, tuple[FunctionType, dict[str, None]]] = {}
    if draft.own:
        own = draft.functions[draft.paths.index(draft.own)]
        names[id(draft.scope)] = (own, dict.fromkeys(draft.globals))
    if draft.held:  # the functions of the template lead to nothing but these
        for function in functions_behind(draft.held, policy):
            scope = function.__globals__
            is_shared |= scope is draft.scope and id(function) not in own_functions
            if id(scope) not in names:
                if type(scope) is not dict or is_importable(scope, policy):
                    continue
                names[id(scope)] = (function, {})
            names[id(scope)][1].update(dict.fromkeys(facts_of(function.__code__).names.globals))
    counts: dict[str, int] = {}
    found = []
    for function, wanted in names.values():
        name = str(function.__globals__.get("__name__"))
        number = counts[name] = counts.get(name, -1) + 1
        found.append(Scope((name, number), weakref.ref(function), tuple(wanted)))
    return found, is_shared
