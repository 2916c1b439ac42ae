"""Is this value at home where it was found, or was it patched in?

Theory. An importable module or class goes by reference: another process imports it and gets what its
source says. What a session has put into its namespace since does not come along. Such a value is told
by where it comes from: code of ``__main__``, of a registered module, of a module that nobody else can
import. An import would never have found that there, so it is a patch.

1. A function's home is the module that its globals are of, since anybody may write its ``__module__``,
   and ``functools.wraps`` does. A class's home is its ``__module__``, an instance's that of its class.
2. A wrapper is as foreign as what it wraps: closures, ``__wrapped__``, partial objects, methods,
   descriptors, and callable objects of C types (wrapt), are looked into, four levels deep.
3. Containers and the attributes of ordinary instances are not looked into: registries and hooks that
   a library offers are its state, and no patch.
4. What was made by ``exec`` without a module's name has no home and is no patch: that is how
   namedtuple, dataclasses and attrs make their functions.
5. A module that is registered, and that another imports, is at home there if the other's own source
   imports it from where it is.
6. A module that cannot be imported by its name, but whose file belongs to an installed distribution, came
   with that: libraries bring copies of others. Whoever imports them gets it again.
7. Some names are there to be set, such as ``sys.excepthook``. They belong to the process.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

from pickleloaf.inspecting.anatomy import WRAPPERS, contents_of, inner, space_of, wrapped
from pickleloaf.inspecting.kinds import ATOMS, CONTAINERS
from pickleloaf.inspecting.names import resolved
from pickleloaf.patching.bindings import binding
from pickleloaf.patching.source import MISSING
from pickleloaf.policy.by_value import MAIN, ValuePolicy, is_importable_module, is_installed
from pickleloaf.policy.native import is_native_module

__all__ = [
    "OF_THE_PROCESS",
    "PLAIN",
    "Judge",
    "Place",
    "held",
    "owner_of",
]

_TO_BE_SET = {
    "sys": "breakpointhook displayhook excepthook unraisablehook stdin stdout stderr last_exc last_type last_value "
    "last_traceback ps1 ps2",
    "builtins": "_ __build_class__ __import__ __debug__ __doc__ __name__ __spec__ __loader__ __package__",
    "threading": "excepthook",
}

#: Names that are there to be set, as places.
OF_THE_PROCESS = frozenset(
    (module, "", name) for module, names in _TO_BE_SET.items() for name in names.split()
)

#: Types whose objects never come from anywhere, by id: a metaclass may make types unhashable.
_PLAIN = (ATOMS | CONTAINERS | {range, slice, CodeType}) | {
    type(object.__init__),
    type(str.join),
    type(int.real),
    type(FunctionType.__globals__),
    type(dict.__dict__["fromkeys"]),
}
PLAIN = frozenset(map(id, _PLAIN))

#: Types whose objects are looked at where they stand behind a wrapper.
_CODE = (FunctionType, MethodType)

_DEEP = 4

#: Files of what is typed into an interpreter, and of what pickleloaf has brought here.
_SESSIONS = ("<stdin>", "<python-input", "<ipython-input", "<pickleloaf")


class Place(NamedTuple):
    """An attribute of a module, or of a class or function in it."""

    module: str
    #: Qualified name of the class or function; "" for the module itself.
    path: str
    name: str

    def __str__(self) -> str:
        return ".".join(part for part in self if part)

    @property
    def qualname(self) -> str:
        """The attribute's qualified name in the module."""
        return f"{self.path}.{self.name}" if self.path else self.name


def owner_of(place: Place) -> Any:
    """Return the module, class or function that has the attribute here, or None."""
    found: Any = sys.modules.get(place.module)
    for part in place.path.split(".") if place.path else ():
        found = inner(getattr(found, "__dict__", {}).get(part))
    return found


def held(owner: Any, name: str) -> Any:
    """Return what the namespace of a module or class, or a function, has under a name, or MISSING."""
    if isinstance(owner, FunctionType):
        return getattr(owner, name, MISSING)
    if name == "__class__" and isinstance(owner, ModuleType):
        return type(owner)
    return MISSING if owner is None else vars(owner).get(name, MISSING)


