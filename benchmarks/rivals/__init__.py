"""The serializers that are compared, one file each.

Every file has the same names: `NAME`, `VERSION`, `dumps`, `loads`; `dumps_apart(obj)`, which returns a
payload and its out-of-band buffers, or None for a rival without any; `register(module)` and
`unregister(module)`, which let a module travel by value, or None.
"""

import importlib
import importlib.util
from types import ModuleType

__all__ = ["NAMES", "OURS", "find_rivals"]

OURS = "pickleloaf"
#: In the order of the tables' columns.
NAMES = ("pickle", "cloudpickle", "dill", OURS)


def find_rivals() -> dict[str, ModuleType]:
    """Import the rivals that are installed."""
    return {
        name: importlib.import_module(f"{__name__}.{name}_")
        for name in NAMES
        if importlib.util.find_spec(name)
    }
