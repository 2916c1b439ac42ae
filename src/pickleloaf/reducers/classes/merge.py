"""Changes of classes: what a sender has changed about a class is merged where the class is already.

1. The sender compares each image of a class with the one before. A place that has changed once is sent from then on,
   with a number that grows and with what was there at first, if that was plain data.
2. Where a class was defined nothing is ever merged. Elsewhere the receiver obeys each number of a sender once, and none
   that is older, so an old payload that comes late turns nothing back.
3. A change is taken where the value here is still the one that came with the class (see origin) or with an earlier
   change, whoever sent that; a value that was changed or deleted here stays as it is. No code of the user's runs for
   the comparison. What one has sent oneself is not merged.
4. A function that arrives looks its globals up where the other functions of the class here do.
"""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from types import CellType, FunctionType
from typing import Any

from pickleloaf.code.codec import facts_of
from pickleloaf.inspecting.anatomy import NOTHING, contents_of
from pickleloaf.inspecting.holders import module_of
from pickleloaf.inspecting.kinds import interned
from pickleloaf.policy.by_value import ValuePolicy
from pickleloaf.reducers._annotations import lazy_annotations
from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers._named import by_name
from pickleloaf.reducers.classes import identities
from pickleloaf.reducers.classes.body import annotations_of
from pickleloaf.reducers.classes.image import Image
from pickleloaf.reducers.classes.origin import Origin
from pickleloaf.reducers.classes.reach import functions_behind
from pickleloaf.reducers.classes.stamp import Place
from pickleloaf.reducers.classes.template import CONSTANT, function_at
from pickleloaf.reducers.classes.tokens import Token, token_of
from pickleloaf.wire import verb

__all__ = ["Changes", "note_changes", "note_values", "told_changes"]

#: Attributes of a class that are not in its namespace.
_FACETS = ("__name__", "__qualname__", "__bases__", "__abstractmethods__")

#: The place of annotations that are values, and not evaluated by a function.
_VALUES = ("names", "__annotations__")

#: Number of a change, and what was at its place at first: nothing, a value, or None where that cannot be told.
_Change = tuple[int, "tuple[Any, ...] | None"]


class Changes:
    """What has changed about a class since it was first dumped.

    Attributes:
        number: how often it has changed.
        at: the changes, by place.
    """

    __slots__ = ("at", "number")

    def __init__(self) -> None:
        self.number = 0
        self.at: dict[Place, _Change] = {}


def note_changes(known: identities.Tracked, last: Image, image: Image, loose: Sequence[Any]) -> bool:
    """Compare two images of a class, and take down where they differ.

    Args:
        known: what is known about the class.
        last: the image before.
        image: the present one.
        loose: its loose values.

    Returns:
        Whether they differ.
    """
    changed = _differences(last, image, loose)
    if changed:
        _note(known, changed)
    return bool(changed)


def note_values(
    known: identities.Tracked, image: Image, loose: Sequence[Any], changed: Sequence[int]
) -> None:
    """Take down that some loose values of an image are others than before."""
    tokens = image.stamp.tokens.each
    _note(known, {image.stamp.places[at]: _kept(tokens[at]) for at in changed})
    image.stamp.renew(loose, changed)


def _note(known: identities.Tracked, changed: dict[Place, tuple[Any, ...] | None]) -> None:
    changes = known.changes = known.changes or Changes()
    changes.number += 1
    for place, former in changed.items():
        changes.at[place] = (changes.number, changes.at[place][1] if place in changes.at else former)


def _kept(token: Token) -> tuple[Any, ...] | None:
    """Return what a token stands for, if that was plain data or nothing."""
    if token.shows(NOTHING):
        return ()
    return None if token.kept is NOTHING else (token.kept,)


def _differences(last: Image, image: Image, loose: Sequence[Any]) -> dict[Place, tuple[Any, ...] | None]:
    """Return the places where two images differ, with what was there."""
    changed: dict[Place, tuple[Any, ...] | None] = {}
    before, now = last.names(), image.names()
    for name in {**before, **now}:
        if name == "__qualname__":  # no attribute, and compared below
            continue
        if name not in before:
            changed["names", name] = ()
        elif before[name] != now.get(name):
            changed["names", name] = _former(before[name])
    for facet, one, other in zip(_FACETS, last.own, image.own, strict=True):
        if len(one) != len(other) or not all(
            a is b or (type(a) is str and a == b) for a, b in zip(one, other, strict=True)
        ):
            changed["class", facet] = None
    return {**_differences_of_values(last, image, loose), **changed}


