"""How any kind of class is taken apart and made again; the kinds themselves have their own files.

A class is made by calling its metaclass once with its whole namespace, in order, and its keywords.
What leads back to the class is late (see _dump) and is set afterwards, in the place that was kept.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from pickleloaf.errors import EncodeError, MissingNameError
from pickleloaf.inspecting.anatomy import NOTHING, contents_of
from pickleloaf.inspecting.kinds import interned
from pickleloaf.reducers._dump import Dump, Late
from pickleloaf.reducers._eager import eager_namespace, finished_here, namespace_here
from pickleloaf.reducers.classes import identities
from pickleloaf.reducers.classes.body import NEEDED, class_cells, namespace_of, set_afterwards
from pickleloaf.reducers.classes.hooks import settled
from pickleloaf.reducers.classes.origin import note_given
from pickleloaf.wire import verb

__all__ = [
    "ClassState",
    "arrived",
    "check_not_building",
    "join_names",
    "make_class",
    "namespace_of",
    "reduce_building",
]


class ClassState:
    """Stands for the state of a class; when it is pickled, the class exists."""

    __slots__ = ("late",)

    def __init__(self, late: list[Late]) -> None:
        self.late = late


class Step:
    """Stands for something that is done when it is loaded: an object is given what it still lacks."""

    __slots__ = ("fill", "given", "target")

    def __init__(self, fill: Callable[[Any, Any], None], target: Any, given: Any) -> None:
        self.fill = fill
        self.target = target
        self.given = given


def check_not_building(cls: type, dump: Dump) -> None:
    """Refuse a class that is met while what it is made from is pickled.

    Raises:
        EncodeError: it is.
    """
    if dump.building and any(each is cls for each, _ in dump.building):
        msg = f"cannot pickle class {cls.__qualname__}: its own bases, metaclass, keywords or values refer to it"
        raise EncodeError(msg, hint="set what refers to the class on the class, after it has been made")


def reduce_building(
    cls: type,
    dump: Dump,
    identity: bytes,
    rebuild: Callable[..., type],
    names: Mapping[str, Any],
    more: Callable[[type], tuple[Any, ...]],
    late: list[Late],
) -> Any:
    """Return the reduction of a class in a portable payload.

    Args:
        cls: the class.
        dump: the pickler's state.
        identity: see identities.
        rebuild: the verb; gets identity, metaclass, name, bases and namespace.
        names: its namespace, in order.
        more: returns further arguments of the verb for a class; may add to `late`.
        late: what else the class is given once it exists.

    Raises:
        EncodeError: what the class is made from refers to the class.
    """
    check_not_building(cls, dump)
    names = eager_namespace(cls, names)
    from pickleloaf.reducers._generated import tell_generated

    tell_generated(cls)
    dump.building.append((cls, late))
    now = {name: interned(value) for name, value in names.items()}
    waiting = {}
    for name, value in names.items():
        if name not in NEEDED and not isinstance(value, FunctionType) and dump.leads_to_building(value):
            waiting["names", name] = value
            now[name] = dump.stand_in(value)  # keeps the place
    for name in set_afterwards(cls):
        if name in now and name not in NEEDED:
            waiting["names", name] = names[name]
            del now[name]
    if waiting:
        late.append(Late(cls, waiting, join_names, fill_names))
    cells = class_cells(cls, names)
    dump.class_cells.update((id(cell), cell) for cell in cells.values())
    is_plain = cls.__bases__[0] is object and len(cls.__bases__) == 1
    bases = () if is_plain else cls.__bases__  # as it was written, most likely
    arguments = (identity, type(cls), interned(cls.__name__), bases, {**now, **cells}, *more(cls))
    return rebuild, arguments, ClassState(late), None, None, fill_class


def join_names(parts: dict[tuple[str, Any], Any]) -> dict[str, Any]:
    return {name: value for (_, name), value in parts.items()}


def reduce_class_state(state: ClassState, dump: Dump) -> Any:
    """Pickle what had to wait for the innermost class being built; it exists by now."""
    cls, late = dump.building.pop()
    dump.made.add(id(cls))
    if late is not state.late:
        raise AssertionError("classes are finished in the reverse order of their beginning")
    # Functions first: attributes may lead to other classes, whose making runs functions.
    late.sort(key=lambda item: _ORDER.get(item.fill.__name__, 0))
    given = [(item, dump.give(item)) for item in late]
    return rebuild_pack, tuple(Step(item.fill, item.target, part) for item, part in given if part is not None)


#: Attributes come after whatever functions need; changes are compared with attributes.
_ORDER = {"fill_names": 1, "fill_changes": 2}


def reduce_step(step: Step, dump: Dump) -> Any:
    return step.fill, (step.target, step.given)


@verb
def rebuild_pack(*parts: Any) -> tuple[Any, ...]:
    return parts


@verb
def fill_class(cls: type, steps: tuple[None, ...]) -> None:
    """Let other threads have a class, after its late steps."""
    identities.finish(cls)


def arrived(identity: bytes, names: Mapping[str, Any]) -> type | None:
    """Return the class of an identity if it is here already, as the class of the functions that came with it."""
    known = identities.arrived(identity)
    if known is not None:
        for name, contents in (("__classcell__", known), ("__classdictcell__", known.__dict__)):
            cell = names.get(name)
            if cell is not None and contents_of(cell) is NOTHING:
                cell.cell_contents = contents
    return known


def make_class(
    identity: bytes,
    metaclass: type,
    name: str,
    bases: tuple[type, ...],
    names: dict[str, Any],
    keywords: dict[str, Any],
    body: Callable[[Any], None] | None = None,
) -> type:
    """Make a class as a class statement does, and undo what that did to its attributes a second time.

    Args:
        identity: under which it is known from now on.
        metaclass: what makes it.
        name: its name.
        bases: its bases.
        names: its namespace.
        keywords: those of the class statement, without the metaclass.
        body: fills what ``__prepare__`` gave; from ``names`` where it is not given.
    """
    namespace_here(names, bases)

    def fill(scope: Any) -> None:
        for key, value in names.items():  # one by one: __prepare__ may give a mapping that watches
            scope[key] = value

    with settled(metaclass, bases, names):
        cls = types.new_class(name, bases, {"metaclass": metaclass, **keywords}, body or fill)
    for key, value in names.items():
        if key not in _INSTRUCTIONS and cls.__dict__.get(key, cls) is not value:
            type.__setattr__(cls, key, value)
    finished_here(cls, names)
    identities.start(identity, cls, keywords)
    return cls


def make_plain(
    identity: bytes,
    metaclass: type,
    name: str,
    bases: tuple[type, ...],
    names: dict[str, Any],
    keywords: dict[str, Any] | None = None,
) -> type:
    """Make a class that nothing looks at while it is made, for the Python that it comes from."""
    cls: Any = metaclass(name, bases, names, **(keywords or {}))
    if "__abstractmethods__" in names:  # others than ABCMeta finds
        cls.__abstractmethods__ = names["__abstractmethods__"]
    identities.start(identity, cls, keywords or {})
    return cls  # type: ignore[no-any-return]


#: Names in a namespace that tell type() what to do; they are no attributes afterwards, or not the same.
_INSTRUCTIONS = frozenset("__classcell__ __classdictcell__ __qualname__ __slots__ __module__ __doc__".split())


@verb
def fill_names(cls: type, names: dict[str, Any]) -> None:
    """Set attributes of a class that is new here; one that was here already keeps its own.

    Raises:
        MissingNameError: one of them has found nothing but what stood in its own place.
    """
    known = identities.known(cls)
    if identities.is_new(cls) and known is not None:
        for name, value in names.items():
            if value is None:  # which needs nobody to wait for it: so it is what stood there meanwhile
                msg = (
                    f"{cls.__qualname__}.{name} cannot be made here: it is pickled as a look-up on that class, "
                    "which finds nothing while the class is made"
                )
                raise MissingNameError(msg)
            type.__setattr__(cls, name, value)
            note_given(known, cls, ("name", (), name), value)
