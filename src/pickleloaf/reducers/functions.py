"""Functions written in Python: plain, lambdas, nested, async, generator functions.

Takes apart: the code, the globals and closure cells it uses, and the attributes that differ from what
the code gives. Travels as: wire.function, wire.namespace; wire.fill_function.
Keeps: defaults, annotations, attributes, names, docstring, source lines, cells shared with other
functions, one globals dict for all functions of a module in one payload, recursion.
Loses: path and absolute line numbers.

A function is made in two steps, so that whatever it refers to may refer back to it: first a shell of
its code, its globals and its cells, all still empty, then their contents.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from types import CellType, FunctionType, ModuleType
from typing import Any

from pickleloaf._compat import HAS_LAZY_ANNOTATIONS
from pickleloaf.code.codec import CodeFacts, decode, facts_of
from pickleloaf.code.names import identifiers
from pickleloaf.reducers._dump import ATOMS, Dump, Late, Namespace, ShippedModules
from pickleloaf.reducers._named import by_name
from pickleloaf.wire import verb

_Parts = dict[tuple[str, Any], Any]

#: Types of globals that are never looked for in other modules: atoms, and what has a name of its own.
_SELF_NAMED = ATOMS | {FunctionType, ModuleType, type}


def reduce_function(function: FunctionType, dump: Dump) -> Any:
    if function.__module__ == "pickleloaf.wire" or dump.policy.by_reference(function):
        return NotImplemented
    facts = facts_of(function.__code__)
    namespace = _namespace(function.__globals__, dump)
    closure = function.__closure__
    if closure is None:
        arguments: tuple[Any, ...] = (facts.blob, namespace)
    else:
        for cell in closure:
            dump.shells[id(cell)] = cell
        arguments = (facts.blob, namespace, closure)
    parts = _parts(function, facts, namespace, dump)
    if not parts:
        return rebuild_function, arguments
    state = dump.give(Late(function, parts, _join, fill_function))
    if state is None:
        return rebuild_function, arguments
    return rebuild_function, arguments, state, None, None, fill_function


@verb
def rebuild_function(blob: bytes, namespace: ModuleType, closure: tuple[CellType, ...] | None = None) -> FunctionType:
    return FunctionType(decode(blob), namespace.__dict__, None, None, closure)


@verb
def fill_function(function: FunctionType, state: tuple[Any, ...]) -> None:
    """Give a function its globals, closure, attributes; a fourth part only has to be imported."""
    used, contents, attributes, *_ = (*state, None, None)
    if used:
        function.__globals__.update(used)
    if contents:
        cells: Any = function.__closure__
        for index, value in contents.items() if type(contents) is dict else enumerate(contents):
            try:
                cells[index].cell_contents  # noqa: B018 - asks whether the cell is empty
            except ValueError:
                cells[index].cell_contents = value
    if attributes:
        for name, value in attributes.items():
            if name == "__dict__":
                function.__dict__.update(value)
            else:
                setattr(function, name, value)


def _namespace(used: dict[str, Any], dump: Dump) -> Any:
    """Return what stands for a globals dict: the module that owns it, or a stand-in."""
    known = dump.namespaces.get(id(used))
    if known is None:
        name = used.get("__name__")
        name = name if type(name) is str else ""
        module = sys.modules.get(name)
        if module is not None and getattr(module, "__dict__", None) is used and not dump.policy.travels(name):
            known = module
        else:
            known = Namespace(used, name)
        dump.namespaces[id(used)] = known
    return known


def reduce_namespace(namespace: Namespace, dump: Dump) -> Any:
    if dump.policy.ships_modules:
        return rebuild_namespace, (namespace.name, dump.modules)
    return rebuild_namespace, (namespace.name,)


@verb
def rebuild_namespace(name: str, modules: dict[str, ModuleType] | None = None) -> ModuleType:
    """Make the module whose ``__dict__`` is the globals of shipped functions.

    Args:
        name: its ``__name__``.
        modules: the modules that travel by value in this payload; imports find them first, without
            an entry in ``sys.modules`` that others would see.
    """
    module = ModuleType(name)
    scope = module.__dict__
    if modules is None:
        scope["__builtins__"] = builtins
    else:
        modules.setdefault(name, module)
        scope["__builtins__"] = {**vars(builtins), "__import__": _importer(modules)}
    return module


def reduce_shipped_modules(modules: ShippedModules, dump: Dump) -> Any:  # noqa: ARG001
    return rebuild_shipped_modules, ()


@verb
def rebuild_shipped_modules() -> dict[str, ModuleType]:
    return {}


def _importer(modules: dict[str, ModuleType]) -> Callable[..., Any]:
    """Return an ``__import__`` that knows some modules besides those that can be imported."""

    def import_shipped(
        name: str, scope: Any = None, local: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        absolute = name
        if level:
            package = (scope or {}).get("__package__") or ""
            base = package.rsplit(".", level - 1)[0]
            absolute = f"{base}.{name}" if name else base
        if absolute not in modules:
            return builtins.__import__(name, scope, local, fromlist, level)
        if not fromlist:
            return modules.get(absolute.partition(".")[0]) or modules[absolute]
        found = modules[absolute]
        for wanted in fromlist:
            part = modules.get(f"{absolute}.{wanted}")
            if part is not None and wanted not in found.__dict__:
                setattr(found, wanted, part)
        return found

    return import_shipped


def _parts(function: FunctionType, facts: CodeFacts, namespace: Any, dump: Dump) -> _Parts:
    """Return all that a shell of this function lacks."""
    parts: _Parts = {}
    scope = function.__globals__
    names = facts.names
    if type(namespace) is Namespace:
        for name in names.globals:
            if name in scope:
                parts["globals", name] = _global(name, scope, dump)
    if function.__closure__ is not None:
        _add_contents(parts, function)
    _add_attributes(parts, function, facts, namespace, dump)
    if names.chains or names.imports:
        modules = dict.fromkeys([*_submodules(function, facts, dump), *_imported(function, facts, dump)])
        for module in modules:
            parts["modules", module] = module
    return parts


def _global(name: str, scope: dict[str, Any], dump: Dump) -> Any:
    value = scope[name]
    return value if type(value) in _SELF_NAMED else by_name(value, name, scope, dump)


def _join(parts: _Parts) -> tuple[Any, ...]:
    """Make the state that fill_function takes, as short as it can be."""
    used = {name: value for (kind, name), value in parts.items() if kind == "globals"}
    contents: Any = {index: value for (kind, index), value in parts.items() if kind == "closure"}
    if list(contents) == list(range(len(contents))):
        contents = tuple(contents.values())
    attributes = {name: value for (kind, name), value in parts.items() if kind == "attributes"}
    modules = tuple(value for (kind, _), value in parts.items() if kind == "modules")
    state: list[Any] = [used or None, contents or None, attributes or None, modules or None]
    while state and state[-1] is None:
        state.pop()
    return tuple(state)


def _add_contents(parts: _Parts, function: FunctionType) -> None:
    for index, cell in enumerate(function.__closure__ or ()):
        try:
            parts["closure", index] = cell.cell_contents
        except ValueError:  # an empty cell stays empty
            continue
        if function.__code__.co_freevars[index] == "__classdict__":
            parts["closure", index] = _class_scope(cell.cell_contents, function)


def _class_scope(scope: Any, function: FunctionType) -> dict[str, Any]:
    """Cut the class namespace that a lazy annotation looks into to the names that it can ask for."""
    return {name: scope[name] for name in function.__code__.co_names if name in scope}


def _add_attributes(parts: _Parts, function: FunctionType, facts: CodeFacts, namespace: Any, dump: Dump) -> None:
    code = function.__code__
    scope_name = function.__globals__.get("__name__")
    if function.__name__ != code.co_name:
        parts["attributes", "__name__"] = function.__name__
    if function.__qualname__ != code.co_qualname:
        parts["attributes", "__qualname__"] = function.__qualname__
    if function.__module__ != scope_name:
        parts["attributes", "__module__"] = function.__module__
    if function.__doc__ != facts.doc:
        parts["attributes", "__doc__"] = function.__doc__
    if function.__defaults__:
        parts["attributes", "__defaults__"] = function.__defaults__
    if function.__kwdefaults__:
        parts["attributes", "__kwdefaults__"] = function.__kwdefaults__
    if getattr(function, "__type_params__", ()):
        parts["attributes", "__type_params__"] = function.__type_params__
    if function.__dict__:
        parts["attributes", "__dict__"] = function.__dict__
    annotate = getattr(function, "__annotate__", None) if HAS_LAZY_ANNOTATIONS else None
    if annotate is not None:
        parts["attributes", "__annotate__"] = annotate
    elif function.__annotations__:
        parts["attributes", "__annotations__"] = function.__annotations__
        if type(namespace) is Namespace:
            _add_annotation_names(parts, function, dump)


def _add_annotation_names(parts: _Parts, function: FunctionType, dump: Dump) -> None:
    """Ship the globals that string annotations name (PEP 563), so that they can be evaluated."""
    scope = function.__globals__
    for annotation in function.__annotations__.values():
        if type(annotation) is str:
            for name in identifiers(annotation):
                if name in scope:
                    parts["globals", name] = _global(name, scope, dump)


def _submodules(function: FunctionType, facts: CodeFacts, dump: Dump) -> list[ModuleType]:
    """Return the submodules that attribute chains lead to: their packages alone would not import them."""
    found = []
    for first, *rest in facts.names.chains:
        module = _look_up(function, first)
        if type(module) is not ModuleType:
            continue
        name = module.__name__
        if dump.policy.ships_modules:
            dump.required.add((name, rest[0]))
        if "__path__" not in module.__dict__:
            continue
        for part in rest:
            name = f"{name}.{part}"
            if name not in sys.modules:
                break
            found.append(sys.modules[name])
    return found


def _look_up(function: FunctionType, name: str) -> Any:
    if name in function.__code__.co_freevars:
        cell = (function.__closure__ or ())[function.__code__.co_freevars.index(name)]
        try:
            return cell.cell_contents
        except ValueError:
            return None
    return function.__globals__.get(name)


def _imported(function: FunctionType, facts: CodeFacts, dump: Dump) -> list[ModuleType]:
    """Return the modules that the body imports and that travel by value: they are not there otherwise."""
    if not dump.policy.ships_modules:
        return []
    package = function.__globals__.get("__package__") or ""
    wanted: list[str] = []
    for level, name, members in facts.names.imports:
        base = package.rsplit(".", level - 1)[0] if level else ""
        absolute = ".".join(part for part in (base, name) if part)
        parents = absolute.split(".")
        wanted += [".".join(parents[: count + 1]) for count in range(len(parents))]
        wanted += [f"{absolute}.{member}" for member in members]
    return [sys.modules[name] for name in wanted if name in sys.modules and dump.policy.travels(name)]
