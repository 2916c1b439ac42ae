"""Functions written in Python: plain, lambdas, nested, async, generator functions.

Takes apart: the code, the globals and closure cells it uses, and the attributes that differ from what
the code gives. Travels as: wire.function, wire.fill_function.
Keeps: defaults, annotations, overloads, attributes, names, docstring, source lines, cells shared with other
functions, one globals dict for all functions of a module in one payload, recursion.
Loses: path and absolute line numbers; that a sandbox lacked some builtins, or answers names as they are looked up.

1. A function is made in two steps, so that whatever it refers to may refer back to it: first a shell of
   code, globals and cells, all still empty, then the *state*: (globals, contents of cells, attributes,
   modules to import), cut after the last part that is not None. A state of mere atoms needs no second
   step and travels with the shell.
2. The first function of a globals dict brings the dict; those that follow name that function. A global that
   has come with a shell is not sent again.
3. The first function with a cell brings the cell; those that follow name that function and the number of
   the cell in it. Each gives the contents, which are the same. A function that has a cell twice
   (FunctionType takes any) names the number alone.

This is the hot path of the package, hence the look-ups in a row and the tests for the common case first.
"""

from __future__ import annotations

import builtins
from types import CellType, FunctionType, ModuleType
from typing import Any

from pickleloaf._compat import LAZY_IMPORT
from pickleloaf.code.codec import CodeFacts, decode, facts_of
from pickleloaf.inspecting.anatomy import NOTHING, contents_of
from pickleloaf.inspecting.holders import module_of
from pickleloaf.inspecting.kinds import ATOMS, Kinds, interned
from pickleloaf.reducers import reducer_for_made
from pickleloaf.reducers._attributes import add_annotation_names, are_leaves, attributes_of, fill_attributes
from pickleloaf.reducers._dump import Dump, Late, Namespace
from pickleloaf.reducers._eager import blob_of, reduce_annotate
from pickleloaf.reducers._named import SELF_NAMED, by_name, reduce_public
from pickleloaf.reducers._namespaces import (
    answers,
    import_now,
    imported_modules,
    namespace_for,
    own_builtins,
    set_at_run_time,
    submodules,
)
from pickleloaf.reducers._places import place_in_class
from pickleloaf.reducers._twins import TWINS, tell_twins
from pickleloaf.wire import verb

#: The builtins of every function, but for those of sandboxes.
_BUILTINS = vars(builtins)

_Parts = dict[tuple[str, Any], Any]

#: Types whose objects may travel with a shell, since nothing behind them leads back to a function.
_LEAVES = Kinds(ATOMS | {ModuleType})

#: What stands for globals that are a module's.
_OF_MODULES = (ModuleType, Namespace)

#: What stands for globals that hold every name already.
_COMPLETE = (ModuleType, dict)

_NONE: dict[str, Any] = {}


def reduce_function(function: FunctionType, dump: Dump) -> Any:  # noqa: PLR0911 - the common cases leave first
    module = function.__module__
    if module != "__main__":
        if module == "pickleloaf.wire":
            return NotImplemented
        if dump.policy.by_reference(function):
            dump.uses.append(function)
            return reduce_public(function, dump) if dump.portable else NotImplemented
    facts = facts_of(function.__code__)
    if dump.policy.portable and facts.name == "__annotate__" and dump.portable:
        return reduce_annotate(function)
    if facts.may_be_method and (place := place_in_class(function, dump)) is not None:
        return place
    look_ups, uses = facts.look_ups, dump.uses
    if look_ups is not None and (
        len(uses) == 0 or uses[-1] is not look_ups
    ):  # "heard" is true, even if empty
        uses.append(look_ups)
    scope = function.__globals__
    namespace = dump.namespaces.get(id(scope))
    if namespace is None:
        namespace = namespace_for(scope, function, dump)
    if type(namespace) in _OF_MODULES and (reduce_made := reducer_for_made(function)) is not None:
        return reduce_made(function, dump)
    closure = function.__closure__
    shared = None if closure is None else _shared_cells(function, closure, dump)
    state, is_leaf = _state(function, facts, namespace, dump)
    blob = blob_of(facts, dump) if dump.policy.portable else facts.blob
    shell = (blob, namespace) if shared is None else (blob, namespace, shared)
    if state is None:
        return rebuild_function, shell
    if is_leaf:
        return rebuild_function, (blob, namespace, shared, state)
    if dump.building:
        state = dump.give(Late(function, _parts(state), _join, fill_function))
    return rebuild_function, shell, state, None, None, fill_function


