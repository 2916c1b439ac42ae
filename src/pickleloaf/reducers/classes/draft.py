"""Drafts: a class is read and written down as a template with holes (see template).

1. Functions go into the template that are the class's own by name (``C.method``), are found in the class directly, in a
   wrapper, in a closure or an attribute of such a function, and have globals that the template can give them: those of
   the class's module, or those of an importable module. Any other function is an object of its own: a hole.
2. Atoms, and tuples and frozensets of these, go into the template unless they are large or have changed before.
3. Whatever may change in place is a hole.
"""

from __future__ import annotations

import builtins
import functools
import marshal
import sys
from abc import ABCMeta
from collections.abc import Callable, Collection, Mapping
from enum import EnumType
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    GenericAlias,
    MethodDescriptorType,
    UnionType,
    WrapperDescriptorType,
)
from typing import Any, NamedTuple

from pickleloaf._compat import LAZY_IMPORT
from pickleloaf.code.codec import WRITE_NO_REFERENCES, CodeFacts, facts_of, settle_together
from pickleloaf.code.source import is_provided
from pickleloaf.inspecting.anatomy import (
    LRU_CACHE,
    NOTHING,
    contents_of,
    definer,
    function_of,
    own_attributes,
)
from pickleloaf.inspecting.holders import module_of
from pickleloaf.inspecting.kinds import WRITTEN, Kinds
from pickleloaf.inspecting.names import NOTHING as NO_NAMES
from pickleloaf.inspecting.names import LookUps, identifiers, look_ups_of
from pickleloaf.policy.by_value import ValuePolicy
from pickleloaf.reducers import reducer_for_made
from pickleloaf.reducers._annotations import lazy_annotations
from pickleloaf.reducers._attributes import overloads_of
from pickleloaf.reducers._namespaces import import_now, own_builtins
from pickleloaf.reducers.classes import template as t
from pickleloaf.reducers.classes.body import NEEDED, names_told, set_afterwards
from pickleloaf.reducers.classes.stamp import WRAPPERS, Place, Watched

__all__ = ["Draft", "Kind", "Node", "annotation_node"]

Node = Any

#: Texts and data that are longer are holes: they go into the payload as they are, once.
_LONG = 1024

_BUILTINS = vars(builtins)


class Kind(NamedTuple):
    """How classes of one kind are made.

    Attributes:
        maker: the verb that makes them.
        names: returns the namespace.
        more: returns nodes of further arguments of the maker.
        item: returns the value at a path in these.
        watched: reads what these depend on, if that may change.
    """

    maker: str
    names: Callable[[type], Mapping[str, Any]]
    more: Callable[[type, Draft], tuple[Node, ...]] = lambda cls, draft: ()
    item: Callable[[type, tuple[Any, ...]], Any] | None = None
    watched: Watched | None = None


