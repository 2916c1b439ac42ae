"""The one function that engines run.

An engine is given `run_payload`, by its name, and payloads. Whatever happens to the user's function, that
function returns a payload: a result, or an exception. So an engine that sees an exception sees one of its own,
and nobody's way of pickling exceptions matters.
"""

from __future__ import annotations

import contextlib
from typing import Any

from pickleloaf.engines.calls import DEFAULT, Call, failure
from pickleloaf.engines.inside import Inside
from pickleloaf.engines.payload import Payload, Sent, packing
from pickleloaf.tasks.parcels import MENTIONS

__all__ = ["run_payload"]


def run_payload(name: str, sent: Sent, *held: Sent) -> Sent:
    """Make a call on a worker, and return what comes of it. The only function of ours that engines know.

    Args:
        name: of the task, for people.
        sent: the payload of the call.
        held: payloads that the engine keeps or has computed; a failure that is taken as an argument is the result.
    """
    policy = DEFAULT
    inside = Inside()
    before = MENTIONS.current, MENTIONS.runtime
    MENTIONS.current = MENTIONS.runtime = inside  # of `tasks.current()`, and of promises that are unpickled
    try:
        with contextlib.ExitStack() as stack:
            call = Call(*Payload.received(sent).open(stack))
            policy = call.policy
            values: list[Any] = []
            for place, each in zip(call.places, map(Payload.received, held), strict=True):
                if type(place) is tuple:
                    inside.give(place[0], each.shared())
                elif each.failed:
                    return each
                else:
                    values.append(each.shared().open(stack))
            return packing(policy).pack(call.fill(values).run()).sent()
    except BaseException as error:  # noqa: BLE001 - all of it is the task's
        return failure(error, name, policy).sent()
    finally:
        MENTIONS.current, MENTIONS.runtime = before
