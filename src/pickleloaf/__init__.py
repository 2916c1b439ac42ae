"""Ship live Python objects: functions, closures, classes, patched instances, to another process."""

from __future__ import annotations

from types import ModuleType

from pickleloaf.errors import DecodeError, EncodeError, MissingModuleError, MissingNameError, PickleloafError
from pickleloaf.pickler import DEFAULT_PROTOCOL, REGISTRY, Pickler, dump, dumps
from pickleloaf.unpickler import load, loads

__version__ = "0.1.0"

__all__ = [
    "DEFAULT_PROTOCOL",
    "CloudPickler",
    "DecodeError",
    "EncodeError",
    "MissingModuleError",
    "MissingNameError",
    "PickleloafError",
    "Pickler",
    "__version__",
    "dump",
    "dumps",
    "list_registry_pickle_by_value",
    "load",
    "loads",
    "register_pickle_by_value",
    "unregister_pickle_by_value",
]

#: The name that cloudpickle gives to its pickler.
CloudPickler = Pickler


def register_pickle_by_value(module: ModuleType) -> None:
    """Let the functions and classes of a module, and of its submodules, travel by value.

    Raises:
        ValueError: not a module, or one that is not in ``sys.modules``.
    """
    REGISTRY.register(module)


def unregister_pickle_by_value(module: ModuleType) -> None:
    """Take back `register_pickle_by_value`.

    Raises:
        ValueError: not a module, or not registered.
    """
    REGISTRY.unregister(module)


def list_registry_pickle_by_value() -> set[str]:
    """Return the names of the modules that are registered to travel by value."""
    return REGISTRY.names()
