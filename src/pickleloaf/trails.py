"""Find the way from the root of a failed dump to the object that cannot be pickled.

1. The culprit is the object that a reducer was asked for when it failed: the traceback has it. Where C code failed, the
   C pickler runs once more and notes what it asks for last. Hooks replay their answers then.
2. The way to it is searched breadth first over what pickling follows. Each level costs one call of the garbage
   collector, which visits references at C speed; only functions, classes and modules are looked at one by one.
3. Parents are found afterwards, level by level, by halving.
4. Where that finds nothing, such as below an object that C code has made up, the object is pickled without recursion,
   whose stack is the way (see rescue).
"""

from __future__ import annotations

import gc
import pickle
from collections.abc import Callable, Iterable
from types import CodeType, FunctionType, ModuleType
from typing import Any

from pickleloaf.code.codec import facts_of
from pickleloaf.judging import override_of
from pickleloaf.paths import path_along
from pickleloaf.policy.by_value import ValuePolicy
from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers._kinds import ATOMS
from pickleloaf.reducers._referents import referents
from pickleloaf.replaying import Buffers, Overrides, PersistentIds

__all__ = ["path_to", "trail_of"]

#: Objects that are visited at most.
_BUDGET = 5_000_000


def trail_of(pickler: Any, obj: Any, before: Any, error: Exception, *, is_of_user: bool) -> list[Any] | None:
    """Return the objects from the root to the one that could not be pickled; None where they are not found.

    Args:
        pickler: the pickler, after its failure.
        obj: the root.
        before: the pickler's memory from before the dump.
        error: what the C pickler has raised.
        is_of_user: whether a hook of the user's has raised it, which is not called once more.
    """
    asked = _asked_in(error)
    if asked is None and not is_of_user:
        asked = _asked_last(pickler, obj, before, error)
    return None if asked is None else _search(obj, asked[0], pickler._dump)


def path_to(root: Any, obj: Any, dump: Dump) -> str:
    """Return the path from the root of a dump to another object."""
    return path_along(_search(root, obj, dump) or [])


def _asked_in(error: Exception) -> tuple[Any] | None:
    """Return the object of the outermost call of an override or hook that an error went through."""
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code in _ASKING or (code.co_name == "reducer_override" and code.co_filename == _OVERRIDE_FILE):
            return (trace.tb_frame.f_locals["obj"],)
        trace = trace.tb_next
    return None


#: Code that is called with an object by the C pickler.
_ASKING = frozenset(each.__call__.__code__ for each in (PersistentIds, Overrides, Buffers))
_OVERRIDE_FILE = override_of.__code__.co_filename


def _asked_last(pickler: Any, obj: Any, before: Any, error: Exception) -> tuple[Any] | None:
    """Pickle once more; return the object that was asked for last, if the error is about it."""
    before.restore(pickler)
    last: list[Any] = [None]
    held = vars(pickler).get("reducer_override")
    override: Callable[[Any], Any] = pickler.reducer_override

    def reducer_override(each: Any) -> Any:
        last[0] = each
        return override(each)

    pickler.reducer_override = reducer_override
    try:
        pickle.Pickler.dump(pickler, obj)
    except Exception as another:  # noqa: BLE001 - the first error is the one that is raised
        is_same = type(another) is type(error)
    else:
        is_same = False
    finally:
        pickler.reducer_override = held
    return (last[0],) if is_same and _names(last[0], str(error)) else None


def _names(obj: Any, text: str) -> bool:
    """Return whether the text of an error names an object or its type."""
    is_named = isinstance(obj, (type, FunctionType))
    return (obj.__name__ if is_named else type(obj).__name__) in text


def _search(root: Any, culprit: Any, dump: Dump) -> list[Any] | None:
    """Return the shortest way from one object to another, or None."""
    keep: Callable[[Any], bool] = gc.is_tracked if gc.is_tracked(culprit) else _is_no_atom
    known = {key: answer for key, (_, answer) in dump.known.items()}
    pairs = iter(dump.answers)
    known |= {id(obj): answer for obj, answer in zip(pairs, pairs, strict=True)}
    seen: set[int] = set()
    levels: list[list[Any]] = []
    level = [root]
    while level and len(seen) < _BUDGET:
        levels.append(level)
        if any(each is culprit for each in level):
            return _backwards(levels, culprit, known, dump.policy)
        fresh: list[Any] = []
        for each in filter(keep, _followed(level, known, dump.policy)):
            if id(each) not in seen:
                seen.add(id(each))
                fresh.append(each)
        level = fresh
    return None


def _is_no_atom(obj: Any) -> bool:
    return not ATOMS.have(obj)


def _backwards(
    levels: list[list[Any]], culprit: Any, known: dict[int, Any], policy: ValuePolicy
) -> list[Any]:
    """Return the way from the only object of the first level to one of the last."""
    trail = [culprit]
    for level in levels[-2::-1]:
        parents = level
        while len(parents) > 1:
            half = parents[: len(parents) // 2]
            is_there = any(each is trail[-1] for each in _followed(half, known, policy))
            parents = half if is_there else parents[len(half) :]
        trail += parents
    return trail[::-1]


def _followed(level: list[Any], known: dict[int, Any], policy: ValuePolicy) -> Iterable[Any]:
    """Return what pickling the objects of one level leads to directly."""
    plain: list[Any] = []
    special: list[Any] = []
    for each in level:
        kind = type(each)
        if id(each) in known:
            plain.append(known[id(each)])
        elif kind in _PLAIN:
            plain.append(each)
        elif kind is FunctionType:
            special += _behind_function(each, policy)
        elif issubclass(kind, ModuleType):
            if policy.travels(each.__name__):
                special += vars(each).values()
        elif kind is not CodeType:
            if issubclass(kind, type):
                special += referents(each, policy)
            else:
                plain.append(each)
    found = gc.get_referents(*plain)
    return [*found, *special] if special else found


#: Types whose objects are followed without further questions.
_PLAIN = frozenset({list, dict, tuple, set, frozenset})


def _behind_function(function: FunctionType, policy: ValuePolicy) -> list[Any]:
    if policy.by_reference(function):
        return []
    names = facts_of(function.__code__).names
    scope = function.__globals__
    used = [scope[name] for name in names.globals if name in scope]
    held = [function.__defaults__, function.__kwdefaults__, function.__dict__, function.__annotations__]
    return [*used, *held, *(function.__closure__ or ())]
