"""Find the way from the root of a failed dump to the object that cannot be pickled.

1. The culprit is the object that a reducer was asked for when it failed: the traceback has it. Where C code failed, the
   C pickler runs once more and notes what it asks for last. Hooks replay their answers then.
2. The way to it is found by one walk, breadth first over what pickling follows. Each level costs a few calls of the
   garbage collector, which visits references at C speed; only functions, classes and modules are looked at one by one.
3. A list of the objects met raises the reference count of the culprit if it is among them, so nothing is compared.
   Parents are found afterwards in the same way, level by level, by halving (see `first_with`).
4. Other threads may change that count meanwhile. So each step is verified when the path is written (see paths).
5. Where that finds nothing, such as below an object that C code has made up, the C pickler runs once more and notes
   what all objects are made of. Where even that does not help, the object is pickled without recursion, whose stack is
   the way (see rescue).
"""

from __future__ import annotations

import copyreg
import gc
import pickle
from collections.abc import Callable, Collection
from itertools import chain, compress, islice
from sys import getrefcount
from types import CodeType, FunctionType, ModuleType
from typing import Any

from pickleloaf._compat import VERSION
from pickleloaf.code.codec import facts_of
from pickleloaf.inspecting.kinds import ATOMS, CONTAINERS
from pickleloaf.judging import override_of
from pickleloaf.paths import IMMORTAL, first_with, has, path_along
from pickleloaf.policy.by_value import ValuePolicy
from pickleloaf.reducers._asking import is_reduction, reduces_itself, with_items_anew, with_items_held
from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers._referents import referents
from pickleloaf.replaying import Buffers, Overrides, PersistentIds

__all__ = ["path_to", "trail_of"]

#: Containers that are visited at most.
_BUDGET = 5_000_000
#: Objects whose referents are asked for at once.
_CHUNK = 1000


def trail_of(pickler: Any, obj: Any, before: Any, error: Exception, *, is_of_user: bool) -> list[Any] | None:
    """Return the objects from the root to the one that could not be pickled; None where they are not found.

    Args:
        pickler: the pickler, after its failure.
        obj: the root.
        before: the pickler's memory from before the dump.
        error: what the C pickler has raised.
        is_of_user: whether a hook of the user's has raised it, which is not called once more.
    """
    dump = pickler._dump
    asked = _asked_in(error) or _answered_in_vain(dump, error)
    trail = None if asked is None else _search(obj, asked[0], dump)
    if trail is not None or is_of_user:
        return trail
    last, notes = _asked_again(pickler, obj, before, error)
    if asked is None and _names(last, str(error)):
        asked = (last,)
    return None if asked is None else _search(obj, asked[0], dump, notes)


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


def _answered_in_vain(dump: Dump, error: Exception) -> tuple[Any] | None:
    """Return the object that was asked last, if the error is that its answer is no reduction."""
    is_none = "__reduce__" in str(error) and dump.answers and not is_reduction(dump.answers[-1])
    return (dump.answers[-2],) if is_none else None


def _asked_again(pickler: Any, obj: Any, before: Any, error: Exception) -> tuple[Any, list[Any]]:
    """Pickle once more; return the object asked for last, if the error may be about it, and what others are made of.

    That is a list of objects, each followed by its reduction. Those that C code takes apart are asked for theirs here.
    """
    before.restore(pickler)
    last = None
    notes: list[Any] = []
    asked: dict[type, bool] = {}
    held = vars(pickler).get("reducer_override")
    override: Callable[[Any], Any] = pickler.reducer_override
    table = getattr(pickler, "dispatch_table", copyreg.dispatch_table)

    def reducer_override(each: Any) -> Any:
        nonlocal last
        last = each
        reduced = override(each)
        if reduced is NotImplemented:
            kind = type(each)
            if kind not in asked:
                asked[kind] = kind not in table and not issubclass(kind, _SPECIAL) and reduces_itself(kind)
            if not asked[kind]:
                return reduced
            reduced = each.__reduce_ex__(pickler._dump.protocol)
        reduced = with_items_held(reduced)
        notes.extend((each, reduced))
        return with_items_anew(reduced)

    pickler.reducer_override = reducer_override
    try:
        pickle.Pickler.dump(pickler, obj)
    except Exception as another:  # noqa: BLE001 - the first error is the one that is raised
        is_same = type(another) is type(error)
    else:
        is_same = False
    finally:
        pickler.reducer_override = held
    return last if is_same else None, notes


def _names(obj: Any, text: str) -> bool:
    """Return whether the text of an error names an object or its type."""
    is_named = isinstance(obj, (type, FunctionType))
    return (obj.__name__ if is_named else type(obj).__name__) in text


