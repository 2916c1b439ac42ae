"""Two states of one module: a function arrives with globals of its own, and a class of the same module was here before.

The class has the globals that it came with, and what has become of them here; the function has what its sender has now.
In one process they shared them. Neither may be overwritten by the other: both may be in use, and by different senders.
So it is told where it makes a difference: a list, dict or set that both have, with other contents.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Mapping
from typing import Any

from pickleloaf._warning import warn
from pickleloaf.errors import SplitStateWarning

__all__ = ["TWINS", "note_twin", "tell_twins"]

#: Globals of functions that have arrived lately, by id, with the class and those of its functions; by no reference, so
#: that they can go.
TWINS: deque[tuple[int, weakref.ref[type], Any]] = deque(maxlen=16)

#: Containers of more objects are not compared.
_LARGE = 1000


def note_twin(scope: dict[str, Any], cls: type, held: Mapping[str, Any]) -> None:
    """Take note of new globals beside those of a class that was here before."""
    TWINS.append((id(scope), weakref.ref(cls), held))


def tell_twins(scope: dict[str, Any], names: Mapping[str, Any]) -> None:
    """Warn of what arrives in new globals while the class has another state of it."""
    for key, reference, held in list(TWINS):
        cls = reference()
        if key != id(scope) or cls is None:
            continue
        for name, value in names.items():
            other = held.get(name)
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
