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
from itertools import compress, repeat
from operator import is_
from types import CodeType, FunctionType, ModuleType
from typing import Any

from pickleloaf.code.codec import facts_of
from pickleloaf.inspecting.kinds import ATOMS
from pickleloaf.judging import override_of
from pickleloaf.paths import path_along
from pickleloaf.policy.by_value import ValuePolicy
from pickleloaf.reducers._dump import Dump
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
    """Return the shortest way from one object to another, or None.

    Whatever is done for each object is done by C code, since there may be millions.
    """
    try:
        return _breadth_first(root, culprit, _Followed(dump))
    except Exception:  # noqa: BLE001 - user code that fails while we look for the place of another failure
        return None


def _breadth_first(root: Any, culprit: Any, followed: _Followed) -> list[Any] | None:
    is_tracked = gc.is_tracked(culprit)
    levels = [[root]]
    seen = {id(root)}
    while id(culprit) not in seen:
        # What leads to an object that the collector tracks is tracked, too.
        found = followed(levels[-1])
        found = list(filter(gc.is_tracked, found)) if is_tracked else _without_atoms(found)
        if not seen.isdisjoint(map(id, found)):
            found = [each for each in found if id(each) not in seen]
        if not found or len(seen) > _BUDGET:
            return None
        count = len(seen)
        seen.update(map(id, found))
        if len(seen) - count < len(found):
            found = list({id(each): each for each in found}.values())
        levels.append(found)
    return _backwards(levels, culprit, followed)


def _without_atoms(objects: list[Any]) -> list[Any]:
    kinds = {kind for kind in set(map(type, objects)) if kind not in ATOMS}
    return list(compress(objects, map(kinds.__contains__, map(type, objects)))) if kinds else []


def _backwards(levels: list[list[Any]], culprit: Any, followed: _Followed) -> list[Any]:
    """Return the way from the only object of the first level to one of the last."""
    trail = [culprit]
    for level in levels[-2::-1]:
        parents = level
        while len(parents) > 1:
            half = parents[: len(parents) // 2]
            is_there = any(map(is_, followed(half), repeat(trail[-1])))
            parents = half if is_there else parents[len(half) :]
        trail += parents
    return trail[::-1]


class _Followed:
    """Returns what pickling some objects leads to directly."""

    def __init__(self, dump: Dump) -> None:
        self._policy = dump.policy
        pairs = iter(dump.answers)
        #: What hooks have answered, by the id of the object.
        self._known = {id(obj): answer for obj, answer in zip(pairs, pairs, strict=True)}
        self._known |= {key: answer for key, (_, answer) in dump.known.items()}

    def __call__(self, objects: list[Any]) -> list[Any]:
        special = tuple(kind for kind in set(map(type, objects)) if issubclass(kind, _SPECIAL))
        if special or (self._known and not self._known.keys().isdisjoint(map(id, objects))):
            return [part for each in objects for part in self._parts(each, special)]
        return gc.get_referents(*objects)

    def _parts(self, obj: Any, special: tuple[type, ...]) -> Iterable[Any]:
        if id(obj) in self._known:
            return gc.get_referents(self._known[id(obj)])
        kind = type(obj)
        if kind not in special:
            return gc.get_referents(obj)
        if kind is FunctionType:
            return _behind_function(obj, self._policy)
        if issubclass(kind, type):
            return referents(obj, self._policy)
        if issubclass(kind, ModuleType) and self._policy.travels(obj.__name__):
            return list(vars(obj).values())
        return ()


#: Types whose objects refer to more than pickling follows.
_SPECIAL = (type, ModuleType, FunctionType, CodeType)


def _behind_function(function: FunctionType, policy: ValuePolicy) -> list[Any]:
    if policy.by_reference(function):
        return []
    names = facts_of(function.__code__).names
    scope = function.__globals__
    used = [scope[name] for name in names.globals if name in scope]
    held = [function.__defaults__, function.__kwdefaults__, function.__dict__, function.__annotations__]
    return [*used, *held, *(function.__closure__ or ())]
