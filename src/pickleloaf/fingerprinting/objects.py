"""What every kind of object consists of, as far as a fingerprint is concerned.

`TABLE` is read like that of the reducers: a type is looked up by its own module and qualified name, then
its bases are, unless a row is for the exact type alone. What is in no row is taken apart as pickle does,
with the reducers of this package.
"""

from __future__ import annotations

import copyreg
import functools
import importlib
import pickle
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from types import ModuleType
from typing import Any, NamedTuple

from pickleloaf import wire
from pickleloaf.fingerprinting.atoms import Encoded, atom, encoded_runs
from pickleloaf.fingerprinting.graph import Parts, Raw
from pickleloaf.inspecting.anatomy import defined
from pickleloaf.inspecting.holders import found_by_name
from pickleloaf.pickler import Pickler
from pickleloaf.policy.by_value import MAIN

__all__ = ["TABLE", "Reader", "mapping", "named"]

_US = __name__.partition(".")[0]

#: Characters of a long string that are encoded at once.
_CHUNK = 1 << 16

#: What the import system puts into a module: where its code is kept, which does not count.
OF_THE_PLACE = frozenset(
    "__name__ __file__ __path__ __package__ __spec__ __loader__ __cached__ __builtins__ __doc__ "
    "__annotations__ __annotate__ __conditional_annotations__ __warningregistry__".split()
)


#: Attributes that a wrapper copies from the function that it wraps.
COPIED = frozenset({*functools.WRAPPER_ASSIGNMENTS, "__annotations__", "__annotate__"})


class Row(NamedTuple):
    """Which function tells what objects of a type consist of: ``"file:function"``."""

    describer: str
    exact: bool = False


TABLE: dict[str, Row] = {
    # containers
    "builtins.list": Row("objects:list_parts", exact=True),
    "builtins.tuple": Row("objects:tuple_parts", exact=True),
    "builtins.dict": Row("objects:dict_parts", exact=True),
    "builtins.mappingproxy": Row("objects:proxy_parts"),
    "builtins.set": Row("objects:set_parts"),
    "builtins.frozenset": Row("objects:set_parts"),
    # data in memory
    "builtins.str": Row("objects:str_parts", exact=True),
    "builtins.bytes": Row("arrays:buffer_parts", exact=True),
    "builtins.bytearray": Row("arrays:buffer_parts", exact=True),
    "builtins.memoryview": Row("arrays:memory_parts"),
    "pickle.PickleBuffer": Row("arrays:memory_parts"),
    "array.array": Row("arrays:array_parts", exact=True),
    "numpy.ndarray": Row("arrays:ndarray_parts", exact=True),
    "numpy.ma.MaskedArray": Row("arrays:masked_parts", exact=True),
    "pandas.DataFrame": Row("arrays:frame_parts", exact=True),
    "pandas.core.frame.DataFrame": Row("arrays:frame_parts", exact=True),
    "pandas.Series": Row("arrays:series_parts", exact=True),
    "pandas.core.series.Series": Row("arrays:series_parts", exact=True),
    "pandas.api.extensions.ExtensionArray": Row("arrays:extension_parts"),
    "pandas.core.arrays.base.ExtensionArray": Row("arrays:extension_parts"),
    "pandas.api.extensions.ExtensionDtype": Row("arrays:dtype_parts"),
    "pandas.core.dtypes.base.ExtensionDtype": Row("arrays:dtype_parts"),
    # code
    "builtins.function": Row("functions:function_parts"),
    "builtins.code": Row("functions:code_parts"),
    "builtins.cell": Row("functions:cell_parts"),
    "builtins.module": Row("objects:module_parts"),
    "builtins.type": Row("classes:class_parts"),
    # what annotations are made of, which Pythons keep in different ways
    "types.GenericAlias": Row("classes:alias_parts"),
    "types.UnionType": Row("classes:alias_parts"),
    "typing.Union": Row("classes:alias_parts"),
    "typing._BaseGenericAlias": Row("classes:alias_parts"),
    "typing.ForwardRef": Row("classes:forward_parts"),
    "annotationlib.ForwardRef": Row("classes:forward_parts"),
    "typing.TypeVar": Row("classes:variable_parts"),
    "typing.ParamSpec": Row("classes:variable_parts"),
    "typing.TypeVarTuple": Row("classes:variable_parts"),
    "typing.TypeAliasType": Row("classes:type_alias_parts"),
    # objects whose pickles differ between Pythons
    "pathlib.PurePath": Row("library:path_parts"),
    "pathlib._local.PurePath": Row("library:path_parts"),
    "functools._lru_cache_wrapper": Row("library:lru_cache_parts"),
    "functools.cached_property": Row("library:cached_property_parts", exact=True),
    "functools.partialmethod": Row("library:partial_method_parts", exact=True),
    "functools.singledispatchmethod": Row("library:generic_method_parts", exact=True),
    "dataclasses.Field": Row("library:field_parts"),
    # the reducers' stand-in for what a module holds by name
    "pickleloaf.reducers._named.Named": Row("objects:held_parts"),
}


