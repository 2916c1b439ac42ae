"""Where objects are held: the modules that have them in their namespaces."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

__all__ = ["closeness", "found_by_name", "module_of", "modules"]


def module_of(scope: dict[str, Any], name: Any) -> Any:
    """Return the module of a name if a globals dict is its own, else None."""
    module = sys.modules.get(name)
    return module if getattr(module, "__dict__", None) is scope else None


def modules() -> list[tuple[str, ModuleType]]:
    """Return the modules of this process with their names; not what else stands in ``sys.modules``."""
    return [(name, module) for name, module in list(sys.modules.items()) if type(module) is ModuleType]


def closeness(module: str) -> tuple[int, str]:
    """Return a key by which, of several modules that hold an object, the one that is likely to define it is first.

    That is the one with the shortest path; the order of imports must not matter.
    """
    return module.count("."), module


def found_by_name(module: str, qualname: str) -> Any:
    """Return what a module and a qualified name lead to, or None."""
    found: Any = sys.modules.get(module)
    for part in qualname.split("."):
        found = getattr(found, part, None)
    return found
