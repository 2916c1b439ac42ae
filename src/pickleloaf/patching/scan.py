"""Which patches does a payload leave behind?

Theory. A payload refers to modules, functions and classes by name; over there these are imported, and
with them the modules that they import, and so on. Whatever of these is patched here is lost there. So
from what a payload refers to (its *roots*) the namespaces of modules and of the classes in them are
looked through, along what they hold of one another. What was seen is remembered per namespace, and read
anew when the namespace has changed.

1. `Watch.look` looks at every namespace in reach, and sees every patch that can be seen.
2. At every dump there is only a glance at what the payload itself refers to (see glances). What that was is
   remembered in `Watch.seen` once there was no patch.
3. What is behind that, such as a function that a method calls, is looked at when something is met for the
   first time, and again after `_FAR` times as long as looking at everything took, some tenths of a second.
   At the same time `seen` is emptied: no value that has been replaced is kept alive any longer.

What is here is a cache; a lock guards what writes to it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from time import perf_counter
from types import ModuleType
from typing import Any

from pickleloaf.inspecting.names import LookUps
from pickleloaf.patching.altered import altered
from pickleloaf.patching.detect import Judge, Place
from pickleloaf.patching.explicit import MARKS
from pickleloaf.patching.near import Seen, glance_of, is_known_by_identity, see
from pickleloaf.patching.snapshot import Scope
from pickleloaf.policy.by_value import MAIN, Registry, ValuePolicy, is_importable_module

__all__ = ["Watch", "watch_for"]

#: Everything in reach is looked at again after this many times as long as that took.
_FAR = 400

#: Modules that lead nowhere, and that nothing leads to. What builtins hold is in C, which uses nothing that could be
#: patched; they are always looked at. Every module holds its loader, but the import system is no part of what it does.
_ENDS = frozenset({"builtins", "_frozen_importlib", "_frozen_importlib_external"})

#: Payloads that are remembered at most.
_PAYLOADS = 1000


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
        #: What payloads have referred to so far, by id.
        self.roots: dict[int, _Root] = {}
        #: Modules in reach from one of them; forgotten when anything is read anew.
        self._reaches: dict[str, frozenset[str]] = {}
        #: Modules in which, or in classes of which, there is a patch.
        self.patched: set[str] = set()
        #: What was seen of payloads behind which there was no patch, by what they use.
        self.seen: dict[tuple[Any, ...], Seen] = {}
        #: When everything is looked at again.
        self.due = 0.0
        MARKS.notify(self.seen.clear)
        self._enter_modules(["builtins"])

    def renew(self, uses: Iterable[Any]) -> list[Place]:
        """Look at what is near, and when it is time at everything; return the patches behind a payload.

        Args:
            uses: what the payload refers to by name, and the `LookUps` of the code it ships.
        """
        if perf_counter() > self.due:
            self._look_far()
        seen = see(uses, lambda cls: self._root(cls).near)
        self._renew(scope for each in uses for scope in self._near(each))
        places = self.places(uses) if self.patched or MARKS.active else []
        if not places and not MARKS.active and all(map(is_known_by_identity, uses)):
            if len(self.seen) >= _PAYLOADS:
                self.seen.clear()
            self.seen[tuple(uses)] = seen  # what was there before that look
        return places

    def _near(self, used: Any) -> Iterable[Scope]:
        """Return the namespaces that something a payload uses is itself, or imports."""
        if type(used) is not LookUps:
            return self._root(used).near
        found = [sys.modules.get(name) for name in used.modules]
        near = [scope for each in found if isinstance(each, ModuleType) for scope in self._root(each).near]
        return [*near, self._scopes["builtins"]] if used.builtins else near

    def look(self, uses: Iterable[Any]) -> list[Place]:
        """Return the patches behind what a payload uses, having looked at everything.

        Args:
            uses: see `renew`.
        """
        with self._lock:
            for name in self._reach(uses):
                for scope in list(self._scopes[name].walk()):
                    self._renew((scope,))
            near = {scope for each in uses if type(each) is not LookUps for scope in self._root(each).near}
            found = [place for scope in near for place in altered(scope)]
        return sorted({*self.places(uses), *found})

    def places(self, uses: Iterable[Any]) -> list[Place]:
        """Return the patches behind what a payload uses that are known, in an order that is always the same.

        Args:
            uses: see `renew`.
        """
        found: set[Place] = set()
        with self._lock:
            for name in self._reach(uses):
                if name in self.patched:
                    self._renew(list(self._scopes[name].walk()))
                    found.update(place for scope in self._scopes[name].walk() for place in scope.patched)
                if MARKS.active:
                    found.update(MARKS.places(name))
        return sorted(found)

    def _reach(self, uses: Iterable[Any]) -> set[str]:
        """Return the modules that are in reach, reading those that have not been read."""
        reach = set(self._reach_of("builtins"))
        for each in uses:
            for name in each.modules if type(each) is LookUps else self._root(each).modules:
                if name not in reach:
                    reach |= self._reach_of(name)
        return reach

    def _reach_of(self, name: str) -> frozenset[str]:
        """Return the modules in reach from one of them."""
        known = self._reaches.get(name)
        if known is None:
            found, pending = {name}, [name]
            while pending:
                each = pending.pop()
                self._enter_modules([each])
                for scope in self._scopes[each].walk() if each in self._scopes and each not in _ENDS else ():
                    leads = scope.leads - found - _ENDS
                    pending += leads
                    found |= leads
            known = self._reaches[name] = frozenset(each for each in found if each in self._scopes)
        return known

    def _root(self, obj: Any) -> _Root:
        root = self.roots.get(id(obj))
        return root if root is not None and root.obj is obj else self._enter(obj)

    def _enter(self, obj: Any) -> _Root:
        """Get to know something that a payload refers to, and all that is behind it."""
        classes: tuple[type, ...] = ()
        if isinstance(obj, ModuleType):
            modules: list[Any] = [obj.__name__]
        elif isinstance(obj, type):
            classes = tuple(
                cls for kind in (obj, type(obj)) for cls in kind.__mro__ if type(cls.__module__) is str
            )
            modules = [cls.__module__ for cls in classes]
        else:
            modules = [obj.__module__, getattr(obj, "__globals__", {}).get("__name__")]
        names = tuple(dict.fromkeys(name for name in modules if type(name) is str))
        with self._lock:
            self._enter_modules(list(names))
            self._renew([self._scopes[name] for name in names if name in self._scopes])
            near = [self._scope_of(cls) for cls in classes] or [self._scopes.get(name) for name in names]
            root = _Root(obj, tuple(dict.fromkeys(scope for scope in near if scope is not None)), names)
            self.roots[id(obj)] = root
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
            self._reaches.clear()
            scope.read(self.judge)
            top = self._scopes[scope.module]
            if any(inner.patched for inner in top.walk()):
                self.patched.add(scope.module)
                self.seen.clear()
            else:
                self.patched.discard(scope.module)
            if scope.leads - before and before:
                self._enter_modules(list(scope.leads))

    def _renew(self, scopes: Iterable[Scope]) -> None:
        for scope in scopes:
            if not scope.is_unchanged():
                self._read(scope)

    def _look_far(self) -> None:
        """Look again at everything that is known."""
        with self._lock:
            began = perf_counter()
            self.due = float("inf")  # nobody else at the same time
            self.seen.clear()
            for name, top in list(self._scopes.items()):
                if sys.modules.get(name) is not top.owner:
                    del self._scopes[name]
                    self.patched.discard(name)
                    self._enter_modules([name])
                else:
                    for scope in list(top.walk()):
                        self._renew((scope,))
            done = perf_counter()
            self.due = done + _FAR * (done - began)


#: One watch for each set of registered modules: what travels by value is no patch of itself.
_watches: dict[tuple[frozenset[str], bool], Watch] = {}


def watch_for(policy: ValuePolicy) -> Watch:
    """Return the watch for a way of deciding what travels by value, and let the policy glance through it."""
    names = policy.registry._names
    watch = _watches.get((names, policy.local))
    if watch is None or watch.names is not names:
        if len(_watches) > 16:
            _watches.clear()
        fixed = Registry()
        fixed._names = names
        watch = _watches[names, policy.local] = Watch(
            ValuePolicy(fixed, policy.handles, local=policy.local), names
        )
    if policy.watch is not watch:
        policy.watch = watch
        if policy.patches == "warn":
            policy.glance = glance_of(watch)
            policy.registry.notify(watch.seen.clear)
    return watch