def _differences_of_values(
    last: Image, image: Image, loose: Sequence[Any]
) -> dict[Place, tuple[Any, ...] | None]:
    """Return the places where the loose values of two images differ, with what was there."""
    changed: dict[Place, tuple[Any, ...] | None] = {}
    values: dict[Place, list[Any]] = {}
    for place, value in zip(image.stamp.places, loose, strict=True):
        values.setdefault(place, []).append(value)
    tokens: dict[Place, list[Any]] = {}
    for place, token in zip(last.stamp.places, last.stamp.tokens.each, strict=True):
        tokens.setdefault(place, []).append(token)
    for place, held in tokens.items():
        here = values.get(place)
        if here is None and place[0] != "member":  # its function has changed, or is no longer there
            continue
        if (
            here is None
            or len(here) != len(held)
            or not all(t.shows(v) for t, v in zip(held, here, strict=True))
        ):
            changed[place] = _kept(held[0]) if len(held) == 1 else None
    for place in values:
        if place[0] == "member" and place not in tokens:
            changed[place] = ()
    return changed


def _former(node: Any) -> tuple[Any, ...] | None:
    """Return the value of a node that is plain data."""
    kind, value, *_ = node
    if isinstance(kind, type):
        return (value,)
    return marshal.loads(value) if kind == CONSTANT else None  # a tuple with the constant in it


def told_changes(cls: type, image: Image, known: identities.Tracked, dump: Dump) -> dict[Place, Any]:
    """Return the changes of a class as they go into a payload: number, former value, and the value if there is one."""
    told: dict[Place, Any] = {}
    names = image.kind.names(cls)
    scopes = {scope.key: scope.function for scope in image.stamp.scopes}
    for place, (number, former) in known.changes.at.items():
        kind, key, *rest = place
        value: Any
        if kind == "names":
            value = names[key] if key in names else cls.__dict__.get(key, NOTHING)
        elif kind == "globals":
            function = scopes[key]() if key in scopes else None
            if function is None:
                continue
            scope = function.__globals__
            value = scope.get(rest[0], NOTHING)
            value = value if value is NOTHING else by_name(value, rest[0], scope, dump)
        else:
            value = next((_read(*each) for each in _holders(cls, known, place)), NOTHING)
        told[place] = (number, former) if value is NOTHING else (number, former, interned(value))
    return told


def _holders(cls: type, known: identities.Tracked, place: Place) -> list[tuple[Any, Any]]:
    """Return the objects that have something at a place of a class, and the key under which they have it.

    Globals are those of all functions of the class whose module has the same name, since a function that has come
    with a change may have brought others. The first are those that the place is about.
    """
    kind, key, *rest = place
    try:
        if kind in {"names", "class"}:
            return [(cls, key)]
        if kind == "member":
            return [(cls._member_map_[key].__dict__, rest[0])]  # type: ignore[attr-defined]
        if kind == "cell":
            *path, index = (key, *rest)
            return [(function_at(cls, path).__closure__[index], None)]
        name, number = key
        return [(scope, rest[0]) for scope in _scopes_of(cls, known, name)[number:]]
    except (AttributeError, LookupError, TypeError, ValueError):  # there is something else here
        return []


def _scopes_of(cls: type, known: identities.Tracked, name: str) -> list[dict[str, Any]]:
    """Return the globals of functions of a class whose module has a name, those of its template before others."""
    scopes: dict[int, dict[str, Any]] = {}
    own = [function() for function in known.made[1]] if known.made else []
    for function in filter(None, [*own, *functions_behind(list(cls.__dict__.values()), _EVERYTHING)]):
        scope = function.__globals__
        if str(scope.get("__name__")) == name:
            scopes[id(scope)] = scope
    return list(scopes.values())


def _read(holder: Any, key: Any) -> Any:
    """Return what a holder has under a key, or NOTHING."""
    if type(holder) is CellType:
        return contents_of(holder)
    if isinstance(holder, type):
        if key == "__annotations__":
            return NOTHING if (values := annotations_of(holder)) is None else values
        if key == "__annotate_func__":  # None where somebody has asked for it in vain
            return holder.__dict__.get(key) or NOTHING
        return type.__getattribute__(holder, key) if key in _FACETS else holder.__dict__.get(key, NOTHING)
    return holder.get(key, NOTHING)


def _put(holder: Any, key: Any, value: Any) -> None:
    if type(holder) is CellType:
        holder.cell_contents = value
    elif isinstance(holder, type):
        if key == "__annotate_func__":
            _forget_annotations(holder)
            key = "__annotate__"
        type.__setattr__(holder, key, value)
    else:
        holder[key] = value


def _delete(holder: Any, key: Any) -> None:
    if type(holder) is CellType:
        del holder.cell_contents
    elif isinstance(holder, type):
        if key == "__annotate_func__":
            _forget_annotations(holder)
        else:
            type.__delattr__(holder, key)
    else:
        del holder[key]


