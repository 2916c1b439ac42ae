"""Two states of one module: a function arrives with globals of its own, and a class of the same module was here before.

The class has the globals that it came with, and what has become of them here; the function has what its sender has now.
In one process they shared them. Neither may be overwritten by the other: both may be in use, and by different senders.
So it is told where it makes a difference: a list, dict or set that both have, with other contents.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from pickleloaf._warning import warn
from pickleloaf.errors import SplitStateWarning

__all__ = ["TWINS", "note_twin", "tell_twins"]

#: Globals of functions that have arrived lately, by id, with a class and a function of it. All of it may go meanwhile.
TWINS: deque[tuple[int, weakref.ref[type], weakref.ref[Callable[..., Any]]]] = deque(maxlen=16)

#: Containers of more objects are not compared.
_LARGE = 1000


def note_twin(scope: dict[str, Any], cls: type, function: Callable[..., Any]) -> None:
    """Take note of new globals beside those that a function of a class has, which was here before."""
    TWINS.append((id(scope), weakref.ref(cls), weakref.ref(function)))


def tell_twins(scope: dict[str, Any], names: Mapping[str, Any]) -> None:
    """Warn of what arrives in new globals while the class has another state of it."""
    for key, of_class, of_function in list(TWINS):
        cls, function = of_class(), of_function()
        if key != id(scope) or cls is None or function is None:
            continue
        for name, value in names.items():
            other = function.__globals__.get(name)
            if other is not value and _differ(value, other):
                msg = (
                    f"{name!r} arrives in another state than the one that class {cls.__qualname__} has here, which "
                    "came in an earlier payload: the two no longer share it. Send what is to be shared together, or "
                    "as an argument"
                )
                warn(msg, SplitStateWarning)


def _differ(value: Any, other: Any) -> bool:
    kind = type(value)
    if kind is not type(other) or kind not in (list, dict, set) or len(value) > _LARGE:
        return False
    try:
        return bool(value != other)
    except Exception:  # noqa: BLE001 - of what they hold: an array does not say whether it is equal
        return False
