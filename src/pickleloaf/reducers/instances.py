"""Instances of classes, in every state that pickle knows.

Takes apart: as pickle does, by ``__reduce_ex__``. Travels as: what that says; wire.instance,
wire.fill_instance, wire.fill_directly; wire.found and wire.fill_found for what is pickled as a look-up.
Keeps: patched methods, slots, objects whose hash needs their state, objects with a ``__getattr__`` that
needs its own attributes or a ``__new__`` that needs arguments; an instance without state that its type's own
module holds by name arrives as that object. Loses: nothing.
"""

from __future__ import annotations

import contextlib
import copyreg
from collections.abc import Callable
from types import FunctionType, GetSetDescriptorType, MemberDescriptorType
from typing import Any

from pickleloaf.errors import EncodeError
from pickleloaf.inspecting.anatomy import defined, inner, is_maker, members_of
from pickleloaf.inspecting.instance_dicts import has_dict, is_set_at_once, shares_dict
from pickleloaf.inspecting.names import only_looks_up
from pickleloaf.reducers import JUDGED
from pickleloaf.reducers._asking import ask_for_state, has_hooks, question_for, reduces_itself
from pickleloaf.reducers._derived import adapter_of
from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers._filling import direct, watches
from pickleloaf.reducers._named import is_held, keeps_name, names_of_instances, reduce_named
from pickleloaf.reducers._own_dicts import Doubting, Keeper
from pickleloaf.reducers.classes.tokens import is_data
from pickleloaf.wire import verb

_Reducer = Callable[[Any, Dump], Any]


def reducer_of_instances(cls: type) -> _Reducer | None:
    """Return what takes instances of a type apart, or None where pickle's own way is right."""
    reduce = _choose(cls)
    if (hidden := _hidden(cls)) and not reduces_itself(cls):
        reduce = _careful(cls, reduce, hidden)
    if issubclass(cls, dict) and cls.__module__ != "collections":
        reduce = Doubting(reduce)
    if not has_dict(cls):
        return reduce
    always = shares_dict(cls)
    return (
        Keeper(reduce, always=always) if always or is_set_at_once(cls) or not reduces_itself(cls) else reduce
    )


def _hidden(cls: type) -> list[MemberDescriptorType | None]:
    """Return the slots that nobody can ask an instance for by their names, and None for a ``__dict__`` like that."""
    slots: dict[str, Any] = {}
    hidden: list[MemberDescriptorType | None] = []
    for base in (base for base in cls.__mro__ if "__slots__" in base.__dict__):
        for name, held in base.__dict__.items():
            if type(held) is MemberDescriptorType and slots.setdefault(name, held) is not held:
                hidden.append(held)
    said = defined(cls, "__dict__")
    if (
        cls.__dictoffset__
        and said is not None
        and type(said) not in (GetSetDescriptorType, MemberDescriptorType)
    ):
        hidden.append(None)
    return hidden


def _careful(cls: type, reduce: _Reducer | None, hidden: list[MemberDescriptorType | None]) -> _Reducer:
    def reduce_careful(instance: Any, dump: Dump) -> Any:
        if defined(cls, "__getstate__") is object.__getstate__:
            for slot in hidden:
                _refuse_hidden(instance, slot)
        return NotImplemented if reduce is None else reduce(instance, dump)

    return reduce_careful


def _refuse_hidden(instance: Any, slot: MemberDescriptorType | None) -> None:
    kind = type(instance).__qualname__
    if slot is None:
        msg = f"cannot pickle {kind} object: what its class calls __dict__ is not where its attributes are"
        raise EncodeError(msg, hint="say in __getstate__ what it consists of")
    with contextlib.suppress(AttributeError):
        slot.__get__(instance)
        msg = f"cannot pickle {kind} object: its slot {slot.__name__!r} hides another one of that name, which is in use"
        raise EncodeError(
            msg, hint="give the two slots different names, or say in __getstate__ what is in both"
        )


