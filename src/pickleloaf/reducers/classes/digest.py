"""Identities of classes: digests of their definitions, the same in every run and under every hash seed.

1. The *local* digest of a class covers its template and the values of the holes in it. Other classes by value are only
   named there; they are the edges of a graph.
2. The digest of a class covers its local digest and the digests of the classes that it leads to. Classes that lead to
   each other form a component, whose local digests are taken together. All of this takes linear time.
3. No code of the user's is asked. An object that says itself how it is pickled counts by its type alone, and a class
   that holds one has an identity of this process.
4. Of buffers that are not small only the ends are hashed. Large containers are nodes of the graph as classes are, so
   that what many classes share is described once.
5. Two living classes whose digests are equal are told apart by a number.
"""

from __future__ import annotations

import copyreg
import marshal
import sys
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, ModuleType
from typing import Any

from pickleloaf._digests import blake2b
from pickleloaf.code.codec import WRITE_NO_REFERENCES, facts_of
from pickleloaf.inspecting.anatomy import NOTHING, contents_of, defined, is_heap_type
from pickleloaf.inspecting.components import components
from pickleloaf.inspecting.kinds import ATOMS, SETS, WRITTEN, Kinds
from pickleloaf.policy.by_value import ValuePolicy
from pickleloaf.reducers import TABLE
from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers._named import Named, by_name
from pickleloaf.reducers.classes import identities
from pickleloaf.reducers.classes.image import Image
from pickleloaf.reducers.classes.tokens import has_parts, parts_of

__all__ = ["identify"]

_CONTAINERS = Kinds({list, tuple, dict})
_HOOKS = ("__reduce_ex__", "__reduce__", "__getstate__")

#: Of a larger buffer only so many bytes at each end are hashed.
_ENDS = 1 << 13

#: Larger containers are described once, however many classes share them.
_LARGE = 64


def identify(
    cls: type, image_of: Callable[[type], tuple[Image, list[Any]]], dump: Dump
) -> tuple[Image, list[Any]] | None:
    """Give a class, and the classes by value that it leads to, their identities.

    Args:
        cls: the class.
        image_of: returns an image of a class and the values of its holes.
        dump: the state of the pickler that asks.

    Returns:
        The image of the class and the values of its holes; None if another thread was faster.
    """
    found: dict[int, _Local] = {}
    if dump.portable:  # where other payloads name a private module, these name a public one
        policy = dump.policy
        dump = Dump(ValuePolicy(policy.registry, policy.handles, local=policy.local), dump.protocol)

    def local(each: Any) -> _Local:
        if id(each) not in found:
            found[id(each)] = _Local(each, image_of, dump)
        return found[id(each)]

    for component in components(cls, lambda each: local(each).edges):
        members = [local(each) for each in component if not _known(each)]
        _finish(members, found)
        for member in members:
            if isinstance(member.obj, type):
                identities.assign(member.obj, member.digest, member.image, is_unique=member.is_opaque)
    mine = found[id(cls)]
    return None if mine.image is None else (mine.image, mine.loose)


class _Local:
    """What is known about one class, or one large container, while identities are worked out.

    Attributes:
        obj: the class or container.
        image, loose: the image of a class, and the values of the holes in that.
        own: its local digest.
        edges: the classes by value and the large containers that it leads to.
        digest: its digest, when it is known.
        is_opaque: whether it holds an object of which only the type is known.
    """

    def __init__(self, obj: Any, image_of: Callable[[type], tuple[Image, list[Any]]], dump: Dump) -> None:
        self.obj = obj
        self.image: Image | None = None
        self.loose: list[Any] = []
        self.edges: list[Any] = []
        known = _known(obj)
        self.digest = b"" if known is None else known.identity
        self.own = self.digest
        self.is_opaque = False
        if known is None:
            description = _Description(dump)
            if isinstance(obj, type):
                self.image, self.loose = image_of(obj)
                description.add_image(obj, self.image, self.loose, dump)
            else:
                description.add_container(obj)
            self.own = description.digest()
            self.edges = description.edges
            self.is_opaque = description.is_opaque


def _known(obj: Any) -> identities.Tracked | None:
    """Return what is known of a class; a container has no identity of its own."""
    return identities.known(obj) if isinstance(obj, type) else None


