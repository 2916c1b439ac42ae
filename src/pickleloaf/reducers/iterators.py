"""Iterators of itertools, where they stand.

Takes apart: the fields of their structs. Travels as: their constructors, by name; wire.accumulate,
wire.chain, wire.combinations, wire.cycle, wire.dropwhile, wire.groupby, wire.tee, wire.tee_block.
Keeps: what is still to come, and that iterators which share a source go on sharing it.
Loses: what the constructors were once given, where it no longer matters.

Theory. From 3.14 on the iterators of itertools tell pickle nothing, and since 3.12 asking them gives a
warning. Their state can be read all the same, and without moving them:

1. gc knows which objects an iterator refers to, but not in which role, and no numbers.
2. The struct has both. It is read at the address of the iterator; `_KINDS` names its fields, which are
   the same in 3.11 to 3.15 (Modules/itertoolsmodule.c).
3. An address found there is never followed: it is an object if gc knows one of that address, or null.
   Anything else means that this Python lays the struct out differently, and is refused. The one
   exception are the indices of combinations, and they are read after this test has been passed.
4. What arrives is a new iterator with the same future, made by public constructors.

Iterators of the builtins (of a list or a dict, zip, map, reversed ...) do tell pickle about themselves.
"""

from __future__ import annotations

import gc
import itertools
import struct
from collections.abc import Callable, Iterable, Iterator
from copyreg import __newobj_ex__  # type: ignore[attr-defined]
from types import SimpleNamespace
from typing import Any

from pickleloaf.errors import EncodeError
from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb

_Reduce = Callable[[type, Any, Any], Any]

#: Stands for a field that holds no object.
_NULL: Any = object()


def reduce_iterator(iterator: Any, dump: Dump) -> Any:
    cls = type(iterator)
    if cls.__name__ == "_tee_dataobject":
        return _reduce_tee_block(iterator)
    if cls.__name__ not in _KINDS:
        return NotImplemented
    return _KINDS[cls.__name__][1](cls, _read(iterator), iterator)


def _read(iterator: Any) -> SimpleNamespace:
    """Return the fields of an iterator's struct, by name."""
    cls = type(iterator)
    fields = [entry.partition(":") for entry in _KINDS[cls.__name__][0].split()]
    raw = _memory(id(iterator) + object.__basicsize__, cls.__basicsize__ - object.__basicsize__)
    form = "".join(kind or "N" for _, _, kind in fields)
    values: list[Any] = list(struct.unpack_from(form, raw.ljust(struct.calcsize(form), b"\0")))
    objects = {id(each): each for each in gc.get_referents(iterator)} | {0: _NULL}
    for at, (_, _, kind) in enumerate(fields):
        if not kind:
            if values[at] not in objects:
                raise _refusal(cls, "this Python keeps its state where it cannot be found")
            values[at] = objects[values[at]]
    return SimpleNamespace(**{name: value for (name, _, _), value in zip(fields, values, strict=True)})


def _memory(address: int, size: int) -> bytes:
    try:
        import ctypes
    except ImportError as error:
        msg = (
            "cannot pickle an iterator of itertools: reading its state takes ctypes, which this Python lacks"
        )
        raise EncodeError(msg, hint=_HINT) from error
    return ctypes.string_at(address, size)


def _refusal(cls: type, why: str) -> EncodeError:
    return EncodeError(f"cannot pickle itertools.{cls.__name__} object: {why}", hint=_HINT)


_HINT = "send what it is made from, or a list of what is still to come"


def _accumulate(cls: type, of: Any, _: Any) -> Any:
    function = None if of.function is _NULL else of.function
    if of.total is not _NULL:
        return rebuild_accumulate, (of.it, function, of.total)
    if of.initial is _NULL or of.initial is None:
        return cls, (of.it, function)
    return __newobj_ex__, (cls, (of.it, function), {"initial": of.initial})


@verb
def rebuild_accumulate(iterator: Iterator[Any], function: Any, total: Any) -> Any:
    return _advance(itertools.accumulate(itertools.chain((total,), iterator), function), 1)


def _advance(iterator: Any, count: int) -> Any:
    for _ in range(count):
        next(iterator)
    return iterator


def _batched(cls: type, of: Any, _: Any) -> Any:
    arguments = (of.it, of.size) if of.it is not _NULL else ((), 1)
    return (__newobj_ex__, (cls, arguments, {"strict": True})) if of.strict else (cls, arguments)


def _chain(cls: type, of: Any, _: Any) -> Any:
    if of.source is _NULL:
        return cls, ()
    return rebuild_chain, (of.source,) if of.active is _NULL else (of.source, of.active)


@verb
def rebuild_chain(source: Iterator[Any], *active: Iterator[Any]) -> Any:
    return itertools.chain.from_iterable(itertools.chain(active, source) if active else source)


def _combinations(cls: type, of: Any, _: Any) -> Any:
    arguments = of.pools if cls is itertools.product else (of.pool, of.r)
    if of.stopped:
        return cls, ((),) if cls is itertools.product else ((), 1)
    if of.result is _NULL:
        return cls, arguments
    count = len(of.result)
    indices = struct.unpack(f"{count}n", _memory(of.indices, struct.calcsize(f"{count}n")))
    return rebuild_combinations, (cls, arguments, indices)


@verb
def rebuild_combinations(
    cls: Callable[..., Iterator[Any]], arguments: tuple[Any, ...], indices: tuple[int, ...]
) -> Any:
    """Make combinations, permutations or a product that has just given the elements at some indices."""
    made = cls(*arguments)
    for at in cls(*(each if isinstance(each, int) else range(len(each)) for each in arguments)):
        next(made)
        if at == indices:
            break
    return made


