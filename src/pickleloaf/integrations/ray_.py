"""Ray: all that it pickles goes through ``dumps`` of its copy of cloudpickle, ``ray.cloudpickle``.

The copy's pickler keeps, beside cloudpickle's own entries, what Ray and the user registered: object refs, actor
handles, exceptions, `ray.util.register_serializer`. Those reducers are Ray's business and are asked as before;
cloudpickle's own are not. Workers are told by Ray's setup hook, which runs before their first task.
"""

from __future__ import annotations

import copyreg
import importlib
import io
from typing import Any

from pickleloaf.integrations._framework import FrameworkPickler

__all__ = ["use_in_ray"]


def use_in_ray() -> dict[str, Any]:
    """Let Ray pickle with pickleloaf, here, and in the workers of a job that is given what this returns.

    ``ray.init(runtime_env=use_in_ray())``; merge it with a ``runtime_env`` of your own.

    Raises:
        ImportError: Ray is not installed.
    """
    cloudpickle: Any = importlib.import_module("ray.cloudpickle")
    cloudpickle.dumps = _dumps
    return {"worker_process_setup_hook": "pickleloaf.integrations.use_in_ray"}


def _dumps(obj: Any, protocol: int | None = None, buffer_callback: Any = None) -> bytes:
    """Do as ``ray.cloudpickle.dumps`` does."""
    buffer = io.BytesIO()
    pickler = FrameworkPickler(buffer, protocol, buffer_callback)
    pickler.dispatch_table = _registered_with_ray()
    pickler.dump(obj)
    return buffer.getvalue()


def _registered_with_ray() -> dict[type, Any]:
    """Return what is registered with Ray's pickler and is no part of cloudpickle."""
    theirs = importlib.import_module("ray.cloudpickle.cloudpickle")
    table = theirs.CloudPickler._dispatch_table
    return copyreg.dispatch_table | {
        cls: reducer
        for cls, reducer in table.items()
        if getattr(reducer, "__module__", None) != theirs.__name__
    }