def _finish(component: list[_Local], found: dict[int, _Local]) -> None:
    """Work out the digests of objects that lead to each other; what they lead to besides is known."""
    inside = {id(each.obj) for each in component}
    together = blake2b(digest_size=12)
    for own in sorted(each.own for each in component):
        together.update(own)
    shared = together.digest() if len(component) > 1 else b""
    containers = [each for each in component if not isinstance(each.obj, type)]
    is_opaque = any(each.is_opaque for each in containers)
    for each in component:
        beside = [found[id(edge)] for edge in each.edges if not isinstance(edge, type)]
        each.is_opaque = each.is_opaque or is_opaque or any(other.is_opaque for other in beside)
        if each.digest:
            continue
        total = blake2b(each.own + shared, digest_size=12)
        for edge in each.edges:
            known, other = _known(edge), found[id(edge)]
            total.update(known.identity if known else other.own if id(edge) in inside else other.digest)
        each.digest = total.digest()


def _in_order(container: Any) -> Any:
    """Return the atoms of a container in an order that does not differ from process to process."""
    if type(container) not in (set, frozenset):
        return container
    return sorted(container, key=lambda atom: (type(atom).__name__, repr(atom)))


def _bytes_of(parts: tuple[object, ...]) -> bytes:
    return repr(parts).encode("utf-8", "surrogatepass")


