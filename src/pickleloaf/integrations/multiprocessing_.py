"""multiprocessing, and so concurrent.futures.ProcessPoolExecutor.

Everything that multiprocessing sends is pickled by one class, `ForkingPickler`, which three of its modules hold
by name: `reduction` starts processes with it, `connection` and `queues` send what follows. `use_in_multiprocessing`
puts a subclass of ours there. A child that was forked has it by that. One that is spawned starts anew, so
the process object, the first thing that is pickled for it, travels as a call that puts it there first.
"""

from __future__ import annotations

import collections
import copyreg
import io
import pickle
from collections.abc import Callable
from multiprocessing import connection, queues, reduction
from multiprocessing.process import BaseProcess
from typing import Any

from pickleloaf.integrations._framework import FrameworkPickler, settle_patches

__all__ = ["LoafForkingPickler", "start_here", "use_in_multiprocessing"]

#: What is registered with multiprocessing, by itself, by torch or by the user, before or after we come.
_registered: dict[type, Callable[..., Any]] = reduction.ForkingPickler._extra_reducers  # type: ignore[attr-defined]


class LoafForkingPickler(FrameworkPickler):
    """A drop-in for ``multiprocessing.reduction.ForkingPickler``."""

    def __init__(self, file: Any, protocol: int | None = None) -> None:
        super().__init__(file, protocol)
        self.dispatch_table = collections.ChainMap({**copyreg.dispatch_table, **_registered})

    @classmethod
    def register(cls, type: type, reduce: Callable[..., Any]) -> None:  # noqa: A002 - multiprocessing's own name
        """Register a reduce function for a type, as with multiprocessing's own class."""
        _registered[type] = reduce

    @classmethod
    def dumps(cls, obj: Any, protocol: int | None = None) -> memoryview:
        """Return the pickle of an object.

        Raises:
            EncodeError: a part of the object cannot travel; says which and where it sits.
        """
        buffer = io.BytesIO()
        cls(buffer, protocol).dump(obj)
        return buffer.getbuffer()

    loads = staticmethod(pickle.loads)

    def reducer_override(self, obj: Any) -> Any:
        """Let a process that is being started use this pickler before it unpickles anything else."""
        if isinstance(obj, BaseProcess):
            return start_here, (type(obj),), obj.__dict__
        return super().reducer_override(obj)


def start_here(cls: type[BaseProcess]) -> BaseProcess:
    """Make a process object in the child that it stands for, where pickleloaf is now in use."""
    use_in_multiprocessing()
    return cls.__new__(cls)


def use_in_multiprocessing(*, patches: str | None = None) -> None:
    """Let multiprocessing and ProcessPoolExecutor pickle with pickleloaf, here and in processes started from now on.

    Args:
        patches: see `settle_patches`.
    """
    settle_patches(patches)
    reduction.ForkingPickler = LoafForkingPickler  # type: ignore[misc, assignment]
    for module in (connection, queues):
        module._ForkingPickler = LoafForkingPickler  # type: ignore[attr-defined]
