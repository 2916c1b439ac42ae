"""Enums and flags of every kind, and their members.

Takes apart: a class as any class, its members into data, value and attributes. Travels as: wire.enum,
wire.fill_class, wire.fill_member; a member as wire.member, an unnamed flag by its value.
Keeps: one class and one object for each member, order, aliases, attributes, mixed-in data, boundaries.
Loses: the arguments that members were made from, which Python does not keep.

The class is made by the enum machinery. ``__new__`` and ``__init__`` of the user have run already, with
arguments that are gone, so while the class is made others stand in their place and hand out members that
are complete: see `_StandIns`.
"""

from __future__ import annotations

import copyreg
import enum
from collections.abc import Iterator
from types import MethodType
from typing import Any

from pickleloaf.inspecting.anatomy import is_maker
from pickleloaf.policy.class_keywords import recover_keywords
from pickleloaf.reducers._dump import Dump, Late
from pickleloaf.reducers.classes import identities
from pickleloaf.reducers.classes.building import arrived, join_names, make_class, namespace_of
from pickleloaf.reducers.classes.draft import Draft, Kind
from pickleloaf.reducers.classes.shipping import reduce_by_value
from pickleloaf.reducers.classes.template import DICT, TUPLE, Use
from pickleloaf.wire import verb

#: What the machinery puts into an enum class; ``__new_member__`` is the ``__new__`` of the user.
_OF_THE_CLASS = frozenset(
    "_member_names_ _member_map_ _value2member_map_ _hashable_values_ _unhashable_values_ "
    "_unhashable_values_map_ _member_type_ _value_repr_ _boundary_ _flag_mask_ _singles_mask_ _all_bits_ "
    "_inverted_ _new_member_ _use_args_ __new__".split()
)
#: Methods that it copies from the base, so that they are found before those of the data's type.
_INHERITED = frozenset(
    "__repr__ __str__ __format__ __reduce_ex__ __or__ __and__ __xor__ __ror__ __rand__ __rxor__ __invert__".split()
)
#: What it puts into a member; ``_inverted_`` is a cache.
_OF_A_MEMBER = frozenset("_name_ __objclass__ _sort_order_ _inverted_".split())
#: What a member has that is nothing but its value.
_OF_PLAIN = _OF_A_MEMBER | {"_value_"}


def reduce_enum(cls: enum.EnumType, dump: Dump) -> Any:
    if dump.policy.by_reference(cls):
        dump.uses.append(cls)
        return NotImplemented
    late: list[Late] = []

    def more(cls: Any) -> tuple[Any, ...]:
        members = {}
        for name, member in cls._member_map_.items():
            how = members[name] = _take_apart(name, member)
            if type(how) is tuple and len(how) == 2:
                waiting = {
                    ("state", key): value for key, value in how[1].items() if dump.leads_to_building(value)
                }
                if waiting:
                    late.append(Late(member, waiting, join_names, fill_member))
                for _, key in waiting:
                    del how[1][key]
        rest = [members, list(_further_values(cls)), _keywords_of(cls)]
        while rest and not rest[-1]:
            rest.pop()
        return tuple(rest)

    def defer(use: Use, value: Any) -> Late:
        _, (_, name, key), _ = use
        return Late(cls._member_map_[name], {("state", key): value}, join_names, fill_member)

    return reduce_by_value(cls, dump, KIND, rebuild_enum, more, late, defer)


def _keywords_of(cls: Any) -> dict[str, Any]:
    """Return the keywords of the class statement."""
    keywords = identities.keywords_of(cls)
    if keywords is None:
        keywords = recover_keywords(cls)
    boundary = getattr(cls, "_boundary_", None)
    if boundary is not getattr(cls.__base__, "_boundary_", None):
        keywords = {**keywords, "boundary": boundary}
    return keywords


def _nodes(cls: Any, draft: Draft) -> tuple[Any, ...]:
    """Return nodes of members, further values and keywords; a hole is a part of the state of a member, or a keyword."""
    is_plain = _data_type(cls) is object and not copyreg._slotnames(cls)  # type: ignore[attr-defined]
    members = [
        _value_node(name, member, draft)
        if is_plain and member.__dict__.keys() <= _OF_PLAIN and member._name_ == name
        else _member_node(name, member, draft)
        for name, member in cls._member_map_.items()
    ]
    further = [
        (TUPLE, (draft.node(value, ("item", ("further", at, None), None), is_early=True), name))
        for at, (value, name) in enumerate(_further_values(cls))
    ]
    keywords = _keywords_of(cls)
    rest = [
        (DICT, tuple(cls._member_map_), tuple(members)),
        (TUPLE, tuple(further)),
        (
            DICT,
            tuple(keywords),
            tuple(
                [
                    draft.node(value, ("item", ("keyword", name, None), None), is_early=True)
                    for name, value in keywords.items()
                ]
            ),
        ),
    ]
    while rest and not rest[-1][-1]:
        rest.pop()
    return tuple(rest)


