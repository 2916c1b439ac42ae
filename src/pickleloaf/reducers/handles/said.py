"""Objects of types for which the user has said what becomes of them (`pickleloaf.handle`).

Takes apart: as that says. Travels as: wire.same, wire.attribute, the type by name.
Keeps: what the policy keeps. Loses: the rest, since the user said so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pickleloaf import wire
from pickleloaf.policy.handles import Policy, kind_of
from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers.handles._parts import home_of, refusal

_Reducer = Callable[[Any, Dump], Any]


def reducer_of_policy(policy: Policy, by_default: _Reducer | None, cls: type) -> _Reducer | None:
    """Return what takes objects of a type apart as a policy says.

    Args:
        policy: what the user said.
        by_default: what would take them apart otherwise.
        cls: their type.
    """
    if not isinstance(policy, str):
        return lambda obj, _: policy(obj)
    if policy == "recreate":
        return by_default if kind_of(cls)[1].policy == "recreate" else _reduce_anew
    return {"by_name": _reduce_by_name, "skip": _reduce_skipped, "refuse": _reduce_refused}[policy]


def _reduce_anew(obj: Any, dump: Dump) -> Any:
    return type(obj), ()


def _reduce_skipped(obj: Any, dump: Dump) -> Any:
    return wire.same, (None,)


def _reduce_refused(obj: Any, dump: Dump) -> Any:
    raise refusal(obj, "pickleloaf.handle says that it is refused")


def _reduce_by_name(obj: Any, dump: Dump) -> Any:
    home = home_of(obj, dump)
    if home is None:
        raise refusal(obj, "no importable module holds it by name", "make it a global of a module")
    return wire.attribute, home
