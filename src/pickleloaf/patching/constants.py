"""Constants and defaults that differ from what the source of their module says.

``birds.Turkey.voice = "honk"`` puts a string where a string was; nothing about it says that it was patched
in. The source does: it binds ``voice`` to another constant. Such a difference is state in most cases,
a flag that has been raised or a count, and must not be carried to another process. So it is a patch only if

1. the source binds the name once, on no condition, to a constant, or to a function with plain defaults;
2. the name is public;
3. no code of the module assigns to an attribute or a global of this name: then it was changed from outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType

from pickleloaf.code.baseline import CONSTANTS, MISSING, are_equal, assigns, binding, stored_constants
from pickleloaf.patching.place import Place
from pickleloaf.patching.snapshot import NamespaceSnapshot

__all__ = ["changed_constants"]


def changed_constants(snapshot: NamespaceSnapshot) -> Iterator[Place]:
    """Yield where a namespace differs from its source in a constant, or a function in it in its defaults."""
    module, path, space = snapshot.module, snapshot.path, snapshot.space
    spelled, tuples = stored_constants(module, path)
    candidates = [
        name
        for name, constant in spelled.items()
        if type(value := space.get(name, MISSING)) in CONSTANTS and not are_equal(value, constant)
    ]
    candidates += [
        name
        for name, value in list(space.items())
        if type(value) is FunctionType
        and value.__globals__.get("__name__") == module
        and (defaults := value.__defaults__)
        and all(type(each) in CONSTANTS for each in defaults)
        and repr(defaults) not in tuples
    ]
    for name in candidates:
        bound = binding(module, path, name)
        if bound is None or bound.times != 1 or bound.constant is MISSING:
            continue
        value = space[name]
        if bound.is_definition:
            if type(value) is FunctionType and not are_equal(value.__defaults__, bound.constant):
                yield Place(module, f"{path}.{name}" if path else name, "__defaults__")
        elif not name.startswith("_") and not assigns(module, name):
            yield Place(module, path, name)
