"""Record what objects answer when they are asked for their state, so that none is asked twice in one dump.

A payload is sometimes written more than once: without recursion, behind patches, with modules that only this
process has. Each later pass replays the answers of the first. Only methods written in Python are recorded, since
those may have effects; those of the standard library have none.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any

from pickleloaf.inspecting.anatomy import defined
from pickleloaf.reducers._dump import Dump

__all__ = [
    "ask",
    "ask_for_state",
    "has_hooks",
    "is_reduction",
    "question_for",
    "reduces_itself",
    "with_items_anew",
    "with_items_held",
]

#: Methods that pickle calls to ask an object what it is made of.
_HOOKS = ("__reduce_ex__", "__reduce__", "__getstate__", "__getnewargs_ex__", "__getnewargs__")

#: Modules beside the standard library whose generated methods only read attributes.
_PURE = sys.stdlib_module_names | {"attr"}


def has_hooks(cls: type) -> bool:
    """Return whether a class or a base of it has a method of its own that tells pickle what instances are made of."""
    for name in _HOOKS:
        found = defined(cls, name)
        if type(found) is FunctionType and not _is_pure(found):
            return True
    return False


def _is_pure(hook: FunctionType) -> bool:
    module = hook.__globals__.get("__name__")
    return type(module) is str and module.partition(".")[0] in _PURE


def question_for(cls: type) -> Callable[[Any, Dump], Any]:
    """Return the function that asks instances of a class, as `ask` does."""
    return ask if issubclass(cls, (list, dict)) or reduces_itself(cls) else _ask_for_state_only


def reduces_itself(cls: type) -> bool:
    """Return whether instances have another way than that of `object` to tell how they are made."""
    return any(defined(cls, name) is not object.__dict__[name] for name in ("__reduce_ex__", "__reduce__"))


def ask(obj: Any, dump: Dump) -> Any:
    """Return the reduction of an object, which is asked for it in the first pass only."""
    if dump.known and (known := dump.known.get(id(obj))) is not None:
        return with_items_anew(known[1])
    reduced = obj.__reduce_ex__(dump.protocol)
    if type(reduced) is tuple and len(reduced) > 3:
        reduced = with_items_held(reduced)
        dump.answers.extend((obj, reduced))
        return with_items_anew(reduced)
    dump.answers.extend((obj, reduced))
    return reduced


def _ask_for_state_only(obj: Any, dump: Dump) -> Any:
    """Return the reduction of an object that gives pickle no items, at less cost than `ask`."""
    if dump.known and (known := dump.known.get(id(obj))) is not None:
        return known[1]
    reduced = obj.__reduce_ex__(dump.protocol)
    dump.answers.extend((obj, reduced))
    return reduced


def with_items_held(reduced: Any) -> Any:
    """Return a reduction with lists in place of its iterators, which can be read only once."""
    if type(reduced) is not tuple or len(reduced) <= 3:
        return reduced
    return *reduced[:3], *(list(part) if hasattr(part, "__next__") else part for part in reduced[3:])


def with_items_anew(reduced: Any) -> Any:
    """Return a reduction with iterators again."""
    if type(reduced) is not tuple or len(reduced) <= 3:
        return reduced
    return *reduced[:3], *(iter(part) if type(part) is list else part for part in reduced[3:])


def is_reduction(answer: Any) -> bool:
    """Return whether an object's answer has a form that pickle knows."""
    if not isinstance(answer, tuple):
        return isinstance(answer, str)
    return 2 <= len(answer) <= 6 and callable(answer[0]) and isinstance(answer[1], tuple)


def ask_for_state(obj: Any, dump: Dump) -> Any:
    """Return the state of an object that is asked for nothing else, in the first pass only."""
    if (known := dump.known.get(id(obj))) is not None:
        return known[1]
    state = obj.__getstate__()
    dump.answers.extend((obj, state))
    return state
