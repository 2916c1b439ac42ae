"""Type parameters, type aliases, new types, forward references, typed dicts.

Takes apart: names, options and what is evaluated lazily, as functions. Travels as: wire.type_parameter,
wire.type_alias, wire.forward_reference, wire.typed_dict; typing.NewType, typing.ParamSpecArgs, by name.
Keeps: laziness, recursion, one object for each parameter of a payload; parameters that an importable
module holds under their own name are that module's. Loses: the cached value of a forward reference.
"""

from __future__ import annotations

import copyreg
import sys
import typing
from collections.abc import Callable
from types import FunctionType
from typing import Any

from pickleloaf.reducers import _tracking
from pickleloaf.reducers._building import arrived, namespace_of, reduce_building, stub
from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers._lazily import evaluators, intrinsic
from pickleloaf.wire import verb

_Evaluators = dict[str, FunctionType]


def _is_importable(obj: Any, dump: Dump) -> bool:
    """Tell whether a module holds an object under its name; that is also all that pickle asks."""
    module = sys.modules.get(obj.__module__)
    return getattr(module, obj.__name__, None) is obj and not dump.policy.travels(obj.__module__)


#: Arguments of the constructors, and what the attribute of this name is where nothing was said.
_SAID = {
    "bound": None,
    "constraints": (),
    "default": getattr(typing, "NoDefault", None),
    "covariant": False,
    "contravariant": False,
    "infer_variance": False,
}


def reduce_type_parameter(parameter: Any, dump: Dump) -> Any:
    if _is_importable(parameter, dump):
        return NotImplemented
    lazy = evaluators(parameter)
    said = {}
    for name, nothing in _SAID.items():
        value = nothing if name in lazy else getattr(parameter, f"__{name}__", nothing)
        if value is not nothing:
            said[name] = value
    arguments = (type(parameter), parameter.__name__, parameter.__module__, said)
    return rebuild_type_parameter, (*arguments, lazy) if lazy else arguments


@verb
def rebuild_type_parameter(
    kind: Callable[..., Any], name: str, module: str, said: dict[str, Any], lazy: _Evaluators | None = None
) -> Any:
    lazy = lazy or {}
    if "bound" in lazy:
        parameter = intrinsic("TYPEVAR_WITH_BOUND")(name, lazy["bound"])
    elif "constraints" in lazy:
        parameter = intrinsic("TYPEVAR_WITH_CONSTRAINTS")(name, lazy["constraints"])
    elif lazy:
        parameter = intrinsic(kind.__name__.upper())(name)
    else:
        parameter = kind(name, *said.pop("constraints", ()), **said)
    if "default" in lazy:
        intrinsic("SET_TYPEPARAM_DEFAULT")(parameter, lazy["default"])
    parameter.__module__ = module
    return parameter


def reduce_argument_of_parameter(argument: Any, dump: Dump) -> Any:
    return type(argument), (argument.__origin__,)


def reduce_type_alias(alias: Any, dump: Dump) -> Any:
    if _is_importable(alias, dump):
        return NotImplemented
    arguments = (alias.__name__, alias.__type_params__)
    lazy = evaluators(alias)
    if lazy:
        return rebuild_type_alias, (*arguments, lazy["value"])
    return rebuild_type_alias, (*arguments, None, alias.__value__, alias.__module__)


@verb
def rebuild_type_alias(
    name: str, parameters: tuple[Any, ...], evaluate: FunctionType | None, value: Any = None, module: str = ""
) -> Any:
    """Make a type alias from a function that is asked for its value later, or from the value."""
    if evaluate is not None:
        return intrinsic("TYPEALIAS")((name, parameters, evaluate))
    make = FunctionType(_make_alias.__code__, {"__name__": module})  # the caller's module is the alias's
    return make(typing.TypeAliasType, name, value, parameters)  # type: ignore[attr-defined]


def _make_alias(kind: Any, name: str, value: Any, parameters: tuple[Any, ...]) -> Any:
    return kind(name, value, type_params=parameters)


def reduce_new_type(new_type: Any, dump: Dump) -> Any:
    if dump.policy.by_reference(new_type):
        return NotImplemented
    return copyreg.__newobj__, (type(new_type),), dict(new_type.__dict__)  # type: ignore[attr-defined]


#: Arguments of ForwardRef: the attribute that keeps each, and what it is if nothing is said.
_OPTIONS = {
    "is_argument": ("__forward_is_argument__", True),
    "is_class": ("__forward_is_class__", False),
    "module": ("__forward_module__", None),
    "owner": ("__owner__", None),
}


def reduce_forward_reference(reference: Any, dump: Dump) -> Any:
    said = {}
    for name, (attribute, nothing) in _OPTIONS.items():
        value = getattr(reference, attribute, nothing)
        if value is not nothing:
            said[name] = value
    found = {name: getattr(reference, f"__{name}__", None) for name in ("globals", "cell", "extra_names")}
    if found["globals"]:
        names = reference.__forward_code__.co_names
        found["globals"] = {name: found["globals"][name] for name in names if name in found["globals"]}
    found = {name: value for name, value in found.items() if value}
    arguments = (reference.__forward_arg__, said)
    return rebuild_forward_reference, (*arguments, found) if found else arguments


@verb
def rebuild_forward_reference(text: str, said: dict[str, Any], found: dict[str, Any] | None = None) -> Any:
    reference = typing.ForwardRef(text, **said)
    for name, value in (found or {}).items():
        setattr(reference, f"__{name}__", value)
    return reference


#: Attributes of typed dicts that are frozen sets, whose order depends on the hash seed.
_KEYS = tuple(f"__{name}_keys__" for name in ("required", "optional", "readonly", "mutable"))


def reduce_typed_dict(cls: type, dump: Dump) -> Any:
    if dump.policy.by_reference(cls):
        dump.uses.append(cls)
        return NotImplemented
    stands = stub(cls, dump)
    if stands is not None:
        return stands
    names = {
        name: tuple(sorted(value)) if name in _KEYS else value for name, value in namespace_of(cls).items()
    }
    return reduce_building(cls, dump, rebuild_typed_dict, names)


@verb
def rebuild_typed_dict(
    identity: bytes, metaclass: Any, name: str, bases: tuple[type, ...], names: dict[str, Any]
) -> type:
    """Make a typed dict as it is, without its metaclass, which would read the annotations a second time."""
    known = arrived(identity, names)
    if known is not None:
        return known
    names = {key: frozenset(value) if key in _KEYS else value for key, value in names.items()}
    cls: type = type.__new__(metaclass, name, bases, names)
    _tracking.start(identity, cls, {})
    return cls