class _Description:
    """Describes values in bytes that depend on nothing but what they are.

    Objects are numbered in the order in which they are met, and described in that order.

    Attributes:
        edges: the classes by value and the large containers that were met.
        is_opaque: whether an object was met of which only the type is known.
    """

    def __init__(self, dump: Dump) -> None:
        self.edges: list[Any] = []
        self.is_opaque = False
        self._dump = dump
        self._hash = blake2b(digest_size=16)
        self._numbers: dict[int, int] = {}
        self._queue: list[Any] = []
        #: Definitions and what was told of them, by id.
        self._definitions: dict[int, tuple[Any, bytes]] = {}
        self._in_table: dict[int, bool] = {}
        self._large: set[int] = set()

    def add_image(self, cls: type, image: Image, loose: list[Any], dump: Dump) -> None:
        """Describe a class by its image."""
        self._hash.update(f"{cls.__module__}.{cls.__qualname__}".encode("utf-8", "surrogatepass"))
        self._hash.update(image.contents)
        self._numbers[id(cls)] = 0
        for use in image.early:
            self._refer(image.early_value(cls, use, loose, dump))
        for value in image.late_values(cls, loose, dump):
            self._refer(value)
        for value in self._queue:
            self._describe(value)

    def add_container(self, container: Any) -> None:
        """Describe a large container."""
        self._numbers[id(container)] = 0
        values = container.values() if type(container) is dict else ()
        if WRITTEN.cover(container) and WRITTEN.cover(values):
            self._tell(type(container).__name__)
            self._hash.update(marshal.dumps(_in_order(container), WRITE_NO_REFERENCES))
            return
        self._describe(container)
        for value in self._queue:
            self._describe(value)

    def digest(self) -> bytes:
        """Return the digest of what has been described."""
        if self.is_opaque:
            self._hash.update(identities.nonce())
        return self._hash.digest()

    def _tell(self, *parts: object) -> None:
        self._hash.update(_bytes_of(parts))

    def _refer(self, value: Any) -> None:
        """Write an atom, the name of what goes by name, or the number of any other object."""
        kind = type(value)
        if value is NOTHING:
            self._tell("nothing")
        elif ATOMS.have(value):
            self._tell(kind.__name__, bytes(value) if kind is bytearray else value)
        elif issubclass(kind, ModuleType):
            self._tell("module", value.__name__)
        elif kind is Named:
            self._tell("name", value.module, value.name)
        elif issubclass(kind, type) or kind in (FunctionType, BuiltinFunctionType):
            self._refer_to_definition(value)
        elif (_CONTAINERS.have(value) or SETS.have(value)) and len(value) > _LARGE:
            self._tell(kind.__name__, len(value))
            if id(value) not in self._large:
                self._large.add(id(value))
                self.edges.append(value)
        else:
            self._number(value)

    def _refer_to_definition(self, value: Any) -> None:
        known = self._definitions.get(id(value))
        if known is not None:
            self._hash.update(known[1])
            return
        name = (value.__module__, value.__qualname__)
        parts: tuple[str, ...]
        if not isinstance(value, type) and type(value) is not FunctionType:
            parts = ("builtin", *name)
        elif isinstance(value, type) and not is_heap_type(value):
            parts = ("type", *name)
        elif value.__module__ not in {"__main__", "__mp_main__"} and self._dump.policy.by_reference(value):
            parts = ("name", *name)
        elif isinstance(value, type):
            parts = ("class", *name)
            if id(value) not in self._numbers:
                self.edges.append(value)
        else:
            self._number(value)
            return
        told = _bytes_of(parts)
        self._definitions[id(value)] = value, told
        self._hash.update(told)

    def _number(self, value: Any) -> None:
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._numbers)
            self._queue.append(value)
        self._tell(number)

    def _describe(self, value: Any) -> None:
        """Write what an object consists of."""
        kind = type(value)
        if kind is FunctionType:
            self._describe_function(value)
        elif _CONTAINERS.have(value):
            self._tell(kind.__name__, len(value))
            for part in parts_of(value):
                self._refer(part)
        elif SETS.have(value):
            atoms = [part for part in value if ATOMS.have(part)]
            self._tell(kind.__name__, len(value), sorted(map(repr, atoms)))
        elif _BUFFERS.have(value) or kind.__name__ == "ndarray":
            self._describe_buffer(value)
        else:
            self._refer(kind)
            self._describe_instance(value, kind)

    def _describe_function(self, function: FunctionType) -> None:
        facts = facts_of(function.__code__)
        self._hash.update(facts.contents)
        self._tell(function.__name__, function.__qualname__)
        for part in (function.__defaults__, function.__kwdefaults__, function.__dict__ or None):
            self._refer(part)
        for cell in function.__closure__ or ():
            self._refer(contents_of(cell))
        scope = function.__globals__
        if type(scope) is dict:
            for name in facts.names.globals:
                if name in scope:
                    self._tell(name)
                    self._refer(by_name(scope[name], name, scope, self._dump, with_state=False))

    def _describe_buffer(self, value: Any) -> None:
        try:
            view = memoryview(value)
            self._tell(view.format, view.shape, view.strides)
            flat = view.cast("B") if view.nbytes else b""
        except (TypeError, ValueError, BufferError):  # an array of objects, or one that is not contiguous
            self._tell("buffer")
            self.is_opaque = True
            return
        self._hash.update(flat[:_ENDS])
        self._hash.update(flat[-_ENDS:])

    def _is_in_table(self, kind: type) -> bool:
        known = self._in_table.get(id(kind))
        if known is None:
            known = self._in_table[id(kind)] = any(
                f"{base.__module__}.{base.__qualname__}" in TABLE for base in kind.__mro__[:-1]
            )
        return known

    def _describe_instance(self, value: Any, kind: type) -> None:
        if has_parts(kind):
            for part in parts_of(value):
                self._refer(part)
            return
        if self._is_in_table(kind):
            self._tell(getattr(value, "__name__", None) if kind.__module__ == "typing" else None)
            return
        registered = copyreg.dispatch_table.get(kind) if type(kind).__hash__ is type.__hash__ else None
        hooks = [registered] if registered else [defined(kind, name) for name in _HOOKS]
        if not all(map(_is_of_python, hooks)):
            self.is_opaque = True
            return
        try:
            reduced: Any = registered(value) if registered else value.__reduce_ex__(4)
        except Exception:  # noqa: BLE001 - it cannot be pickled, which the dump itself will say
            self.is_opaque = True
            return
        if type(reduced) is not tuple:
            self._tell(reduced)
            return
        for part in reduced[:3]:
            self._refer(part)
        for items in reduced[3:5]:
            for item in items or ():
                self._refer(item)


_BUFFERS = Kinds({memoryview})


def _is_of_python(hook: Any) -> bool:
    """Tell whether a method comes with Python, so that to call it is not to call code of a user's."""
    if hook is None or isinstance(hook, (MethodDescriptorType, BuiltinFunctionType)):
        return True
    module = getattr(hook, "__module__", None)
    return (
        type(module) is str and module.partition(".")[0] in sys.stdlib_module_names and module != "__main__"
    )