def _search(root: Any, culprit: Any, dump: Dump, notes: list[Any] | None = None) -> list[Any] | None:
    """Return the shortest way from one object to another, or None.

    Args:
        root: where the way begins.
        culprit: where it ends.
        dump: the state of the pickler.
        notes: what objects are made of, also such as the garbage collector does not track; see `_asked_again`.
    """
    containers = _tracked if notes is None and gc.is_tracked(culprit) else _without_atoms
    try:
        stand_ins = _StandIns(dump.answers if notes is None else notes, dump)
        return _breadth_first(root, culprit, stand_ins, containers)
    except Exception:  # noqa: BLE001 - user code that fails while we look for the place of another failure
        return None


def _breadth_first(
    root: Any, culprit: Any, stand_ins: _StandIns, containers: Callable[[list[Any]], list[Any]]
) -> list[Any] | None:
    if root is culprit:
        return [root]
    levels: list[tuple[list[Any], list[Any]]] = []
    level, seen = [root], {id(root): root}
    while level and len(seen) < _BUDGET:
        standing = stand_ins.of(level)
        levels.append((level, standing))
        references = getrefcount(culprit)
        found = gc.get_referents(*standing)
        if getrefcount(culprit) > references or (references > IMMORTAL and has(found, culprit)):
            del found
            return _backwards(levels, culprit)
        found = containers(found)
        known = len(seen)
        seen.update(zip(map(id, found), found, strict=True))
        level = list(islice(reversed(seen.values()), len(seen) - known))
        level.reverse()
    return None


def _backwards(levels: list[tuple[list[Any], list[Any]]], culprit: Any) -> list[Any]:
    """Return the way from the only object of the first level to one that the last level leads to."""
    trail = [culprit]
    for parents, stand_ins in reversed(levels):
        trail.append(parents[first_with(trail[-1], stand_ins, _referents_of)])
    return trail[::-1]


def _referents_of(objects: list[Any]) -> list[Any]:
    return gc.get_referents(*objects)


def _tracked(objects: list[Any]) -> list[Any]:
    """Return the objects that may lead to one that the garbage collector tracks, since it tracks these, too."""
    if len(objects) < _CHUNK:
        return list(filter(gc.is_tracked, objects))
    found: list[Any] = []
    for start in range(0, len(objects), _CHUNK):
        chunk = objects[start : start + _CHUNK]
        if gc.is_tracked(chunk[0]) or gc.get_referents(*chunk):  # faster than to ask each, if all are atoms
            found += filter(gc.is_tracked, chunk)
    return found


def _without_atoms(objects: list[Any]) -> list[Any]:
    kinds = {kind for kind in set(map(type, objects)) if kind not in ATOMS}
    return list(compress(objects, map(kinds.__contains__, map(type, objects)))) if kinds else []


class _StandIns:
    """Objects whose referents are what pickling others leads to. Most stand for themselves."""

    def __init__(self, answers: list[Any], dump: Dump) -> None:
        self._policy = dump.policy
        answers = [*answers, *chain.from_iterable(dump.known.values())]
        asked, made_of = answers[::2], answers[1::2]
        if _IS_HIDDEN:
            made_of = [
                _with_values(each) if type(each) is tuple and len(each) > 2 else each for each in made_of
            ]
        self._known = dict(zip(map(id, asked), made_of, strict=True))
        self._asked = set(map(type, asked))

    def of(self, objects: list[Any]) -> list[Any]:
        """Return what stands for each object."""
        kinds = set(map(type, objects))
        if kinds <= CONTAINERS:
            return objects
        if not self._asked.isdisjoint(kinds):
            objects = [self._known.get(id(each), each) for each in objects]
        special = {kind for kind in kinds if issubclass(kind, _SPECIAL)}
        return (
            [self._parts(each) if type(each) in special else each for each in objects] if special else objects
        )

    def _parts(self, obj: Any) -> Collection[Any]:
        kind = type(obj)
        if kind is FunctionType:
            return _behind_function(obj, self._policy)
        if issubclass(kind, type):
            return referents(obj, self._policy)
        if issubclass(kind, ModuleType) and self._policy.travels(obj.__name__):
            return list(vars(obj).values())
        return ()


def _with_values(answer: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a reduction that shows what is in its state, also if that is the dict of an instance."""
    state = answer[2]
    is_hidden = type(state) is dict and len(gc.get_referents(state)) < len(state)
    return (*answer, *state.values()) if is_hidden else answer


#: Whether the garbage collector meets what is in the dict of an instance only behind the instance.
_IS_HIDDEN = VERSION >= (3, 13)

#: Types whose objects refer to more than pickling follows.
_SPECIAL = (type, ModuleType, FunctionType, CodeType)


def _behind_function(function: FunctionType, policy: ValuePolicy) -> Collection[Any]:
    if policy.by_reference(function):
        return ()
    names = facts_of(function.__code__).names
    scope = function.__globals__
    used = [scope[name] for name in names.globals if name in scope]
    held = [function.__defaults__, function.__kwdefaults__, function.__dict__, function.__annotations__]
    return [*used, *held, *(function.__closure__ or ())]
