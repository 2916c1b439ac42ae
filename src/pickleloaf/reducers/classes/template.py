"""Sealed templates of classes: all that is code and atoms, with holes for everything else.

A template is a marshalled tuple in an envelope. Values in it are *nodes*: an atom stands for itself, a tuple begins
with one of the numbers below.

    (HOLE, index)                a value that the payload brings; -1 where it comes when the class exists
    (FUNCTION, index)            a function of the template
    (STATIC, index, attributes), (CLASS, index, attributes)  a static or class method of one, and attributes of its own
    (CACHED, index, name, doc)   a cached property
    (CACHE, index, size, typed)  a function with a cache (`functools.lru_cache`); one object, however often it is there
    (PROPERTY, get, set, delete, doc)  the first three are indexes of functions, or None
    (CONSTANT, value)            a tuple or frozenset of atoms
    (BUILTIN, name)              a type that `builtins` has under a name
    (DICT, keys, nodes)          a dict of the structure around a class, never one of the user's
    (TUPLE, nodes)               likewise a tuple
    (ALIAS, origin, nodes)       an annotation: ``list[int]``; (UNION, nodes): ``int | None``; (CHOICE, nodes):
                                 ``Optional[int]``

Each hole has a *use*, (kind, path, key), that says where its value goes. A path leads from the class to one of its
functions: an attribute, then attributes of that and numbers of closure cells (see `function_at`).

    ("name", (), n)              attribute n of the class
    ("global", path, n)          global n of a function
    ("cell", path, i)            the contents of closure cell i of a function
    ("default", path, i), ("kwdefault", path, n), ("annotation", path, n), ("attribute", path, n), ("facet", path, n)
                                 a part of a function; a facet is an attribute that Python gives every function
    ("metaclass", (), None), ("base", (), i), ("item", path, None)  what the class is made with; an item is one of its
                                 maker's further arguments, by the path to it

Early holes are needed to make the class; the late ones are filled in when it exists.
"""

from __future__ import annotations

import builtins
import functools
import marshal
import operator
from collections.abc import Callable, Sequence
from importlib import import_module
from types import CellType, FunctionType, GenericAlias
from typing import Any, NamedTuple

from pickleloaf.code.codec import WRITE_NO_REFERENCES, load_code, restore
from pickleloaf.code.envelope import unseal

__all__ = [
    "ALIAS",
    "BUILTIN",
    "CACHE",
    "CACHED",
    "CHOICE",
    "CLASS",
    "CLASS_CELL",
    "CONSTANT",
    "DICT",
    "DICT_CELL",
    "EMPTY",
    "FUNCTION",
    "HOLE",
    "PROPERTY",
    "STATIC",
    "TUPLE",
    "UNION",
    "FunctionNode",
    "Made",
    "Template",
    "Use",
    "function_at",
    "open_template",
    "put",
]

#: Kinds of nodes.
HOLE, FUNCTION, STATIC, CLASS, CACHED, CACHE, PROPERTY, CONSTANT, BUILTIN = range(9)
DICT, TUPLE, EMPTY, ALIAS, UNION, CHOICE = range(9, 15)

#: In the closure of a function: the cell of ``__class__``, and that of ``__classdict__``.
CLASS_CELL, DICT_CELL = -1, -2

Use = tuple[Any, ...]

#: Code (settled, or with a source text of its own as bytes), scope, closure, and attributes that differ.
FunctionNode = tuple[Any, int, "tuple[int, ...] | None", "dict[str, Any] | None"]


class Template(NamedTuple):
    """All that is code and atoms about one class.

    Attributes:
        maker: the verb that makes the class.
        name: its name.
        module: the ``__name__`` of globals that are made for its functions; None where the payload brings these.
        functions: the functions.
        cells: nodes of the contents of cells that functions close over.
        globals: names and nodes that go into the last scope.
        metaclass: node of the metaclass; None for `type`.
        bases: nodes of the bases; None for `object` alone.
        names: the namespace: names, nodes.
        after: attributes that are set when the class exists: names, nodes.
        more: nodes of further arguments of the maker.
        late: uses of the late holes.
        source: the source text that the code shares, in UTF-8.
        is_hooked: whether code runs when the class is made that may look at its attributes.
    """

    maker: str
    name: str
    module: str | None
    functions: tuple[FunctionNode, ...]
    cells: tuple[Any, ...]
    globals: tuple[tuple[str, ...], tuple[Any, ...]]
    metaclass: Any
    bases: tuple[Any, ...] | None
    names: tuple[tuple[str, ...], tuple[Any, ...]]
    after: tuple[tuple[str, ...], tuple[Any, ...]]
    more: tuple[Any, ...]
    late: tuple[Use, ...]
    source: bytes
    is_hooked: bool

    def contents(self) -> bytes:
        """Return the template as bytes."""
        return marshal.dumps(tuple(self), WRITE_NO_REFERENCES)


