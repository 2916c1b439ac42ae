"""By value or by reference: does the code of this module travel, or only its name?

By value travels the code of

1. ``__main__``;
2. modules that were registered, and their submodules;
3. modules that another process could not import by their name;
4. with ``local=True``, whatever is neither in the standard library nor in an installed distribution.

Everything else is importable, and goes by reference when its module and qualified name lead to it.
"""

from __future__ import annotations

import os
import sys
import types
import weakref
from collections.abc import Callable
from functools import lru_cache
from importlib.machinery import BuiltinImporter, FrozenImporter
from typing import Any

from pickleloaf._locks import new_lock
from pickleloaf.policy.handles import Handles

__all__ = [
    "MAIN",
    "TREATMENTS",
    "Registry",
    "ValuePolicy",
    "default_treatment",
    "is_importable_module",
    "is_installed",
]

#: Names under which the program itself runs; multiprocessing's spawned children have the second.
MAIN = frozenset({"__main__", "__mp_main__"})


class Registry:
    """Names of the modules that travel by value; safe to use from several threads."""

    def __init__(self) -> None:
        self._names: frozenset[str] = frozenset()
        self._lock = new_lock()
        self._notified: list[Callable[[], None]] = []

    def notify(self, callback: Callable[[], None]) -> None:
        """Have something called after each change."""
        if callback not in self._notified:
            self._notified.append(callback)

    def _tell(self) -> None:
        """Tell of a change, without the lock: what is forgotten then may run anybody's code."""
        for callback in list(self._notified):
            callback()

    def register(self, module: object) -> None:
        """Let a module and its submodules travel by value.

        Args:
            module: the module, or its name.

        Raises:
            ValueError: not a module, or one that is not in ``sys.modules``.
        """
        name = _name_of(module)
        if name not in sys.modules:
            msg = f"{module} was not imported correctly, have you used an `import` statement to access it?"
            raise ValueError(msg)
        with self._lock:
            self._names |= {name}
        self._tell()

    def unregister(self, module: object) -> None:
        """Take a registration back.

        Args:
            module: the module, or its name.

        Raises:
            ValueError: not a module, or not registered.
        """
        name = _name_of(module)
        with self._lock:
            if name not in self._names:
                msg = f"{module} is not registered for pickle by value"
                raise ValueError(msg)
            self._names -= {name}
        self._tell()

    def names(self) -> set[str]:
        """Return the registered names."""
        return set(self._names)

    def covers(self, name: str) -> bool:
        """Tell whether a module or one of its parents is registered."""
        names = self._names
        while names:
            if name in names:
                return True
            name, dot, _ = name.rpartition(".")
            if not dot:
                break
        return False

    def __bool__(self) -> bool:
        return bool(self._names)


