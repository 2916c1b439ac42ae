"""Type parameters, type aliases, new types, forward references, typed dicts.

Takes apart: names, options and what is evaluated lazily, as functions. Travels as: wire.type_parameter,
wire.known_type_parameter, wire.new_type, wire.type_alias, wire.late_type_alias, wire.fill_late_type_alias,
wire.forward_reference, wire.typed_dict; typing.ParamSpecArgs, by name.
Keeps: laziness, recursion, one object for each parameter of a payload; parameters that an importable
module holds under their own name are that module's. A TypeVar, ParamSpec or NewType that a script has made by calling
these is one object in a process, however often it arrives (see _Known). Loses: the cached value of a forward reference.
"""

from __future__ import annotations

import re
import sys
import typing
import weakref
from collections.abc import Callable
from types import FunctionType
from typing import Any

from pickleloaf._compat import HAS_INFERRED_VARIANCE, HAS_PARAMETER_DEFAULTS, VERSION
from pickleloaf._digests import blake2b
from pickleloaf.errors import DecodeError
from pickleloaf.inspecting.caches import IdentityCache
from pickleloaf.reducers._dump import Dump, Late
from pickleloaf.reducers._lazily import evaluators, intrinsic
from pickleloaf.reducers.classes import identities
from pickleloaf.reducers.classes.building import arrived, join_names, namespace_of
from pickleloaf.reducers.classes.draft import Kind
from pickleloaf.reducers.classes.shipping import nothing_more, reduce_by_value
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
    values: dict[tuple[str, Any], Any] = {}
    if dump.portable:  # the functions are for one Python; their values are given when the parameter is there
        values = {("values", name): _value(parameter, name) for name in lazy if name != "constraints"}
        lazy = {}
    said = {}
    for name, nothing in _SAID.items():
        if name not in lazy and ("values", name) not in values:
            value = getattr(parameter, f"__{name}__", nothing)
            if value is not nothing:
                said[name] = value
    arguments: tuple[Any, ...] = (type(parameter), parameter.__name__, parameter.__module__, said)
    if values:
        state = dump.give(Late(parameter, values, join_names, fill_type_parameter))
        later = tuple(name for _, name in values)
        return rebuild_type_parameter, (*arguments, None, later), state, None, None, fill_type_parameter
    if lazy or said.get("infer_variance"):  # written as PEP 695 has it, it belongs to a class or function
        return rebuild_type_parameter, (*arguments, lazy) if lazy else arguments
    return rebuild_known_type_parameter, (_known.identity_of(parameter, arguments), *arguments)


class _Known:
    """Objects that are the same in every payload that brings them, and in the process that they came from.

    They are known by a digest of what they say of themselves, with a number that tells apart living ones of one
    process that say the same. The table holds them weakly.
    """

    def __init__(self) -> None:
        self._identities: IdentityCache[bytes] = IdentityCache()
        self._objects: weakref.WeakValueDictionary[bytes, Any] = weakref.WeakValueDictionary()

    def identity_of(self, obj: Any, said: tuple[Any, ...]) -> bytes:
        """Return the identity of an object; it gets one when it is first asked for."""
        identity = self._identities.get(id(obj))
        if identity is None:
            text = _ADDRESS.sub("", repr(said)).encode("utf-8", "surrogatepass")
            digest = blake2b(text, digest_size=12).digest()
            identity, number = digest, 0
            while identity in self._objects:
                number += 1
                identity = digest + number.to_bytes(4, "big")
            self.keep(obj, identity)
        return identity

    def get(self, identity: bytes) -> Any:
        """Return the object of an identity, or None."""
        return self._objects.get(identity)

    def keep(self, obj: Any, identity: bytes) -> Any:
        """Enter an object, and return it, or the one that another thread has entered meanwhile."""
        kept = self._objects.setdefault(identity, obj)
        if kept is obj:
            self._identities.keep(obj, identity)
        return kept


_known = _Known()

#: What the text of an object says of where it lies, which changes from run to run.
_ADDRESS = re.compile(" at 0x[0-9a-fA-F]+")


@verb
def rebuild_known_type_parameter(
    identity: bytes, kind: Callable[..., Any], name: str, module: str, said: dict[str, Any]
) -> Any:
    """Return the type parameter of an identity; make it unless it is here already."""
    known = _known.get(identity)
    return _known.keep(rebuild_type_parameter(kind, name, module, said), identity) if known is None else known


