"""Classes by value on their way: what an image becomes in a payload, and how a class is made from that."""

from __future__ import annotations

import builtins
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cached_property
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from pickleloaf import wire
from pickleloaf.errors import DecodeError
from pickleloaf.inspecting.kinds import ATOMS, CONTAINERS, Kinds
from pickleloaf.reducers._dump import Dump, Late, ScopeOf
from pickleloaf.reducers._twins import note_twin
from pickleloaf.reducers.classes import identities
from pickleloaf.reducers.classes.building import (
    ClassState,
    Step,
    check_not_building,
    fill_class,
    fill_names,
    join_names,
    make_plain,
    reduce_building,
)
from pickleloaf.reducers.classes.digest import identify
from pickleloaf.reducers.classes.draft import Kind
from pickleloaf.reducers.classes.image import Image, draw_image
from pickleloaf.reducers.classes.kinds import kind_of
from pickleloaf.reducers.classes.merge import (
    fill_changes,
    note_changes,
    note_values,
    told_changes,
)
from pickleloaf.reducers.classes.origin import note_given, note_made
from pickleloaf.reducers.classes.template import Made, Use, function_at, open_template, put
from pickleloaf.wire import verb

__all__ = ["nothing_more", "reduce_by_value"]

#: Objects of these types run nothing when they are loaded, and lead back to no class before that exists.
_INERT = Kinds({FunctionType, type, staticmethod, classmethod, property, cached_property})
_LEAVES = Kinds(ATOMS | {ModuleType, BuiltinFunctionType})
#: In larger containers nobody looks for what they lead to, which many classes may share.
_LARGE = 64


def nothing_more(cls: type) -> tuple[Any, ...]:
    """Return that a maker takes no further arguments."""
    return ()


def reduce_by_value(
    cls: type,
    dump: Dump,
    kind: Kind,
    rebuild: Callable[..., type],
    more: Callable[[type], tuple[Any, ...]],
    late: list[Late],
    defer_item: Callable[[Use, Any], Late] | None = None,
) -> Any:
    """Return the reduction of a class: its image, or in a portable payload what it consists of.

    Args:
        cls: the class.
        dump: the pickler's state.
        kind: how it is made.
        rebuild: the verb that makes it.
        more: returns further arguments of the verb for a class; may add to `late`.
        late: what else the class is given once it exists.
        defer_item: returns what gives the class an item of these arguments that leads back to it.

    Raises:
        EncodeError: what the class is made from refers to the class.
    """
    if not dump.policy.portable:
        return _reduce_image(cls, dump, kind, late, defer_item)
    image, _, known = _image_of(cls, kind, dump)
    if known.changes is not None:
        told = {("changes", place): each for place, each in told_changes(cls, image, known, dump).items()}
        late.append(Late(cls, told, _join_changes, fill_changes))
    return reduce_building(cls, dump, known.identity, rebuild, kind.names(cls), more, late)


def _image_of(cls: type, kind: Kind, dump: Dump) -> tuple[Image, list[Any], identities.Tracked]:
    """Return the image of a class, the values of its holes, and what is known about the class."""
    policy = dump.policy
    known = identities.known(cls)
    if known is None:
        drawn = identify(cls, lambda each: draw_image(each, kind_of(each), policy), dump)
        known = identities.known(cls)
        if known is None:
            raise AssertionError(cls)
        if drawn is not None and known.image is drawn[0] and kind is kind_of(cls):
            return *drawn, known
    if policy.carries or policy.forced:  # what goes by value is for this payload alone
        return *draw_image(cls, kind, policy), known
    last: Image | None = known.image
    if last is not None and last.serves(policy):
        loose = last.stamp.read(cls)
        changed = None if loose is None else last.changed(loose)
        if loose is not None and changed is not None:
            if changed:
                note_values(known, last, loose, changed)
            return last, loose, known
    image, loose = draw_image(cls, kind, policy, volatile=() if known.changes is None else known.changes.at)
    if last is not None and note_changes(known, last, image, loose):
        image, loose = draw_image(cls, kind, policy, volatile=known.changes.at)
    known.image = image
    return image, loose, known


