"""Parts of a class that count for its fingerprint, and the annotations that make a part of their meaning.

1. A class's name counts, its module and qualified name do not.
2. What making a class has put into its namespace does not count, since it differs between Pythons:
   of dataclasses, named tuples and enums the fields and members count from which it is made.
3. Annotations count with their order: some classes are made from them.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import typing
from collections.abc import Iterator
from types import FunctionType, UnionType
from typing import Any

from pickleloaf._compat import HAS_LAZY_ANNOTATIONS
from pickleloaf.fingerprinting.graph import Parts
from pickleloaf.fingerprinting.objects import Reader, mapping, named
from pickleloaf.inspecting.anatomy import is_heap_type, is_patchable
from pickleloaf.reducers.classes.building import namespace_of

#: Names in a namespace that do not count, or that are counted in another way.
_LEFT_OUT = frozenset(
    "__module__ __qualname__ __doc__ __dict__ __weakref__ __static_attributes__ __type_params__ "
    "__annotations__ __annotate__ __annotate_func__ __annotations_cache__ __conditional_annotations__ "
    "__classdictcell__ __dataclass_fields__ __dataclass_params__ __parameters__ _abc_impl "
    "__protocol_attrs__ __callable_proto_members_only__ __non_callable_proto_members__ "
    "__readonly_keys__ __mutable_keys__ __closed__ __extra_items__".split()
)
#: Modules whose functions, found in a class, were put there while the class was made.
_MAKERS = frozenset({"collections", "dataclasses", "enum", "typing"})
#: Functions in whose bodies the functions were compiled that dataclasses and named tuples get.
_COMPILED_IN = ("__create_fn__.<locals>.", "namedtuple.<locals>.")
_OF_NAMED_TUPLES = frozenset(
    "__new__ __slots__ __getnewargs__ _make _replace _asdict _fields _field_defaults".split()
)
_PARAMETERS = ("init", "repr", "eq", "order", "unsafe_hash", "frozen")
#: Attributes of enum members that the enum gives them.
_OF_MEMBERS = frozenset("_name_ _value_ __objclass__ _sort_order_ _inverted_".split())


def class_parts(cls: type, reader: Reader) -> Parts:
    if not is_heap_type(cls) or not is_patchable(cls) or reader.goes_by_name(cls):
        return named(cls.__module__, cls.__qualname__)
    names = {name: value for name, value in namespace_of(cls).items() if name not in _LEFT_OUT}
    made_from: list[Any] = [_written_bases(names.pop("__orig_bases__", ()))]
    if "__dataclass_fields__" in cls.__dict__:
        made_from.append(Parts(b"dataclass", _dataclass(cls)))
    if any(base is tuple for base in cls.__bases__) and "_fields" in names and "_field_defaults" in names:
        made_from = [names["_fields"], names["_field_defaults"]]
        names = {name: names[name] for name in names.keys() - _OF_NAMED_TUPLES - set(names["_fields"])}
    if isinstance(cls, enum.EnumType):
        made_from.append(
            Parts(b"members", [_member(name, cls.__members__[name]) for name in cls.__members__])
        )
        names = {name: _plain(value) for name, value in names.items() if not _is_of_enum(name, cls)}
    kept = ((name, value) for name, value in names.items() if not _is_generated(value))
    annotations = Parts(b"annotations", _annotations(cls))
    head = (cls.__name__, type(cls), cls.__bases__, annotations)
    return Parts(b"class", (*head, mapping(kept), Parts(b"made from", made_from)))


def _written_bases(bases: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return bases as they were written, less NamedTuple and TypedDict, which not every Python keeps."""
    return tuple(base for base in bases if not isinstance(base, FunctionType))


def _dataclass(cls: Any) -> Iterator[Any]:
    parameters = cls.__dataclass_params__
    yield tuple(getattr(parameters, name) for name in _PARAMETERS)
    yield from cls.__dataclass_fields__.values()


def _member(name: str, member: Any) -> Parts:
    attributes = {key: value for key, value in vars(member).items() if key not in _OF_MEMBERS}
    return Parts(b"member", (name, member._name_, member._value_, mapping(attributes.items())))


def _is_of_enum(name: str, cls: enum.EnumType) -> bool:
    """Tell whether the enum machinery has put a name into a class."""
    is_sunder = name[:1] == name[-1:] == "_" and name[:2] != "__"
    return name in cls.__members__ or (is_sunder and name not in _SAID)


#: Names in one underscore that the user may define, or that say how the enum was made.
_SAID = frozenset({"_missing_", "_generate_next_value_", "_boundary_"})


def _plain(value: Any) -> Any:
    """Return the function of a static method; only some Pythons make one of ``_generate_next_value_``."""
    return value.__func__ if isinstance(value, staticmethod) else value


def _is_generated(value: Any) -> bool:
    """Tell whether an attribute of a class is a function that was put there while the class was made."""
    value = value.__func__ if isinstance(value, (classmethod, staticmethod)) else value
    if not isinstance(value, FunctionType):
        return False
    module = value.__globals__.get("__name__")
    if module == "reprlib":  # around the __repr__ of a dataclass
        return _is_generated(value.__dict__.get("__wrapped__"))
    return module in _MAKERS or value.__code__.co_qualname.startswith(_COMPILED_IN)


def _annotations(cls: type) -> Iterator[Any]:
    if HAS_LAZY_ANNOTATIONS:
        annotationlib: Any = importlib.import_module("annotationlib")
        found = annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF)
    else:
        found = inspect.get_annotations(cls)
    for name, value in found.items():
        yield name
        yield value


def alias_parts(alias: Any, reader: Reader) -> Parts:
    origin, arguments = typing.get_origin(alias), typing.get_args(alias)
    if origin is typing.Union or origin is UnionType:
        return Parts(b"union", arguments, unordered=True)
    return Parts(b"alias", (origin, *arguments))


def forward_parts(reference: Any, reader: Reader) -> Parts:
    return Parts(b"forward", (reference.__forward_arg__,))


def variable_parts(variable: Any, reader: Reader) -> Parts:
    bound, constraints = getattr(variable, "__bound__", None), getattr(variable, "__constraints__", ())
    bound = None if bound is type(None) else bound  # up to Python 3.13, for a ParamSpec that has none
    return Parts(b"type variable", (type(variable).__name__, variable.__name__, bound, constraints))


def type_alias_parts(alias: Any, reader: Reader) -> Parts:
    return Parts(b"type alias", (alias.__name__, alias.__value__, alias.__type_params__))