def _value(parameter: Any, name: str) -> Any:
    """Return a bound or default, or the name in it that is not there yet."""
    try:
        return getattr(parameter, f"__{name}__")
    except NameError as error:
        return typing.ForwardRef(str(error.name))


@verb
def rebuild_type_parameter(
    kind: Callable[..., Any],
    name: str,
    module: str,
    said: dict[str, Any],
    lazy: _Evaluators | None = None,
    later: tuple[str, ...] = (),
) -> Any:
    """Make a type parameter.

    Args:
        kind: its type.
        name: its name.
        module: the module that it says it is of.
        said: what is known of it.
        lazy: functions that are asked for the rest.
        later: what `fill_type_parameter` will say of it.
    """
    if "default" in [*said, *later] and not HAS_PARAMETER_DEFAULTS:
        raise DecodeError(_newer(f"the type parameter {name} has a default (PEP 696)", "3.13"))
    lazy = lazy or {}
    if HAS_INFERRED_VARIANCE:
        lazy = {**lazy, **{each: FunctionType(_given.__code__, {}, None, (1,)) for each in later}}
    else:
        said.pop("infer_variance", None)  # only type checkers ask
    if kind is typing.TypeVarTuple:  # one that is covariant, say, is known from 3.15 on
        said = {each: value for each, value in said.items() if hasattr(kind, f"__{each}__")}
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


def _given(form: int = 1, /, *, value: Any = None) -> Any:
    """Stand for a function that evaluates; see `fill_type_parameter`."""
    return value


@verb
def fill_type_parameter(parameter: Any, values: dict[str, Any]) -> None:
    """Say what the bound and the default of a type parameter are, once they are there."""
    for name, value in values.items():
        if HAS_INFERRED_VARIANCE:
            evaluators(parameter)[name].__kwdefaults__ = {"value": value}
        else:
            setattr(parameter, f"__{name}__", value)


def _newer(what: str, version: str) -> str:
    return f"{what}, which needs Python {version}; this is Python {'.'.join(map(str, VERSION))}"


def reduce_argument_of_parameter(argument: Any, dump: Dump) -> Any:
    return type(argument), (argument.__origin__,)


def reduce_type_alias(alias: Any, dump: Dump) -> Any:
    if _is_importable(alias, dump):
        return NotImplemented
    arguments = (alias.__name__, alias.__type_params__)
    lazy = evaluators(alias)
    if dump.portable and _leads_back(alias):
        held = dump.boxes.setdefault(id(alias), [])
        rebuilt = (rebuild_late_type_alias, (*arguments, alias.__module__, held))
        return *rebuilt, (held, alias.__value__), None, None, fill_late_type_alias
    if lazy and not dump.portable:
        return rebuild_type_alias, (*arguments, lazy["value"])
    return rebuild_type_alias, (*arguments, None, alias.__value__, alias.__module__)


def _leads_back(alias: Any) -> bool:
    """Tell whether the value of a type alias refers to the alias, also by way of others."""
    queue, seen = [alias.__value__], set()
    for each in queue:
        if each is alias:
            return True
        if id(each) in seen or isinstance(each, type):
            continue
        seen.add(id(each))
        queue.extend(getattr(each, "__args__", ()))
        queue.extend(getattr(each, name) for name in ("__origin__", "__value__") if hasattr(each, name))
    return False


@verb
def rebuild_type_alias(
    name: str, parameters: tuple[Any, ...], evaluate: FunctionType | None, value: Any = None, module: str = ""
) -> Any:
    """Make a type alias from a function that is asked for its value later, or from the value."""
    if not HAS_INFERRED_VARIANCE:
        raise DecodeError(_newer(f"the payload holds the type alias {name} (PEP 695)", "3.12"))
    if evaluate is not None:
        return intrinsic("TYPEALIAS")((name, parameters, evaluate))
    make = FunctionType(_make_alias.__code__, {"__name__": module})  # the caller's module is the alias's
    return make(typing.TypeAliasType, name, value, parameters)  # type: ignore[attr-defined]


