"""Is this value at home where it was found, or was it patched in?

An importable module or class goes by reference: another process imports it and gets what its source says. What a
session has put into its namespace since does not come along. Such a value is told by where it comes from: code of
``__main__``, of a registered module, of a module that nobody else can import. An import would never have found that
there, so it is a patch. What does not show where it comes from is no patch: a false alarm costs more than a miss.

1. A function's home is the module that its globals are of, since anybody may write its ``__module__``, and
   ``functools.wraps`` does. A class's home is its ``__module__``, an instance's that of its class. Types written in C
   have no home that could be told: extension modules share them under all kinds of names.
2. A wrapper is as foreign as what it wraps: closures, ``__wrapped__``, partial objects, methods, descriptors, and
   callable objects, are looked into, four levels deep. So the class behind an accessor of pandas is found.
3. Containers and the attributes of ordinary instances are not looked into: hooks that a library keeps in a list are its
   state, and no patch. Entries of registries are (see place).
4. What was made by ``exec`` without a module's name has no home and is no patch: that is how namedtuple, dataclasses
   and attrs make their functions.
5. A module that is registered, and that another imports, is at home there if the other's own source imports it from
   where it is.
6. A module that cannot be imported by its name is no patch if its file belongs to an installed distribution (libraries
   bring copies of others), if the source of whoever holds it imports or computes that name, or if that source is not
   known and nothing in it is written in Python: libraries make modules while they are imported, and whoever imports
   them gets these again.
7. Some names are there to be set, such as ``sys.excepthook``. They belong to the process.
8. A script that is imported under its own name, too, is at home in itself.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from pickleloaf.code.baseline import MISSING, binding, has_source
from pickleloaf.code.codec import facts_of
from pickleloaf.inspecting.anatomy import WRAPPERS, contents_of, inner, is_heap_type, space_of, wrapped
from pickleloaf.inspecting.kinds import ATOMS, CONTAINERS
from pickleloaf.inspecting.names import resolved
from pickleloaf.patching.place import Place
from pickleloaf.policy.by_value import MAIN, ValuePolicy, is_importable_module, is_installed

__all__ = ["OF_THE_PROCESS", "PLAIN", "PatchDetector", "find_original", "origin_of"]

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

_DEEP = 4

#: Files of what is typed into an interpreter, and of what pickleloaf has brought here.
_SESSIONS = ("<stdin>", "<python-input", "<ipython-input", "<pickleloaf")


class PatchDetector:
    """Tells patches from what belongs, for one way of deciding what travels by value."""

    def __init__(self, policy: ValuePolicy) -> None:
        self._policy = policy
        self._sessions: dict[str, bool] = {}
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

    def is_of_session(self, file: str, module: str) -> bool:
        """Tell whether code of a module was typed into a session, stands in the script or has arrived here."""
        if file not in self._sessions:
            script = getattr(sys.modules.get("__main__"), "__file__", None)
            self._sessions[file] = (
                file.startswith(_SESSIONS) or "/ipykernel_" in file or (file == script and file is not None)
            )
        return self._sessions[file] and getattr(sys.modules.get(module), "__file__", None) != file

    def _look(self, value: Any, place: Place, depth: int) -> bool:
        kind = type(value)
        if id(kind) in PLAIN or depth > _DEEP:
            return False
        look = self._looks.get(id(kind))
        if look is not None:
            return look(value, place, depth)
        if issubclass(kind, type):
            return self._is_foreign(value.__module__, place, value)
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
        if name == place.module or not _is_python(value):
            return False
        if not is_importable_module(name, module):
            return not _is_vendored(name, module) and not _is_bound(place)
        return self._policy.travels(name) and not _is_imported(value, place)

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
        names = space_of(value)
        name = names.get("__name__")
        if type(name) is not str or name in MAIN:
            return False
        if sys.modules.get(name) is value:
            return not is_importable_module(name, value) and not _is_vendored(name, value)
        top = name.partition(".")[0]
        has_home = top in sys.modules and is_importable_module(top, sys.modules[top])
        if name in sys.modules or has_home or _is_vendored(name, value) or _is_bound(place):
            return False
        return has_source(place.module) or any(map(_is_python, names.values()))

    def _instance(self, value: Any, kind: type, place: Place, depth: int) -> bool:
        if self._is_foreign(kind.__module__, place, kind):
            return True
        if not callable(value) and not hasattr(kind, "__get__"):
            return False
        return any(self._look(part, place, depth + 1) for part in _behind(value) if _is_code(part))


def _is_code(value: Any) -> bool:
    """Tell whether something that stands behind a wrapper is what it wraps: a function or a class."""
    return type(value) in (FunctionType, MethodType) or issubclass(type(value), type)


def _behind(value: Any) -> list[Any]:
    """Return what an object refers to, with its attributes, but for its class; not what else it knows."""
    found = [each for each in gc.get_referents(value) if each is not type(value)]
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
    """Tell functions and classes written in Python from others."""
    if isinstance(value, type):
        return is_heap_type(value) and any(type(each) is FunctionType for each in vars(value).values())
    return type(value) is FunctionType


def _is_bound(place: Place) -> bool:
    """Tell whether the source of a module or class imports a name or computes it: then that may be anything."""
    found = binding(*place)
    return found is not None and not found.is_definition and found.constant is MISSING


def _is_imported(value: Any, place: Place) -> bool:
    """Tell whether the source of a module imports a value from a place that holds it."""
    found = binding(*place) or binding(*place[:2], "*")
    if found is None or found.source is None:
        return False
    level, name, member = found.source
    name = resolved(name, level, getattr(sys.modules.get(place.module), "__package__", None))
    return getattr(sys.modules.get(name), place.name if member == "*" else member, None) is value


#: Objects that are looked at to find an original.
_FAR = 300


def find_original(value: Any, place: Place, detector: PatchDetector) -> Any:
    """Return what a patch knows of what was there before it, or MISSING."""
    queue, seen = [value], {id(value)}
    for each in queue:
        if (
            each is not value
            and getattr(each, "__module__", None) == place.module
            and getattr(each, "__qualname__", None) == place.qualname
            and not detector.is_patch(each, place)
        ):
            return each
        for part in _known_to(each):
            if id(part) not in seen and len(queue) < _FAR:
                seen.add(id(part))
                queue.append(part)
    return MISSING


def _known_to(value: Any) -> list[Any]:
    """Return what a wrapper of some kind gets at, its original perhaps among it."""
    kind = type(value)
    if kind is FunctionType:
        scope = value.__globals__
        names = facts_of(value.__code__).names.globals if scope.get("__name__") in MAIN else ()
        cells = [contents_of(cell) for cell in value.__closure__ or ()]
        return [
            *cells,
            *value.__dict__.values(),
            *(value.__defaults__ or ()),
            *(scope[name] for name in names if name in scope),
        ]
    if issubclass(kind, type):
        return [*value.__bases__, *value.__dict__.values()] if is_heap_type(value) else []
    if issubclass(kind, property):
        return wrapped(value)
    return [] if issubclass(kind, ModuleType) else gc.get_referents(value)


def origin_of(value: Any) -> str:
    """Say what a patch is and where it was defined."""
    value = inner(value[1] if type(value) is tuple and len(value) == 2 else value)  # an entry of a registry
    if value is MISSING:
        return "its removal"
    if type(value) is FunctionType:
        return f"function {value.__globals__.get('__name__')}.{value.__code__.co_qualname}"
    if issubclass(type(value), type):
        return f"class {value.__module__}.{value.__qualname__}"
    if issubclass(type(value), ModuleType):
        return f"module {value.__name__}"
    return f"an instance of {type(value).__module__}.{type(value).__qualname__}"
