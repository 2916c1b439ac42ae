"""Patches that somebody has told us of, since the live objects do not show them.

A patch by something importable looks like an import, and a deletion like nothing at all. Two things tell:

1. `mark`: these names of this module or class are patched.
2. `track`: everything by which this module and its classes differ from now on from what they are now.

What was marked or tracked is remembered for the life of the process, in `EXPLICIT`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from pickleloaf._locks import new_lock
from pickleloaf.code.baseline import MISSING
from pickleloaf.inspecting.anatomy import is_patchable, space_of
from pickleloaf.patching.detect import PLAIN
from pickleloaf.patching.place import Place, place_of

__all__ = ["EXPLICIT", "ExplicitPatches"]

#: Names that the import system and the interpreter keep in namespaces.
_KEPT = frozenset(
    "__builtins__ __cached__ __dict__ __weakref__ __warningregistry__ __annotations__ __abstractmethods__ _abc_impl "
    "__slotnames__ __file__ __loader__ __spec__ __annotations_cache__ __annotate__ __annotate_func__".split()
)


class ExplicitPatches:
    """What is known to be patched; safe to use from several threads.

    Attributes:
        active: whether anything has been marked or tracked.
    """

    def __init__(self) -> None:
        self.active = False
        self._notified: list[Callable[[], None]] = []
        self._lock = new_lock()
        self._marked: dict[str, dict[Place, None]] = {}
        #: How a tracked module and its classes were: by module and path, names and values.
        self._tracked: dict[str, dict[str, dict[str, Any]]] = {}

    def notify(self, callback: Callable[[], None]) -> None:
        """Have something called whenever a mark is set."""
        self._notified.append(callback)

    def _activate(self) -> None:
        self.active = True
        for callback in self._notified:
            callback()

    def forget(self) -> None:
        """Forget what was marked and tracked."""
        with self._lock:
            self._marked.clear()
            self._tracked.clear()
            self.active = False

    def mark(self, target: Any, names: tuple[str, ...]) -> None:
        """Remember that some names of a module, class or function are patched.

        Raises:
            TypeError: the target is neither, or cannot be found by its name.
        """
        module, path = place_of(target)
        with self._lock:
            self._activate()
            self._marked.setdefault(module, {}).update({Place(module, path, name): None for name in names})

    def track(self, module: ModuleType) -> None:
        """Remember how a module and its classes are now.

        Raises:
            TypeError: not a module that can be imported by its name.
        """
        name, path = place_of(module)
        if path:
            msg = f"only a module can be tracked, not {module!r}"
            raise TypeError(msg)
        snapshot = {}
        for path, owner in _owners(module, name, ""):
            snapshot[path] = dict(space_of(owner))
        with self._lock:
            self._activate()
            self._tracked[name] = snapshot

    def places(self, module: str) -> Iterator[Place]:
        """Yield what is patched in a module."""
        yield from list(self._marked.get(module, ()))
        live = sys.modules.get(module)
        before = self._tracked.get(module)
        if live is None or before is None:
            return
        for path, owner in _owners(live, module, ""):
            if path in before:
                yield from _differences(before[path], dict(space_of(owner)), module, path)

    def original(self, place: Place) -> Any:
        """Return the value that a tracked module had at some place, or MISSING."""
        return self._tracked.get(place.module, {}).get(place.path, {}).get(place.name, MISSING)


def _owners(owner: Any, module: str, path: str) -> Iterator[tuple[str, Any]]:
    """Yield a module or class and the classes defined in it, by their paths."""
    yield path, owner
    for name, value in list(space_of(owner).items()):
        qualname = f"{path}.{name}" if path else name
        if (
            isinstance(value, type)
            and value.__module__ == module
            and value.__qualname__ == qualname
            and is_patchable(value)
        ):
            yield from _owners(value, module, qualname)


def _differences(before: dict[str, Any], now: dict[str, Any], module: str, path: str) -> Iterator[Place]:
    for name in dict.fromkeys([*before, *now]):
        old, new = before.get(name, MISSING), now.get(name, MISSING)
        if old is new or name in _KEPT or sys.modules.get(f"{module}.{name}") is new:
            continue
        if id(type(old)) in PLAIN and type(old) is type(new) and old == new:
            continue
        yield Place(module, path, name)


#: What has been marked and tracked in this process.
EXPLICIT = ExplicitPatches()
