"""What was changed to something importable, and shows nevertheless: constants and defaults.

``birds.Turkey.voice = "honk"`` puts a string where a string was; nothing about it says that it was patched
in. The source says so: it binds ``voice`` to another constant. Such a difference is state in most cases,
a flag that has been raised or a count, and must not be carried to another process. So it is a patch only if

1. the source binds the name once, on no condition, to a constant, or to a function with plain defaults;
2. the name is public;
3. no code of the module assigns to an attribute or a global of this name: then it was changed from outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType
from typing import Any

from pickleloaf.patching.bindings import assigns, constants
from pickleloaf.patching.detect import Place
from pickleloaf.patching.snapshot import Scope
from pickleloaf.patching.source import MISSING

__all__ = ["altered"]

#: Types of constants that are compared.
_CONSTANTS = (type(None), bool, int, float, complex, str, bytes, tuple)


def altered(scope: Scope) -> Iterator[Place]:
    """Yield where a namespace differs from its source in a constant, or a function in it in its defaults."""
    module, path = scope.module, scope.path
    for name, (constant, is_function) in constants(module, path).items():
        value = scope.space.get(name, MISSING)
        if is_function:
            place = Place(module, f"{path}.{name}" if path else name, "__defaults__")
            is_ours = type(value) is FunctionType and value.__globals__.get("__name__") == module
            if is_ours and not _equal(value.__defaults__, constant):
                yield place
            continue
        differs = type(value) in _CONSTANTS and not name.startswith("_") and not _equal(value, constant)
        if differs and not assigns(module, name):
            yield Place(module, path, name)


def _equal(one: Any, other: Any) -> bool:
    """Compare constants, with their types: 1 is not True."""
    if type(one) is not type(other):
        return False
    if type(one) is tuple:
        return len(one) == len(other) and all(map(_equal, one, other))
    return type(one) in _CONSTANTS and bool(one == other or one != one)  # noqa: PLR0124 - nan
