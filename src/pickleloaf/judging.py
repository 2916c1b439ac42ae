"""Choose the reducer that takes an object apart: asked for every object, answered by its type.

`reducer_override` is called for every object but exact builtin containers and atoms, so it is the hot
path of the whole package: one look-up by exact type. Each pickler has it as a closure, which costs a
thousand plain instances a fifth less than a method would. A type is judged once per pickler, when its
first object is met (`_judge`). Types whose metaclass redefines hash or equality are judged each time,
since nothing can be looked up by them.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from pickleloaf.reducers import reducer_for, reducer_of_policy
from pickleloaf.reducers._asking import ask
from pickleloaf.reducers._dump import Dump, Namespace, ShippedModules
from pickleloaf.reducers._named import reduce_importable
from pickleloaf.reducers._namespaces import reduce_namespace, reduce_shipped_modules
from pickleloaf.reducers._own_dicts import Keeper
from pickleloaf.reducers.functions import reduce_function

__all__ = ["CORE", "CORE_SIZE", "override_of"]


def _reduce_type(cls: type, dump: Dump) -> Any:
    """Return the reduction of a class; what ships those by value is imported when the first one is met."""
    known = reduce_importable(cls, dump)
    if known is not None:
        return known
    from pickleloaf.reducers.classes.class_ import reduce_defined

    return reduce_defined(cls, dump)


#: Judged beforehand: pickle knows the first two itself, and asks no dispatch table about them; the others are our own,
#: and in every payload with functions where modules may travel.
CORE: dict[type, Any] = {
    FunctionType: reduce_function,
    type: _reduce_type,
    Namespace: reduce_namespace,
    ShippedModules: reduce_shipped_modules,
}
CORE_SIZE = len(CORE)


def override_of(
    pickler: weakref.ref[Any] | None, judged: dict[type, Any], dump: Dump, table: Mapping[type, Any]
) -> Callable[[Any], Any]:
    """Return the ``reducer_override`` of a pickler: how to make an object again, or NotImplemented.

    Args:
        pickler: the pickler, where its user may give it a dispatch table; None for one of our own.
        judged: the reducers of the types that have been met.
        dump: the pickler's state.
        table: the dispatch table where the pickler has none of its own.
    """

    def reducer_override(obj: Any) -> Any:
        try:
            reducer = judged[type(obj)]
        except (KeyError, TypeError):
            registered = table if pickler is None else getattr(pickler(), "dispatch_table", table)
            reducer = _judge(type(obj), registered, dump)
            if type(reducer) is Keeper:
                reducer = reducer.for_payload(obj, dump)
            if type(type(obj)) is type or _has_plain_hash(type(obj)):
                judged[type(obj)] = reducer
            else:  # pickle would look its dispatch table up by the type
                dump.is_used = True
                reduced = NotImplemented if reducer is None else reducer(obj, dump)
                return ask(obj, dump) if reduced is NotImplemented else reduced
        if reducer is None:
            return NotImplemented
        dump.is_used = True
        return reducer(obj, dump)

    return reducer_override


def _judge(cls: type, registered: Any, dump: Dump) -> Any:
    """Choose the reducer for a type; what the user says or registered comes first."""
    handles = dump.policy.handles
    if handles.are_said and (said := handles.policy_for(cls)) is not None:
        return reducer_of_policy(cls, said)
    try:
        if cls in registered:
            return None
    except TypeError:  # a metaclass that makes classes unhashable
        pass
    return reducer_for(cls)


def _has_plain_hash(cls: type) -> bool:
    """Tell whether types can be looked up by this one: its metaclass compares classes by identity."""
    metaclass = type(cls)
    return metaclass.__hash__ is type.__hash__ and metaclass.__eq__ is type.__eq__