def _forget_annotations(cls: type) -> None:
    """Take all annotations from a class: values, and the function that evaluates them."""
    if "__annotations__" in cls.__dict__ or "__annotations_cache__" in cls.__dict__:
        type.__delattr__(cls, "__annotations__")
    if "__annotate_func__" in cls.__dict__:
        type.__setattr__(cls, "__annotate__", None)


class _Everything:
    """A policy by which everything goes by value."""

    @staticmethod
    def by_reference(_: Any) -> bool:
        return False

    @staticmethod
    def travels(_: Any) -> bool:
        return True


_EVERYTHING: ValuePolicy = _Everything()  # type: ignore[assignment]


@verb
def fill_changes(cls: type, told: tuple[bytes, dict[Place, Any]]) -> None:
    """Merge what the sender of a class has changed about it.

    Args:
        cls: the class.
        told: a nonce that tells the sender from others; by place, number, former value and the value if there is one.
    """
    nonce, changes = told
    known = identities.known(cls)
    if known is None or known.keywords is None or nonce == identities.nonce():
        return
    is_new = identities.is_new(cls)
    origin = None if known.made is None else Origin(cls, known)
    for place, (number, former, *held) in sorted(changes.items(), key=_comes_last):
        if known.numbers.get((nonce, place), 0) >= number:
            continue
        known.numbers[nonce, place] = number
        value = held[0] if held else NOTHING
        holders = _holders(cls, known, place)
        if is_new:
            if holders:
                known.given[place] = token_of(_read(*holders[0]))
            continue
        for holder, key in holders:
            here = _read(holder, key)
            if _is_untouched(known, origin, place, here, former):
                if value is not NOTHING:
                    value = _joined(known, cls, value)
                    _put(holder, key, value)
                elif here is not NOTHING:
                    _delete(holder, key)
        known.given[place] = token_of(value)


def _comes_last(change: tuple[Place, Any]) -> bool:
    """Tell whether a change is to values of annotations, which give way to a function that evaluates some."""
    return change[0] == _VALUES


def _is_untouched(
    known: identities.Tracked, origin: Origin | None, place: Place, here: Any, former: tuple[Any, ...] | None
) -> bool:
    """Tell whether a value is still what came with the class, or with an earlier change, as far as one can tell."""
    token: Token | None = known.given.get(place)
    if token is not None:
        return token.shows(here)
    if origin is not None:
        answer = origin.shows(place, here)
        if answer is not None:
            return answer
    if here is NOTHING or former is None:
        return here is not NOTHING or former == ()
    return any(token_of(each).shows(here) for each in former)


def _joined(
    known: identities.Tracked, cls: type, value: Any, before: dict[int, FunctionType] | None = None
) -> Any:
    """Return a value with functions that look up globals where the others of the class do.

    Args:
        known: what is known about the class.
        cls: the class.
        value: the value.
        before: functions that have been joined, by id of the one that came.
    """
    if type(value) in (staticmethod, classmethod):
        return type(value)(_joined(known, cls, value.__func__))
    if type(value) is not FunctionType:
        return value
    before = {} if before is None else before
    if id(value) in before:
        return before[id(value)]
    brought = value.__globals__
    scopes = _scopes_of(cls, known, str(brought.get("__name__")))
    if not scopes:
        return value
    scope = scopes[0]
    if any(each is brought for each in scopes) or module_of(brought, brought.get("__name__")) is not None:
        return value
    for name in facts_of(value.__code__).names.globals:
        if name in brought and name not in scope:
            scope[name] = brought[name]
            known.given["globals", (str(scope.get("__name__")), 0), name] = token_of(brought[name])
    joined = FunctionType(value.__code__, scope, value.__name__, value.__defaults__, value.__closure__)
    before[id(value)] = joined
    for cell in value.__closure__ or ():
        contents = contents_of(cell)
        if type(contents) is FunctionType:
            cell.cell_contents = _joined(known, cls, contents, before)
    joined.__kwdefaults__ = value.__kwdefaults__
    joined.__qualname__, joined.__doc__, joined.__module__ = (
        value.__qualname__,
        value.__doc__,
        value.__module__,
    )
    annotate = lazy_annotations(value)
    if annotate is None:
        joined.__annotations__ = value.__annotations__
    else:
        joined.__annotate__ = annotate  # type: ignore[attr-defined, unused-ignore]
    joined.__dict__.update(value.__dict__)
    if hasattr(value, "__type_params__"):
        joined.__type_params__ = value.__type_params__  # type: ignore[attr-defined, unused-ignore]
    return joined
