"""What stood in the body of a class statement, read off the class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import CellType, FunctionType, GetSetDescriptorType, MemberDescriptorType
from typing import Any

from pickleloaf.inspecting.anatomy import cells_of, contents_of, definer, inner, wrapped
from pickleloaf.inspecting.kinds import Kinds, interned
from pickleloaf.reducers._annotations import are_written

__all__ = [
    "NEEDED",
    "annotations_of",
    "class_cells",
    "functions_among",
    "has_set_name",
    "names_told",
    "namespace_of",
    "set_afterwards",
]

#: Names that making the class asks for. What leads from them to the class is other classes, which have
#: late parts of their own, or functions.
NEEDED = frozenset("__slots__ __orig_bases__ __parameters__ __type_params__ __new_member__".split())

#: Names that making the class gives it anew, or that hold only for this process.
_MADE_ANEW = frozenset(
    "__abstractmethods__ _abc_impl __slotnames__ __firstlineno__ __annotations_cache__ "
    "__protocol_attrs__ __classdictcell__".split()
)

#: Types of what is made for a slot.
_DESCRIPTORS = Kinds({GetSetDescriptorType, MemberDescriptorType})


def namespace_of(cls: type) -> dict[str, Any]:
    """Return the namespace to make a class from: its ``__dict__`` without what making it adds."""
    names = {
        name: value
        for name, value in cls.__dict__.items()
        if name not in _MADE_ANEW and not (_DESCRIPTORS.have(value) and _is_slot(name, value, cls))
    }
    if names.get("__doc__", "") is None:
        del names["__doc__"]
    if (
        getattr(inner(names.get("__subclasshook__")), "__module__", None) == "typing"
    ):  # every Protocol gets it
        del names["__subclasshook__"]
    if names.get("__annotate_func__", "") is None:  # somebody has asked for it in vain
        del names["__annotate_func__"]
    annotations = annotations_of(cls)
    if annotations is not None:
        names["__annotations__"] = annotations
    if cls.__qualname__ != cls.__name__:
        names["__qualname__"] = cls.__qualname__
    for name in ("__static_attributes__", "__non_callable_proto_members__"):
        if name in names:  # a set, or a tuple in the order of one
            names[name] = tuple(map(interned, sorted(names[name])))
    if "__slots__" in names:
        names["__slots__"] = _slots(names["__slots__"], cls)
    if "_abc_impl" in cls.__dict__ and cls.__abstractmethods__ != _abstract(cls):  # type: ignore[attr-defined]
        names["__abstractmethods__"] = frozenset(cls.__abstractmethods__)  # type: ignore[attr-defined]
    return names


def annotations_of(cls: type) -> Any:
    """Return annotations of a class that are values; None where it has none, or a function that evaluates them."""
    own = cls.__dict__  # to ask the class would be to evaluate them
    if "__annotations__" in own:
        return own["__annotations__"]
    values = own.get("__annotations_cache__")
    if not values or are_written(cls.__qualname__, values, own.get("__annotate_func__")):
        return None
    return values


def _abstract(cls: type) -> set[str]:
    """Return the names of the methods that ABCMeta finds abstract in a class (PEP 3119)."""
    own = {name for name, value in cls.__dict__.items() if getattr(value, "__isabstractmethod__", False)}
    inherited = {name for base in cls.__bases__ for name in getattr(base, "__abstractmethods__", ())}
    return own | {
        name for name in inherited if getattr(getattr(cls, name, None), "__isabstractmethod__", False)
    }


def _is_made_in_python(metaclass: type) -> bool:
    """Tell whether code that Python does not come with makes the classes of a metaclass."""
    return any(
        type(base.__dict__.get(name)) in (FunctionType, staticmethod)
        for base in metaclass.__mro__
        if base.__module__ not in {"abc", "enum", "typing"}
        for name in ("__new__", "__init__")
    )


def set_afterwards(cls: type) -> list[str]:
    """Return the attributes that a class got once it existed, where making it would do something about them.

    They come after what making the class adds to what stood in its body. An ``__init_subclass__`` or a metaclass may
    have set them, and who has a ``__set_name__`` was not told of any name. An attribute that has taken the place of a
    slot is one of them: in the body it would be in conflict with the slot.
    """
    return [*_over_slots(cls), *_set_late(cls)] if "__slots__" in cls.__dict__ else _set_late(cls)


def _over_slots(cls: type) -> list[str]:
    """Return the attributes that have taken the places of slots of the class."""
    slots = cls.__dict__["__slots__"]
    names = (slots,) if isinstance(slots, str) else slots if isinstance(slots, (tuple, list, dict)) else ()
    own = cls.__name__.lstrip("_")
    mangled = [f"_{own}{each}" if each[:2] == "__" != each[-2:] and own else each for each in names]
    held = cls.__dict__
    return [each for each in mangled if each in held and not _is_slot(each, held[each], cls)]


def _set_late(cls: type) -> list[str]:
    """Return the attributes that came after the body, where making the class would do something about them."""
    found = _after_body_and_noticed(cls)
    held = cls.__dict__
    if "__eq__" in held and "__hash__" not in held and "__eq__" not in found:
        found.append("__eq__")  # in the body it would have made the instances unhashable
    return found


def _after_body_and_noticed(cls: type) -> list[str]:
    if type(cls) is not type and _is_made_in_python(type(cls)):
        return _after_body(cls)
    hooked = definer(cls.__mro__[1:], "__init_subclass__")
    if hooked is object or hooked.__module__ == "typing":
        told = names_told(cls.__dict__)
        return [name for name in _after_body(cls) if name in told] if told else []
    return _after_body(cls)


def names_told(namespace: Mapping[str, Any]) -> set[str]:
    """Return the names of attributes that are told their names when their class is made."""
    kinds = {id(kind): kind for kind in map(type, namespace.values())}
    told = {key for key, kind in kinds.items() if kind is not FunctionType and has_set_name(kind)}
    return {name for name, value in namespace.items() if id(type(value)) in told} if told else set()


def has_set_name(kind: type) -> bool:
    """Tell whether objects of a type are told their name when a class that has them is made."""
    return definer(kind.__mro__, "__set_name__") is not None


def _after_body(cls: type) -> list[str]:
    names = list(cls.__dict__)
    ends = [at for at, (name, value) in enumerate(cls.__dict__.items()) if _ends_body(name, value, cls)]
    return names[ends[-1] + 1 :] if ends else []


def _ends_body(name: str, value: Any, cls: type) -> bool:
    if value is None:
        return name in {"__doc__", "__hash__"}
    return name in {"__static_attributes__", "_abc_impl"} or (
        _DESCRIPTORS.have(value) and _is_slot(name, value, cls)
    )


def _is_slot(name: str, value: Any, cls: type) -> bool:
    """Tell whether a descriptor was made for a slot of this very class, and under this name."""
    if isinstance(value, GetSetDescriptorType):  # from 3.15 on one that all classes share
        return name in {"__dict__", "__weakref__"}
    return isinstance(value, MemberDescriptorType) and value.__objclass__ is cls and value.__name__ == name


def _slots(slots: Any, cls: type) -> Any:
    """Return ``__slots__`` as it was written; what was used up while the class was made is read off."""
    if isinstance(slots, (str, tuple, list, dict)):
        return slots
    found = [name for name, value in cls.__dict__.items() if _is_slot(name, value, cls)]
    return tuple(found)


def class_cells(cls: type, names: Mapping[str, Any]) -> dict[str, CellType]:
    """Return the cells that making the class has to fill, by the names under which ``type`` expects them.

    It is the ``__class__`` of zero-argument ``super()``; annotations are no longer evaluated lazily (see _eager).
    """
    cells: dict[str, CellType] = {}
    for function in functions_among(names.values()):
        cell = cells_of(function).get("__class__")
        if cell is not None and contents_of(cell) is cls:
            cells["__classcell__"] = cell
    return cells


def functions_among(values: Any, depth: int = 3) -> Iterator[FunctionType]:
    """Yield functions among some attributes, also those inside the usual descriptors."""
    for value in values:
        if isinstance(value, FunctionType):
            yield value
        if depth:
            behind = (
                [value.__dict__.get("__wrapped__")] if isinstance(value, FunctionType) else wrapped(value)
            )
            yield from functions_among(behind, depth - 1)
