"""Recover from a failure of the C pickler, or explain it.

1. Nesting that is too deep for the C stack is pickled once more, without recursion (see flat).
2. An instance that an importable module holds by name goes by that where it cannot be pickled, with a
   `LeftOutWarning` that its state stays behind.
3. A name in the namespace of a module that was registered to travel by value may not be able to. If no
   shipped function asks the module for it, it is left out with a `LeftOutWarning`, and the rest is pickled
   again. Over there the module says why it lacks the name.
4. An exception that a hook of the user's raises, such as ``__getstate__`` or the buffer callback, surfaces as it is,
   with the path of the object as a note. TypeError, NotImplementedError and PicklingError are how hooks say that an
   object cannot be pickled.
5. Everything else is an `EncodeError` that says where in the object the culprit sits.

No hook is asked again for what it has answered. Until a dump has succeeded it writes nothing to the file, so a failed
one leaves the file and the pickler's memo as if it had not been.
"""

from __future__ import annotations

import pickle
from types import ModuleType, TracebackType
from typing import Any

from pickleloaf._warning import warn
from pickleloaf.errors import EncodeError, LeftOutWarning
from pickleloaf.policy.handles import hint_for
from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers._named import name_of

__all__ = ["Memory", "Parts", "rescue"]

_HINT = (
    "leave it out in __getstate__ and make it anew in __setstate__, or make it where it is used; "
    "pickleloaf.handle says what becomes of all objects of a type"
)


class Parts(list[Any]):
    """Collects what a pickler writes."""

    write = list.append


class Memory:
    """A pickler's state before a dump: its memo and what the reducers know."""

    def __init__(self, dump: Dump | None = None, memo: dict[int, Any] | None = None) -> None:
        self._memo = memo or {}
        self._state = None if dump is None else dump.remembered()

    def restore(self, pickler: Any) -> dict[int, Any]:
        """Prepare a pickler for another pass over the same object; return a memo to go on with.

        It forgets what it has written and replays what hooks have answered.
        """
        dump = pickler._dump
        pairs = iter(dump.answers)
        known = {id(obj): (obj, answer) for obj, answer in zip(pairs, pairs, strict=True)} | dump.known
        self._go_back(pickler)
        dump.known = known
        for hook in pickler._hooks:
            hook.replay()
        return dict(self._memo)

    def give_up(self, pickler: Any) -> None:
        """Make a pickler forget a dump that has failed."""
        self._go_back(pickler)
        for hook in pickler._hooks:
            hook.forget()

    def _go_back(self, pickler: Any) -> None:
        pickler._dump.clear()
        if self._state is not None:
            pickler._dump.remember(self._state)
        pickler._parts.clear()
        pickler.memo = self._memo


def rescue(pickler: Any, obj: Any, before: Memory, error: Exception) -> None:
    """Pickle an object on which the C pickler has failed, or raise the error that explains the failure.

    Raises:
        EncodeError: a part of the object cannot travel.
        Exception: a hook of the user's has raised it.
    """
    if isinstance(error, MemoryError):  # to try once more would not help
        before.give_up(pickler)
        raise error
    cause: Exception | None = error
    failure: Exception | None = error
    explained: Exception | None = None
    is_deep = False
    try:
        while failure is not None:
            is_deep = is_deep or isinstance(failure, RecursionError)
            if is_deep:
                failure, trail = _write_flat(pickler, obj, before)
            else:
                trail = _trail_of(pickler, obj, before, failure)
            if failure is not None and not (
                _leave_out(pickler._dump, trail, failure) or _keep_name(pickler._dump, trail, failure)
            ):
                before.give_up(pickler)
                explained = _explained(failure, trail)
                if explained is failure:
                    raise failure
                raise explained from (failure if isinstance(cause, RecursionError) else cause)
            if not is_deep:
                before.restore(pickler)
                failure = _written_again(pickler, obj)
    finally:  # or the traceback, which holds this frame, would be a part of a cycle
        del error, cause
        failure = explained = None
        trail = []