def _reduce_image(
    cls: type,
    dump: Dump,
    kind: Kind,
    late: list[Late],
    defer_item: Callable[[Use, Any], Late] | None = None,
) -> Any:
    """Return the reduction of a class by its image; see `reduce_by_value`."""
    check_not_building(cls, dump)
    image, loose, known = _image_of(cls, kind, dump)
    if not dump.nested.isdisjoint(image.paths):  # a function of it has been pickled by itself
        image, loose = draw_image(cls, kind, dump.policy, excluded=dump.nested)
    if image.look_ups is not None:
        dump.uses.append(image.look_ups)
    if image.paths:
        dump.images.append((cls, image.paths))
    cells = image.share_cells(dump) if image.cells else None
    scopes = image.scopes(cls, dump) if image.needs_scopes or dump.shared else ()
    values = image.late_values(cls, loose, dump) if image.late else []
    modules = image.modules(dump) if image.using else ()
    changes = told_changes(cls, image, known, dump) if known.changes is not None else None
    is_plain = image.is_plain or (image.is_plain_after_bases and dump.has_made(cls.__bases__))
    if is_plain and not dump.building and not late:
        early = tuple([image.early_value(cls, use, loose, dump) for use in image.early])
        if not changes and not modules and (not values or all(map(_is_leaf, values))):
            if not (values or early or scopes or cells):
                return rebuild_image, (known.identity, image.sealed)
            return rebuild_image, _trimmed(
                known.identity, image.sealed, tuple(values), early, scopes, (), cells
            )
        arguments = _trimmed(known.identity, image.sealed, (), early, scopes, (), cells)
        steps = _in_steps(cls, image.late, values) if len(values) > 1 else values
        state = _trimmed(tuple(steps), modules, (identities.nonce(), changes) if changes else None)
        return rebuild_image, arguments, state or None, None, None, fill_image
    return _reduce_building(
        cls, dump, image, loose, known, late, values, modules, changes, scopes, cells, defer_item
    )


def _reduce_building(
    cls: type,
    dump: Dump,
    image: Image,
    loose: list[Any],
    known: identities.Tracked,
    late: list[Late],
    values: list[Any],
    modules: Sequence[ModuleType],
    changes: dict[Any, Any] | None,
    scopes: tuple[Any, ...],
    cells: dict[int, Any] | None,
    defer_item: Callable[[Use, Any], Late] | None,
) -> Any:
    """Return the reduction of a class that other classes may have to wait for (see _dump)."""
    dump.building.append((cls, late))
    early: list[Any] = []
    deferred: list[int] = []
    parts: list[dict[tuple[str, Any], Any]] = [{}, {}, {}, {}]
    names: list[dict[tuple[str, Any], Any]] = [{}, {}, {}, {}]
    stages = [_stage(cls, value) for value in values]
    for use, value, stage in zip(image.late, values, stages, strict=True):
        if use[0] == "name" and (stage or not any(stages)):
            names[stage]["names", use[2]] = value
        else:
            parts[stage]["uses", use] = value
    for at, use in enumerate(image.early):
        value = image.early_value(cls, use, loose, dump)
        if use[0] in _MADE_WITH or not dump.leads_to_building(value):
            early.append(value)
            continue
        if use[0] == "item":
            if defer_item is None:
                early.append(value)
                continue
            late.append(defer_item(use, value))
        elif use[0] == "name":
            names[-1]["names", use[2]] = value
        else:
            parts[-1]["uses", use] = value
        deferred.append(at)
        early.append(dump.stand_in(value) if use[0] == "name" else None)
    parts[0].update({("modules", at): module for at, module in enumerate(modules)})
    late[:0] = [Late(cls, each, _join_uses, fill_uses) for each in parts if each]
    late += [Late(cls, each, join_names, fill_names) for each in names if each]
    if changes:
        told: dict[tuple[str, Any], Any] = {("changes", place): each for place, each in changes.items()}
        late.append(Late(cls, told, _join_changes, fill_changes))
    arguments = _trimmed(known.identity, image.sealed, (), tuple(early), scopes, tuple(deferred), cells)
    return rebuild_image, arguments, ClassState(late), None, None, fill_class