class Draft:
    """A class as it is written down.

    Attributes:
        functions: the functions in the template.
        paths: where each is: an attribute of the class, and steps from there.
        caches: functions with a cache in the template and where they are, by node: the same node is the same object.
        early, late: uses of the holes, and `held`: their values, but for bases and the metaclass.
        cells: cells that are not the class's own, as (function, index).
        names: nodes of the namespace.
        is_hooked: whether code of the user runs when the class is made.
        scopes: globals of importable modules.
        scope: the globals of the class's own functions, and `own`: where one of these is; empty where it has none.
        globals: names that its functions look up there.
    """

    def __init__(
        self,
        cls: type,
        kind: Kind,
        policy: ValuePolicy,
        *,
        volatile: Collection[Place] = (),
        excluded: Collection[int] = (),
    ) -> None:
        """Read a class.

        Args:
            cls: the class.
            kind: how it is made.
            policy: what goes by value.
            volatile: places that have changed before.
            excluded: ids of functions that the payload has already.
        """
        self.cls = cls
        self._policy = policy
        self._volatile = volatile
        self._excluded = excluded
        self._prefix = f"{cls.__qualname__}."
        self._index: dict[int, int] = {}
        self.functions: list[FunctionType] = []
        self.facts: list[CodeFacts] = []
        self.paths: list[Place] = []
        self.nodes: list[tuple[int, tuple[int, ...] | None, dict[str, Node] | None]] = []
        self.caches: dict[Node, tuple[Any, Place]] = {}
        self.early: list[t.Use] = []
        self.late: list[t.Use] = []
        self.held: list[Any] = []
        self.cells: list[tuple[int, int]] = []
        self._cells: dict[int, int] = {}
        self._cell_nodes: list[Node] = []
        self.scopes: list[FunctionType] = []
        self.scope: dict[str, Any] = {}
        self.own: Place = ()
        namespace = self._namespace = kind.names(cls)
        self.is_hooked = _is_hooked(cls, namespace)
        after = set_afterwards(cls)
        self.names: dict[str, Node] = {}
        self.after: dict[str, Node] = {}
        for name, value in namespace.items():
            if name in after and name not in NEEDED:
                self.after[name] = self.node(value, ("name", (), name), name, is_early=False)
            else:
                self.names[name] = self.node(
                    value, ("name", (), name), name, is_early=self._is_early(name, value)
                )
        self.more = kind.more(cls, self)
        self.metaclass = None if type(cls) is type else self.hole(("metaclass", (), None), is_early=True)
        bases = cls.__bases__
        self.bases = (
            None
            if len(bases) == 1 and bases[0] is object
            else tuple([self.hole(("base", (), at), is_early=True) for at in range(len(bases))])
        )
        self.globals = self._global_names()
        self.has_own_scope = self._needs_nothing_shared()
        self.global_nodes = {
            name: self.node(
                (self.scope or {})[name], ("global", self.own, name), place=("globals", self.key, name)
            )
            for name in self.globals
            if name in self.scope
        }

    @property
    def key(self) -> tuple[str, int]:
        """The key of the globals of the class's own functions."""
        return (str(self.scope.get("__name__")), 0)

    def _is_early(self, name: str, value: Any) -> bool:
        if self.is_hooked or name in NEEDED:
            return True
        return type(self.cls) is ABCMeta and getattr(value, "__isabstractmethod__", False) is not False

    def is_settled(self, use: t.Use) -> bool:
        """Tell whether the value of an early hole leads to the class on no way but one that pickle itself resolves."""
        return use[0] == "name" and self._is_settled(self._namespace[use[2]])

    def _is_settled(self, value: Any) -> bool:  # noqa: PLR0911 - one for each sort
        """Tell whether a value consists of other classes, functions by name, type parameters and types of `typing`."""
        if WRITTEN.have(value):
            return True
        kind = type(value)
        if kind is tuple:
            return all(map(self._is_settled, value))
        if kind is not GenericAlias and isinstance(value, type):
            return value is not self.cls
        if kind is FunctionType:
            return self._policy.by_reference(value)
        if _OF_C.have(value):
            return True
        if kind.__module__ not in {"typing", "types"}:
            return False
        origin = getattr(value, "__origin__", None)
        return origin is None or (self._is_settled(origin) and self._is_settled(value.__args__))

    def hole(self, use: t.Use, *, is_early: bool) -> Node:
        """Return the node of a value that the payload brings."""
        if not is_early:
            self.late.append(use)
            return (t.HOLE, -1)
        self.early.append(use)
        return (t.HOLE, len(self.early) - 1)

    def node(
        self,
        value: Any,
        use: t.Use,
        *path: Any,
        is_early: bool | None = None,
        place: Place | None = None,
    ) -> Node:
        """Return the node of a value.

        Args:
            value: the value.
            use: where it goes.
            path: where it is found; empty where a function cannot be found again.
            is_early: whether it is needed to make the class, where that does not depend on hooks alone.
            place: where it may change, if that is not the attribute of the class.
        """
        written = None
        if (place or ("names", *path)) not in self._volatile:
            if WRITTEN.have(value):
                if type(value) not in (str, bytes) or len(value) <= _LONG:
                    return value
            else:
                written = self._written(value, use, path)
        if written is not None:
            return written
        self.held.append(value)
        return self.hole(use, is_early=self.is_hooked if is_early is None else is_early)

    def _written(self, value: Any, use: t.Use, path: Place) -> Node | None:
        """Return the node of a value that goes into the template and is no atom; None for another one."""
        kind = type(value)
        if kind is FunctionType:
            at = self._own(value, path) if path else None
            return None if at is None else (t.FUNCTION, at)
        if kind in (tuple, frozenset):
            return (t.CONSTANT, value) if _is_constant(value) else None
        if kind is type:
            return _builtin(value)
        if use[0] == "name" and type(kind) is type and kind in WRAPPERS:
            return self._wrapper(value, kind, path)
        return annotation_node(value) if use[0] == "annotation" or path == ("__annotations__",) else None

    def _wrapper(self, value: Any, kind: type, path: Place) -> Node:  # noqa: PLR0911 - one for each sort
        """Return the node of what wraps functions of the class, or None."""
        if kind in _METHODS:
            attributes = own_attributes(value)
            if not WRITTEN.cover(attributes.values()):
                return None
            at = self._own(value.__func__, (*path, "__func__"))
            return None if at is None else (_METHODS[kind], at, attributes)
        doc = value.__doc__
        if doc is not None and (type(doc) is not str or len(doc) > _LONG):
            return None
        if kind is LRU_CACHE:
            return self._cache(value, path)
        if kind is functools.cached_property:
            at = self._own(value.func, (*path, "func")) if vars(value).keys() <= _OF_CACHED else None
            return None if at is None else (t.CACHED, at, value.attrname, doc)
        parts = [(name, getattr(value, name)) for name in ("fget", "fset", "fdel")]
        if not all(part is None or self._is_own(part, path) for _, part in parts):
            return None
        return (t.PROPERTY, *[part and self._own(part, (*path, name)) for name, part in parts], doc)

    def _cache(self, cached: Any, path: Place) -> Node:
        """Return the node of a function with a cache, or None where it is not as `functools` makes it."""
        function = getattr(cached, "__wrapped__", None)
        if function_of(cached) is not function or len(vars(cached)) > _CACHE_HAS + len(vars(function)):
            return None
        if id(cached) in self._excluded:
            return None
        at = self._own(function, (*path, "__wrapped__"))
        if at is None:
            return None
        node = (t.CACHE, at, cached.cache_info().maxsize, cached.cache_parameters()["typed"])
        first, _ = self.caches.setdefault(node, (cached, path))
        return node if first is cached else None

    def _is_own(self, function: Any, path: Place) -> bool:  # noqa: PLR0911 - each says why not
        """Tell whether a function goes into the template (rule 1)."""
        if type(function) is not FunctionType or id(function) in self._excluded:
            return False
        if id(function) in self._index:
            return True
        code, scope = function.__code__, function.__globals__
        if code.co_name == code.co_qualname:
            return False
        is_inner = len(path) > 1 and "<locals>" in function.__qualname__
        if not (is_inner or function.__qualname__.startswith(self._prefix)):
            return False
        if type(scope) is not dict or overloads_of(function):
            return False
        module: Any = scope.get("__name__")
        if module == self.cls.__module__ and (not self.own or scope is self.scope):
            if function.__module__ != "__main__" and self._policy.by_reference(function):
                return False
            return function.__builtins__ is _BUILTINS or not own_builtins(function, facts_of(code).names)  # type: ignore[attr-defined, unused-ignore]
        return (
            type(module) is str
            and module_of(scope, module) is not None
            and not self._policy.travels(module)
            and reducer_for_made(function) is None
        )

    def _own(self, function: Any, path: Place) -> int | None:
        """Return the number of a function in the template, or None."""
        if not self._is_own(function, path):
            return None
        at = self._index.get(id(function))
        if at is not None:
            return at
        at = self._index[id(function)] = len(self.functions)
        facts = facts_of(function.__code__)
        self.functions.append(function)
        self.facts.append(facts)
        self.paths.append(path)
        self.nodes.append((0, None, None))
        scope = self._scope_of(function)
        closure = function.__closure__
        cells = None
        if closure:
            names = function.__code__.co_freevars
            cells = tuple([self._cell(at, n, names[n], cell) for n, cell in enumerate(closure)])
        self.nodes[at] = (scope, cells, self._attributes(function, facts, path) or None)
        return at

    def _scope_of(self, function: FunctionType) -> int:
        scope = function.__globals__
        if scope.get("__name__") == self.cls.__module__:
            if not self.own:
                self.scope, self.own = scope, self.paths[self._index[id(function)]]
            return -1
        for at, each in enumerate(self.scopes):
            if each.__globals__ is scope:
                return at
        self.scopes.append(function)
        return len(self.scopes) - 1

    def _cell(self, at: int, index: int, name: str, cell: CellType) -> int:
        """Return the number of a cell."""
        value = contents_of(cell)
        if name == "__class__" and value is self.cls:
            return t.CLASS_CELL
        if name == "__classdict__":
            return t.DICT_CELL
        number = self._cells.get(id(cell))
        if number is not None:
            return number
        number = self._cells[id(cell)] = len(self.cells)
        self.cells.append((at, index))
        self._cell_nodes.append((t.EMPTY,))
        if value is not NOTHING:
            path = (*self.paths[at], index)
            self._cell_nodes[number] = self.node(
                value, ("cell", self.paths[at], index), *path, place=("cell", *path)
            )
        elif ("cell", *self.paths[at], index) in self._volatile:
            self._cell_nodes[number] = self.hole(("cell", self.paths[at], index), is_early=False)
        return number

    def _attributes(self, function: FunctionType, facts: CodeFacts, path: Place) -> dict[str, Node]:
        """Return nodes of the attributes that differ from what the code and the globals give a new function."""
        found: dict[str, Node] = {}
        name = path[0]
        if function.__defaults__:
            found["__defaults__"] = tuple(
                [
                    self.node(value, ("default", path, index), place=("names", name, "part"))
                    for index, value in enumerate(function.__defaults__)
                ]
            )
        if function.__kwdefaults__:
            found["__kwdefaults__"] = self._dict("kwdefault", path, function.__kwdefaults__)
        for key, expected in (
            ("__name__", facts.name),
            ("__qualname__", facts.qualname),
            ("__doc__", facts.doc),
            ("__module__", function.__globals__.get("__name__")),
        ):
            value = getattr(function, key)
            if value is not expected and value != expected:
                found[key] = value if WRITTEN.have(value) else self.hole(("facet", path, key), is_early=False)
        if function.__dict__:
            keys = tuple(function.__dict__)
            nodes = [
                self.node(value, ("attribute", path, key), *path, key, place=("names", name, "part"))
                for key, value in function.__dict__.items()
            ]
            found["__dict__"] = (keys, tuple(nodes))
        if getattr(function, "__type_params__", None):
            found["__type_params__"] = self.hole(("facet", path, "__type_params__"), is_early=self.is_hooked)
        annotate = lazy_annotations(function)
        if annotate is not None:
            found["__annotate__"] = self.node(
                annotate,
                ("facet", path, "__annotate__"),
                *path,
                "__annotate__",
                place=("names", name, "part"),
            )
        elif function.__annotations__:
            found["__annotations__"] = self._dict("annotation", path, function.__annotations__)
        return found

    def _dict(self, use: str, path: Place, held: dict[str, Any]) -> Node:
        place = ("names", path[0], "part")
        return tuple(held), tuple(
            [self.node(value, (use, path, key), place=place) for key, value in held.items()]
        )

    def _global_names(self) -> tuple[str, ...]:
        """Return the names that functions look up in the scope of the class, once each."""
        scope = self.scope
        names: dict[str, None] = {}
        for function, facts in zip(self.functions, self.facts, strict=True):
            if function.__globals__ is not scope:
                continue
            names.update(dict.fromkeys(facts.names.globals))
            if lazy_annotations(function) is None:
                texts = [text for text in function.__annotations__.values() if type(text) is str]
                names.update((name, None) for text in texts for name in identifiers(text) if name in scope)
        for name in names:
            if type(scope.get(name)) is LAZY_IMPORT:
                import_now(scope, name)
        return tuple(names)

    def _needs_nothing_shared(self) -> bool:
        """Tell whether the globals of the class's functions need not be those of others in the payload."""
        scope = self.scope
        if any(
            facts.names.touches_scope
            for function, facts in zip(self.functions, self.facts, strict=True)
            if function.__globals__ is scope
        ):
            return False
        return all(
            _is_module(scope[name]) or self._policy.by_reference(scope[name])
            for name in self.globals
            if name in scope
        )

    def look_ups(self) -> LookUps | None:
        """Return the names that patches of builtins and modules may change, of all functions together."""
        found = list(
            dict.fromkeys(
                [
                    facts.look_ups
                    for facts in self.facts
                    if facts.names is not NO_NAMES and facts.look_ups is not None
                ]
            )
        )
        if len(found) < 2:
            return found[0] if found else None
        return look_ups_of(
            *[
                tuple(dict.fromkeys([each for look_ups in found for each in getattr(look_ups, part)]))
                for part in ("builtins", "chains", "modules", "members")
            ]
        )

    def late_uses(self) -> tuple[t.Use, ...]:
        """Return the uses of the late holes; attributes of the class come after what its functions need."""
        return tuple(sorted(self.late, key=lambda use: use[0] == "name"))

    def reading(self) -> tuple[bytes, list[int]]:
        """Return all that has been read and is written, to compare two drafts of one class."""
        nodes = [self.nodes, self._cell_nodes, self.global_nodes, self.names, self.after, self.more]
        uses = [self.early, self.late, self.paths]
        return marshal.dumps([nodes, uses], WRITE_NO_REFERENCES), [*map(id, self.facts)]

    def write(self, kind: Kind) -> t.Template:
        """Return the template."""
        codes = [function.__code__ for function in self.functions]
        together = _written_together(self.cls, codes)
        settled, source = settle_together(together) if together else ([], "")
        written = dict(zip(map(id, together), settled, strict=True))
        functions = [
            (written.get(id(code)) or facts.contents, *node)
            for code, facts, node in zip(codes, self.facts, self.nodes, strict=True)
        ]
        return t.Template(
            maker=kind.maker,
            name=self.cls.__name__,
            module=self.cls.__module__ if self.has_own_scope else None,
            functions=tuple(functions),
            cells=tuple(self._cell_nodes),
            globals=(tuple(self.global_nodes), tuple(self.global_nodes.values())),
            metaclass=self.metaclass,
            bases=self.bases,
            names=(tuple(self.names), tuple(self.names.values())),
            after=(tuple(self.after), tuple(self.after.values())),
            more=self.more,
            late=self.late_uses(),
            source=source.encode("utf-8", "surrogatepass"),
            is_hooked=self.is_hooked,
        )