def _value_node(name: str, member: Any, draft: Draft) -> Any:
    """Return the node of a member that is nothing but its value."""
    return (TUPLE, (draft.node(member._value_, ("item", ("member", name, "_value_"), None), is_early=True),))


def _member_node(name: str, member: Any, draft: Draft) -> Any:
    how = _take_apart(name, member)
    if type(how) is str:
        return how
    if len(how) == 1:
        return _value_node(name, member, draft)
    data, state = how
    return (
        TUPLE,
        (
            (
                TUPLE,
                tuple(
                    [
                        draft.node(value, ("item", ("data", name, at), None), is_early=True)
                        for at, value in enumerate(data)
                    ]
                ),
            ),
            (
                DICT,
                tuple(state),
                tuple(
                    [
                        draft.node(value, ("item", ("member", name, key), None), is_early=True)
                        for key, value in state.items()
                    ]
                ),
            ),
        ),
    )


def _item(cls: Any, path: tuple[str, Any, Any]) -> Any:
    """Return what is at the path of an item."""
    kind, name, key = path
    if kind == "member":
        how = _take_apart(name, cls._member_map_[name])
        return how[0] if len(how) == 1 else how[1][key]
    if kind == "data":
        return _take_apart(name, cls._member_map_[name])[0][key]
    if kind == "keyword":
        return _keywords_of(cls)[name]
    return list(_further_values(cls))[name][0]


def _watched(cls: Any) -> list[tuple[tuple[Any, ...], Any]]:
    return [
        (("member", name, key), value)
        for name, member in cls._member_map_.items()
        for key, value in member.__dict__.items()
        if key not in _OF_A_MEMBER
    ]


def _namespace(cls: Any) -> dict[str, Any]:
    inherited = getattr(cls.__bases__[-1], "_generate_next_value_", None)
    return {
        name: value
        for name, value in namespace_of(cls).items()
        if name not in _OF_THE_CLASS
        and name not in cls._member_map_
        and not (name in _INHERITED and value is getattr(cls.__bases__[-1], name))
        and not (name == "_generate_next_value_" and cls._generate_next_value_ is inherited)
        and not (name == "_iter_member_" and isinstance(value, MethodType))
    }


def _take_apart(name: str, member: Any) -> Any:
    """Return a member as ``(value,)`` or ``(data, attributes)``; of an alias, the name of the member."""
    cls = type(member)
    home = _name_of(member)
    if home != name:
        return home
    base: Any = _data_type(cls)
    if hasattr(base, "__getnewargs__"):
        data = base.__getnewargs__(member)
    else:
        data = () if base is object else base.__reduce_ex__(member, 4)[1]
    state = object.__getstate__(member)
    attributes, slots = state if type(state) is tuple else (state, {})
    state = {key: value for key, value in {**attributes, **slots}.items() if key not in _OF_A_MEMBER}
    if member._name_ != name:
        state["_name_"] = member._name_
    if state.keys() == {"_value_"} and data == _data(cls, state["_value_"]):
        return (state["_value_"],)
    return data, state


#: How enums are made.
KIND = Kind("enum", names=_namespace, more=_nodes, item=_item, watched=_watched)


def _data_type(cls: type) -> type:
    """Return the type whose own ``__new__`` makes objects of an enum: int, str, date, object ..."""
    return next(filter(is_maker, cls.__mro__))


def _data(cls: type, value: Any) -> tuple[Any, ...]:
    """Return what the data of a member most often is."""
    return () if _data_type(cls) is object else (value,)


def _name_of(member: Any) -> str | None:
    """Return the name by which a member is found; None for unnamed flags."""
    members = type(member)._member_map_
    name: str = member._name_
    if members.get(name) is member:
        return name
    return next((name for name, each in members.items() if each is member), None)