@verb
def rebuild_function(
    blob: bytes | tuple[bytes, str],
    namespace: str | FunctionType | ModuleType | dict[str, Any],
    shared: tuple[Any, ...] | None = None,
    state: tuple[Any, ...] | None = None,
) -> FunctionType:
    """Make a function, empty unless a state is given.

    Args:
        blob: its code (see code/codec.py), and maybe the text that it stands in.
        namespace: whose globals it has: a function's, a module's, a new dict's of this ``__name__``, or a dict.
        shared: for each cell None for a new one, (function, index) for one of another function's, an
            index for an earlier one of its own, or the cell itself. None if all are new.
        state: see `fill_function`.
    """
    code = decode(blob)
    if type(namespace) is str:
        scope: dict[str, Any] = {"__name__": namespace, "__builtins__": builtins}
    elif type(namespace) is FunctionType:
        scope = namespace.__globals__
    elif type(namespace) is dict:
        scope = namespace
    else:
        scope = namespace.__dict__
    free = code.co_freevars
    closure = None if not free else _cells(shared) if shared else tuple([CellType() for _ in free])
    function = FunctionType(code, scope, None, None, closure)
    if state is not None:
        fill_function(function, state)
    return function


@verb
def fill_function(function: FunctionType, state: tuple[Any, ...]) -> None:
    """Give a function its globals, the contents of its cells, its attributes; import what it needs."""
    size = len(state)
    if state[0] is not None:
        scope = function.__globals__
        if TWINS:
            tell_twins(scope, state[0])
        if module_of(scope, scope.get("__name__")) is None:
            scope.update(state[0])
        else:  # what a module has here stays
            for name, value in state[0].items():
                scope.setdefault(name, value)
    if size > 1 and state[1] is not None:
        cells: Any = function.__closure__
        for index, value in state[1].items() if type(state[1]) is dict else enumerate(state[1]):
            cells[index].cell_contents = value
    if size > 2 and state[2] is not None:
        fill_attributes(function, state[2])


def _shared_cells(
    function: FunctionType, closure: tuple[CellType, ...], dump: Dump
) -> tuple[Any, ...] | None:
    """Return where the cells of a function are to be found in the payload, or None if all are new."""
    known = dump.cells
    shared: list[Any] | None = None
    for index, cell in enumerate(closure):
        place = known.get(id(cell))
        if place is None:
            known[id(cell)] = (function, index)
        else:
            shared = shared or [None] * len(closure)
            shared[index] = place[1] if type(place) is tuple and place[0] is function else place
    return None if shared is None else tuple(shared)


def _cells(shared: tuple[Any, ...]) -> tuple[CellType, ...]:
    cells: list[Any] = []
    for place in shared:
        if type(place) is tuple:
            function, index = place
            cells.append(function.__closure__[index])
        elif type(place) is int:
            cells.append(cells[place])
        else:
            cells.append(CellType() if place is None else place)
    return tuple(cells)


