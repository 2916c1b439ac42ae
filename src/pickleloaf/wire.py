"""The names that a payload may contain, and where the functions behind them live.

A pickle names the callables that make its objects again, so these names *are* the format. A payload
of ours names only ``pickleloaf.wire.<verb>`` and what travels by reference. This table is the
specification of the format, its allow-list and the vocabulary of whoever explains a payload.

1. Verbs are for ever: one may be added, none is renamed, removed or given another meaning.
2. The function behind a verb may move to any file; only the table knows which.
3. Reading the table imports nothing. A verb's file is imported when a payload first uses the verb.
4. Verbs that take names of modules and of what is in them find these through `find` alone. So the ``find_class`` of
   an unpickler is asked for them, too, and nothing is hidden from who allows some names and no others.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from contextvars import ContextVar
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

__all__ = ["FINDER", "VERBS", "Verb", "ask_for", "find", "find_module", "verb"]

#: What finds names while an unpickler loads that has a ``find_class`` of its own.
FINDER: ContextVar[Callable[[str, str], Any] | None] = ContextVar("pickleloaf.finder", default=None)


class Verb(NamedTuple):
    """One row of the table."""

    #: Module of the function, below the package.
    module: str
    #: What the verb makes or does, for readers of a payload.
    meaning: str


VERBS: dict[str, Verb] = {
    # functions and what they are made of
    "function": Verb(
        "reducers.functions", "a function: its code, and what globals and cells it has or shares"
    ),
    "fill_function": Verb("reducers.functions", "gives a function its globals, closure and attributes"),
    "namespace": Verb("reducers._namespaces", "the globals that functions of one module share"),
    "shipped_modules": Verb("reducers._namespaces", "the modules that travel by value in this payload"),
    "code": Verb("reducers.codes", "a code object"),
    "cell": Verb("reducers.cells", "an empty closure cell"),
    "cell_of": Verb("reducers.cells", "a closure cell of a function"),
    "fill_cell": Verb("reducers.cells", "puts the contents into a cell"),
    "annotate": Verb("reducers._eager", "a function that returns annotations, as they were evaluated"),
    # classes
    "class_": Verb("reducers.classes.class_", "a class, made by its metaclass from its namespace"),
    "image": Verb(
        "reducers.classes.shipping", "a class, from a sealed template and what goes into its holes"
    ),
    "fill_image": Verb("reducers.classes.shipping", "fills the other holes of a class, and finishes it"),
    "fill_first": Verb("reducers.classes.shipping", "fills the first of the other holes of a class"),
    "fill_uses": Verb("reducers.classes.shipping", "fills some holes of a class that is new here"),
    "fill_changes": Verb("reducers.classes.merge", "merges what a sender has changed about a class"),
    "scope_of": Verb("reducers.classes.shipping", "the globals of functions of a class of this payload"),
    "method_of": Verb("reducers.classes.shipping", "a function of a class of this payload, by its place"),
    "closed_class": Verb(
        "reducers.classes.earlier",
        "a class of nothing but code and atoms, from its sealed definition; written up to 0.1",
    ),
    "fill_class": Verb(
        "reducers.classes.building", "a class is finished: what refers back to it is in its place"
    ),
    "fill_names": Verb("reducers.classes.building", "sets attributes of a class that is new here"),
    "fill_revision": Verb(
        "reducers.classes.earlier",
        "changes what was changed about a class that is here from before; written up to 0.1",
    ),
    "fill_abc": Verb("reducers.classes.class_", "registers virtual subclasses with an abstract base class"),
    "hidden_type": Verb("reducers.classes.class_", "a type of the interpreter that no module names"),
    "enum": Verb("reducers.classes.enum_", "an enum class, made by the enum machinery from complete members"),
    "fill_member": Verb("reducers.classes.enum_", "gives a member of an enum what refers back to the enum"),
    "member": Verb("reducers.classes.enum_", "a member of an enum, by its name"),
    "typed_dict": Verb("reducers.typings", "a TypedDict class, as it is"),
    "type_parameter": Verb("reducers.typings", "a TypeVar, ParamSpec or TypeVarTuple"),
    "known_type_parameter": Verb("reducers.typings", "a TypeVar or its like, one in each process"),
    "new_type": Verb("reducers.typings", "a NewType, one in each process, still of nothing"),
    "fill_new_type": Verb("reducers.typings", "says what a NewType is of"),
    "fill_type_parameter": Verb(
        "reducers.typings", "says what the bound and default of a type parameter are"
    ),
    "type_alias": Verb("reducers.typings", "a type alias (PEP 695)"),
    "late_type_alias": Verb("reducers.typings", "a type alias whose value, still to come, leads back to it"),
    "fill_late_type_alias": Verb("reducers.typings", "gives such a type alias its value"),
    "forward_reference": Verb("reducers.typings", "a type that an annotation names by a string"),
    "ctypes_class": Verb("reducers.ctypes_", "a class of ctypes, still without fields"),
    "ctypes_part": Verb("reducers.ctypes_", "data of ctypes in the memory of other data"),
    "fill_fields": Verb("reducers.ctypes_", "lays out a structure or union"),
    "function_type": Verb("reducers.ctypes_", "a function prototype of ctypes"),
    # modules
    "module": Verb("reducers.modules", "a module, by its name"),
    "attribute": Verb("reducers._named", "an object that a module holds, by its name"),
    "same": Verb("reducers.modules", "its argument"),
    "sentinel": Verb("reducers.sentinels", "a sentinel (PEP 661), the one of its module, name and text"),
    "fill_module": Verb("reducers.modules", "gives a module by value its names"),
    # methods and descriptors
    "method": Verb("reducers.methods", "a function bound to an object"),
    "bound": Verb("reducers.methods", "a method of a class, by its name there, bound to an object"),
    "class_attribute": Verb("reducers.descriptors", "what a class has under a name, unbound"),
    "property": Verb("reducers.descriptors", "an instance of a subclass of property"),
    # instances
    "new": Verb("reducers.instances", "an instance of a class that tells pickle another one"),
    "instance": Verb("reducers.instances", "an empty instance, whatever its class asks for"),
    "hashed_instance": Verb(
        "reducers.instances", "an instance, and at once the attributes that its hash may need"
    ),
    "derived": Verb("reducers._derived", "an instance, made by the __new__ of a base of its class"),
    "derived_anew": Verb(
        "reducers._derived", "an instance, made by __new__ and __init__ of a base of its class"
    ),
    "fill_derived": Verb("reducers._derived", "gives an instance what its base says, then its attributes"),
    "fill_own_dict": Verb(
        "reducers._own_dicts", "gives an instance the very dict, of whatever kind, that its attributes are in"
    ),
    "share_dict": Verb(
        "reducers._own_dicts",
        "gives an instance the dict of another one, or one that travels on its own, too",
    ),
    "fill_instance": Verb(
        "reducers.instances", "sets the attributes of an instance without asking it for any"
    ),
    "singleton": Verb(
        "reducers._singletons",
        "the one instance of a class that goes by a name of a module that travels by value",
    ),
    "fill_singleton": Verb("reducers._singletons", "gives such an instance its state where it is new"),
    "found": Verb(
        "reducers.instances",
        "what a look-up in something that travels finds, or an empty instance until then",
    ),
    "fill_found": Verb("reducers.instances", "gives such an instance its state where it is new"),
    "fill_directly": Verb(
        "reducers._filling", "puts contents into a list, dict or deque past what its class has made of that"
    ),
    # what dataclasses says of a class
    "field_of": Verb("reducers.dataclasses_", "a field of a dataclass: name, type, options and the rest"),
    "options_of": Verb("reducers.dataclasses_", "the options of a dataclass, as the bits of a number"),
    "field": Verb("reducers.dataclasses_", "a field of a dataclass, still without what is said of it"),
    "fill_field": Verb("reducers.dataclasses_", "gives a field of a dataclass what this Python knows of it"),
    "dataclass_options": Verb("reducers.dataclasses_", "the options that a dataclass was made with"),
    # what functools makes
    "cached": Verb("reducers.functools_", "a function with an empty lru_cache of the same size"),
    "fill_generic": Verb(
        "reducers.functools_", "gives a singledispatch function its registry and attributes"
    ),
    # exceptions
    "exception": Verb("reducers.exceptions", "an exception, still without what it carries"),
    "fill_exception": Verb("reducers.exceptions", "gives an exception its fields and attributes"),
    "traceback": Verb("reducers.tracebacks", "a traceback with the files, names, lines and text of another"),
    # handles
    "database": Verb("reducers.handles.databases", "a connection to a database of sqlite3 in memory"),
    "recreated": Verb(
        "reducers.handles.recreated", "an object as a base of its class makes it from arguments"
    ),
    "lock": Verb("reducers.handles.locks", "a lock, unlocked"),
    "fill_queue": Verb("reducers.handles.queues", "puts items into a queue"),
    "file": Verb("reducers.handles.files", "a file of this process's, open for reading"),
    "fill_file": Verb("reducers.handles.files", "goes to a position in a file"),
    "closed_file": Verb("reducers.handles.files", "a file that is closed; no file is looked at"),
    "variable": Verb("reducers.handles.contexts", "a context variable"),
    "fill_variable": Verb("reducers.handles.contexts", "sets a context variable in the context that loads"),
    "decimal_variable": Verb("reducers.handles.contexts", "the variable that holds the decimal context"),
    "context": Verb("reducers.handles.contexts", "an empty context of variables"),
    "fill_context": Verb("reducers.handles.contexts", "sets variables in a context"),
    "local": Verb("reducers.handles.contexts", "a threading.local, still without values"),
    # views
    "keys": Verb("reducers.views", "a view of the keys of a dict"),
    "values": Verb("reducers.views", "a view of the values of a dict, still empty"),
    "fill_values": Verb("reducers.views", "gives a view its values"),
    "items": Verb("reducers.views", "the items view of a mapping"),
    "class_namespace": Verb("reducers.views", "the __dict__ of a class"),
    "shown": Verb("reducers.views", "a view of the keys or values of a dict that travels as well"),
    "memory": Verb("reducers.views", "a memoryview of a buffer, with its format and shape"),
    "sharing": Verb(
        "reducers._sharing", "an object, after the dicts that are the globals of functions in it"
    ),
    "window": Verb("reducers.views", "a memoryview of a part of what else in the payload looks into, too"),
    "read_only": Verb(
        "reducers.views", "a memoryview of all of an object, which may not be written through it"
    ),
    # weak references
    "reference": Verb("reducers.weakrefs", "a weak reference of a subclass"),
    "weak_method": Verb("reducers.weakrefs", "a weak reference to a bound method"),
    "dead_reference": Verb("reducers.weakrefs", "a weak reference or proxy whose object is gone"),
    "weak_collection": Verb("reducers.weakrefs", "an empty weak dictionary or set"),
    "fill_weak_collection": Verb("reducers.weakrefs", "puts the contents into a weak dictionary or set"),
    # generators
    "generator": Verb(
        "reducers.generators", "a generator or coroutine that has not begun: the call that makes it"
    ),
    "ended_generator": Verb("reducers.generators", "a generator or coroutine that has ended"),
    # iterators of itertools
    "fill_iterator": Verb("reducers.iterators", "sets how far an iterator is"),
    "accumulate": Verb("reducers.iterators", "an accumulate that goes on from a total"),
    "chain": Verb("reducers.iterators", "a chain that is reading one of its iterators"),
    "combinations": Verb(
        "reducers.iterators", "combinations, permutations or a product, gone on to some indices"
    ),
    "cycle": Verb("reducers.iterators", "a cycle in its first turn"),
    "dropwhile": Verb("reducers.iterators", "a dropwhile that drops no more"),
    "groupby": Verb("reducers.iterators", "a groupby that has read one value ahead"),
    "tee": Verb("reducers.iterators", "one of several tees, where it stands"),
    "tee_block": Verb("reducers.iterators", "what several tees share"),
    # patches of importable code
    "patched": Verb("patching.payload", "an object, once the patches that it needs are in force"),
    "patches": Verb("patching.payload", "applies patches, all or none"),
    "patch": Verb("patching.patch", "a change to an importable module or class, as data"),
    "original": Verb("patching.payload", "what the receiver has under a name, or had before it was patched"),
    "match": Verb("reducers.values", "a match of a regular expression, found again"),
    # other libraries
    "proxy": Verb("reducers.third.wrapt_", "a proxy of wrapt, around an object"),
    "bound_proxy": Verb("reducers.third.wrapt_", "a function wrapper of wrapt, bound to an object"),
    "model": Verb(
        "reducers.third.sqlalchemy_", "the class of a model of SQLAlchemy, which is not mapped yet"
    ),
    "fill_mapping": Verb("reducers.third.sqlalchemy_", "map a model of SQLAlchemy to its table"),
    "mapped_registry": Verb("reducers.third.sqlalchemy_", "a registry of models of SQLAlchemy"),
    "interface": Verb("reducers.third.zope_", "an interface of zope.interface, still without attributes"),
    "fill_interface": Verb("reducers.third.zope_", "gives such an interface its attributes"),
    "implements": Verb(
        "reducers.third.zope_", "what a class implements, as zope.interface keeps it, still nothing"
    ),
    "class_provides": Verb(
        "reducers.third.zope_", "what a class itself provides, as zope.interface keeps it"
    ),
    "fill_implements": Verb("reducers.third.zope_", "says what a class implements"),
    "storage": Verb("reducers.third.torch_", "memory of tensors of torch"),
    "typed_storage": Verb("reducers.third.torch_", "such memory, as that of numbers of one type"),
    "frame": Verb("reducers.third.polars_", "a frame of polars, on a table of Arrow"),
    "series": Verb("reducers.third.polars_", "a series of polars, on an array of Arrow"),
    "loguru_logger": Verb("reducers.third.loguru_", "a logger of loguru, on the sinks that this process has"),
    "mapper_of": Verb("reducers.third.sqlalchemy_", "the mapper of a model of SQLAlchemy"),
    "curried": Verb("reducers.third.toolz_", "a curried function of toolz with its arguments"),
    "parametrized": Verb("reducers.third.pydantic_", "a generic model of pydantic with its arguments"),
    # payloads inside of other pickles
    "parcel": Verb("integrations.parcels", "what lies in a payload of ours that another pickler carries"),
    # tasks
    "promise": Verb("tasks.promise", "a promise of the cluster that loads it"),
    "ref": Verb("tasks.refs", "a ref of the cluster that loads it"),
    "taken": Verb("tasks.promise", "stands for a value that a task takes as an argument"),
    "lost": Verb("tasks.parcels", "an error: what was here could not be received"),
    "ignoring": Verb("tasks.promise", "a function of one argument, which it ignores, from one of none"),
    "hollow": Verb("tasks.standalone", "a closure that takes what is in its cells as arguments"),
    "chunked": Verb("tasks.chunks", "a function of many items, from one of one item"),
    # small parts
    "pack": Verb("reducers.classes.building", "a tuple of its arguments"),
}

_Function = TypeVar("_Function", bound=Callable[..., Any])


def verb(function: _Function) -> _Function:
    """Declare the function behind a verb.

    ``rebuild_cell`` is behind the verb ``cell``; every other function bears the verb's own name. The
    function's module and qualified name become the verb's, which is what a pickler writes down.

    Raises:
        LookupError: the table has no such verb, or has it in another file.
    """
    name = function.__name__.removeprefix("rebuild_")
    if name not in VERBS or f"{__package__}.{VERBS[name].module}" != function.__module__:
        msg = f"wire.VERBS does not list {name!r} in {function.__module__}"
        raise LookupError(msg)
    function.__module__ = __name__
    function.__name__ = function.__qualname__ = name
    globals()[name] = function
    return function


def find(module: str, name: str) -> Any:
    """Return what a module has under a name, which may have dots.

    Raises:
        AttributeError: it has no such name.
        ModuleNotFoundError: the module is not here.
    """
    finder = FINDER.get()
    first, *others = name.split(".")
    found = getattr(importlib.import_module(module), first) if finder is None else finder(module, first)
    for each in others:
        found = getattr(found, each)
    return found


def find_module(name: str) -> ModuleType:
    """Return a module.

    Raises:
        ModuleNotFoundError: the module is not here.
    """
    ask_for(name)
    return importlib.import_module(name)


def ask_for(module: str) -> None:
    """Let a ``find_class`` forbid a module: it is asked for the module's ``__name__``."""
    finder = FINDER.get()
    if finder is not None:
        finder(module, "__name__")


def __getattr__(name: str) -> Any:
    """Import the file of a verb on first use."""
    if name not in VERBS:
        msg = f"this payload uses {name!r}, a verb that this version of pickleloaf does not know"
        raise AttributeError(msg)
    importlib.import_module(f"{__package__}.{VERBS[name].module}")
    return globals()[name]
