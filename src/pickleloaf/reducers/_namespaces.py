"""The globals of functions that travel, and the modules that these functions reach through them."""

from __future__ import annotations

import builtins
import contextlib
import importlib.util
import sys
from collections.abc import Callable, Iterable
from functools import lru_cache
from types import FunctionType, ModuleType
from typing import Any

from pickleloaf._compat import LAZY_MODULES
from pickleloaf.inspecting.anatomy import cells_of, contents_of
from pickleloaf.inspecting.holders import module_of
from pickleloaf.inspecting.kinds import interned
from pickleloaf.inspecting.names import Import, Names, resolved
from pickleloaf.policy.by_value import MAIN, ValuePolicy, is_importable_module, is_installed
from pickleloaf.reducers._dump import Dump, Namespace, ScopeOf, ShippedModules
from pickleloaf.wire import verb

__all__ = [
    "answers",
    "has_only_here",
    "import_now",
    "imported_modules",
    "namespace_for",
    "of_python",
    "own_builtins",
    "set_at_run_time",
    "shipped_with",
    "submodules",
]


def namespace_for(scope: dict[str, Any], function: FunctionType | ScopeOf | None, dump: Dump) -> Any:
    """Return what stands for a globals dict when its first function is pickled.

    That is the module, where a module that goes by reference owns the dict; a name for a new dict, after
    which the function itself stands for it; a stand-in where a module by value may turn up that owns it,
    or where it is that of a module of the standard library and the payload is for other Pythons; the dict
    itself where it travels, too, which shows late (see again).

    Args:
        scope: the globals.
        function: what can stand for them later on in the payload; None where nothing can.
        dump: the pickler's state.
    """
    if dump.shared and id(scope) in dump.shared:
        dump.namespaces[id(scope)] = scope
        return scope
    name = interned(scope.get("__name__"))
    # Nobody else has what has arrived, where the module itself stands under that name.
    module = module_of(scope, name)
    if module is None and scope.get("__builtins__") is not builtins:
        dump.doubts.append(("globals", scope))
    ships_modules = dump.brings or dump.policy.ships_modules  # every lambda comes here: one property less
    if function is not None and name in MAIN and not ships_modules and shipped_with(scope) is None:
        dump.namespaces[id(scope)] = function
        return name
    name = name if type(name) is str else ""
    found: Any = Namespace(scope, name)
    if module is not None and not dump.policy.travels(name) and not (dump.portable and of_python(name)):
        found = module
    dump.namespaces[id(scope)] = found
    return found


def set_at_run_time(module: ModuleType, names: Iterable[str]) -> dict[str, Any]:
    """Return the globals of some names that an import of their module would not make; warn of changed constants.

    Functions that are made in an importable module use that module's globals over there.
    """
    if of_python(module.__name__):
        return {}
    from pickleloaf.code.baseline import are_equal, module_facts

    scope, (made, constants) = module.__dict__, module_facts(module)
    for name in names:
        value, written = scope.get(name), constants.get(name)
        is_public = name in constants and not name.startswith("_")
        if is_public and type(value) in _CONSTANTS and not are_equal(value, written):
            _warn_of_constant(module, name, value, written)
    return {} if made is None else {name: scope[name] for name in names if name in scope and name not in made}


def _warn_of_constant(module: ModuleType, name: str, value: Any, written: Any) -> None:
    from pickleloaf._warning import warn
    from pickleloaf.code.baseline import binding
    from pickleloaf.errors import LeftOutWarning

    bound = binding(module.__name__, "", name)
    if bound is not None and bound.times == 1:
        msg = (
            f"{module.__name__}.{name} is {value!r} here, where an import gives {written!r}; a function that was made "
            "in that module uses it, and over there the receiver's own. Set it there, in an initializer for example"
        )
        warn(msg, LeftOutWarning)


#: Types of constants that are compared with what the source says.
_CONSTANTS = (bool, int, float, str, bytes, type(None))


def of_python(module: str) -> bool:
    """Tell whether a module is one of the standard library, whose globals differ from version to version."""
    return module.partition(".")[0] in sys.stdlib_module_names


def reduce_namespace(namespace: Namespace, dump: Dump) -> Any:
    if dump.ships_modules or shipped_with(namespace.globals) is not None:
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


def reduce_shipped_modules(modules: ShippedModules, dump: Dump) -> Any:
    return rebuild_shipped_modules, ()


@verb
def rebuild_shipped_modules() -> dict[str, ModuleType]:
    return {}


