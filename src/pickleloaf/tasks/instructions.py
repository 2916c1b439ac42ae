"""What the scheduler answers: the instructions that whoever drives it carries out, in their order."""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "DRIVER",
    "Deliver",
    "Forget",
    "Instruction",
    "Interrupt",
    "Retire",
    "Send",
    "Settle",
    "Start",
    "TakeBack",
]

#: Who holds what the program itself has handles on.
DRIVER = ""


class Send(NamedTuple):
    """Send a task to a worker."""

    worker: str
    ident: int


class Start(NamedTuple):
    """A task begins to run, as far as the driver can know."""

    ident: int


class TakeBack(NamedTuple):
    """Ask a worker for tasks that it has not begun."""

    worker: str
    idents: tuple[int, ...]


class Settle(NamedTuple):
    """A value is ready, or has failed; `cause` says why where no worker said it."""

    ident: int
    ok: bool
    cause: str = ""


class Deliver(NamedTuple):
    """Send a settled value to a worker that asked for it."""

    worker: str
    ident: int


class Forget(NamedTuple):
    """Drop the bytes of a value."""

    ident: int


class Interrupt(NamedTuple):
    """Interrupt a task that runs, and end its worker when that does not help."""

    worker: str
    ident: int


class Retire(NamedTuple):
    """Replace a worker that has run as many tasks as it may."""

    worker: str


Instruction = Send | Start | TakeBack | Settle | Deliver | Forget | Interrupt | Retire
