"""What the functions of a closed class look up outside themselves, taken together."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, NamedTuple

from pickleloaf._compat import LAZY_IMPORT
from pickleloaf.code.names import NOTHING, Import, LookUps, Names, look_ups_of
from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers._namespaces import has_only_here, import_now

__all__ = ["Uses", "look_up", "merged", "needs_nothing"]


class Uses(NamedTuple):
    """Names that the functions use, each once."""

    globals: tuple[str, ...]
    imports: tuple[Import, ...]
    #: Names off which attributes are read: of a package, these may be submodules.
    firsts: tuple[str, ...]
    look_ups: LookUps | None


def merged(names: list[Names]) -> Uses:
    """Return what several functions use, once each."""
    names = [each for each in names if each is not NOTHING]
    if not names:
        return _NOTHING
    if len(names) == 1:
        [each] = names
        return Uses(each.globals, each.imports, _firsts(each.chains), each.look_ups)
    look_ups = [each.look_ups for each in names if each.look_ups is not None]
    return Uses(
        _once([name for each in names for name in each.globals]),
        _once([each for names_of in names for each in names_of.imports]),
        _firsts([chain for each in names for chain in each.chains]),
        look_ups_of(
            _once([name for each in look_ups for name in each.builtins]),
            _once([chain for each in look_ups for chain in each.chains]),
            _once([module for each in look_ups for module in each.modules]),
            _once([member for each in look_ups for member in each.members]),
        )
        if look_ups
        else None,
    )


_NOTHING = Uses((), imports=(), firsts=(), look_ups=None)


def _once(found: list[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(found))


def _firsts(chains: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return _once([chain[0] for chain in chains])


def look_up(scope: Callable[[], dict[str, Any]], uses: Uses, dump: Dump) -> dict[str, Any] | None:
    """Return the globals behind the names, or None where they are not fit for a closed class.

    Args:
        scope: returns the globals of the functions.
        uses: the names.
        dump: the pickler's state.
    """
    if uses.imports and (dump.ships_modules or has_only_here(uses.imports, scope())):
        return None
    if uses.look_ups is not None:
        dump.uses.append(uses.look_ups)
    if not uses.globals:
        return {}
    names = scope()
    used: dict[str, Any] = {}
    for name in uses.globals:
        if name not in names:
            if name not in _BUILTINS:
                return None
            continue
        value = names[name]
        if type(value) is LAZY_IMPORT:
            value = import_now(names, name)
        if type(value) is not ModuleType and not dump.policy.by_reference(value):
            return None
        used[name] = value
    if used and any(_is_package(used.get(first)) for first in uses.firsts):
        return None  # submodules may have to be imported as well
    return used


def needs_nothing(scope: dict[str, Any], uses: Uses) -> bool:
    """Tell whether functions with these globals look up nothing but builtins."""
    return not uses.imports and scope.keys().isdisjoint(uses.globals)


def _is_package(value: Any) -> bool:
    return type(value) is ModuleType and "__path__" in value.__dict__


_BUILTINS = vars(builtins)
