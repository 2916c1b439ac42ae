"""Every exception and warning of pickleloaf, in one tree.

    PickleloafError
    ├── TaskError     a task has failed in a way that no exception of its own tells
    │   └── WorkerDied                                      the process that ran it is gone
    ├── EngineError   the engine that runs the tasks cannot do that, or has failed
    ├── EncodeError   (also pickle.PicklingError)    your object cannot travel
    └── DecodeError   (also pickle.UnpicklingError)  these bytes cannot be loaded here
        ├── MissingModuleError  (also ModuleNotFoundError)  they need a module that is not here
        ├── MissingNameError    (also AttributeError)       they need a name that a module here lacks
        └── PatchError                                      a patch that they carry cannot be applied

    LostPatchWarning  (a UserWarning)  a patch stays behind
    KeptPatchWarning  (a UserWarning)  a patch that was set here is not taken back with those that arrived
    LeftOutWarning    (a UserWarning)  a module by value travels without a name that cannot

All of them can be pickled, with their fields.
"""

from __future__ import annotations

import pickle
from typing import Any

__all__ = [
    "DecodeError",
    "EncodeError",
    "EngineError",
    "KeptPatchWarning",
    "LeftOutWarning",
    "LostPatchWarning",
    "MissingModuleError",
    "MissingNameError",
    "PatchError",
    "PickleloafError",
    "TaskError",
    "WorkerDied",
]


class PickleloafError(Exception):
    """Any error that pickleloaf raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel by class, text and fields, whatever ``__init__`` asks for."""
        return (_rebuild, (type(self), self.args, self.__dict__))


class EncodeError(PickleloafError, pickle.PicklingError):
    """An object cannot travel.

    Attributes:
        path: where the part that cannot travel sits, as Python from the root that was
            dumped: ``obj.callbacks[2].__closure__['lock']``. Empty when it is not known.
        hint: what to do about it. Empty when there is nothing better to say than the message.
    """

    def __init__(self, message: str, path: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.path = path
        self.hint = hint

    def __str__(self) -> str:
        where = f"\n  at: {self.path}" if self.path else ""
        what = f"\n  hint: {self.hint}" if self.hint else ""
        return f"{self.args[0]}{where}{what}"


class DecodeError(PickleloafError, pickle.UnpicklingError):
    """Bytes cannot be loaded in this process."""


class MissingModuleError(DecodeError, ModuleNotFoundError):
    """A payload needs a module that cannot be imported here."""


class MissingNameError(DecodeError, AttributeError):
    """A payload needs a name that a module here does not have."""


class PatchError(DecodeError):
    """A patch cannot be applied here, and so none of its payload is.

    Attributes:
        place: the attribute that was to be patched, ``json.dumps``.
    """

    def __init__(self, message: str, place: str = "") -> None:
        super().__init__(message)
        self.place = place


class TaskError(PickleloafError):
    """A task has failed in a way that no exception of its own tells.

    What it raised could not travel, or must not be raised elsewhere (``SystemExit``); the text has the
    traceback then.

    Attributes:
        task: the function that was called.
        worker: where.
    """

    def __init__(self, message: str, task: str = "", worker: str = "") -> None:
        super().__init__(message)
        self.task = task
        self.worker = worker


class WorkerDied(TaskError):  # noqa: N818 - it says what happened, as the standard library's TimeoutError does
    """The process that ran a task is gone: killed, crashed, or out of memory.

    Attributes:
        exitcode: its exit code, or minus the number of the signal that ended it.
        output: the last lines that it printed.
    """

    def __init__(
        self, message: str, task: str = "", worker: str = "", exitcode: int | None = None, output: str = ""
    ) -> None:
        super().__init__(message, task, worker)
        self.exitcode = exitcode
        self.output = output


class EngineError(PickleloafError):
    """The engine that runs the tasks (Dask, Ray, MPI) cannot do what was asked for, or has failed itself."""


class LeftOutWarning(UserWarning):
    """A module that was registered to travel by value travels without one of its names, which cannot."""


class SplitStateWarning(UserWarning):
    """A function arrives with globals in another state than those that a class of its module has here already."""


class LostPatchWarning(UserWarning):
    """Something that a payload refers to is patched here, and will not be over there."""


class KeptPatchWarning(UserWarning):
    """A patch that this process has set over one of a payload stays, though that one is taken back."""


def _rebuild(cls: type[PickleloafError], args: tuple[Any, ...], fields: dict[str, Any]) -> PickleloafError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(fields)
    return error