#: How many attributes `functools` gives to a function with a cache.
_CACHE_HAS = len(vars(functools.lru_cache(lambda: None)))

_METHODS: dict[type, int] = {staticmethod: t.STATIC, classmethod: t.CLASS}
#: Attributes of a cached property, in any Python.
_OF_CACHED = frozenset({"func", "attrname", "__doc__", "__module__", "lock"})


def _builtin(cls: type) -> Node | None:
    """Return the node of a type that `builtins` has under its name; None for another one."""
    name = cls.__name__
    return (t.BUILTIN, name) if cls.__module__ == "builtins" and _BUILTINS.get(name) is cls else None


def annotation_node(value: Any) -> Node | None:
    """Return the node of an annotation that is made of types of `builtins`; None for another one.

    The dict of the annotations of a class is one as well.
    """
    kind = type(value)
    if kind is type:
        return _builtin(value)
    if kind is dict:
        nodes = [_annotation_or_atom(each) for each in value.values()]
        return None if _MISSING in nodes else (t.DICT, tuple(value), tuple(nodes))
    if kind is GenericAlias and not getattr(value, "__unpacked__", False):
        origin = annotation_node(value.__origin__)
        nodes = [_annotation_or_atom(each) for each in value.__args__]
        return None if origin is None or _MISSING in nodes else (t.ALIAS, origin, tuple(nodes))
    if kind is UnionType or (kind.__module__ == "typing" and kind.__name__ == "_UnionGenericAlias"):
        nodes = [_annotation_or_atom(each) for each in value.__args__]
        return None if _MISSING in nodes else (t.UNION if kind is UnionType else t.CHOICE, tuple(nodes))
    return None


