"""Modules.

Takes apart: by reference, the name; by value, the namespace. Travels as: wire.module;
wire.namespace, wire.fill_module for modules by value.
Keeps: one dict for a module and its functions, circular imports, what can travel of the namespace.
An import that is still to be done (PEP 810) is done first.
Loses: of modules by value, the path, the loader and the entry in sys.modules.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from pickleloaf.errors import EncodeError
from pickleloaf.policy.by_value import MAIN
from pickleloaf.reducers._dump import Dump, Late, Namespace
from pickleloaf.wire import find_module, verb

#: Names that the import system gives to a module, and that mean nothing elsewhere.
_OF_THE_LOADER = frozenset(
    "__builtins__ __cached__ __file__ __loader__ __name__ __path__ __spec__ __warningregistry__".split()
)


def reduce_module(module: ModuleType, dump: Dump) -> Any:
    name = module.__name__
    if sys.modules.get(name) is module and (name in MAIN or not dump.policy.travels(name)):
        dump.uses.append(module)
        if name == "builtins":  # of which only what globals() returns in a script tells
            dump.doubts.append(("globals", vars(sys.modules["__main__"])))
        if dump.shared and id(module.__dict__) in dump.shared:
            raise _refusal(name)
        return rebuild_module, (name,)
    key = id(module.__dict__)
    namespace = dump.namespaces.get(key)
    dump.doubts.append(("whole", module.__dict__))
    if key in dump.shared:
        raise _refusal(name)
    if namespace is None:
        namespace = dump.namespaces[key] = Namespace(module.__dict__, name)
    left_out = dump.left_out.get(name, {})
    parts: dict[tuple[str, Any], Any] = {
        ("names", key): value
        for key, value in module.__dict__.items()
        if key not in _OF_THE_LOADER and key not in left_out
    }
    if "__path__" in module.__dict__:
        parts["names", "__path__"] = []
    if left_out:
        parts["left out", None] = left_out
    if type(module) is not ModuleType:
        parts["kind", None] = type(module)
    state = dump.give(Late(module, parts, _join, fill_module))
    if state is None:
        return rebuild_same, (namespace,)
    return rebuild_same, (namespace,), state, None, None, fill_module


def _refusal(name: str) -> EncodeError:
    msg = f"cannot pickle module {name!r}: the dict of its names travels on its own, too, as what globals() returns"
    return EncodeError(msg, hint="send the module alone, and ask it for vars(module) over there")


def reduce_spec(spec: Any, dump: Dump) -> Any:
    """Refuse the dict of an importable module: a copy of it is not what the module's functions look into over there.

    Pickle shows nobody a dict, but in that one there is the specification of the module. The dict of builtins may
    be copied: every dict that exec has filled refers to it.
    """
    name: str = spec.name
    module = sys.modules.get(name)
    own: Any = getattr(module, "__spec__", None)
    if own is spec and module is not builtins and not dump.policy.travels(name):
        names = module.__dict__
        if id(names) in dump.shared:
            raise _refusal(name)
        dump.doubts.append(("whole", names))
    return NotImplemented


def reduce_lazy_import(waiting: Any, dump: Dump) -> Any:
    """Send what an import that has not been needed yet would bring (PEP 810)."""
    return rebuild_same, (waiting.resolve(),)


def _join(parts: dict[tuple[str, Any], Any]) -> tuple[Any, ...]:
    names = {name: value for (kind, name), value in parts.items() if kind == "names"}
    left_out, kind = parts.get(("left out", None)), parts.get(("kind", None))
    return (names, left_out, kind) if left_out or kind else (names,)


@verb
def rebuild_module(name: str) -> ModuleType:
    return find_module(name)


@verb
def fill_module(module: ModuleType, state: tuple[Any, ...]) -> None:
    """Give a module its names and class; whoever asks for a name that could not travel is told why."""
    names, left_out, kind = (*state, None, None)[:3]
    module.__dict__.update(names)
    if kind is not None:
        module.__class__ = kind
    if left_out:
        module.__dict__["__getattr__"] = _explain(module.__name__, left_out, names.get("__getattr__"))


def _explain(module: str, left_out: dict[str, str], otherwise: Any) -> Callable[[str], Any]:
    def __getattr__(name: str) -> Any:  # noqa: N807 - PEP 562
        if name in left_out:
            msg = f"module {module!r} travelled by value without its {name!r}: {left_out[name]}"
            raise AttributeError(msg)
        if otherwise is not None:
            return otherwise(name)
        msg = f"module {module!r} has no attribute {name!r}"
        raise AttributeError(msg)

    return __getattr__


@verb
def rebuild_same(value: Any) -> Any:
    return value