#: Uses of values that the class cannot be made without.
_MADE_WITH = frozenset({"metaclass", "base"})


def _in_steps(cls: type, uses: Sequence[Use], values: list[Any]) -> list[Any]:
    """Return late values so that code of the class that runs when some are loaded finds the others in their places."""
    keys = [
        (stage, use[0] == "name") if (stage := _stage(cls, value)) else ()
        for use, value in zip(uses, values, strict=True)
    ]
    order: list[Any] = sorted(set(keys))
    if len(order) == 1:
        return values
    if keys == sorted(keys):
        ends = [bisect_right(keys, key) for key in order]
        runs = [tuple(values[start:end]) for start, end in zip([0, *ends], ends, strict=False)]
        return [*[Step(fill_first, cls, run) for run in runs[:-1]], *runs[-1]]
    first = tuple([None if key else value for key, value in zip(keys, values, strict=True)])
    steps: list[Any] = [Step(fill_first, cls, first)]
    for key in order:
        if key:
            given = {use: value for use, value, each in zip(uses, values, keys, strict=True) if each == key}
            steps.append(Step(fill_uses, cls, given))
    return steps


def _stage(cls: type, value: Any) -> int:
    """Return when a class is given a value: what may run its code comes late, what may hash its instances last."""
    if _is_inert(value):
        return 0
    kind = type(value)
    if issubclass(kind, (list, tuple, dict, set, frozenset)):
        return 3
    return 2 if kind is MethodType or any(each is cls for each in kind.__mro__) else 1


def _is_inert(value: Any) -> bool:
    if _INERT.have(value) or _is_leaf(value):
        return True
    if type(value) is dict:  # the fields of a dataclass, which were there before the class
        return all(type(each).__module__ == "dataclasses" for each in value.values())
    return type(value).__module__ in _OF_NOBODY


#: Modules whose objects hold nothing of the user's when they are pickled, or nothing that a class could have made.
_OF_NOBODY = frozenset(
    {"dataclasses", "re", "logging", "datetime", "decimal", "pathlib", "fractions", "uuid"}
)


def _is_leaf(value: Any) -> bool:
    """Tell whether a value leads to nothing: an atom, a module, or a container of few atoms."""
    if _LEAVES.have(value):
        return True
    if not CONTAINERS.have(value) or len(value) > _LARGE or not ATOMS.cover(value):
        return False
    return type(value) is not dict or ATOMS.cover(value.values())


def _trimmed(*parts: Any) -> tuple[Any, ...]:
    """Return arguments without those at the end that are empty."""
    end = len(parts)
    while end and not parts[end - 1]:
        end -= 1
    return parts[:end]


def _join_uses(parts: dict[tuple[str, Any], Any]) -> dict[Any, Any]:
    """Make the argument of `fill_uses` of some parts."""
    return {key if kind == "uses" else (kind, key): value for (kind, key), value in parts.items()}


def _join_changes(parts: dict[tuple[str, Any], Any]) -> Any:
    """Make the argument of `fill_changes` of some changes."""
    return identities.nonce(), {place: value for (_, place), value in parts.items()}