def _further_values(cls: Any) -> Iterator[tuple[Any, str]]:
    """Yield values, besides its own, that a member is also found by."""
    found = [] if issubclass(cls, enum.Flag) else [*cls._value2member_map_.items()]
    for name, values in getattr(cls, "_unhashable_values_map_", {}).items():
        found += [(value, cls._member_map_[name]) for value in values]
    for value, member in found:
        if value is member._value_:
            continue
        name = _name_of(member)
        if name is not None and value is not member._value_ and value != member._value_:
            yield value, name


@verb
def rebuild_enum(
    identity: bytes,
    metaclass: type,
    name: str,
    bases: tuple[type, ...],
    names: dict[str, Any],
    members: dict[str, Any] | None = None,
    further_values: Any = (),
    keywords: dict[str, Any] | None = None,
) -> type:
    known = arrived(identity, names)
    if known is not None:
        return known
    stand_ins = _StandIns(names, members or {})
    cls: Any = make_class(identity, metaclass, name, bases, names, keywords or {}, stand_ins.body)
    stand_ins.leave(cls)
    for value, member in further_values:
        _add_value(cls, value, cls._member_map_[member])
    return cls  # type: ignore[no-any-return]


class _StandIns:
    """Stand for ``__new__`` and ``__init__`` of an enum while it is made."""

    def __init__(self, names: dict[str, Any], members: dict[str, Any]) -> None:
        self.names = names
        self.members = members

    def body(self, scope: dict[str, Any]) -> None:
        """Write the class body: names past the rules for what becomes a member, then the members."""
        for name, value in self.names.items():
            dict.__setitem__(scope, name, value)
        # Aliases last: a member may have given itself one before it got its own name.
        order = sorted(self.members, key=lambda name: type(self.members[name]) is str)
        pending = iter(order)
        scope["__new__"] = lambda cls, *_: _put_together(cls, self.parts(next(pending)))
        scope["__init__"] = lambda *_: None
        for name in order:
            scope[name] = enum.member(_state(self.parts(name)).get("_value_"))

    def parts(self, name: str) -> tuple[Any, ...]:
        """Return what a member, or the one that an alias stands for, is made from."""
        how = self.members[name]
        return self.parts(how) if type(how) is str else how

    def leave(self, cls: Any) -> None:
        """Give the class back to ``__new__`` and ``__init__`` of the user."""
        own = self.names.get("__new_member__")
        scope = {} if own is None else {"__new__": own}
        cls._new_member_, _, cls._use_args_ = type(cls)._find_new_(
            scope, cls._member_type_, cls.__bases__[-1]
        )
        for name in ("__new_member__", "__init__"):
            if name not in self.names:
                type.__delattr__(cls, name)
        found = {name: cls._member_map_[name] for name in self.members}
        cls._member_map_.clear()
        cls._member_map_.update(found)
        for name, how in self.members.items():
            if type(how) is not str:  # a metaclass may have set attributes a second time
                _fill(found[name], _state(how))


def _state(how: tuple[Any, ...]) -> dict[str, Any]:
    return {"_value_": how[0]} if len(how) == 1 else how[1]


def _put_together(cls: Any, how: tuple[Any, ...]) -> Any:
    member = _data_type(cls).__new__(cls, *(_data(cls, *how) if len(how) == 1 else how[0]))
    _fill(member, {"_value_": object(), **_state(how)})  # a value that comes later is unique until then
    return member


def _fill(member: Any, state: dict[str, Any]) -> None:
    slots = copyreg._slotnames(type(member))  # type: ignore[attr-defined]
    for name, value in state.items():
        if name in slots:
            object.__setattr__(member, name, value)
        else:
            member.__dict__[name] = value


def _add_value(cls: Any, value: Any, member: Any) -> None:
    """Let a member be found by a value."""
    if hasattr(enum.Enum, "_add_value_alias_"):
        enum.Enum._add_value_alias_(member, value)
    else:
        cls._value2member_map_[value] = member


@verb
def fill_member(member: Any, state: dict[str, Any]) -> None:
    """Set what refers to the class of a member, once that is there."""
    cls = type(member)
    if not identities.is_new(cls):
        return
    old = member._value_
    _fill(member, state)
    if member._value_ is not old:
        cls._value2member_map_.pop(old)
        _add_value(cls, member._value_, member)


def reduce_member(member: Any, dump: Dump) -> Any:
    cls = type(member)
    if dump.policy.by_reference(cls):
        return NotImplemented
    name = _name_of(member)
    return (cls, (member._value_,)) if name is None else (rebuild_member, (cls, name))


@verb
def rebuild_member(cls: enum.EnumType, name: str) -> Any:
    return cls._member_map_[name]
