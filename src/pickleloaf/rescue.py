"""What happens when the C pickler has failed.

1. Everything is pickled once more, without recursion (see flat). What was merely nested too deep for
   the C stack travels then.
2. A name in the namespace of a module that was registered to travel by value may not be able to. If no
   shipped function asks the module for it, it is left out with a `LeftOutWarning`, and the rest is pickled
   again. Over there the module says why it lacks the name.
3. Everything else is an `EncodeError` that says where in the object the culprit sits.

Until a dump has succeeded it writes nothing to the file, so a failed one leaves the file, the pickler's
memo and the caller's buffers as if it had not been.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from types import ModuleType
from typing import Any

from pickleloaf._warning import warn
from pickleloaf.errors import EncodeError, LeftOutWarning
from pickleloaf.policy.handles import hint_for
from pickleloaf.reducers._dump import Dump

__all__ = ["Buffers", "Memory", "Parts", "rescue"]

_HINT = (
    "leave it out in __getstate__ and make it anew in __setstate__, or make it where it is used; "
    "pickleloaf.handle says what becomes of all objects of a type"
)


class Parts(list[Any]):
    """Collects what a pickler writes."""

    write = list.append


class Buffers:
    """Calls a buffer callback once per buffer, also when the object is pickled once more."""

    def __init__(self, callback: Callable[[pickle.PickleBuffer], Any]) -> None:
        self._callback = callback
        self._answers: list[Any] = []
        self._next = 0

    def __call__(self, buffer: pickle.PickleBuffer) -> Any:
        """Return the callback's answer for the next buffer, asking only the first time."""
        if self._next == len(self._answers):
            self._answers.append(self._callback(buffer))
        self._next += 1
        return self._answers[self._next - 1]

    def replay(self) -> None:
        """Expect the same buffers again, from the first one on."""
        self._next = 0

    def forget(self) -> None:
        """Expect other buffers: a dump is over."""
        self._answers.clear()
        self._next = 0


class Memory:
    """What a pickler remembered before a dump: its memo and the state of the reducers."""

    def __init__(self, dump: Dump | None = None, memo: dict[int, Any] | None = None) -> None:
        self._memo = memo or {}
        self._state = None if dump is None else dump.remembered()

    def restore(self, pickler: Any) -> dict[int, Any]:
        """Make a pickler forget what came later; return a memo to go on with."""
        pickler._dump.clear()
        if self._state is not None:
            pickler._dump.remember(self._state)
        pickler._parts.clear()
        pickler.memo = self._memo
        return dict(self._memo)


def rescue(pickler: Any, obj: Any, before: Memory, error: Exception) -> None:
    """Pickle an object on which the C pickler has failed, or say why it cannot be done.

    Raises:
        EncodeError: a part of the object cannot travel.
    """
    if isinstance(error, MemoryError):  # to try once more would not help
        before.restore(pickler)
        raise error
    from pickleloaf.flat import FlatPickler

    while True:
        memo = before.restore(pickler)
        if pickler._buffers is not None:
            pickler._buffers.replay()
        flat = FlatPickler(pickler, pickler._parts, pickler._dump.protocol, pickler._buffers)
        flat.memo = memo
        try:
            flat.dump(obj)
        except Exception as second:  # noqa: BLE001 - whatever user code raises while it is asked for its state
            if not _leave_out(pickler._dump, flat.trail, second):
                before.restore(pickler)
                cause = second if isinstance(error, RecursionError) else error
                raise _explain(second, flat.trail) from cause
        else:
            pickler.memo = flat.memo
            return


def _leave_out(dump: Dump, trail: list[Any], error: Exception) -> bool:
    """Mark the name of a module by value through which the culprit was reached; False if there is none."""
    for at in range(len(trail) - 2, -1, -1):
        module = trail[at]
        if not isinstance(module, ModuleType) or not _travels_on_request(module, dump):
            continue
        left_out = dump.left_out.setdefault(module.__name__, {})
        for child in trail[at + 1 :]:
            for name, value in module.__dict__.items():
                if value is child and name not in left_out and (module.__name__, name) not in dump.required:
                    left_out[name] = str(error)
                    msg = f"module {module.__name__!r} travels by value without its {name!r}: {error}"
                    warn(msg, LeftOutWarning)
                    return True
    return False


def _travels_on_request(module: ModuleType, dump: Dump) -> bool:
    """Tell whether a module would go by reference, had nobody said that such modules travel by value."""
    return dump.brings or dump.policy.local or dump.policy.registry.covers(module.__name__)


def _explain(error: Exception, trail: list[Any]) -> EncodeError:
    from pickleloaf.paths import path_along

    path = path_along(trail)
    hint = (trail and hint_for(type(trail[-1]))) or _HINT
    if not isinstance(error, EncodeError):
        text = (
            str(error)
            if isinstance(error, (TypeError, pickle.PicklingError))
            else f"{type(error).__name__}: {error}"
        )
        return EncodeError(text, path, hint)
    if error.path:  # in the definition of a class, whose own path begins with its name
        path += error.path[error.path.find(".") :] if "." in error.path else ""
    return EncodeError(error.args[0], path, error.hint or hint)
