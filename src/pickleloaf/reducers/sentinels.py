"""Sentinels (PEP 661, Python 3.15).

Takes apart: module, name and text. Travels as: its name, where an importable module holds it;
wire.sentinel.
Keeps: identity. A process has one sentinel of a module, name and text, however often and from where it
arrives, and what comes back is what left. Loses: nothing.

Sentinels of one module, name and text that are not the same are told apart by a number: their order here.
"""

from __future__ import annotations

import builtins
import sys
from typing import Any

from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb

#: The sentinels that have left this process by value, or arrived: by module, name and text.
_known: dict[tuple[str, str, str], list[Any]] = {}


def reduce_sentinel(value: Any, dump: Dump) -> Any:
    module, name = value.__module__, value.__name__
    if getattr(sys.modules.get(module), name, None) is value and not dump.policy.travels(module):
        return NotImplemented
    key = (module, name, repr(value))
    same = _known.setdefault(key, [])
    if not any(each is value for each in same):
        same.append(value)
    return rebuild_sentinel, (*key, next(number for number, each in enumerate(same) if each is value))


@verb
def rebuild_sentinel(module: str, name: str, text: str, number: int) -> Any:
    """Return the sentinel of a module, name and text; a new one where there are not so many yet."""
    same = _known.setdefault((module, name, text), [])
    while len(same) <= number:
        made = vars(builtins)["sentinel"](name, repr=text)
        made.__module__ = module
        same.append(made)
    return same[number]
