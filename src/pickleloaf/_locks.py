"""Locks that are new in a child that was forked: whoever held one in the parent is not there to release it.

So are, of the locks of Python's imports, those of this package and of the standard library, which it imports when
something is needed for the first time.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
import weakref
from typing import Any

__all__ = ["new_lock", "new_rlock"]

_locks: weakref.WeakSet[Any] = weakref.WeakSet()


def new_lock() -> threading.Lock:
    """Make a lock."""
    lock = threading.Lock()
    _locks.add(lock)
    return lock


def new_rlock() -> Any:
    """Make a lock that its holder may take again."""
    lock = threading.RLock()
    _locks.add(lock)
    return lock


def _renew() -> None:
    for lock in list(_locks):
        lock._at_fork_reinit()  # as threading does with its own


def _forget_imports() -> None:
    """Begin anew what other threads of the parent were importing of this package or of the standard library.

    The locks of importlib, which has no public way to do this, are held by threads that are not there; whoever
    imports such a module would wait for ever. Where they are not found nothing is done.
    """
    locks: dict[str, Any] = getattr(importlib._bootstrap, "_module_locks", {})
    for name, reference in list(locks.items()):
        top = name.partition(".")[0]
        owner = getattr(reference(), "owner", None)
        if owner in (None, threading.get_ident()) or not (
            top == __package__ or top in sys.stdlib_module_names
        ):
            continue
        locks.pop(name, None)
        module = sys.modules.get(name)
        if getattr(getattr(module, "__spec__", None), "_initializing", False) is True:
            del sys.modules[name]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
    os.register_at_fork(after_in_child=_forget_imports)