def open_template(sealed: bytes) -> Template:
    """Return the template in an envelope.

    Raises:
        DecodeError: the envelope is of another Python version, or damaged.
    """
    return Template(*marshal.loads(unseal(sealed)))


class Made:
    """What is made from a template: first functions and cells, then what refers to them.

    Attributes:
        template: the template.
        functions: the functions.
    """

    def __init__(
        self,
        template: Template,
        early: Sequence[Any] = (),
        scopes: Sequence[Any] = (),
        deferred: Sequence[int] = (),
        cells: dict[int, Any] | None = None,
    ) -> None:
        """Make the functions.

        Args:
            template: the template.
            early: values of the early holes.
            scopes: what stands for the globals of functions; the last one is for those of the class's own module.
            deferred: early holes whose values come later; a stand-in for each may be there.
            cells: cells that other functions of the payload have, or (function, index) for these, by index.
        """
        self._template = template
        self._early = early
        self._deferred = frozenset(deferred)
        self._scopes = [_globals_of(each) for each in scopes]
        others = 1 + max([node[1] for node in template.functions], default=-1)
        if template.module is not None and len(scopes) <= others:
            self._scopes.append({"__name__": template.module, "__builtins__": builtins})
        given = cells or {}
        self._cells = [_cell_of(given.get(at)) for at in range(len(template.cells))]
        self._own: dict[int, CellType] = {}
        self._caches: dict[Any, Any] = {}
        self._source = template.source.decode("utf-8", "surrogatepass")
        self.functions = [*map(self._function, template.functions)]
        for node, cell in zip(template.cells, self._cells, strict=True):
            if node != (EMPTY,) and not self._is_missing(node):
                cell.cell_contents = self.value(node)
        if template.globals[0]:
            self._scopes[-1].update(self._items(*template.globals))
        for function, (_, _, _, attributes) in zip(self.functions, template.functions, strict=True):
            if attributes:
                self._set_attributes(function, attributes)

    def arguments(self) -> tuple[Any, ...]:
        """Return metaclass, name, bases, namespace and further arguments to make the class."""
        template = self._template
        names = {
            name: node if type(node) is not tuple else self.value(node)
            for name, node in zip(*template.names, strict=True)
        }
        if CLASS_CELL in self._own:
            names["__classcell__"] = self._own[CLASS_CELL]
        if DICT_CELL in self._own:
            names["__classdictcell__"] = self._own[DICT_CELL]
        metaclass = type if template.metaclass is None else self.value(template.metaclass)
        bases = () if template.bases is None else tuple([self.value(node) for node in template.bases])
        return (metaclass, template.name, bases, names, *map(self.value, template.more))

    def finish(self, cls: type) -> None:
        """Set the attributes that a class gets when it exists."""
        for name, value in self._items(*self._template.after).items():
            type.__setattr__(cls, name, value)

    def value(self, node: Any) -> Any:
        """Return the value of a node."""
        if type(node) is not tuple:
            return node
        return _VALUES[node[0]](self, node)

    def _is_missing(self, node: Any) -> bool:
        """Tell whether a node is a hole whose value comes later."""
        if type(node) is not tuple or node[0] != HOLE:
            return False
        return node[1] < 0 or node[1] in self._deferred

    def _items(self, names: Sequence[str], nodes: Sequence[Any]) -> dict[str, Any]:
        return {
            name: self.value(node)
            for name, node in zip(names, nodes, strict=True)
            if not self._is_missing(node)
        }

    def _places(self, names: Sequence[str], nodes: Sequence[Any]) -> dict[str, Any]:
        """Return a dict with None where values come later, so that they have their places in it."""
        return {name: self.value(node) for name, node in zip(names, nodes, strict=True)}

    def _function(self, node: FunctionNode) -> FunctionType:
        code, scope, closure, _ = node
        if type(code) is bytes:
            restored = load_code(code)
        else:
            restored = restore(code, self._source)
            self._source = ""  # it need not be registered again
        cells = None if closure is None else tuple([self._cell(each) for each in closure])
        return FunctionType(restored, self._scopes[scope], None, None, cells)

    def _cell(self, index: int) -> CellType:
        if index >= 0:
            return self._cells[index]
        return self._own.setdefault(index, CellType())

    def _set_attributes(self, function: FunctionType, attributes: dict[str, Any]) -> None:
        for name, node in attributes.items():
            if name == "__defaults__":
                function.__defaults__ = tuple([self.value(each) for each in node])
            elif name in _DICTS:
                given = self._places(*node)
                if name == "__dict__":
                    function.__dict__.update(given)
                else:
                    setattr(function, name, given)
            elif not self._is_missing(node):
                setattr(function, name, self.value(node))

    def _hole(self, node: tuple[int, int]) -> Any:
        index = node[1]
        return self._early[index] if index >= 0 else None

    def _wrapped(self, kind: Callable[[Any], Any], node: tuple[Any, ...]) -> Any:
        wrapper = kind(self.functions[node[1]])
        wrapper.__dict__.update(node[2])
        return wrapper

    def _cached(self, node: tuple[Any, ...]) -> Any:
        _, at, name, doc = node
        found: Any = functools.cached_property(self.functions[at])
        found.attrname, found.__doc__ = name, doc
        return found

    def _with_cache(self, node: tuple[Any, ...]) -> Any:
        if node not in self._caches:
            _, at, size, typed = node
            self._caches[node] = functools.lru_cache(size, typed)(self.functions[at])
        return self._caches[node]

    def _property(self, node: tuple[Any, ...]) -> property:
        _, *parts, doc = node
        get, set_, delete = [None if each is None else self.functions[each] for each in parts]
        if doc is not None and (get is None or get.__doc__ != doc):
            return property(get, set_, delete, doc)
        found = property(get, set_, delete)
        if found.__doc__ is not None and doc is None:  # the function has got its own later
            found.__doc__ = None
        return found


