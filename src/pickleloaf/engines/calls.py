"""Calls: what is sent to an engine, and the one function that it runs.

An engine is given `run_payload`, by its name, and payloads. Whatever happens to the user's function, that
function returns a payload: a result, or an exception. So an engine that sees an exception sees one of its own,
and nobody's way of pickling exceptions matters.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import traceback
from collections.abc import Iterable
from typing import Any, NamedTuple

from pickleloaf.engines.payload import Payload, Policy, Sent, packing
from pickleloaf.errors import PickleloafError, TaskError

__all__ = ["Call", "name_of", "run_payload"]


class Call(NamedTuple):
    """What is in the payload of a task."""

    function: Any
    args: list[Any]
    kwargs: dict[str, Any]
    #: Where the payloads that are held go: an index into args, a key of kwargs, or None for the function.
    places: list[Any]
    #: How results are pickled.
    policy: Policy

    def fill(self, values: Iterable[Any]) -> Call:
        """Return the call with values at their places."""
        if not self.places:
            return self
        function = self.function
        args, kwargs = list(self.args), dict(self.kwargs)
        for place, value in zip(self.places, values, strict=True):
            if place is None:
                function = value
            elif isinstance(place, int):
                args[place] = value
            else:
                kwargs[place] = value
        return self._replace(function=function, args=args, kwargs=kwargs)

    def run(self) -> Any:
        """Call the function; a coroutine is run to its end."""
        result = self.function(*self.args, **self.kwargs)
        return asyncio.run(result) if inspect.iscoroutine(result) else result


def run_payload(name: str, sent: Sent, *held: Sent) -> Sent:
    """Make a call on a worker, and return what comes of it. The only function of ours that engines know.

    Args:
        name: of the task, for people.
        sent: the payload of the call.
        held: payloads that the engine keeps or has computed; a failure among them is the result.
    """
    payloads = [Payload.received(each) for each in held]
    for payload in payloads:
        if payload.failed:
            return payload
    try:
        with contextlib.ExitStack() as stack:
            call = Call(*Payload.received(sent).open(stack)).fill([each.open(stack) for each in payloads])
            return packing(call.policy).pack(call.run()).sent()
    except BaseException as error:  # noqa: BLE001 - all of it is the task's
        return _failure(error, name)


def name_of(function: Any) -> str:
    """Return what people call a function."""
    while isinstance(function, functools.partial):
        function = function.func
    name = getattr(function, "__qualname__", None)
    return name if type(name) is str else type(function).__qualname__


#: Exceptions that would end whoever they reach, rather than tell of a failure.
_ENDING = (SystemExit, KeyboardInterrupt, GeneratorExit)


def _failure(error: BaseException, name: str) -> Payload:
    """Pickle what a task raised, with its traceback from the user's code on, or a stand-in that tells of it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals.get("__name__") == __name__:
        trace = trace.tb_next
    error.__traceback__ = trace
    if isinstance(error, _ENDING):
        why = "which would have ended whoever waits for it"
    else:
        try:
            return Payload.of(error, failed=True, by_value="local")
        except Exception as reason:  # noqa: BLE001 - whatever user code raises while it is asked for its state
            said = (
                str(reason) if isinstance(reason, PickleloafError) else f"{type(reason).__name__}: {reason}"
            )
            why = f"which cannot travel: {said}"
    text = "".join(traceback.format_exception(error)).rstrip()
    return Payload.of(
        TaskError(f"task {name} raised {type(error).__qualname__}, {why}\n{text}", name), failed=True
    )
