"""Families of objects, one file each, both directions side by side.

This table is their table of contents. A type is named as its own module and qualified name say; it is
looked up with its bases, so that a row also serves subclasses unless it says that it is for the exact
type alone; ``module.*`` is for the types of a module that have no row of their own. Nothing is imported until
an object of the type is met.
"""

from __future__ import annotations

import importlib
from types import FunctionType
from typing import Any, NamedTuple

from pickleloaf.inspecting.caches import IdentityCache
from pickleloaf.inspecting.instance_dicts import has_dict
from pickleloaf.policy.handles import KINDS

__all__ = ["JUDGED", "MADE", "TABLE", "Row", "reducer_for", "reducer_for_made", "reducer_of_policy"]


class Row(NamedTuple):
    """A row of the table: the function that takes objects of a type apart, as ``"file:function"``."""

    reducer: str
    exact: bool = False
    #: True where subclasses that say themselves how they are taken apart are asked instead.
    yields: bool = False
    #: The function that takes the objects apart to which the reducer answers NotImplemented.
    others: str = ""


TABLE: dict[str, Row] = {
    # code
    "builtins.function": Row("functions:reduce_function"),
    "builtins.code": Row("codes:reduce_code"),
    "builtins.cell": Row("cells:reduce_cell"),
    "builtins.module": Row("modules:reduce_module"),
    "_frozen_importlib.ModuleSpec": Row("modules:reduce_spec", yields=True),
    "builtins.lazy_import": Row("modules:reduce_lazy_import"),
    "builtins.sentinel": Row("sentinels:reduce_sentinel"),
    # classes, by metaclass
    "enum.EnumType": Row("classes.enum_:reduce_enum"),
    "_ctypes.*": Row("ctypes_:reduce_ctypes"),
    "typing._TypedDictMeta": Row("typings:reduce_typed_dict"),
    "builtins.type": Row("classes.class_:reduce_class"),
    # objects of such classes
    "builtins.object": Row("_named:reduce_bare", exact=True),
    "enum.Enum": Row("classes.enum_:reduce_member"),
    # types for annotations
    "typing.TypeVar": Row("typings:reduce_type_parameter"),
    "typing.ParamSpec": Row("typings:reduce_type_parameter"),
    "typing.TypeVarTuple": Row("typings:reduce_type_parameter"),
    "typing.ParamSpecArgs": Row("typings:reduce_argument_of_parameter"),
    "typing.ParamSpecKwargs": Row("typings:reduce_argument_of_parameter"),
    "typing.TypeAliasType": Row("typings:reduce_type_alias"),
    "typing.NewType": Row("typings:reduce_new_type"),
    "typing.ForwardRef": Row("typings:reduce_forward_reference"),
    "annotationlib.ForwardRef": Row("typings:reduce_forward_reference"),
    # methods and descriptors
    "builtins.method": Row("methods:reduce_method"),
    "builtins.builtin_function_or_method": Row("methods:reduce_native_method"),
    "builtins.method-wrapper": Row("methods:reduce_native_method"),
    "builtins.super": Row("methods:reduce_super"),
    "builtins.classmethod": Row("descriptors:reduce_wrapper"),
    "builtins.staticmethod": Row("descriptors:reduce_wrapper"),
    "builtins.property": Row("descriptors:reduce_property"),
    "builtins.classmethod_descriptor": Row("descriptors:reduce_class_attribute"),
    "builtins.getset_descriptor": Row("descriptors:reduce_class_attribute"),
    "builtins.member_descriptor": Row("descriptors:reduce_class_attribute"),
    # what dataclasses says of a class
    "dataclasses.Field": Row("dataclasses_:reduce_field", exact=True),
    "dataclasses._DataclassParams": Row("dataclasses_:reduce_options", exact=True),
    # what functools makes
    "functools._lru_cache_wrapper": Row("functools_:reduce_cached", exact=True),
    "functools.cached_property": Row("functools_:reduce_cached_property", exact=True),
    "functools.singledispatchmethod": Row("functools_:reduce_generic_method", exact=True),
    "functools.partialmethod": Row("functools_:reduce_partial_method", yields=True),
    "functools.KeyWrapper": Row("functools_:reduce_key"),
    # exceptions and tracebacks
    "builtins.BaseException": Row("exceptions:reduce_exception"),
    "builtins.traceback": Row("tracebacks:reduce_traceback"),
    # handles on something of this process, kind by kind
    **{name: Row(kind.reducer, yields=True) for name, kind in KINDS.items() if kind.reducer},
    # views and values
    "builtins.dict_keys": Row("views:reduce_keys"),
    "builtins.dict_values": Row("views:reduce_values"),
    "builtins.dict_items": Row("views:reduce_items"),
    "builtins.mappingproxy": Row("views:reduce_mapping_proxy"),
    "builtins.FrameLocalsProxy": Row("views:reduce_locals"),
    "builtins.memoryview": Row("views:reduce_memory"),
    "_struct.Struct": Row("values:reduce_struct", yields=True),
    "random.SystemRandom": Row("values:reduce_stateless", yields=True),
    "re.Scanner": Row("values:reduce_scanner", yields=True),
    "_json.Scanner": Row("values:reduce_json_scanner"),
    "compression.zstd.ZstdDict": Row("values:reduce_zstd_dictionary"),
    "re.Match": Row("values:reduce_match"),
    # weak references
    "weakref.WeakMethod": Row("weakrefs:reduce_weak_method", yields=True),
    "weakref.ReferenceType": Row("weakrefs:reduce_reference", yields=True),
    "weakref.ProxyType": Row("weakrefs:reduce_proxy"),
    "weakref.CallableProxyType": Row("weakrefs:reduce_proxy"),
    "weakref.WeakKeyDictionary": Row("weakrefs:reduce_weak_collection", yields=True),
    "weakref.WeakValueDictionary": Row("weakrefs:reduce_weak_collection", yields=True),
    "_weakrefset.WeakSet": Row("weakrefs:reduce_weak_collection", yields=True),
    "weakref.finalize": Row("weakrefs:refuse_finalizer"),
    # iterators and generators
    "builtins.generator": Row("generators:reduce_generator"),
    "builtins.coroutine": Row("generators:reduce_generator"),
    "builtins.async_generator": Row("generators:reduce_generator"),
    "itertools.*": Row("iterators:reduce_iterator", exact=True),
    # other libraries
    "pydantic._internal._model_construction.ModelMetaclass": Row(
        "third.pydantic_:reduce_parametrized", others="classes.class_:reduce_class"
    ),
    "msgspec._core.StructMeta": Row("third.msgspec_:reduce_struct", others="classes.class_:reduce_class"),
    **{
        f"sqlalchemy.orm.decl_api.{name}": Row(
            "third.sqlalchemy_:reduce_model", others="classes.class_:reduce_class"
        )
        for name in ("DeclarativeAttributeIntercept", "DeclarativeMeta")
    },
    "loguru._logger.Logger": Row("third.loguru_:reduce_logger", exact=True),
    "sqlalchemy.orm.mapper.Mapper": Row("third.sqlalchemy_:reduce_mapper"),
    "sqlalchemy.orm.instrumentation.ClassManager": Row("third.sqlalchemy_:refuse_manager"),
    "sqlalchemy.orm.decl_api.registry": Row("third.sqlalchemy_:reduce_registry"),
    "torch.storage.TypedStorage": Row("third.torch_:reduce_typed_storage", exact=True),
    "torch.storage.UntypedStorage": Row("third.torch_:reduce_storage", exact=True),
    "polars.dataframe.frame.DataFrame": Row("third.polars_:reduce_frame", exact=True),
    "polars.series.series.Series": Row("third.polars_:reduce_series", exact=True),
    "toolz.functoolz.curry": Row("third.toolz_:reduce_curried"),
    "zope.interface.interface.InterfaceClass": Row("third.zope_:reduce_interface"),
    "zope.interface.declarations.Implements": Row("third.zope_:reduce_implements"),
    "zope.interface.declarations.ClassProvides": Row("third.zope_:reduce_class_provides"),
    "wrapt.synchronization.synchronized.<locals>._SynchronizedFunctionWrapper": Row(
        "third.wrapt_:reduce_synchronized"
    ),
    "_wrappers.FunctionWrapper": Row("third.wrapt_:reduce_function_wrapper", exact=True),
    "_wrappers.BoundFunctionWrapper": Row("third.wrapt_:reduce_bound_wrapper", exact=True),
    "_wrappers.CallableObjectProxy": Row("third.wrapt_:reduce_object_proxy", exact=True),
    "_wrappers.ObjectProxy": Row("third.wrapt_:reduce_object_proxy", exact=True),
    "wrapt.proxies.ObjectProxy": Row("third.wrapt_:reduce_object_proxy", exact=True),
    "wrapt.wrappers.FunctionWrapper": Row("third.wrapt_:reduce_function_wrapper", exact=True),
    "wrapt.wrappers.BoundFunctionWrapper": Row("third.wrapt_:reduce_bound_wrapper", exact=True),
    "wrapt.wrappers.CallableObjectProxy": Row("third.wrapt_:reduce_object_proxy", exact=True),
    "wrapt.wrappers.ObjectProxy": Row("third.wrapt_:reduce_object_proxy", exact=True),
    # the pickler's own stand-ins
    "pickleloaf.reducers.classes.building.ClassState": Row("classes.building:reduce_class_state"),
    "pickleloaf.reducers.classes.building.Step": Row("classes.building:reduce_step"),
    "pickleloaf.reducers._dump.ScopeOf": Row("classes.shipping:reduce_scope_of"),
    "pickleloaf.reducers._dump.Namespace": Row("_namespaces:reduce_namespace"),
    "pickleloaf.reducers._dump.ShippedModules": Row("_namespaces:reduce_shipped_modules"),
    "pickleloaf.reducers._named.Named": Row("_named:reduce_named"),
}