def _choose(cls: type) -> _Reducer | None:
    named = names_of_instances(cls)
    anew = _needs_arguments(cls)
    guarded = _guards_attributes(cls)
    hashed = _hashes_state(cls)
    adapt = adapter_of(cls)
    watched = watches(cls)
    if _hides_attributes(cls):
        return _reduce_slots
    hooked = has_hooks(cls)
    ask = question_for(cls) if hooked else _reduction_of
    lies = defined(cls, "__class__") is not object.__dict__["__class__"]
    if not (named or anew or guarded or hashed or adapt or watched or lies or reduces_itself(cls)):
        return ask if hooked else None

    def reduce_instance(instance: Any, dump: Dump) -> Any:
        name = named.get(id(instance))
        if (
            name is not None
            and is_held(name, instance)
            and not dump.policy.travels(name.module)
            and id(instance) not in dump.policy.forced
            and keeps_name(instance, name.module, name.name, dump)
        ):
            return reduce_named(name, dump, instance)
        reduced = ask(instance, dump)
        if (found := _where_found(instance, reduced, dump)) is not None:
            return found
        if lies and reduced[0] is copyreg.__newobj__:  # type: ignore[attr-defined]
            reduced = (rebuild_new, *reduced[1:])  # pickle would not find the class that it is asked to write
        if adapt:
            reduced = adapt(instance, reduced)
        if anew:
            reduced = (rebuild_instance, (cls,), *reduced[2:])
        if hashed:
            reduced = _split(instance, reduced, dump)
        if watched:
            reduced = direct(reduced)
        if guarded and reduced[2:] and not reduced[5:]:
            return (*(*reduced, None, None)[:5], fill_instance)
        is_plain = not (named or anew or guarded or hashed or adapt or watched or lies)
        if is_plain and JUDGED.get(id(cls)) is reduce_instance:
            # The first of its type answers no name, so nobody need look again.
            JUDGED.keep(cls, ask if hooked else None)
        return reduced

    return reduce_instance


def _reduction_of(instance: Any, dump: Dump) -> Any:
    return instance.__reduce_ex__(dump.protocol)


def _where_found(instance: Any, reduced: Any, dump: Dump) -> Any:
    """Return the reduction of an instance that says where it is found, and not what it consists of; else None."""
    return (_by_name if isinstance(reduced, str) else _look_up_of)(instance, reduced, dump)


def _by_name(instance: Any, name: str, dump: Dump) -> Any:
    """Return the name by which an instance asks to travel, unless its module is not there at the receiver.

    What decorates a function (``__wrapped__``) asks so because functions do, and goes by its state, as they do.

    Raises:
        EncodeError: the module travels by value.
    """
    module = getattr(instance, "__module__", None)
    if not isinstance(module, str) or not dump.policy.travels(module):
        return name  # what it leads to is checked by pickle
    if type(getattr(instance, "__wrapped__", None)) is FunctionType and _keeps_attributes_only(
        type(instance)
    ):
        return rebuild_instance, (type(instance),), ask_for_state(instance, dump)
    msg = f"cannot pickle {type(instance).__qualname__} object: it asks to travel as the name {module}.{name}"
    raise EncodeError(msg, hint="return a callable and its arguments from its __reduce__, not a name")


def _look_up_of(instance: Any, reduced: Any, dump: Dump) -> Any:
    """Return another reduction for an instance that is pickled as a look-up in what travels by value, or None.

    That is there once it has been made, and the instance is a part of it. So its state goes along, for the first
    payload that brings it; where the look-up finds something, that is it.

    Raises:
        EncodeError: it consists of more than its attributes.
    """
    if type(reduced) is not tuple or len(reduced) < 2 or type(reduced[1]) is not tuple or reduced[2:]:
        return None
    find, arguments = reduced[:2]
    function = find if find is getattr else inner(find)
    if find is not getattr and not (type(function) is FunctionType and only_looks_up(function.__code__)):
        return None
    owners: list[Any] = [each for each in arguments if isinstance(each, type)]
    if type(function) is FunctionType:
        owners.append(function)
    if all(map(dump.policy.by_reference, owners)):
        return None
    try:
        if find(*arguments) is not instance:
            return None
    except Exception:  # noqa: BLE001 - code of the user's, which is to be run over there
        return None
    if _keeps_attributes_only(type(instance)):
        state = ask_for_state(instance, dump)
        return rebuild_found, (type(instance), find, arguments), state or None, None, None, fill_found
    place = (
        f"{owners[0].__qualname__}.{arguments[1]}"
        if find is getattr
        else f"what {function.__qualname__} finds"
    )
    msg = f"cannot pickle {type(instance).__qualname__} object: it is pickled as {place}, which travels by value"
    raise EncodeError(msg, hint="let its __reduce__ say what it consists of, not where it is found")


def _keeps_attributes_only(cls: type) -> bool:
    """Tell whether instances consist of nothing but attributes, which are in their dict or in slots."""
    return next(filter(is_maker, cls.__mro__)) is object


