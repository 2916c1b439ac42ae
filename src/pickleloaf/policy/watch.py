"""Which patches does a payload leave behind?

Theory. A payload refers to modules, functions and classes by name; over there these are imported, and
with them the modules that they import, and so on. Whatever of these is patched here is lost there. So
from what a payload refers to (its *roots*) the namespaces of modules and of the classes in them are
looked through, along what they hold of one another. What was seen is remembered per namespace, and read
anew when the namespace has changed.

1. `Watch.look` looks at every namespace in reach, and sees every patch that can be seen.
2. `Watch.glance` is for every dump, and takes a few hundredths of the time that dumps take. The names
   that shipped code uses of builtins and of modules it always looks at. At the rest of the namespaces
   that the payload itself refers to it looks again when `_NEAR` times as long has passed as that took
   the last time, some ten microseconds; at everything in reach after `_FAR` times as long as that took,
   some milliseconds.

What is here is a cache; a lock guards what writes to it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from operator import itemgetter
from time import perf_counter
from types import ModuleType
from typing import Any

from pickleloaf.code.names import LookUps
from pickleloaf.policy.by_value import MAIN, Registry, ValuePolicy, is_importable_module
from pickleloaf.policy.marks import MARKS
from pickleloaf.policy.patches import Judge, Place
from pickleloaf.policy.scopes import Scope

__all__ = ["Watch", "watch_for"]

_NEAR = 50
_FAR = 100


class _Root:
    """Something that a payload refers to by name: its own namespaces, and the modules it leads to."""

    __slots__ = ("modules", "near", "obj")

    def __init__(self, obj: Any, near: tuple[Scope, ...], modules: tuple[str, ...]) -> None:
        self.obj = obj
        self.near = near
        self.modules = modules


class Watch:
    """What was seen so far, by one way of deciding what travels by value."""

    def __init__(self, policy: ValuePolicy, names: frozenset[str]) -> None:
        self.names = names
        self.judge = Judge(policy)
        self._lock = threading.RLock()
        self._scopes: dict[str, Scope] = {}
        self._roots: dict[int, _Root] = {}
        #: Modules in which, or in classes of which, there is a patch.
        self._patched: set[str] = set()
        self._due = self._far_due = 0.0
        self._enter_modules(["builtins"])
        self._builtins = self._scopes["builtins"]
        self._key = id(self._builtins.owner)

    def glance(self, uses: list[Any]) -> bool:
        """Tell, at little cost, whether there may be patches behind what a payload uses.

        Args:
            uses: what the payload refers to by name, and the `LookUps` of the code it ships.
        """
        if perf_counter() > self._due or not self._is_as_seen(uses):
            self._look_again(uses)
        return bool(self._patched or MARKS)

    def _is_as_seen(self, uses: list[Any]) -> bool:
        """Tell whether everything is known, and the names that shipped code uses mean what they meant."""
        roots, key = self._roots, self._key
        try:
            for each in uses:
                if type(each) is LookUps:
                    for name in each.modules:
                        if name in sys.modules and id(sys.modules[name]) not in roots:
                            return False
                    if each.builtins:
                        space, get, values = each.seen[key]
                        if get(space) != values:
                            return False
                    if each.attributes:
                        for other in uses:
                            if type(other) is ModuleType:
                                space, get, values = each.seen[id(other)]
                                if get(space) != values:
                                    return False
                elif id(each) not in roots:
                    return False
        except Exception:  # noqa: BLE001 - a name is gone or never was seen, or a foreign __eq__ fails
            return False
        return True

    def _look_again(self, uses: list[Any]) -> None:
        """Look at what may have changed: at what is near, and when it is time at everything."""
        began = perf_counter()
        if began > self._far_due:
            self._look_far(began)
        began = perf_counter()
        self._renew((self._builtins,))
        for each in uses:
            if type(each) is not LookUps:
                self._renew(self._root(each).near)
                continue
            for name in each.modules:
                module = sys.modules.get(name)
                if isinstance(module, ModuleType):
                    self._renew(self._root(module).near)
            self._see(each, uses)
        done = perf_counter()
        self._due = min(done + _NEAR * (done - began), self._far_due)

    def _see(self, code: LookUps, uses: list[Any]) -> None:
        """Remember what the names that some code uses mean now."""
        code.seen.clear()
        if code.builtins:
            code.seen[self._key] = _seen(self._builtins.owner, code.builtins)
        if code.attributes:
            for module in uses:
                if type(module) is ModuleType:
                    code.seen[id(module)] = _seen(module, code.attributes)

    def look(self, uses: list[Any]) -> list[Place]:
        """Return the patches behind what a payload uses, having looked at everything.

        Args:
            uses: see `glance`.
        """
        with self._lock:
            for name in self._reach(uses):
                for scope in list(self._scopes[name].walk()):
                    self._renew((scope,))
        return self.places(uses)

    def places(self, uses: list[Any]) -> list[Place]:
        """Return the patches behind what a payload uses that are known, in an order that is always the same.

        Args:
            uses: see `glance`.
        """
        found: set[Place] = set()
        with self._lock:
            for name in self._reach(uses):
                if name in self._patched:
                    found.update(place for scope in self._scopes[name].walk() for place in scope.patched)
                if MARKS:
                    found.update(MARKS.places(name))
        return sorted(found)

    def _reach(self, uses: list[Any]) -> Iterator[str]:
        """Yield the modules that are in reach, reading those that have not been read."""
        queue = ["builtins"]
        for each in uses:
            queue += each.modules if type(each) is LookUps else self._root(each).modules
        seen: set[str] = set()
        for name in queue:
            if name in seen:
                continue
            seen.add(name)
            self._enter_modules([name])
            if name in self._scopes:
                yield name
                for scope in self._scopes[name].walk():
                    queue += scope.leads

    def _root(self, obj: Any) -> _Root:
        root = self._roots.get(id(obj))
        return root if root is not None and root.obj is obj else self._enter(obj)

    def _enter(self, obj: Any) -> _Root:
        """Get to know something that a payload refers to, and all that is behind it."""
        classes: tuple[type, ...] = ()
        if isinstance(obj, ModuleType):
            modules: list[Any] = [obj.__name__]
        elif isinstance(obj, type):
            classes = tuple(cls for cls in (*obj.__mro__, *type(obj).__mro__) if type(cls.__module__) is str)
            modules = [cls.__module__ for cls in classes]
        else:
            modules = [obj.__module__, getattr(obj, "__globals__", {}).get("__name__")]
        names = tuple(dict.fromkeys(name for name in modules if type(name) is str))
        with self._lock:
            self._enter_modules(list(names))
            near = [self._scope_of(cls) for cls in classes] or [self._scopes.get(name) for name in names]
            root = _Root(obj, tuple(dict.fromkeys(scope for scope in near if scope is not None)), names)
            self._roots[id(obj)] = root
        return root

    def _scope_of(self, cls: type) -> Scope | None:
        scope = self._scopes.get(cls.__module__)
        for part in cls.__qualname__.split("."):
            scope = None if scope is None else scope.inner.get(part)
        return scope if scope is not None and scope.owner is cls else None

    def _enter_modules(self, names: list[str]) -> None:
        """Read modules that have not been read, and those that they lead to."""
        with self._lock:
            for name in names:
                module: Any = sys.modules.get(name)
                known = self._scopes.get(name)
                if module is None or name in MAIN or (known is not None and known.owner is module):
                    continue
                if isinstance(module, ModuleType) and is_importable_module(name, module):
                    self._scopes[name] = scope = Scope(module, name)
                    self._read(scope)
                    for inner in scope.walk():
                        names += inner.leads

    def _read(self, scope: Scope) -> None:
        with self._lock:
            before = scope.leads
            scope.read(self.judge)
            top = self._scopes[scope.module]
            if any(inner.patched for inner in top.walk()):
                self._patched.add(scope.module)
            else:
                self._patched.discard(scope.module)
            if scope.leads - before and before:
                self._enter_modules(list(scope.leads))

    def _renew(self, scopes: tuple[Scope, ...]) -> None:
        for scope in scopes:
            if not scope.is_unchanged():
                self._read(scope)

    def _look_far(self, now: float) -> None:
        """Look again at everything that is known."""
        with self._lock:
            self._far_due = float("inf")  # nobody else at the same time
            for name, top in list(self._scopes.items()):
                if sys.modules.get(name) is not top.owner:
                    del self._scopes[name]
                    self._patched.discard(name)
                    self._enter_modules([name])
                else:
                    for scope in list(top.walk()):
                        self._renew((scope,))
            done = perf_counter()
            self._far_due = done + _FAR * (done - now)


def _seen(module: ModuleType, names: tuple[str, ...]) -> tuple[Any, Any, Any]:
    space = module.__dict__
    there = [name for name in names if name in space]
    if not there:
        return (), tuple, ()
    get = itemgetter(*there)
    return space, get, get(space)


#: One watch for each set of registered modules: what travels by value is no patch of itself.
_watches: dict[tuple[frozenset[str], bool], Watch] = {}


def watch_for(policy: ValuePolicy) -> Watch:
    """Return the watch for a way of deciding what travels by value."""
    names = policy.registry._names
    watch: Watch | None = policy.watch
    if watch is not None and watch.names is names:
        return watch
    watch = _watches.get((names, policy.local))
    if watch is None or watch.names is not names:
        if len(_watches) > 16:
            _watches.clear()
        fixed = Registry()
        fixed._names = names
        watch = _watches[names, policy.local] = Watch(
            ValuePolicy(fixed, policy.handles, local=policy.local), names
        )
    policy.watch = watch
    return watch
