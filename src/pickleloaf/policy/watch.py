"""Which patches does a payload leave behind?

Theory. A payload refers to modules, functions and classes by name; over there these are imported, and
with them the modules that they import, and so on. Whatever of these is patched here is lost there. So
from what a payload refers to (its *roots*) the namespaces of modules and of the classes in them are
looked through, along what they hold of one another. What was seen is remembered per namespace, and read
anew when the namespace has changed, which is told by the identity of its values.

1. `look` looks at every namespace that is in reach. It sees every patch that can be seen.
2. `glance` is for every dump: it never takes more than a few hundredths of the time that dumps take.
   Exactly, it looks at the names that shipped code uses of builtins and of modules. At the rest of a
   root's own namespace it looks again when `_REST` times as long has passed as looking took the last
   time, tens of microseconds; at everything in reach likewise, some milliseconds.
3. Nothing large is kept alive: of functions, classes and the like the object is remembered, of
   everything else the id.

The tables here are caches; a lock guards what writes to them.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import is_, itemgetter
from time import perf_counter
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from pickleloaf.code.codec import CodeFacts
from pickleloaf.policy.by_value import MAIN, ValuePolicy, is_importable_module
from pickleloaf.policy.patches import OF_THE_PROCESS, PLAIN, Judge, Place, is_patchable

__all__ = ["Watch", "watch_for"]

#: How many times as long as it took nothing is looked at again.
_REST = 40

#: Types whose objects may be large; of these the id is remembered.
_CONTAINERS = (list, dict, set, bytearray, bytes)


class Scope:
    """One namespace and what was seen in it: a module's or a class's."""

    __slots__ = ("_get", "_ids", "_others", "_size", "inner", "known", "leads", "module", "owner", "patched", "path", "space")

    def __init__(self, owner: Any, module: str, path: str) -> None:
        self.owner = owner
        self.module = module
        self.path = path
        self.space: Mapping[str, Any] = owner.__dict__
        self.inner: list[Scope] = []

    def read(self, judge: Judge) -> None:
        """Look at every value."""
        known: dict[str, Any] = {}
        others: dict[str, int] = {}
        leads: dict[str, None] = {}
        classes: list[type] = []
        self.patched: tuple[str, ...] = ()
        for name, value in list(self.space.items()):
            kind = type(value)
            if kind in PLAIN or (not callable(value) and not issubclass(kind, ModuleType)):
                others[name] = id(value)
        ...
