"""Ship live Python objects: functions, closures, classes, patched instances, to another process."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pickle import HIGHEST_PROTOCOL, PickleBuffer, PickleError, PicklingError, UnpicklingError
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pickleloaf.errors import (
    DecodeError,
    EncodeError,
    EngineError,
    KeptPatchWarning,
    LeftOutWarning,
    LostPatchWarning,
    MissingModuleError,
    MissingNameError,
    PatchError,
    PickleloafError,
    SplitStateWarning,
    TaskError,
    WorkerDied,
)
from pickleloaf.pickler import DEFAULT_PROTOCOL, Pickler, dump, dumps, set_default_patches
from pickleloaf.pickler import HANDLES as _HANDLES
from pickleloaf.pickler import REGISTRY as _REGISTRY
from pickleloaf.unpickler import Unpickler, load, loads

if TYPE_CHECKING:
    from pickleloaf.engines.front import Executor, run
    from pickleloaf.fingerprinting import fingerprint
    from pickleloaf.patching.api import (
        FoundPatch,
        Loaded,
        Patch,
        applied,
        apply_patches,
        find_patches,
        mark_patched,
        patches,
        revert_patches,
        track_patches,
    )
    from pickleloaf.tasks.cluster import Cluster
    from pickleloaf.tasks.promise import Promise, when_all, when_any
    from pickleloaf.tasks.refs import Ref

__version__ = "0.1.0"

__all__ = [
    "DEFAULT_PROTOCOL",
    "HIGHEST_PROTOCOL",
    "CloudPickler",
    "Cluster",
    "DecodeError",
    "EncodeError",
    "EngineError",
    "Executor",
    "FoundPatch",
    "KeptPatchWarning",
    "LeftOutWarning",
    "Loaded",
    "LostPatchWarning",
    "MissingModuleError",
    "MissingNameError",
    "Patch",
    "PatchError",
    "PickleBuffer",
    "PickleError",
    "PickleloafError",
    "Pickler",
    "PicklingError",
    "Promise",
    "Ref",
    "SplitStateWarning",
    "TaskError",
    "Unpickler",
    "UnpicklingError",
    "WorkerDied",
    "__version__",
    "applied",
    "apply_patches",
    "dump",
    "dumps",
    "find_patches",
    "fingerprint",
    "handle",
    "list_registry_pickle_by_value",
    "load",
    "loads",
    "mark_patched",
    "patches",
    "register_pickle_by_value",
    "revert_patches",
    "run",
    "set_default_patches",
    "track_patches",
    "unregister_pickle_by_value",
    "when_all",
    "when_any",
]

#: Names that are imported when they are first asked for, from where: most programs need none of them.
_LAZY = {
    "fingerprint": "pickleloaf.fingerprinting",
    "FoundPatch": "pickleloaf.patching.api",
    "find_patches": "pickleloaf.patching.api",
    "Loaded": "pickleloaf.patching.api",
    "Patch": "pickleloaf.patching.api",
    "applied": "pickleloaf.patching.api",
    "apply_patches": "pickleloaf.patching.api",
    "mark_patched": "pickleloaf.patching.api",
    "patches": "pickleloaf.patching.api",
    "revert_patches": "pickleloaf.patching.api",
    "track_patches": "pickleloaf.patching.api",
    "Cluster": "pickleloaf.tasks.cluster",
    "run": "pickleloaf.engines.front",
    "Executor": "pickleloaf.engines.front",
    "Promise": "pickleloaf.tasks.promise",
    "when_all": "pickleloaf.tasks.promise",
    "when_any": "pickleloaf.tasks.promise",
    "Ref": "pickleloaf.tasks.refs",
}


def __getattr__(name: str) -> Any:
    """Import a lazy name (PEP 562)."""
    if name not in _LAZY:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = globals()[name] = getattr(importlib.import_module(_LAZY[name]), name)
    return value


#: The name that cloudpickle gives to its pickler.
CloudPickler = Pickler


def register_pickle_by_value(module: ModuleType | str) -> None:
    """Let the functions and classes of a module, and of its submodules, travel by value.

    Args:
        module: the module, or its name.

    Raises:
        ValueError: not a module, or one that is not in ``sys.modules``.
    """
    _REGISTRY.register(module)


def unregister_pickle_by_value(module: ModuleType | str) -> None:
    """Take back `register_pickle_by_value`.

    Args:
        module: the module, or its name.

    Raises:
        ValueError: not a module, or not registered.
    """
    _REGISTRY.unregister(module)


def list_registry_pickle_by_value() -> set[str]:
    """Return the names of the modules that are registered to travel by value."""
    return _REGISTRY.names()


def handle(cls: type, policy: str | Callable[[Any], Any] | None) -> None:
    """Say what becomes of the objects of a type, and of its subclasses, when they are dumped.

    Args:
        cls: the type.
        policy: ``"recreate"``: one made anew there, for kinds that pickleloaf knows (see the table of
            handles) from what this one was made from, for others by calling the type; ``"by_name"``:
            the one that the same module holds there under the same name; ``"skip"``: None;
            ``"refuse"``: an `EncodeError`; a function: called with the object, answers as
            ``__reduce__`` does. None takes back what was said.

    Raises:
        TypeError: not a type, or one of plain data, of functions or of classes.
        ValueError: no such policy.
    """
    _HANDLES.say(cls, policy)
