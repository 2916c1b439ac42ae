"""Locks of the interpreter, whose type has no name in older Pythons.

Takes apart: nothing. Travels as: wire.lock.
Keeps: identity within a payload. Loses: who holds it; it arrives unlocked.
"""

from __future__ import annotations

import threading
from typing import Any

from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb


def reduce_lock(lock: Any, dump: Dump) -> Any:
    return rebuild_lock, ()


@verb
def rebuild_lock() -> Any:
    return threading.Lock()
