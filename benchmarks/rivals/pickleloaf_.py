"""pickleloaf itself."""

from typing import Any

import pickleloaf

NAME = "pickleloaf"
VERSION = pickleloaf.__version__

dumps = pickleloaf.dumps
loads = pickleloaf.loads
register = pickleloaf.register_pickle_by_value
unregister = pickleloaf.unregister_pickle_by_value


def dumps_apart(obj: Any) -> tuple[bytes, list[Any]]:
    """Pickle with buffers out of band."""
    buffers: list[Any] = []
    return pickleloaf.dumps(obj, buffer_callback=buffers.append), buffers