@verb
def rebuild_found(cls: type, find: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Return what a look-up finds, or an empty instance where it finds nothing of the class yet."""
    try:
        found = find(*arguments)
    except Exception:  # noqa: BLE001 - of what is looked into, which may have been made half only
        found = None
    return found if type(found) is cls else object.__new__(cls)


@verb
def fill_found(instance: Any, state: Any) -> None:
    """Give an instance its state, unless it was found and so has one."""
    if object.__getstate__(instance):
        return
    if defined(type(instance), "__setstate__") is not None:
        instance.__setstate__(state)
    else:
        fill_instance(instance, state)


def _guards_attributes(cls: type) -> bool:
    """Tell whether asking a new, empty instance for ``__setstate__`` would run code of the class."""
    runs = defined(cls, "__getattr__") is not None or type(defined(cls, "__getattribute__")) is FunctionType
    return runs and defined(cls, "__setstate__") is None


def _hides_attributes(cls: type) -> bool:
    """Tell whether pickle would miss attributes of instances.

    It knows no names of slots where ``__slots__`` was an iterator that is used up, and none of a subclass without
    slots where attrs has made the methods for the state of a base with slots.
    """
    if _has_generated_state(cls) and cls.__dictoffset__ and "__getstate__" not in cls.__dict__:
        return True
    written = (base.__dict__.get("__slots__", ()) for base in cls.__mro__)
    return any(hasattr(slots, "__next__") for slots in written) and not reduces_itself(cls)


def _reduce_slots(instance: Any, dump: Dump) -> Any:
    state = (getattr(instance, "__dict__", None), dict(members_of(instance)))
    return rebuild_instance, (type(instance),), state, None, None, fill_instance


def _hashes_state(cls: type) -> bool:
    """Tell whether the hash of an instance may need its attributes: it must have them before sets do."""
    return (
        type(defined(cls, "__hash__")) is FunctionType
        and (defined(cls, "__setstate__") is None or _has_generated_state(cls))
        and not reduces_itself(cls)
    )


def _has_generated_state(cls: type) -> bool:
    """Tell whether a library made the methods for the state of instances with slots, which is these and no more."""
    made_by = getattr(defined(cls, "__getstate__"), "__globals__", {}).get("__name__")
    return made_by in {"dataclasses", "attr._make"} and not hasattr(cls, "_attrs_cached_hash")


def _split(instance: Any, reduced: tuple[Any, ...], dump: Dump) -> tuple[Any, ...]:
    """Give an instance at once what does not lead back to it, so that what does can hash it."""
    cls = type(instance)
    by_slots = _has_generated_state(cls)
    state = object.__getstate__(instance) if by_slots else reduced[2] if len(reduced) > 2 else None
    own, slots = state if type(state) is tuple and len(state) == 2 else (state, None)
    parts = [part for part in (own, slots) if type(part) is dict]
    if not parts or all(all(map(is_data, part.values())) for part in parts):
        return reduced
    is_plain = by_slots or defined(cls, "__getstate__") is object.__getstate__

    def is_late(value: Any) -> bool:
        if is_plain:
            return dump.cycles.may_join(instance, value, dump.policy)
        return dump.leads_to({id(instance)}, (value,))  # who says what his state is may have made it just now

    late = [{name: value for name, value in part.items() if is_late(value)} for part in parts]
    if not any(late):
        return reduced
    early = [
        {name: value for name, value in part.items() if name not in waits}
        for part, waits in zip(parts, late, strict=True)
    ]
    if slots is None:
        return (rebuild_hashed_instance, (*reduced[:2], early[0]), late[0], *reduced[3:])
    given, waiting = ((None, *halves)[-2:] for halves in (early, late))
    return (
        rebuild_hashed_instance, (*reduced[:2], given), waiting, *(*reduced[3:], None, None)[:2], fill_instance,
    )  # fmt: skip


@verb
def rebuild_hashed_instance(make: Any, arguments: tuple[Any, ...], early: Any) -> Any:
    """Make an instance with the attributes that its hash may need, before anything refers to it."""
    instance = make(*arguments)
    fill_instance(instance, early)
    return instance


def _needs_arguments(cls: type) -> bool:
    """Tell whether pickle would call ``__new__`` without arguments that it requires."""
    new = defined(cls, "__new__")
    while hasattr(new, "__wrapped__"):  # a static method's, too; a decorator passes on what it gets
        new = new.__wrapped__
    if type(new) is not FunctionType or reduces_itself(cls):
        return False
    if defined(cls, "__getnewargs__") is not None or defined(cls, "__getnewargs_ex__") is not None:
        return False
    required = new.__code__.co_argcount - len(new.__defaults__ or ())
    return required > 1 or new.__code__.co_kwonlyargcount > len(new.__kwdefaults__ or ())


@verb
def rebuild_new(cls: type, *arguments: Any) -> Any:
    """Make an instance by the ``__new__`` of its class."""
    return cls.__new__(cls, *arguments)


@verb
def rebuild_instance(cls: type) -> Any:
    """Make an empty instance without the ``__new__`` that its class or a base defines in Python."""
    return next(filter(is_maker, cls.__mro__)).__dict__["__new__"](cls)


@verb
def fill_instance(instance: Any, state: Any) -> None:
    """Set the state of an instance as pickle does, without asking it for anything."""
    state, slots = state if type(state) is tuple and len(state) == 2 else (state, None)
    if state:
        object.__getattribute__(instance, "__dict__").update(state)
    for name, value in (slots or {}).items():
        object.__setattr__(instance, name, value)
