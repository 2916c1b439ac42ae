"""Handles that cannot travel: sockets, processes, connections, what runs.

Takes apart: nothing. Travels as: nothing; the error says what to do instead.
Keeps: nothing. Loses: nothing, since nothing arrives that would be less than it was."""

from __future__ import annotations

from typing import Any, NoReturn

from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers.handles._parts import refusal


def reduce_refused(handle: Any, dump: Dump) -> NoReturn:  # noqa: ARG001 - every reducer takes both
    raise refusal(handle)