def _count(cls: type, of: Any, _: Any) -> Any:
    return cls, (of.small if of.large is _NULL else of.large, of.step)


def _cycle(cls: type, of: Any, _: Any) -> Any:
    if of.it is _NULL:
        return cls, (of.saved[of.index :] + of.saved[: of.index],)
    return (rebuild_cycle, (of.it, of.saved)) if of.saved else (cls, (of.it,))


@verb
def rebuild_cycle(iterator: Iterator[Any], saved: list[Any]) -> Any:
    return _advance(itertools.cycle(itertools.chain(saved, iterator)), len(saved))


def _dropwhile(cls: type, of: Any, _: Any) -> Any:
    return (rebuild_dropwhile, (of.it,)) if of.started else (cls, (of.function, of.it))


@verb
def rebuild_dropwhile(iterator: Iterator[Any]) -> Any:
    """Make a dropwhile that drops no more."""
    return _advance(itertools.dropwhile(bool, itertools.chain((False,), iterator)), 1)


def _groupby(cls: type, of: Any, _: Any) -> Any:
    key = None if of.key is _NULL else of.key
    if of.wanted_key is _NULL:
        return cls, (of.it, key)
    if of.current_value is _NULL:
        raise _refusal(cls, "one of its groups has been read in part")
    return rebuild_groupby, (of.it, key, of.current_value, of.current_key is of.wanted_key)


@verb
def rebuild_groupby(iterator: Iterator[Any], key: Any, value: Any, begun: bool) -> Any:
    """Make a groupby that has read one value ahead, and has given the group of that value or not yet."""
    return _advance(itertools.groupby(itertools.chain((value,), iterator), key), begun)


def _grouper(cls: type, of: Any, group: Any) -> Any:
    if _read(of.parent).current_group != id(group):
        raise _refusal(cls, "its groupby has gone on to another group")
    return cls, (of.parent, of.wanted_key)


def _islice(cls: type, of: Any, _: Any) -> Any:
    if of.it is _NULL:
        return cls, ((), 0)
    stop = None if of.stop < 0 else of.stop - of.count
    return cls, (of.it, of.next - of.count, stop, of.step)


def _pairwise(cls: type, of: Any, _: Any) -> Any:
    if of.it is _NULL:
        return cls, ((),)
    return cls, (of.it if of.old is _NULL else itertools.chain((of.old,), of.it),)


def _repeat(cls: type, of: Any, _: Any) -> Any:
    return cls, (of.element,) if of.left < 0 else (of.element, of.left)


def _takewhile(cls: type, of: Any, _: Any) -> Any:
    return cls, (of.function, () if of.stopped else of.it)


def _zip_longest(cls: type, of: Any, _: Any) -> Any:
    # Iterators that have ended leave holes in the tuple, and nothing but gc may look at one with holes.
    words = _memory(id(of.iterators) + tuple.__basicsize__, len(of.iterators) * struct.calcsize("N"))
    live = {id(each): each for each in gc.get_referents(of.iterators)}
    iterators = tuple(live.get(word, ()) for (word,) in struct.iter_unpack("N", words))
    return __newobj_ex__, (cls, iterators, {"fillvalue": of.fill})


def _tee(_: type, of: Any, __: Any) -> Any:
    return rebuild_tee, (of.block, of.index)


@verb
def rebuild_tee(block: Any, index: int) -> Any:
    return _advance(block.__copy__(), index)


def _reduce_tee_block(block: Any) -> Any:
    """Take apart what several tees share: values that one of them has read, and where to get more."""
    source, *values = [each for each in gc.get_referents(block) if each is not type(block)]
    if values and type(values[-1]) is type(block):
        source = values.pop()
    return rebuild_tee_block, (source, values)


@verb
def rebuild_tee_block(source: Any, values: Iterable[Any]) -> Any:
    more = source.__copy__() if type(source) is _TEE else source
    return itertools.tee(itertools.chain(values, more), 1)[0]


_TEE: Any = type(itertools.tee(())[0])


def _call(*names: str) -> _Reduce:
    return lambda cls, of, _: (cls, tuple(getattr(of, name) for name in names))


#: The fields of each struct, objects and ``name:format`` of other things in the notation of `struct`, and
#: what makes a reduction of them.
_KINDS: dict[str, tuple[str, _Reduce]] = {
    "accumulate": ("total it function initial", _accumulate),
    "batched": ("it size:n strict:?", _batched),
    "chain": ("source active", _chain),
    "combinations": ("pool indices:N result r:n stopped:i", _combinations),
    "combinations_with_replacement": ("pool indices:N result r:n stopped:i", _combinations),
    "compress": ("data selectors", _call("data", "selectors")),
    "count": ("small:n large step", _count),
    "cycle": ("it saved index:n", _cycle),
    "dropwhile": ("function it started:n", _dropwhile),
    "filterfalse": ("function it", _call("function", "it")),
    "groupby": ("it key wanted_key current_key current_value current_group:N", _groupby),
    "islice": ("it next:n stop:n step:n count:n", _islice),
    "pairwise": ("it old", _pairwise),
    "permutations": ("pool indices:N cycles:N result r:n stopped:i", _combinations),
    "product": ("pools indices:N result stopped:i", _combinations),
    "repeat": ("element left:n", _repeat),
    "starmap": ("function it", _call("function", "it")),
    "takewhile": ("function it stopped:n", _takewhile),
    "zip_longest": ("size:n active:n iterators result fill", _zip_longest),
    "_grouper": ("parent wanted_key", _grouper),
    "_tee": ("block index:i", _tee),
}
