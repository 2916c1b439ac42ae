"""Declarative models of SQLAlchemy: classes of a script that are mapped to tables, and their registries.

Takes apart: the class without what mapping has put into it; its table; its columns, relationships and options of the
mapper. Travels as: wire.model, wire.fill_mapping, wire.mapped_registry, wire.mapper_of.
Keeps: attributes, but those that are mapped come last; relationships as they were resolved; inheritance.
Loses: listeners to events, which belong to a process. Refused: composites, synonyms and other kinds of mapped
attributes, models that are dataclasses, and what is mapped without a declarative base.

A model cannot be made by running its class statement again, since its columns and relationships have become attributes
of another kind. So the class is made without being mapped, and its registry maps it once the classes that it refers to
are there.
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable
from typing import Any

from pickleloaf.errors import EncodeError
from pickleloaf.inspecting.anatomy import NOTHING
from pickleloaf.reducers._dump import Dump, Late
from pickleloaf.reducers.classes import identities
from pickleloaf.reducers.classes.building import arrived, make_class, namespace_of
from pickleloaf.reducers.classes.draft import Draft, Kind
from pickleloaf.reducers.classes.shipping import reduce_by_value
from pickleloaf.wire import verb

#: Attributes that mapping makes, and those that a base gets with its registry.
_MADE = frozenset({"__mapper__", "__table__", "_sa_class_manager"})
_OF_REGISTRY = frozenset({"registry", "metadata", "_sa_registry"})


def reduce_model(model: Any, dump: Dump) -> Any:
    if dump.policy.by_reference(model):
        return NotImplemented
    from sqlalchemy.orm import MappedAsDataclass

    if issubclass(model, MappedAsDataclass):
        raise _refused(model, "mapping has made it a dataclass")
    late = []
    if "__mapper__" in model.__dict__:
        late.append(Late(model, {("mapping", 0): _mapping_of(model.__mapper__)}, _join, fill_mapping))
    return reduce_by_value(model, dump, KIND, rebuild_model, _more_of, late)


def reduce_mapper(mapper: Any, dump: Dump) -> Any:
    """Name a mapper, to which queries lead, by the class that it maps."""
    if mapper.class_.__dict__.get("__mapper__") is not mapper:
        raise _refused(mapper.class_, "its mapper is not the one that the class has")
    return rebuild_mapper_of, (mapper.class_,)


@verb
def rebuild_mapper_of(model: Any) -> Any:
    return model.__mapper__


def refuse_manager(manager: Any, dump: Dump) -> Any:
    """Refuse what mapping puts into a class, where the class is no declarative model."""
    raise _refused(manager.class_, "it is mapped, but not as a model with a declarative base")


def reduce_registry(registry: Any, dump: Dump) -> Any:
    return rebuild_mapped_registry, (registry.metadata, registry.type_annotation_map, registry.constructor)


def _names_of(model: type) -> dict[str, Any]:
    names = namespace_of(model)
    if "registry" in names:
        names = {name: value for name, value in names.items() if name not in _OF_REGISTRY}
    if "__mapper__" not in names:
        return names
    manager = names["_sa_class_manager"]
    names = {name: value for name, value in names.items() if name not in _MADE and name not in manager}
    if "__init__" in names:  # mapping has put its own in front of it
        first = manager.original_init
        if any(getattr(base, "__init__", None) is first for base in model.__bases__):
            del names["__init__"]
        else:
            names["__init__"] = first
    return names


def _more_of(model: type) -> tuple[Any, ...]:
    """Return further arguments of the verb: the registry that a base brings, and whether the class is to be mapped."""
    return model.__dict__.get("registry"), "__mapper__" in model.__dict__


def _nodes(model: type, draft: Draft) -> tuple[Any, ...]:
    registry, is_mapped = _more_of(model)
    return (
        draft.node(registry, ("item", (0,), None), is_early=True),
        draft.node(is_mapped, ("item", (1,), None), is_early=True),
    )


KIND = Kind("model", names=_names_of, more=_nodes, item=lambda model, path: _more_of(model)[path[0]])


def _mapping_of(mapper: Any) -> tuple[Any, ...]:
    """Return the table of a mapper, what it maps, and its options."""
    own = {name: each for name, each in mapper.attrs.items() if each.parent is mapper}
    made = mapper.class_manager
    attributes = {name: _attribute(each) for name, each in own.items() if name in made}
    table = mapper.local_table
    inherits = mapper.inherits
    options = _options(type(mapper), mapper, _PLACES)
    if inherits is None or inherits.polymorphic_on is not mapper.polymorphic_on:
        options["polymorphic_on"] = mapper.polymorphic_on
    if inherits is not None and inherits.local_table is table:
        table = None
    elif inherits is not None and not mapper.concrete:
        options["inherit_condition"] = _plain(mapper.inherit_condition)
    if inherits is not None:
        options["inherits"] = inherits.class_
    return table, attributes, {name: value for name, value in options.items() if value is not None}


#: Arguments of a mapper that say where it stands, or that it does not keep.
_PLACES = frozenset(
    "self class_ local_table properties primary_key inherits inherit_condition inherit_foreign_keys polymorphic_on "
    "include_properties exclude_properties column_prefix with_polymorphic".split()
)


def _attribute(mapped: Any) -> tuple[Any, ...]:
    """Return the kind, arguments and options of a mapped attribute.

    Raises:
        EncodeError: it is of a kind that does not show how it was made.
    """
    from sqlalchemy import orm

    if isinstance(mapped, orm.RelationshipProperty):
        return "relationship", (mapped.mapper.class_,), _relationship(mapped)
    if isinstance(mapped, orm.ColumnProperty):
        options = _options(type(mapped), mapped, frozenset({"self", "column"}))
        return "column_property", tuple(map(_plain, mapped.columns)), options
    raise _refused(mapped.parent.class_, f"its {mapped.key} is a {type(mapped).__name__}")


def _refused(model: type, reason: str) -> EncodeError:
    hint = "define it in a module that can be imported where it arrives"
    return EncodeError(f"cannot pickle model {model.__qualname__} of SQLAlchemy: {reason}", hint=hint)


def _relationship(mapped: Any) -> dict[str, Any]:
    options = _options(type(mapped), mapped, _RESOLVED)
    options["cascade"] = ", ".join(sorted(mapped.cascade))
    if mapped._reverse_property:
        options["back_populates"] = min(each.key for each in mapped._reverse_property)
    given = mapped._init_args
    if mapped.secondary is not None:
        options["secondary"] = mapped.secondary
    if _is_given(given.order_by):
        options["order_by"] = _plain(given.order_by.resolved)
    if any(map(_is_given, (given.primaryjoin, given.foreign_keys, given.remote_side))):
        options["primaryjoin"] = _plain(mapped.primaryjoin)
        options["foreign_keys"] = _plain(list(mapped._calculated_foreign_keys))
        options["remote_side"] = _plain(list(mapped.remote_side))
    if _is_given(given.secondaryjoin):
        options["secondaryjoin"] = _plain(mapped.secondaryjoin)
    return options


def _is_given(argument: Any) -> bool:
    """Tell whether an argument of a relationship was given; it may be an expression, which has no truth."""
    return argument.argument is not None and argument.argument is not False


#: Arguments of a relationship that have been resolved to others, or are told otherwise.
_RESOLVED = frozenset(
    "self argument secondary primaryjoin secondaryjoin order_by foreign_keys remote_side back_populates backref "
    "cascade overlaps _local_remote_pairs".split()
)


def _options(kind: Callable[..., Any], made: Any, without: frozenset[str]) -> dict[str, Any]:
    """Return the arguments of a function that were not left at their defaults, as what it made keeps them."""
    found = {}
    for name, parameter in inspect.signature(kind.__init__).parameters.items():
        value = getattr(made, name, NOTHING)
        if (
            name not in without
            and value is not NOTHING
            and value is not parameter.default
            and value != parameter.default
        ):
            found[name] = value
    return {
        name: value
        for name, value in found.items()
        if not (name.startswith("_") or str(getattr(value, "__module__", "")).startswith("sqlalchemy.orm"))
    }


def _plain(expression: Any) -> Any:
    """Return an expression without what mappers have noted in it."""
    from sqlalchemy.sql.util import _deep_deannotate
    from sqlalchemy.sql.visitors import iterate

    if isinstance(expression, (list, tuple)):
        return list(map(_plain, expression))
    found = _deep_deannotate(expression)
    for each in iterate(found):
        if getattr(each, "_propagate_attrs", None):
            each._propagate_attrs = type(each._propagate_attrs)()
    return found


def _join(parts: dict[tuple[str, Any], Any]) -> Any:
    return parts["mapping", 0]


@verb
def rebuild_mapped_registry(metadata: Any, types: Any, constructor: Any) -> Any:
    """Make a registry, which does not know of any class yet."""
    from sqlalchemy.orm import registry

    return registry(metadata=metadata, type_annotation_map=types, constructor=constructor)


@verb
def rebuild_model(
    identity: bytes,
    metaclass: type,
    name: str,
    bases: tuple[type, ...],
    names: dict[str, Any],
    registry: Any = None,
    is_mapped: bool = False,
) -> type:
    """Make the class of a model, which is not mapped yet, or a base of models with its registry."""
    known = arrived(identity, names)
    if known is not None:
        return known
    given = dict(names)
    if registry is not None:
        given.update(registry=registry, metadata=registry.metadata)
    if is_mapped:
        given["__abstract__"] = True  # or the base would map it at once
    cls = make_class(identity, metaclass, name, bases, given, {})
    if is_mapped:
        type.__delattr__(cls, "__abstract__")
        if "__abstract__" in names:
            type.__setattr__(cls, "__abstract__", names["__abstract__"])
    return cls


#: Mappings that wait for that of a base, by the base.
_waiting: weakref.WeakKeyDictionary[type, list[tuple[type, Any]]] = weakref.WeakKeyDictionary()


@verb
def fill_mapping(model: Any, mapping: tuple[Any, ...]) -> None:
    """Map the class of a model, unless it was here before; after the model that it inherits from."""
    if not identities.is_new(model) or "__mapper__" in model.__dict__:
        return
    inherits = mapping[2].get("inherits")
    if inherits is not None and "__mapper__" not in inherits.__dict__:
        _waiting.setdefault(inherits, []).append((model, mapping))
        return
    from sqlalchemy import orm

    table, attributes, options = _at_home(model, mapping)
    made = {
        name: getattr(orm, kind)(*arguments, **more) for name, (kind, arguments, more) in attributes.items()
    }
    model.registry.map_imperatively(model, table, properties=made, **options)
    for heir, its_mapping in _waiting.pop(model, ()):
        fill_mapping(heir, its_mapping)


def _at_home(model: Any, mapping: tuple[Any, ...]) -> Any:
    """Return a mapping with the tables of the registry here, where the model's base is one of this process."""
    from sqlalchemy import ClauseElement, Column, Table
    from sqlalchemy.sql.visitors import replacement_traverse

    metadata, came = model.registry.metadata, mapping[0]
    if came is None or came.metadata is metadata:
        return mapping
    if came.key not in metadata.tables or repr(metadata.tables[came.key]) != repr(came):
        if came.key in metadata.tables:
            metadata.remove(metadata.tables[came.key])
        came.to_metadata(metadata)

    def home(part: Any) -> Any:
        if isinstance(part, Table):
            return metadata.tables.get(part.key, part)
        if isinstance(part, Column):
            table = metadata.tables.get(getattr(part.table, "key", None))
            return part if table is None else table.c[part.key]
        if isinstance(part, (tuple, list)):
            return type(part)(map(home, part))
        if isinstance(part, dict):
            return {name: home(value) for name, value in part.items()}
        if isinstance(part, ClauseElement):
            return replacement_traverse(
                part, {}, lambda each, **_: home(each) if type(each) is Column else None
            )
        return part

    return home(mapping)
