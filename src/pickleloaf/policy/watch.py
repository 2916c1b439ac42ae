"""Which patches does a payload leave behind?

Theory. A payload refers to modules, functions and classes by name; over there these are imported, and
with them the modules that they import, and so on. Whatever of these is patched here is lost there. So
from what a payload refers to (its *roots*) the namespaces of modules and of the classes in them are
looked through, along what they hold of one another. What was seen is remembered per namespace, and read
anew when the namespace has changed, which is told by the identity of its values.

1. `Watch.look` looks at every namespace in reach, and sees every patch that can be seen.
2. `Watch.glance` is for every dump, and takes a few hundredths of the time that dumps take. The names
   that shipped code uses of builtins and of modules it always looks at. At the rest of the namespaces
   that the payload itself refers to it looks again when `_NEAR` times as long has passed as that took
   the last time, some tens of microseconds; at everything in reach after `_FAR` times as long as that
   took, some milliseconds.
3. Nothing large is kept alive: functions, classes and the like are remembered, of everything else the id.

What is here is a cache; a lock guards what writes to it.
"""

from __future__ import annotations

import builtins
import sys
import threading
from collections.abc import Iterable, Iterator
from operator import itemgetter
from time import perf_counter
from types import FunctionType, ModuleType
from typing import Any

from pickleloaf.code.codec import CodeFacts
from pickleloaf.policy.by_value import MAIN, ValuePolicy, is_importable_module
from pickleloaf.policy.marks import MARKS
from pickleloaf.policy.patches import Judge, Place
from pickleloaf.policy.scopes import Scope

__all__ = ["Watch", "watch_for"]

_NEAR = 50
_FAR = 100


class _Root:
    """Something that a payload refers to by name."""

    __slots__ = ("modules", "near", "obj")

    def __init__(self, obj: Any, near: tuple[Scope, ...], modules: tuple[str, ...]) -> None:
        self.obj = obj
        #: Its own namespaces.
        self.near = near
        #: Where what it leads to begins.
        self.modules = modules


class Watch:
    """What was seen so far, by one way of deciding what travels by value."""

    def __init__(self, policy: ValuePolicy) -> None:
        self._judge = Judge(policy)
        self._lock = threading.RLock()
        self._modules: dict[str, Scope] = {}
        self._roots: dict[int, _Root] = {}
        #: Scopes with a patch in them, or in a class in them.
        self._patched: set[Scope] = set()
        self._near_due = self._far_due = 0.0
        self._enter_module("builtins")
        self._builtins = self._modules["builtins"]

    def glance(self, uses: list[Any]) -> bool:
        """Tell, at little cost, whether there may be patches behind what a payload uses."""
        now = perf_counter()
        near = now > self._near_due
        if now > self._far_due:
            self._look_far(now)
        if near and not self._builtins.is_unchanged():
            self._read(self._builtins)
        names: list[str] = []
        modules: list[Scope] = []
        for each in uses:
            if type(each) is CodeFacts:
                self._builtins.has(each.look_ups.builtins) or self._read(self._builtins)
                names += each.look_ups.attributes
                if each.look_ups.modules:
                    modules += [root.near[0] for root in self._imported(each)]
                continue
            root = self._roots.get(id(each))
            if root is None or root.obj is not each:
                root = self._enter(each)
            elif near:
                for scope in root.near:
                    if not scope.is_unchanged():
                        self._read(scope)
            if type(each) is ModuleType:
                modules += root.near
        for scope in modules if names else ():
            scope.has(names) or self._read(scope)
        if near:
            done = perf_counter()
            self._near_due = done + _NEAR * (done - now)
        return bool(self._patched or MARKS)

    def look(self, uses: list[Any]) -> list[Place]:
        """Return the patches in reach of what a payload uses, in an order that is always the same."""
        with self._lock:
            reach = self._reach(uses)
            for name in reach:
                self._renew(name)
            reach = self._reach(uses)
            ...

    def _reach(self, uses):
        ...
