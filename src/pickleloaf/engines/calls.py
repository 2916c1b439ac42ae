"""Calls: what is in the payload of a task, and in that of a task that has failed."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterable, Sequence
from types import CoroutineType
from typing import Any, NamedTuple

from pickleloaf.engines.limits import limited
from pickleloaf.engines.payload import Payload, Policy, packing
from pickleloaf.engines.values import TaskFuture
from pickleloaf.errors import PickleloafError, TaskError
from pickleloaf.pickler import dumps
from pickleloaf.tasks.promise import Promise
from pickleloaf.tasks.standalone import (
    function_of,
    may_be_remembered,
    pickle_of,
    remember_function,
    remember_pickle,
)
from pickleloaf.unpickler import loads

__all__ = ["DEFAULT", "Call", "failure", "pickled"]

#: What stands for the result of another task.
_PROMISES = (Promise, TaskFuture)

_UNLIMITED: contextlib.AbstractContextManager[None] = contextlib.nullcontext()


class Call(NamedTuple):
    """What is in the payload of a task."""

    #: The function, or the pickle of one that is nothing but its code (see tasks/standalone).
    function: Any
    args: Sequence[Any]
    kwargs: dict[str, Any]
    #: Where the payloads that are held go: an index into args, a key of kwargs, None for the function, or (number,)
    #: for the value of a promise or ref that stands anywhere in the arguments.
    places: list[Any]
    #: How results are pickled.
    policy: Policy
    #: After how many seconds it is interrupted.
    timeout_s: float | None = None

    def fill(self, values: Iterable[Any]) -> Call:
        """Return the call with values at their places."""
        places = [place for place in self.places if type(place) is not tuple]
        if not places:
            return self
        function = self.function
        args, kwargs = list(self.args), dict(self.kwargs)
        for place, value in zip(places, values, strict=True):
            if place is None:
                function = value
            elif isinstance(place, int):
                args[place] = value
            else:
                kwargs[place] = value
        return self._replace(function=function, args=args, kwargs=kwargs)

    def run(self) -> Any:
        """Call the function; a coroutine is run to its end, and a promise that is returned is waited for."""
        function = _made(self.function) if type(self.function) is bytes else self.function
        with _UNLIMITED if self.timeout_s is None else limited(self.timeout_s, function):
            result = function(*self.args, **self.kwargs)
            if isinstance(result, CoroutineType):
                import asyncio

                result = asyncio.run(result)
            while isinstance(result, _PROMISES):
                result = result.result()
            return result


def pickled(function: Any) -> tuple[bytes, tuple[Any, ...]] | None:
    """Return the pickle of a function that is but code and atoms in cells, and these; None for any other."""
    known = pickle_of(function)
    if known is None and may_be_remembered(function):
        remember_pickle(function, dumps(function), dumps)
        known = pickle_of(function)
    return known


def _made(pickle: bytes) -> Any:
    """Return the function in a pickle, which is made once."""
    function = function_of(pickle)
    if function is None:
        function = loads(pickle)
        remember_function(pickle, function)
    return function


#: How a failure is pickled, where the call itself could not be opened.
DEFAULT: Policy = (("by_value", "local"),)

#: The modules between an engine and the user's code.
_OURS = frozenset({__name__, "pickleloaf.engines.running", "pickleloaf.tasks.standalone"})

#: Exceptions that would end whoever they reach, rather than tell of a failure.
_ENDING = (SystemExit, KeyboardInterrupt, GeneratorExit)


def failure(error: BaseException, name: str, policy: Policy = DEFAULT) -> Payload:
    """Pickle what a task raised, with its traceback from the user's code on, or a stand-in that tells of it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals.get("__name__") in _OURS:
        trace = trace.tb_next
    error.__traceback__ = trace
    if isinstance(error, _ENDING):
        why = "which would have ended whoever waits for it"
    else:
        try:
            payload = packing(policy).pack(error, failed=True)
            with contextlib.ExitStack() as stack:
                made = payload.open(stack)
            if isinstance(made, BaseException):
                return payload
            why = f"which becomes {type(made).__name__} when it is loaded"
        except BaseException as reason:  # noqa: BLE001 - whatever user code raises while it is taken apart and made
            said = (
                str(reason) if isinstance(reason, PickleloafError) else f"{type(reason).__name__}: {reason}"
            )
            why = f"which cannot travel: {said}"
    text = "".join(traceback.format_exception(error)).rstrip()
    told = TaskError(f"task {name} raised {type(error).__qualname__}, {why}\n{text}", name)
    return Payload.of(told, failed=True)