#: Functions that a library's function makes, by the module and qualified name of their code.
MADE: dict[str, Row] = {
    "functools.singledispatch.<locals>.wrapper": Row("functools_:reduce_generic"),
}


#: Methods by which a class says how its instances are taken apart.
_SAYING = frozenset({"__reduce__", "__reduce_ex__", "__getstate__"})


#: Reducers of the objects of types that have been met; None where pickle's own way is right.
JUDGED: IdentityCache[Any] = IdentityCache()


def reducer_for(cls: type) -> Any:
    """Return the reducer of objects of a type, or None where pickle's own way is right."""
    return JUDGED[id(cls)] if id(cls) in JUDGED else JUDGED.keep(cls, _choose(cls))


def _choose(cls: type) -> Any:
    asked = False
    for base in cls.__mro__:
        row = TABLE.get(f"{base.__module__}.{base.__qualname__}") or TABLE.get(f"{base.__module__}.*")
        if row is not None and (base is cls or not row.exact) and not (asked and row.yields):
            return _guarded(cls, _load(row))
        asked = asked or not _SAYING.isdisjoint(base.__dict__)
    return importlib.import_module(f"{__name__}.instances").reducer_of_instances(cls)


def _guarded(cls: type, reduce: Any) -> Any:
    """Return a reducer that refuses objects whose ``__dict__`` travels on its own, too, where they have one."""
    if not has_dict(cls):
        return reduce
    return importlib.import_module(f"{__name__}._own_dicts").Keeper(reduce)


def reducer_of_policy(cls: type, policy: Any) -> Any:
    """Return the reducer of objects of a type of which the user has said what becomes of them."""
    said = importlib.import_module(f"{__name__}.handles.said")
    return said.reducer_of_policy(policy, reducer_for(cls), cls)


def reducer_for_made(function: FunctionType) -> Any:
    """Return the reducer of a function that an importable module made, or None where it is a common one."""
    row = MADE.get(f"{function.__globals__.get('__name__')}.{function.__code__.co_qualname}")
    return None if row is None else _load(row)


def _load(row: Row) -> Any:
    reducer = _find(row.reducer)
    if not row.others:
        return reducer
    others = _find(row.others)

    def reduce(obj: Any, dump: Any) -> Any:
        reduced = reducer(obj, dump)
        return others(obj, dump) if reduced is NotImplemented else reduced

    return reduce


def _find(reducer: str) -> Any:
    file, _, function = reducer.partition(":")
    return getattr(importlib.import_module(f"{__name__}.{file}"), function)