def _state(
    function: FunctionType, facts: CodeFacts, namespace: Any, dump: Dump
) -> tuple[tuple[Any, ...] | None, bool]:
    """Return all that a shell of this function lacks, and whether nothing in it could lead back to it."""
    scope = function.__globals__
    names = facts.names
    used: dict[str, Any] | None = None
    is_leaf = True
    if names.globals and type(namespace) not in _COMPLETE:
        held_names = scope if type(scope) is dict else answers(scope, names.globals)
        used, is_leaf = _used(names.globals, held_names, dump)
        held = function.__builtins__  # type: ignore[attr-defined, unused-ignore]
        if held is not _BUILTINS and (own := own_builtins(function, names)):
            used, is_leaf = {**used, **own}, False
    elif names.globals and type(namespace) is ModuleType:
        used = {name: interned(value) for name, value in set_at_run_time(namespace, names.globals).items()}
        is_leaf = all(map(_LEAVES.have, used.values()))
    closure = function.__closure__
    contents = None
    if closure is not None:
        contents = _contents(function, facts, closure, dump)
        is_leaf = is_leaf and (contents is None or (type(contents) is tuple and _LEAVES.cover(contents)))
    attributes = attributes_of(function, facts, scope, dump)
    if "__annotations__" in attributes and type(namespace) not in _COMPLETE:
        used = used or {}
        add_annotation_names(used, scope, attributes["__annotations__"], dump)
    modules: Any = None
    if names.chains or names.imports:
        modules = tuple(
            dict.fromkeys([*submodules(function, names, dump), *imported_modules(function, names, dump)])
        )
    if modules:
        return (used or None, contents, attributes or None, modules), False
    if attributes:
        is_leaf = is_leaf and are_leaves(attributes)
    if is_leaf and used:
        dump.given.setdefault(id(scope), {}).update(used)
    if attributes:
        return (used or None, contents, attributes), is_leaf
    if contents:
        return (used or None, contents), is_leaf
    return ((used,) if used else None), is_leaf


def _used(names: tuple[str, ...], scope: dict[str, Any], dump: Dump) -> tuple[dict[str, Any], bool]:
    """Return the globals of some names that the receiver does not have yet, and whether all are leaves."""
    given = dump.given.get(id(scope), _NONE)
    used: dict[str, Any] = {}
    is_leaf = True
    for name in names:
        if name not in scope:
            continue
        value = interned(scope[name])
        if _LEAVES.have(value):
            if given.get(name, given) is not value:
                used[name] = value
        else:
            is_leaf = False
            if type(value) is LAZY_IMPORT:
                value = import_now(scope, name)
            used[name] = value if SELF_NAMED.have(value) else by_name(value, name, scope, dump)
    return used, is_leaf


def _contents(function: FunctionType, facts: CodeFacts, closure: tuple[CellType, ...], dump: Dump) -> Any:
    """Return the contents of the cells: a tuple, or a dict by index where some are empty or made there."""
    if facts.has_plain_cells:
        try:
            return tuple([interned(cell.cell_contents) for cell in closure])
        except ValueError:  # one of them is empty
            pass
    names = function.__code__.co_freevars
    found = {}
    for index, cell in enumerate(closure):
        if id(cell) in dump.class_cells:
            continue
        value = contents_of(cell)
        if value is not NOTHING:  # an empty cell stays empty
            found[index] = _class_scope(value, function) if names[index] == "__classdict__" else value
    return found or None


def _class_scope(scope: Any, function: FunctionType) -> dict[str, Any]:
    """Cut the class namespace that a lazy annotation looks into to the names that it can ask for."""
    return {name: scope[name] for name in function.__code__.co_names if name in scope}


def _parts(state: tuple[Any, ...]) -> _Parts:
    """Take a state apart, so that each part can be given as soon as it may."""
    padded: tuple[Any, ...] = (*state, None, None, None)
    used, contents, attributes, modules, *_ = padded
    parts: _Parts = {("globals", name): value for name, value in (used or {}).items()}
    numbered = contents.items() if type(contents) is dict else enumerate(contents or ())
    parts.update({("closure", index): value for index, value in numbered})
    parts.update({("attributes", name): value for name, value in (attributes or {}).items()})
    parts.update({("modules", index): module for index, module in enumerate(modules or ())})
    return parts


def _join(parts: _Parts) -> tuple[Any, ...]:
    """Make a state of some parts."""
    used = {name: value for (kind, name), value in parts.items() if kind == "globals"}
    contents = {index: value for (kind, index), value in parts.items() if kind == "closure"}
    attributes = {name: value for (kind, name), value in parts.items() if kind == "attributes"}
    modules = tuple(value for (kind, _), value in parts.items() if kind == "modules")
    state: list[Any] = [used or None, contents or None, attributes or None, modules or None]
    while state[-1] is None:
        state.pop()
    return tuple(state)