def _name_of(module: object) -> str:
    """Return the name of a module that may be given by its name.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(module, str):
        return module
    if isinstance(module, types.ModuleType):
        return module.__name__
    msg = f"Input should be a module object, got {module!s} instead"
    raise ValueError(msg)


#: What can be done about patches while dumping.
TREATMENTS = ("warn", "carry", "refuse", "ignore")

#: Whether what a payload uses needs a closer look, where nothing cheaper is known.
_GLANCES: dict[str, Callable[[Any], bool]] = {
    "warn": bool,
    "carry": bool,
    "refuse": lambda _: True,
    "ignore": lambda _: False,
}


def check_treatment(patches: str) -> None:
    """Check a way of treating patches.

    Raises:
        ValueError: it is none of `TREATMENTS`.
    """
    if patches not in TREATMENTS:
        msg = f"patches is one of {', '.join(map(repr, TREATMENTS))}, not {patches!r}"
        raise ValueError(msg)


def default_treatment() -> str:
    """Return what is done about patches where nothing else is said: ``PICKLELOAF_PATCHES``, or "warn".

    Raises:
        ValueError: the variable has another value than one of `TREATMENTS`.
    """
    found = os.environ.get("PICKLELOAF_PATCHES", "") or "warn"
    if found not in TREATMENTS:
        msg = f"PICKLELOAF_PATCHES is {found!r}, which is none of {', '.join(TREATMENTS)}"
        raise ValueError(msg)
    return found


class ValuePolicy:
    """Answers for one way of dumping.

    Attributes:
        registry: modules that travel by value.
        handles: what was said of handles.
        local: whether local code travels by value.
        patches: what is done about patches of importable code, one of `TREATMENTS`.
        portable: whether code is for every Python; "prefer" where it can be.
        forced: ids of objects that travel by value wherever their names lead; see patching/ship.
        scanner: what looks for patches, and glance: tells whether it needs to; see patching/scan.
    """

    __slots__ = ("glance", "handles", "local", "patches", "portable", "registry", "scanner")

    forced: frozenset[int] = frozenset()
    #: Whether patches are being carried, and originals have to be told from copies: see patching/ship.
    carries = False

    def __init__(
        self,
        registry: Registry,
        handles: Handles,
        *,
        local: bool = False,
        patches: str = "warn",
        portable: bool | str = False,
    ) -> None:
        self.registry = registry
        self.handles = handles
        self.local = local
        self.portable = portable
        self.treat_patches(patches)

    def treat_patches(self, patches: str) -> None:
        """Say what is done about patches.

        Raises:
            ValueError: it is none of `TREATMENTS`.
        """
        check_treatment(patches)
        self.patches = patches
        self.scanner: Any = None
        self.glance: Callable[[Any], bool] = _GLANCES[patches]

    @property
    def ships_modules(self) -> bool:
        """Whether any importable module may travel by value."""
        return True if self.local or self.registry._names else False  # noqa: SIM210 - without a call of bool

    def travels(self, name: str | None) -> bool:
        """Tell whether the code of the module of this name travels by value."""
        if name is None or name in MAIN:
            return True
        module = sys.modules.get(name)
        if module is None or self.registry.covers(name) or not is_importable_module(name, module):
            return True
        return self.local and not is_installed(name, getattr(module, "__file__", None))

    def by_reference(self, obj: Any) -> bool:
        """Tell whether a function's or class's own module and qualified name lead to it elsewhere too."""
        name = getattr(obj, "__module__", None)
        # A wrapper may copy any object into __module__; only a name can be looked up.
        if type(name) is not str or name in MAIN:
            return False
        found: Any = sys.modules.get(name)
        if found is None:
            return False
        try:
            for part in obj.__qualname__.split("."):
                found = getattr(found, part)
        except AttributeError:
            return False
        return found is obj and not self.travels(name)


def chosen_policy(
    default: ValuePolicy,
    by_value: str | Registry | None,
    handles: Handles | None,
    patches: str | None,
    portable: bool | str,
) -> ValuePolicy:
    """Return the policy that the arguments of a pickler ask for.

    Raises:
        ValueError: one of them is another string than those that it may be.
    """
    if portable not in (True, False, "prefer"):
        msg = f"portable is True, False or 'prefer', not {portable!r}"
        raise ValueError(msg)
    if not isinstance(by_value, Registry) and by_value not in (None, "local"):
        msg = f"by_value is a Registry, 'local' or None, not {by_value!r}"
        raise ValueError(msg)
    registry = by_value if isinstance(by_value, Registry) else default.registry
    local = by_value == "local"
    patches = default.patches if patches is None else patches
    return ValuePolicy(registry, handles or default.handles, local=local, patches=patches, portable=portable)


#: Decisions of is_importable_module, by name; each holds as long as the module object is the same.
_importable: dict[str, tuple[weakref.ref[types.ModuleType], bool]] = {}


def is_importable_module(name: str, module: types.ModuleType) -> bool:
    """Tell whether another process with the same files could import this module by this name.

    A submodule counts as importable when its top-level package is, since packages put modules of
    their own making into ``sys.modules`` while they are imported. What stands there under the name of another but
    was made by hand is not what an import gives. Decided once per module object.
    """
    known = _importable.get(name)
    if known is not None and known[0]() is module:
        return known[1]
    top, _, rest = name.partition(".")
    if rest and top in sys.modules:
        answer = is_importable_module(top, sys.modules[top])
    elif _is_made_by_hand(module):
        answer = False
    else:
        answer = top in sys.builtin_module_names or top in sys.stdlib_module_names or _finds(top, module)
    try:
        _importable[name] = (weakref.ref(module), answer)
    except TypeError:  # something in sys.modules that is no module and takes no weak reference
        pass
    return answer


def _is_made_by_hand(module: types.ModuleType) -> bool:
    """Tell whether a module was made by calling its type: the import system gives each a spec."""
    names = vars(module)
    return type(module) is types.ModuleType and names.get("__spec__") is None and "__file__" not in names


def _finds(name: str, module: types.ModuleType) -> bool:
    """Ask the import system's finders for a top-level name, past ``sys.modules``."""
    origin = getattr(getattr(module, "__spec__", None), "origin", None)
    for finder in sys.meta_path:
        find_spec = getattr(finder, "find_spec", None)
        if find_spec is None or finder in (BuiltinImporter, FrozenImporter):
            continue
        try:
            spec = find_spec(name, None)
        except Exception:  # noqa: BLE001, S112 - a broken finder of somebody else's says nothing about the module
            continue
        if spec is not None:
            if origin is None or spec.origin is None or spec.origin == origin:
                return True
            # Hidden by a folder that came into sys.path later: libraries bring copies of others in theirs.
            return is_installed(name, origin)
    return False


@lru_cache(maxsize=4096)
def is_installed(name: str, file: str | None) -> bool:
    """Tell whether a module belongs to the standard library or to an installed distribution.

    Whoever loads a payload has pickleloaf, so that counts as installed, from whichever checkout it runs.
    """
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or top == __package__.partition(".")[0] or file is None:
        return True
    import site
    import sysconfig

    paths = sysconfig.get_paths()
    roots = [paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")]
    roots += [*site.getsitepackages(), site.getusersitepackages()]
    file = os.path.realpath(file)
    return any(file.startswith(os.path.realpath(root) + os.sep) for root in roots)
