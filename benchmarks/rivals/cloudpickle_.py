"""cloudpickle, as it is used by Dask, Ray, Spark and joblib."""

from typing import Any

import cloudpickle

NAME = "cloudpickle"
VERSION = cloudpickle.__version__

dumps = cloudpickle.dumps
loads = cloudpickle.loads
register = cloudpickle.register_pickle_by_value
unregister = cloudpickle.unregister_pickle_by_value


def dumps_apart(obj: Any) -> tuple[bytes, list[Any]]:
    """Pickle with buffers out of band."""
    buffers: list[Any] = []
    return cloudpickle.dumps(obj, buffer_callback=buffers.append), buffers