@verb
def rebuild_image(
    identity: bytes,
    sealed: bytes,
    late: Sequence[Any] = (),
    early: Sequence[Any] = (),
    scopes: Sequence[Any] = (),
    deferred: Sequence[int] = (),
    cells: dict[int, Any] | None = None,
) -> type:
    """Make a class from its image, unless it is here already.

    Args:
        identity: see identities.
        sealed: its template.
        late: values of the late holes, where nothing in them leads to the class.
        early: values of the early holes.
        scopes: what stands for the globals of its functions.
        deferred: early holes whose values come later.
        cells: cells that other functions of the payload have, by index.
    """
    known = identities.arrived(identity)
    if known is not None:
        return known
    template = open_template(sealed)
    made = Made(template, early, scopes, deferred, cells)
    cls: type
    if template.is_hooked or template.maker != "class_":
        cls = getattr(wire, template.maker)(identity, *made.arguments())
    else:
        metaclass, name, bases, names, *keywords = made.arguments()
        cls = make_plain(identity, metaclass, name, bases, names, *keywords)
    made.finish(cls)
    tracked = identities.known(cls)
    if tracked is not None:
        note_made(tracked, sealed, made.functions, early, deferred)
        tracked.late = template.late
        if late:
            _fill(tracked, cls, late)
    if late or not (template.late or deferred):
        identities.finish(cls)
    return cls


@verb
def fill_image(cls: type, state: tuple[Any, ...]) -> None:
    """Fill the late holes of a class that is new, merge changes, and let other threads have it.

    Args:
        cls: the class.
        state: values of the late holes, modules that its functions need, and (nonce, changes).
    """
    known = identities.known(cls)
    if identities.is_new(cls) and known is not None:
        _fill(known, cls, state[0][-len(known.late) :] if known.late else ())
    if len(state) > 2:
        fill_changes(cls, state[2])
    identities.finish(cls)


@verb
def fill_first(cls: type, values: tuple[Any, ...]) -> None:
    """Fill the first late holes of a class that is new here."""
    known = identities.known(cls)
    if identities.is_new(cls) and known is not None:
        _fill(known, cls, values)


def _fill(known: identities.Tracked, cls: type, values: Sequence[Any]) -> None:
    """Put values into the first holes of a class that are still empty."""
    for use, value in zip(known.late, values, strict=False):
        put(cls, use, value)
        note_given(known, cls, use, value)
    known.late = known.late[len(values) :]


@verb
def fill_uses(cls: type, uses: dict[Any, Any]) -> None:
    """Fill some holes of a class that is new here.

    Args:
        cls: the class.
        uses: what goes into them, by use; and by ("modules", number) modules that its functions need: that they have
            been imported by now is all.
    """
    known = identities.known(cls)
    if identities.is_new(cls) and known is not None:
        for use, value in uses.items():
            if use[0] != "modules":
                put(cls, use, value)
                note_given(known, cls, use, value)


def reduce_scope_of(scope: ScopeOf, dump: Dump) -> Any:
    return rebuild_scope_of, (scope.cls, scope.path, scope.name)


@verb
def rebuild_scope_of(cls: type, path: tuple[Any, ...], name: str) -> dict[str, Any]:
    """Return the globals of a class that this payload has brought; new ones where the class was here before."""
    if identities.is_new(cls):
        scope: dict[str, Any] = function_at(cls, path).__globals__
        return scope
    scope = {"__name__": name, "__builtins__": builtins}
    if (function := _function_at(cls, path)) is not None:
        note_twin(scope, cls, function)
    return scope


def _function_at(cls: type, path: tuple[Any, ...]) -> Any:
    """Return a function of a class; None where the class has no such function any more."""
    try:
        found = function_at(cls, path)
    except (LookupError, AttributeError, TypeError, ValueError):
        return None
    return found if callable(found) else None


@verb
def rebuild_method_of(cls: type, *path: Any) -> Any:
    """Return a function of a class.

    Args:
        cls: the class.
        path: see `function_at`; payloads of version 0.1 may end it with an empty string.

    Raises:
        DecodeError: the class is here already, and has no such function any more.
    """
    found = _function_at(cls, path if path[-1] != "" else path[:-1])
    if found is None:
        name = ".".join([cls.__qualname__, *map(str, filter(None, path))])
        msg = f"the payload refers to the function {name}, which the class does not have here any more"
        raise DecodeError(msg)
    return found