_MISSING = ("missing",)


def _annotation_or_atom(value: Any) -> Node:
    if WRITTEN.have(value):
        return value
    if value is type(None):
        return None
    found = annotation_node(value)
    return _MISSING if found is None else found


def _is_hooked(cls: type, namespace: Mapping[str, Any]) -> bool:
    """Tell whether code that may look at attributes of a class runs when this class or others are made."""
    if type(cls) not in _PLAIN or issubclass(cls, type):
        return True
    if not _HOOKS.isdisjoint(namespace):
        return True
    hook = definer(cls.__mro__[1:], "__init_subclass__")
    if hook is not object and hook.__qualname__ != "Generic":
        return True
    return any(not _TOLD_BEFORE.have(namespace[name]) for name in names_told(namespace))


#: Types that only take down their names, which they bring along.
_TOLD_BEFORE = Kinds({property, functools.cached_property})


_HOOKS = frozenset({"__init_subclass__", "__set_name__"})

#: Metaclasses that look at no attribute of a class, or only at those that are there when it is made.
_PLAIN = (type, ABCMeta, EnumType)


#: Types of functions and descriptors that are made in C and go by name.
_OF_C = Kinds({BuiltinFunctionType, WrapperDescriptorType, MethodDescriptorType})


def _is_constant(value: Any) -> bool:
    """Tell whether a tuple or frozenset holds nothing but atoms, and few."""
    return len(value) <= _LONG and all(
        WRITTEN.have(part) if type(part) not in (tuple, frozenset) else _is_constant(part) for part in value
    )


def _is_module(value: Any) -> bool:
    return type(value) is type(sys)


def _written_together(cls: type, codes: list[CodeType]) -> list[CodeType]:
    """Return the code that stands in the body of the class, as far as one can tell."""
    start = f"{cls.__qualname__}."
    inside = [code for code in codes if code.co_qualname.startswith(start) and not is_provided(code)]
    return [code for code in inside if code.co_filename == inside[0].co_filename]
