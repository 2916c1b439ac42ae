"""Handles that cannot travel: sockets, processes, connections, what runs.

Takes apart: nothing. Travels as: nothing; the error says what to do instead.
Keeps: nothing. Loses: nothing, since nothing arrives that would be less than it was.
"""

from __future__ import annotations

from typing import Any, NoReturn

from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers.handles._parts import refusal


def reduce_refused(handle: Any, dump: Dump) -> NoReturn:
    raise refusal(handle)


def reduce_inherited(handle: Any, dump: Dump) -> Any:
    """Leave to multiprocessing what it hands over to a child process, and refuse it otherwise."""
    from multiprocessing.context import get_spawning_popen

    if get_spawning_popen() is None:
        raise refusal(handle)
    return NotImplemented