class Judge:
    """Tells patches from what belongs, for one way of deciding what travels by value."""

    def __init__(self, policy: ValuePolicy) -> None:
        self._policy = policy
        self.is_of_session = _Session()
        looks: dict[type, Callable[[Any, Place, int], bool]] = {
            FunctionType: self._function,
            MethodType: self._method,
            BuiltinFunctionType: self._builtin,
            ModuleType: self._module,
            **dict.fromkeys(WRAPPERS, self._wrapper),
        }
        self._looks = {id(kind): look for kind, look in looks.items()}

    def is_patch(self, value: Any, place: Place) -> bool:
        """Tell whether the value at some place was patched in."""
        try:
            return self._look(value, place, 0)
        except Exception:  # noqa: BLE001 - a foreign metaclass or property that fails when it is asked
            return False

    def _look(self, value: Any, place: Place, depth: int) -> bool:
        kind = type(value)
        if id(kind) in PLAIN or depth > _DEEP:
            return False
        look = self._looks.get(id(kind))
        if look is not None:
            return look(value, place, depth)
        if issubclass(kind, type):
            return self._is_foreign(value.__module__, place, value)
        if issubclass(kind, ModuleType):
            return self._module(value, place, depth)
        return self._instance(value, kind, place, depth)

    def _is_foreign(self, home: Any, place: Place, value: Any, file: str = "") -> bool:
        """Tell whether code of a module travels by value, and was not imported here."""
        if type(home) is not str or home == place.module:
            return False
        if home in MAIN:
            return True
        if (module := sys.modules.get(home)) is None:
            return file.startswith("<pickleloaf")
        name = getattr(module, "__name__", home)  # extension modules are in sys.modules under several names
        if name == place.module:
            return False
        if not is_importable_module(name, module):
            return _is_python(value) and not _is_vendored(name, module)
        return self._policy.travels(home) and not _is_imported(value, place)

    def _function(self, value: FunctionType, place: Place, depth: int) -> bool:
        code = value.__code__
        home = value.__globals__.get("__name__")
        if home != place.module and self._is_foreign(home, place, value, code.co_filename):
            return True
        wrapped = value.__dict__.get("__wrapped__") if value.__dict__ else None
        if wrapped is not None and self._look(wrapped, place, depth + 1):
            return True
        closure = value.__closure__
        return closure is not None and any(self._cell(cell, place, depth + 1) for cell in closure)

    def _cell(self, cell: CellType, place: Place, depth: int) -> bool:
        value = contents_of(cell)
        # Other things in a closure are a wrapper's own affair.
        return isinstance(value, (FunctionType, MethodType, type)) and self._look(value, place, depth)

    def _method(self, value: MethodType, place: Place, depth: int) -> bool:
        return self._look(value.__func__, place, depth + 1) or self._look(value.__self__, place, depth + 1)

    def _builtin(self, value: BuiltinFunctionType, place: Place, depth: int) -> bool:
        owner = value.__self__
        return owner is not None and not isinstance(owner, ModuleType) and self._look(owner, place, depth + 1)

    def _wrapper(self, value: Any, place: Place, depth: int) -> bool:
        return any(self._look(part, place, depth + 1) for part in wrapped(value))

    def _module(self, value: ModuleType, place: Place, depth: int) -> bool:
        name = space_of(value).get("__name__")
        if type(name) is not str or name in MAIN:
            return False
        known = sys.modules.get(name)
        if known is value:
            return not is_importable_module(name, value) and not _is_vendored(name, value)
        top = name.partition(".")[0]
        has_home = top in sys.modules and is_importable_module(top, sys.modules[top])
        return known is None and not has_home and not is_native_module(value)

    def _instance(self, value: Any, kind: type, place: Place, depth: int) -> bool:
        if self._is_foreign(kind.__module__, place, kind):
            return True
        if not callable(value) and not hasattr(kind, "__get__"):
            return False
        return any(self._look(part, place, depth + 1) for part in _behind(value) if type(part) in _CODE)


class _Session(dict[str, bool]):
    """Tells whether code of a file was typed into a session, stands in the script or has arrived here."""

    def __missing__(self, file: str) -> bool:
        script = getattr(sys.modules.get("__main__"), "__file__", None)
        self[file] = found = file.startswith(_SESSIONS) or "/ipykernel_" in file or file == script
        return found


def _behind(value: Any) -> list[Any]:
    """Return what an object refers to, with its attributes; not what else it knows, such as its globals."""
    found = gc.get_referents(value)
    try:
        found += object.__getattribute__(value, "__dict__").values()
    except (AttributeError, TypeError):
        pass
    return found


def _is_vendored(name: str, module: ModuleType) -> bool:
    """Tell whether the file of a module that nobody can import by its name is a part of some distribution."""
    file = getattr(module, "__file__", None)
    return type(file) is str and is_installed(name, file)


def _is_python(value: Any) -> bool:
    """Tell functions and classes written in Python from the types that extension modules share among them."""
    return not isinstance(value, type) or any(type(each) is FunctionType for each in vars(value).values())


def _is_imported(value: Any, place: Place) -> bool:
    """Tell whether the source of a module imports a value from a place that holds it."""
    found = binding(*place) or binding(*place[:2], "*")
    if found is None or found.source is None:
        return False
    level, name, member = found.source
    name = resolved(name, level, getattr(sys.modules.get(place.module), "__package__", None))
    return getattr(sys.modules.get(name), place.name if member == "*" else member, None) is value
