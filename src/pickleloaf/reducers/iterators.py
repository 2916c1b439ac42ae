"""Iterators of itertools, where they stand.

Takes apart: what the iterator says of itself, or shows to the garbage collector. Travels as: their constructors, by
name; wire.chain, wire.fill_iterator.
Keeps: what is still to come, and that iterators which share a source go on sharing it.
Loses: what the constructors were once given, where it no longer matters.

1. ``repeat`` and ``count`` tell their numbers to everybody. For a few others, the objects that they show to the
   garbage collector are all of their state, in the order in which Modules/itertoolsmodule.c visits them.
2. Up to Python 3.13 the rest of them answer pickle, with a warning since 3.12. From 3.14 on they do not; then they are
   refused.

Iterators of the builtins (of a list or a dict, zip, map, reversed ...) do tell pickle about themselves. The other verbs
are for payloads of before, where the state had been read from memory.
"""

from __future__ import annotations

import gc
import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pickleloaf.errors import DecodeError, EncodeError
from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb


def reduce_iterator(iterator: Any, dump: Dump) -> Any:
    cls: Any = type(iterator)
    reduce = _SHOWN.get(cls.__name__)
    if reduce is not None:
        shown = gc.get_referents(iterator)
        return reduce(cls, shown[1:] if shown and shown[0] is cls else shown, iterator)
    if cls.__reduce__ is object.__reduce__:
        msg = f"cannot pickle itertools.{cls.__name__} object: this Python does not tell how far it is"
        raise EncodeError(msg, hint="send what it is made from, or a list of what is still to come")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        reduced = iterator.__reduce__()
    return (*reduced, None, None, fill_iterator) if len(reduced) > 2 else reduced


@verb
def fill_iterator(iterator: Any, state: Any) -> None:
    """Let an iterator go on where it stood.

    Raises:
        DecodeError: this Python, 3.14 or later, cannot set the state.
    """
    if not hasattr(iterator, "__setstate__"):
        msg = f"an itertools.{type(iterator).__name__} that had begun can be made by Python 3.13 and before only"
        raise DecodeError(msg)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        iterator.__setstate__(state)


def _count(cls: type, shown: list[Any], counter: Any) -> Any:
    # A counter in machine numbers shows the step alone, and says the next number to everybody.
    number = (
        shown[0] if len(shown) > 1 else int(repr(counter).partition("(")[2].rstrip(")").partition(",")[0])
    )
    return cls, (number, shown[-1])


def _repeat(cls: type, shown: list[Any], repeat: Any) -> Any:
    try:
        return cls, (shown[0], repeat.__length_hint__())
    except TypeError:  # without end
        return cls, (shown[0],)


def _chain(cls: type, shown: list[Any], _: Any) -> Any:
    return (rebuild_chain, tuple(shown)) if shown else (cls, ())


def _compress(cls: type, shown: list[Any], _: Any) -> Any:
    return cls, tuple(shown)


def _mapped(cls: type, shown: list[Any], _: Any) -> Any:
    return cls, tuple(shown[::-1])  # the iterator comes before the function


#: Makes a reduction from the type, what the iterator shows, and the iterator.
_SHOWN: dict[str, Callable[[type, list[Any], Any], Any]] = {
    "chain": _chain,
    "compress": _compress,
    "count": _count,
    "filterfalse": _mapped,
    "repeat": _repeat,
    "starmap": _mapped,
}


@verb
def rebuild_chain(source: Iterator[Any], *active: Iterator[Any]) -> Any:
    return itertools.chain.from_iterable(itertools.chain(active, source) if active else source)


@verb
def rebuild_accumulate(iterator: Iterator[Any], function: Any, total: Any) -> Any:
    return _advance(itertools.accumulate(itertools.chain((total,), iterator), function), 1)


def _advance(iterator: Any, count: int) -> Any:
    for _ in range(count):
        next(iterator)
    return iterator


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


@verb
def rebuild_cycle(iterator: Iterator[Any], saved: list[Any]) -> Any:
    return _advance(itertools.cycle(itertools.chain(saved, iterator)), len(saved))


@verb
def rebuild_dropwhile(iterator: Iterator[Any]) -> Any:
    """Make a dropwhile that drops no more."""
    return _advance(itertools.dropwhile(bool, itertools.chain((False,), iterator)), 1)


@verb
def rebuild_groupby(iterator: Iterator[Any], key: Any, value: Any, begun: bool) -> Any:
    """Make a groupby that has read one value ahead, and has given the group of that value or not yet."""
    return _advance(itertools.groupby(itertools.chain((value,), iterator), key), begun)


@verb
def rebuild_tee(block: Any, index: int) -> Any:
    return _advance(block.__copy__(), index)


@verb
def rebuild_tee_block(source: Any, values: Iterable[Any]) -> Any:
    more = source.__copy__() if type(source) is _TEE else source
    return itertools.tee(itertools.chain(values, more), 1)[0]


_TEE: Any = type(itertools.tee(())[0])