class Reader:
    """Tells what objects consist of.

    Attributes:
        tied_to: the name of the running Python once something has been met that only holds for it.
        dump: the state that reducers ask for.
    """

    def __init__(self) -> None:
        self._pickler = Pickler(None, by_value="local")
        self.dump = self._pickler._dump
        self.tied_to = ""
        #: By id, with the type, which keeps the id from meaning another.
        self._describers: dict[int, tuple[type, Callable[[Any, Reader], Parts]]] = {}

    def describe(self, obj: Any) -> Parts:
        """Tell what an object consists of."""
        cls = type(obj)
        known = self._describers.get(id(cls))
        if known is None:
            known = self._describers[id(cls)] = (cls, _describer_for(cls))
        return known[1](obj, self)

    def follows(self, module: str | None) -> bool:
        """Tell whether the code of a module counts, as opposed to its name."""
        ours = module is not None and module.partition(".")[0] == _US
        return not ours and self.dump.policy.travels(module)

    def goes_by_name(self, obj: Any) -> bool:
        """Tell whether a function or class counts by its name."""
        name = obj.__module__
        if type(name) is str and name.partition(".")[0] == _US:  # wherever we are installed
            return found_by_name(name, obj.__qualname__) is obj
        return self.dump.policy.by_reference(obj)

    def reduce(self, obj: Any) -> Any:
        """Take an object apart as pickle does."""
        reduced = self._pickler.reducer_override(obj)
        if reduced is not NotImplemented:
            return reduced
        try:
            registered = copyreg.dispatch_table.get(type(obj))
        except TypeError:  # a metaclass that makes classes unhashable
            registered = None
        return obj.__reduce_ex__(pickle.HIGHEST_PROTOCOL) if registered is None else registered(obj)

    def tie(self) -> str:
        """Note that a fingerprint only holds for this Python; return its name."""
        self.tied_to = sys.implementation.cache_tag or sys.implementation.name
        return self.tied_to


def _describer_for(cls: type) -> Callable[[Any, Reader], Parts]:
    for base in cls.__mro__:
        row = TABLE.get(f"{base.__module__}.{base.__qualname__}")
        if row is not None and (base is cls or not row.exact):
            file, _, function = row.describer.partition(":")
            found: Callable[[Any, Reader], Parts]
            found = getattr(importlib.import_module(f"{__package__}.{file}"), function)
            return found
    return instance_parts


def named(module: str, name: str) -> Parts:
    """Stand for what a module holds under a name."""
    return Parts(b"name", (module, name))


def mapping(pairs: Iterable[tuple[Any, Any]], *, ordered: bool = False) -> Parts:
    """Stand for keys with values."""
    return Parts(b"mapping", map(_pair, pairs), unordered=not ordered)


def _pair(pair: tuple[Any, Any]) -> Any:
    key, value = atom(pair[0]), atom(pair[1])
    return Parts(b"pair", pair) if key is None or value is None else Encoded(key + value)


def list_parts(obj: list[Any], reader: Reader) -> Parts:
    return Parts(b"list", encoded_runs(obj))


def tuple_parts(obj: tuple[Any, ...], reader: Reader) -> Parts:
    return Parts(b"tuple", encoded_runs(obj))


def dict_parts(obj: dict[Any, Any], reader: Reader) -> Parts:
    return mapping(obj.items())


def proxy_parts(obj: Any, reader: Reader) -> Parts:
    return Parts(b"mappingproxy", (dict(obj),))


def set_parts(obj: Any, reader: Reader) -> Parts:
    cls = type(obj)
    if cls is set or cls is frozenset:
        return Parts(cls.__name__.encode(), obj, unordered=True)
    elements = Parts(b"elements", obj, unordered=True)
    state = obj.__reduce_ex__(pickle.HIGHEST_PROTOCOL)[2:] if _has_own_state(obj) else ()
    return Parts(b"set", (cls, elements, *_state(state[0] if state else None, cls)))


def _has_own_state(obj: Any) -> bool:
    return bool(getattr(obj, "__dict__", None)) or hasattr(type(obj), "__slots__")


def _state(state: Any, cls: type) -> Iterator[Any]:
    if type(state) is not dict:
        yield state
    else:
        # Not what is copied from a wrapped function, which differs between Pythons.
        copied = COPIED if "__wrapped__" in state else ()
        kept = [pair for pair in state.items() if pair[0] not in copied and not _is_cached(cls, pair[0])]
        yield mapping(kept) if kept else None


def _is_cached(cls: type, name: Any) -> bool:
    """Tell whether an attribute is what a cached property has computed from others."""
    return type(defined(cls, name)) is functools.cached_property


def str_parts(obj: str, reader: Reader) -> Parts:
    starts = range(0, len(obj), _CHUNK)
    chunks = (obj[start : start + _CHUNK].encode("utf-8", "surrogatepass") for start in starts)
    return Parts(b"str", (Raw(len(obj), chunks),))


def held_parts(obj: Any, reader: Reader) -> Parts:
    return named(obj.module, obj.name)


def module_parts(obj: ModuleType, reader: Reader) -> Parts:
    name = obj.__name__
    if name in MAIN or (sys.modules.get(name) is obj and not reader.follows(name)):
        return Parts(b"module", (name,))
    kept = ((key, value) for key, value in obj.__dict__.items() if key not in OF_THE_PLACE)
    return Parts(b"namespace", (mapping(kept),))


def instance_parts(obj: Any, reader: Reader) -> Parts:
    reduced = reader.reduce(obj)
    if isinstance(reduced, str):
        return named(pickle.whichmodule(obj, reduced), reduced)  # type: ignore[attr-defined]
    rebuild, args, state, items, pairs = (*reduced, None, None, None)[:5]
    if rebuild is wire.attribute:
        return named(*args)
    members: list[Iterable[Any]] = [(rebuild, len(args)), args, _state(state, type(obj))]
    if items is not None:
        members += [(b"items",), encoded_runs(items)]
    if pairs is not None:
        members += [(b"pairs", mapping(pairs, ordered=isinstance(obj, OrderedDict)))]
    return Parts(b"object", chain.from_iterable(members))