_DICTS = frozenset({"__kwdefaults__", "__annotations__", "__dict__"})

_VALUES: dict[int, Callable[[Made, Any], Any]] = {
    HOLE: Made._hole,
    FUNCTION: lambda made, node: made.functions[node[1]],
    STATIC: lambda made, node: made._wrapped(staticmethod, node),
    CLASS: lambda made, node: made._wrapped(classmethod, node),
    CACHED: Made._cached,
    CACHE: Made._with_cache,
    ALIAS: lambda made, node: GenericAlias(
        made.value(node[1]), tuple([made.value(each) for each in node[2]])
    ),
    CHOICE: lambda made, node: import_module("typing").Union[tuple([made.value(each) for each in node[1]])],
    UNION: lambda made, node: functools.reduce(operator.or_, [made.value(each) for each in node[1]]),
    PROPERTY: Made._property,
    CONSTANT: lambda made, node: node[1],
    BUILTIN: lambda made, node: getattr(builtins, node[1]),
    DICT: lambda made, node: made._items(node[1], node[2]),
    TUPLE: lambda made, node: tuple([made.value(each) for each in node[1]]),
}


def function_at(cls: type, path: Sequence[Any]) -> Any:
    """Return the function at a path: an attribute of a class, then attributes and contents of closure cells.

    Raises:
        LookupError, AttributeError, TypeError, ValueError: there is none.
    """
    name, *steps = path
    found: Any = cls.__dict__[name]
    for step in steps:
        found = found.__closure__[step].cell_contents if type(step) is int else getattr(found, step)
    return found


def put(cls: type, use: Use, value: Any) -> None:
    """Put a value where it goes."""
    kind, path, key = use
    if kind == "name":
        type.__setattr__(cls, key, value)
    else:
        _PUT[kind](function_at(cls, path), key, value)


def _put_default(function: FunctionType, index: int, value: Any) -> None:
    defaults = list(function.__defaults__ or ())
    defaults[index] = value
    function.__defaults__ = tuple(defaults)


def _put_contents(function: FunctionType, index: int, value: Any) -> None:
    (function.__closure__ or ())[index].cell_contents = value


def _put_facet(function: FunctionType, name: str, value: Any) -> None:
    if value is not None or name not in _NEVER_NONE:  # it stands for a value that comes later
        setattr(function, name, value)


_NEVER_NONE = frozenset({"__name__", "__qualname__", "__type_params__"})

_PUT: dict[str, Callable[[Any, Any, Any], None]] = {
    "global": lambda function, name, value: function.__globals__.__setitem__(name, value),
    "cell": _put_contents,
    "default": _put_default,
    "kwdefault": lambda function, name, value: function.__kwdefaults__.__setitem__(name, value),
    "annotation": lambda function, name, value: function.__annotations__.__setitem__(name, value),
    "attribute": lambda function, name, value: function.__dict__.__setitem__(name, value),
    "facet": _put_facet,
}


def _globals_of(namespace: Any) -> dict[str, Any]:
    """Return the globals that a function, a module or a dict stands for."""
    if type(namespace) is FunctionType:
        return namespace.__globals__
    if type(namespace) is str:
        return {"__name__": namespace, "__builtins__": builtins}
    return namespace if type(namespace) is dict else namespace.__dict__


def _cell_of(place: Any) -> CellType:
    if type(place) is tuple:
        function, index = place
        found: CellType = function.__closure__[index]
        return found
    return CellType() if place is None else place