@verb
def rebuild_late_type_alias(name: str, parameters: tuple[Any, ...], module: str, held: list[Any]) -> Any:
    """Make a type alias whose value is what a list will hold: it leads back to the alias."""

    def evaluate(_format: int = 1, /) -> Any:
        return held[0]

    code = evaluate.__code__.replace(co_qualname=name)  # from 3.15 on it is the alias's own
    asked = FunctionType(code, {"__name__": module}, name, evaluate.__defaults__, evaluate.__closure__)
    return rebuild_type_alias(name, parameters, asked)


@verb
def fill_late_type_alias(_alias: Any, state: tuple[list[Any], Any]) -> None:
    held, value = state
    held.append(value)


def _make_alias(kind: Any, name: str, value: Any, parameters: tuple[Any, ...]) -> Any:
    return kind(name, value, type_params=parameters)


def reduce_new_type(new_type: Any, dump: Dump) -> Any:
    if dump.policy.by_reference(new_type):
        return NotImplemented
    state = dict(new_type.__dict__)
    said = (state.get("__module__"), state.get("__qualname__"), repr(state.get("__supertype__")))
    return (
        rebuild_new_type,
        (_known.identity_of(new_type, said), new_type.__name__),
        state,
        None,
        None,
        fill_new_type,
    )


@verb
def rebuild_new_type(identity: bytes, name: str) -> Any:
    """Return the new type of an identity; make it, still of nothing, unless it is here already."""
    known = _known.get(identity)
    return _known.keep(typing.NewType(name, object), identity) if known is None else known


@verb
def fill_new_type(new_type: Any, state: dict[str, Any]) -> None:
    """Say what a new type is of."""
    new_type.__dict__.update(state)


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
        if value is not nothing and not (dump.portable and name == "owner"):
            said[name] = value
    if dump.portable:  # where its names are looked up, each Python keeps in another way
        return rebuild_forward_reference, (reference.__forward_arg__, said)
    found = {name: getattr(reference, f"__{name}__", None) for name in ("globals", "cell", "extra_names")}
    for kind in ("globals", "cell"):
        held = found[kind]
        # A cell may hold the namespace of the class, for which the owner is asked.
        if held and type(held) is dict:
            names = reference.__forward_code__.co_names
            found[kind] = {name: held[name] for name in names if name in held}
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


#: What typed dicts say of further items from 3.15 on (PEP 728).
_OPENNESS = ("__closed__", "__extra_items__")


def reduce_typed_dict(cls: type, dump: Dump) -> Any:
    if dump.policy.by_reference(cls):
        dump.uses.append(cls)
        return NotImplemented
    kind = KIND
    if dump.portable and cls.__dict__.get("__extra_items__", cls) is getattr(typing, "NoExtraItems", None):
        kind = Kind("typed_dict", names=_names_for_all)
    return reduce_by_value(cls, dump, kind, rebuild_typed_dict, nothing_more, [])


def _names(cls: type) -> dict[str, Any]:
    return {
        name: tuple(sorted(value)) if name in _KEYS else value for name, value in namespace_of(cls).items()
    }


def _names_for_all(cls: type) -> dict[str, Any]:
    """Return the namespace without what only some Pythons put there."""
    return {name: value for name, value in _names(cls).items() if name not in _OPENNESS}


#: How typed dicts are made.
KIND = Kind("typed_dict", names=_names)


@verb
def rebuild_typed_dict(
    identity: bytes, metaclass: Any, name: str, bases: tuple[type, ...], names: dict[str, Any]
) -> type:
    """Make a typed dict as it is, without its metaclass, which would read the annotations a second time."""
    known = arrived(identity, names)
    if known is not None:
        return known
    names = {key: frozenset(value) if key in _KEYS else value for key, value in names.items()}
    if HAS_PARAMETER_DEFAULTS:  # read-only items came at the same time
        names.setdefault("__readonly_keys__", frozenset())
        names.setdefault("__mutable_keys__", frozenset(names.get("__annotations__", ())))
    if hasattr(typing, "NoExtraItems"):  # PEP 728, from 3.15 on
        names.setdefault("__extra_items__", typing.NoExtraItems)
        names.setdefault("__closed__", None)
    cls: type = type.__new__(metaclass, name, bases, names)
    identities.start(identity, cls, {})
    return cls