def _written_again(pickler: Any, obj: Any) -> Exception | None:
    """Let the C pickler write an object; return the exception that this raises."""
    try:
        pickle.Pickler.dump(pickler, obj)
    except Exception as error:  # noqa: BLE001 - explained by the caller
        return error
    return None


def _trail_of(pickler: Any, obj: Any, before: Memory, error: Exception) -> list[Any]:
    """Return the way to the culprit, which the C pickler has failed on; empty where it is not found."""
    from pickleloaf.trails import trail_of

    is_of_user = _is_of_user(error)
    trail = trail_of(pickler, obj, before, error, is_of_user=is_of_user)
    if trail is None and not is_of_user:
        trail = _write_flat(pickler, obj, before)[1]
    return trail or []


def _write_flat(pickler: Any, obj: Any, before: Memory) -> tuple[Exception | None, list[Any]]:
    """Pickle an object without recursion; return the error that this raises and the way to the culprit."""
    from pickleloaf.flat import FlatPickler

    memo = before.restore(pickler)
    flat = FlatPickler(pickler, pickler._parts, pickler._dump.protocol, pickler._buffers)
    flat.memo = memo
    try:
        flat.dump(obj)
    except Exception as error:  # noqa: BLE001 - explained by the caller
        return error, flat.trail
    pickler.memo = flat.memo
    return None, []


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
                    left_out[name] = reason = str(error) or type(error).__name__
                    msg = f"module {module.__name__!r} travels by value without its {name!r}: {reason}"
                    warn(msg, LeftOutWarning)
                    return True
    return False


def _keep_name(dump: Dump, trail: list[Any], error: Exception) -> bool:
    """Mark an instance on the way to the culprit that a module holds by name, to go by that; False if there is none."""
    for value in reversed(trail):
        if dump.keeps and id(value) in dump.kept:
            continue
        named = name_of(value, dump)
        if named is not None and id(value) not in dump.policy.forced:
            dump.kept[id(value)] = value
            place = f"{named.module}.{named.name}"
            reason = str(error).partition("\n")[0] or type(error).__name__
            msg = (
                f"{place} cannot be pickled ({reason}), so it goes by its name: where this is loaded it is what that "
                "module has, and its state here stays behind. Set it up over there, in an initializer for example"
            )
            warn(msg, LeftOutWarning)
            return True
    return False


def _travels_on_request(module: ModuleType, dump: Dump) -> bool:
    """Tell whether a module would go by reference, had nobody said that such modules travel by value."""
    return dump.brings or dump.policy.local or dump.policy.registry.covers(module.__name__)


def _explained(error: Exception, trail: list[Any]) -> Exception:
    """Return the error that a failed dump ends with: the user's own, with a note, or an EncodeError.

    Args:
        error: the failure.
        trail: the objects from the root to the culprit.
    """
    from pickleloaf.paths import path_along

    path = path_along(trail)
    if _is_of_user(error):
        if path:
            error.add_note(f"pickleloaf: raised while {path} was pickled")
        return error
    hint = (trail and hint_for(type(trail[-1]))) or _HINT
    if isinstance(error, EncodeError):
        if error.path:  # in the definition of a class, whose own path begins with its name
            path += error.path[error.path.find(".") :] if "." in error.path else ""
        return EncodeError(error.args[0], path, error.hint or hint)
    text = str(error) if isinstance(error, _REFUSALS) else f"{type(error).__name__}: {error}"
    return EncodeError(text, path, hint)


#: Exceptions by which hooks and pickle itself say that an object cannot be pickled.
_REFUSALS = (TypeError, NotImplementedError, pickle.PicklingError)

#: Modules whose frames raise no exception of the user's.
_PICKLES = frozenset({"pickle", "copyreg"})


def _is_of_user(error: Exception) -> bool:
    """Return whether code of the user's raised an exception."""
    if isinstance(error, _REFUSALS):
        return False
    trace: TracebackType | None = error.__traceback__
    name = ""
    while trace is not None:
        name, trace = trace.tb_frame.f_globals.get("__name__", ""), trace.tb_next
    return name not in _PICKLES and name.partition(".")[0] != "pickleloaf"