def _importer(modules: dict[str, ModuleType]) -> Callable[..., Any]:
    """Return an ``__import__`` that knows some modules besides those that can be imported."""

    def import_shipped(
        name: str, scope: Any = None, local: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        absolute = resolved(name, level, (scope or {}).get("__package__"))
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

    import_shipped.modules = modules  # type: ignore[attr-defined, unused-ignore]  # for when the functions travel on
    return import_shipped


def shipped_with(scope: dict[str, Any]) -> dict[str, ModuleType] | None:
    """Return the modules that arrived together with the functions of a scope, if that is how they came here."""
    held = scope.get("__builtins__")
    return getattr(held.get("__import__"), "modules", None) if type(held) is dict else None


def import_now(scope: dict[str, Any], name: str) -> Any:
    """Do an import that has not been needed yet, as Python would when the name is used (PEP 810)."""
    value = scope[name] = scope[name].resolve()
    return value


def own_builtins(function: FunctionType, names: Names) -> dict[str, Any]:
    """Return what a function finds among builtins that are not everybody's: there it finds them as globals."""
    held, scope = function.__builtins__, function.__globals__  # type: ignore[attr-defined, unused-ignore]
    if held is vars(builtins):
        return {}
    return {
        name: held[name]
        for name in names.globals
        if name not in scope and name in held and held[name] is not vars(builtins).get(name, names)
    }


def answers(scope: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return what a subclass of dict answers to names: a function asks it by item, and it may make what it lacks."""
    found = {}
    for name in names:
        with contextlib.suppress(KeyError):
            found[name] = scope[name]
    return found


def submodules(function: FunctionType, names: Names, dump: Dump) -> list[ModuleType]:
    """Return the submodules that attribute chains lead to: their packages alone would not import them."""
    found = []
    for first, *rest in names.chains:
        module = _look_up(function, first)
        if type(module) is not ModuleType:
            continue
        name = module.__name__
        if dump.ships_modules:
            dump.required.add((name, rest[0]))
        if "__path__" not in module.__dict__:
            continue
        for part in rest:
            package, name = sys.modules.get(name), f"{name}.{part}"
            if name not in sys.modules and _waits(name):
                getattr(package, part, None)  # which imports it, if it is a module
            if name not in sys.modules:
                break
            found.append(sys.modules[name])
    return found


def _waits(name: str) -> bool:
    """Tell whether something will be imported once a package is asked for it (PEP 810)."""
    return any(each == name or each.startswith(f"{name}.") for each in LAZY_MODULES)


def has_only_here(imports: Iterable[Import], scope: dict[str, Any]) -> bool:
    """Tell whether one of the imports of functions with these globals finds a module that only this process has."""
    shipped = shipped_with(scope) or {}
    for level, relative, _ in imports:
        name = resolved(relative, level, scope.get("__package__"))
        if name in shipped:
            return True
        module = sys.modules.get(name)
        if isinstance(module, ModuleType) and name not in MAIN and not is_importable_module(name, module):
            return True
    return False


def _look_up(function: FunctionType, name: str) -> Any:
    cell = cells_of(function).get(name)
    return function.__globals__.get(name) if cell is None else contents_of(cell)


def imported_modules(function: FunctionType, names: Names, dump: Dump) -> list[ModuleType]:
    """Return the modules that the body imports and that travel by value: they are not there otherwise."""
    shipped = shipped_with(function.__globals__)
    if shipped is None and not dump.ships_modules:
        if names.imports and has_only_here(names.imports, function.__globals__):
            dump.doubts.append(("imports", function))
        return []
    wanted: list[str] = []
    for level, name, members in names.imports:
        absolute = resolved(name, level, function.__globals__.get("__package__"))
        parents = absolute.split(".")
        wanted += [".".join(parents[: count + 1]) for count in range(len(parents))]
        wanted += [f"{absolute}.{member}" for member in members]
    _import_ahead(wanted, dump.policy)
    found = {name: sys.modules[name] for name in wanted if name in sys.modules and dump.policy.travels(name)}
    found.update((name, shipped[name]) for name in wanted if shipped and name in shipped)
    return list(found.values())


def _import_ahead(names: list[str], policy: ValuePolicy) -> None:
    """Import the modules by value that a function has not come to yet: over there nobody could."""
    for name in names:
        if name not in sys.modules and _may_travel(name, policy):
            # What fails here fails for the function in either process; it may well expect that.
            with contextlib.suppress(Exception):
                importlib.import_module(name)


def _may_travel(name: str, policy: ValuePolicy) -> bool:
    """Tell whether a module that is not imported yet would travel by value."""
    parent, _, last = name.rpartition(".")
    if not parent:
        return policy.local and _is_own(name)
    package = sys.modules.get(parent)
    held = vars(package) if isinstance(package, ModuleType) else {}
    return "__path__" in held and last not in held and policy.travels(parent)


@lru_cache(maxsize=4096)
def _is_own(name: str) -> bool:
    """Tell whether a top-level name is one of the user's own modules; asked once for each."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.has_location and not is_installed(name, spec.origin)
