"""A call on its way: the function and its arguments, each pickled on its own.

They are two pickles, so that a function that is called again and again travels once per worker: its pickle
is known there by its number (see `cluster`). What is kept is the pickle and not the function, which is made
anew for every task: a task sees what the function was when it was submitted, never what an earlier task did
to its globals or its closure. Only what has neither is kept (see standalone).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from pickleloaf.errors import PickleloafError, TaskError
from pickleloaf.tasks.chunks import Chunked
from pickleloaf.tasks.parcels import Parcel, carries_patches, mentioning, pack, unpack, unpack_for_a_while
from pickleloaf.tasks.promise import Runtime, Taken
from pickleloaf.tasks.refs import Ref
from pickleloaf.tasks.standalone import function_of, pickle_of, remember_function, remember_pickle

__all__ = ["Call", "name_of", "pack_error"]


class Call:
    """A function and its arguments, pickled.

    Attributes:
        function: the pickle of the function; empty where it lies with the arguments, since it is large.
        made: the function, once it is made to be called.
        arguments: tuple of arguments, or a list of that and keyword arguments, or of these and the function.
        needs: values that are taken as arguments.
    """

    __slots__ = ("_name", "arguments", "function", "made", "mentions", "needs")

    def __init__(
        self, function: bytes, arguments: Parcel, needs: tuple[int, ...] = (), name: str = "a task"
    ) -> None:
        self.function = function
        self.arguments = arguments
        self.needs = needs
        self._name = name
        self.mentions = arguments.mentions
        self.made: Any = None

    @property
    def name(self) -> str:
        """What people call the function."""
        return self._name if self.made is None else name_of(self.made)

    @classmethod
    def of(cls, f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], patches: str = "carry") -> Call:
        """Pickle a call.

        Args:
            f: the function, or a ref of one.
            args: its arguments.
            kwargs: those by name.
            patches: see `pickleloaf.Pickler`.

        Raises:
            EncodeError: a part of it cannot travel; says which and where it sits.
            TypeError: the function cannot be called.
        """
        if not callable(f) and type(f) is not Ref:
            raise TypeError(f"a task is a function to be called, not {type(f).__name__!r}")
        needs: list[int] = []
        name = name_of(f)
        if type(f) is Ref:
            f = _taken(f, needs)
        if args and not _TAKEN.isdisjoint(map(type, args)):
            args = tuple(_taken(each, needs) for each in args)
        if kwargs:
            kwargs = {key: _taken(each, needs) for key, each in kwargs.items()}
        known = pickle_of(f)
        if known is not None:
            data, contents = known
            args = (*contents, *args)
        elif type(f) is Chunked and f.pickle is not None:
            data = f.pickle
        else:
            function = pack(f, patches)
            if function.segment is not None or function.mentions:
                return cls(b"", pack([args, kwargs, f], patches), tuple(needs), name)
            data = function.data
            if type(f) is Chunked:
                f.pickle = data
            else:
                remember_pickle(f, data, lambda hollow: pack(hollow, patches).data)
        arguments = pack([args, kwargs] if kwargs else args, patches) if args or kwargs else _NO_ARGUMENTS
        return cls(data, arguments, tuple(needs), name)

    def run(self, runtime: Runtime, value_of: Callable[[int], Any]) -> Any:
        """Make function and arguments, and call.

        Args:
            runtime: to whom handles in it belong.
            value_of: returns the value of a number.

        Raises:
            BaseException: what the call raises.
        """
        if not (
            carries_patches(self.function) or carries_patches(self.arguments.data) or self.arguments.segment
        ):
            f, args, kwargs = self._make(runtime, value_of, unpack)
            return f(*args, **kwargs)
        with ExitStack() as patched:

            def unpack_patched(parcel: Parcel) -> Any:
                made, block = unpack_for_a_while(parcel)
                patched.enter_context(block)
                return made

            f, args, kwargs = self._make(runtime, value_of, unpack_patched)
            return f(*args, **kwargs)

    def _make(
        self, runtime: Runtime, value_of: Callable[[int], Any], unpack: Callable[[Parcel], Any]
    ) -> tuple[Any, Any, dict[str, Any]]:
        """Return the function, its arguments, and those by name."""
        with mentioning(runtime):
            made = () if self.arguments.data == _NO_ARGUMENTS.data else unpack(self.arguments)
            args, kwargs, f = (*made, None)[:3] if type(made) is list else (made, _NONE, None)
            if self.function:
                f = function_of(self.function)
                if f is None:
                    f = unpack(Parcel(self.function))
                    remember_function(self.function, f)
        if self.needs:
            args = [value_of(each) if type(each) is Taken else each for each in args]
            kwargs = {key: value_of(each) if type(each) is Taken else each for key, each in kwargs.items()}
            if type(f) is Taken:
                f = value_of(f)
        self.made = f
        return f, args, kwargs


_NONE: dict[str, Any] = {}

#: What many a task takes.
_NO_ARGUMENTS = pack(())

_TAKEN = frozenset({Ref, Taken})


def _taken(obj: Any, needs: list[int]) -> Any:
    """Put a number into the place of a ref."""
    if type(obj) in _TAKEN:
        ident = obj.ident if type(obj) is Ref else obj
        needs.append(int(ident))
        return Taken(ident)
    return obj


def name_of(f: Any) -> str:
    """Return what people call a function."""
    while isinstance(f, functools.partial):
        f = f.func
    name = getattr(f, "__qualname__", None)
    return name if type(name) is str else type(f).__qualname__


#: Exceptions that would end whoever they reach, rather than tell of a failure.
_ENDING = (SystemExit, KeyboardInterrupt, GeneratorExit)


def pack_error(error: BaseException, name: str, worker: str) -> Parcel:
    """Pickle what a task raised, or a stand-in that tells of it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals.get("__name__") in _OURS:
        trace = trace.tb_next
    error.__traceback__ = trace
    if isinstance(error, _ENDING):
        return pack(_stand_in(error, name, worker, "which would have ended whoever waits for it"))
    try:
        parcel = pack(error)
        made = error if parcel.mentions else unpack(parcel)  # only then is it known whether it can be made
        if isinstance(made, BaseException):
            return parcel
        reason = f"it becomes {type(made).__name__} when it is loaded"
    except BaseException as why:  # noqa: BLE001 - whatever user code raises while it is taken apart and made
        reason = str(why) if isinstance(why, PickleloafError) else f"{type(why).__name__}: {why}"
    return pack(_stand_in(error, name, worker, f"which cannot travel: {reason}"))


_OURS = frozenset(
    {__name__, *(f"pickleloaf.tasks.{each}" for each in ("chunks", "running", "standalone", "worker"))}
)


def _stand_in(error: BaseException, name: str, worker: str, why: str) -> TaskError:
    import traceback

    try:
        text = "".join(traceback.format_exception(error)).rstrip()
    except Exception:  # noqa: BLE001 - an exception may be unable to say what it is
        text = f"{type(error).__module__}.{type(error).__qualname__} (its text cannot be had)"
    return TaskError(
        f"task {name} on {worker} raised {type(error).__qualname__}, {why}\n{text}", name, worker
    )
