"""Curried functions of the library toolz, which Dask brings along.

Takes apart: the function, the arguments given so far, and the attributes. Travels as: wire.curried. By themselves they
name the place where the function was decorated, which for a script's own is nowhere; others do as they say.
Keeps: all of that. Loses: nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pickleloaf.reducers._asking import ask
from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb


def reduce_curried(curried: Any, dump: Dump) -> Any:
    function = curried.func
    if not dump.policy.travels(getattr(function, "__module__", None)):
        return ask(curried, dump)
    state = {name: value for name, value in vars(curried).items() if name not in _MADE_ANEW}
    return rebuild_curried, (type(curried), function, curried.args, curried.keywords), state


#: Attributes that `curry` makes when it is called.
_MADE_ANEW = frozenset({"_partial", "_sigspec", "_has_unknown_args"})


@verb
def rebuild_curried(
    kind: Callable[..., Any], function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> Any:
    return kind(function, *arguments, **keywords)
