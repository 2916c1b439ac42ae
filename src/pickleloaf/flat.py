"""Dumping without recursion: for what is nested deeper than the C stack, and to find where dumping fails.

Pickle's opcodes drive a stack machine, so *loading* needs no recursion however deep the nesting; only
dumping does. Here the same opcodes are written with an explicit stack: every object being pickled is a
generator that yields the parts it needs pickled first (`_steps`), and `_run` keeps these generators in
a list. That list also knows, at any moment, the way from the root to the object in work: the `trail`.

It is ten times slower than the C pickler and only used when that one has failed. Objects that make a new one each
time they are asked for their state have no end; they are refused when a budget of nested reductions is used up.
"""

from __future__ import annotations

import copyreg
import pickle
from collections.abc import Callable, Container, Generator, Iterable, Iterator
from itertools import islice
from types import FunctionType
from typing import Any

from pickleloaf.errors import EncodeError
from pickleloaf.reducers._asking import is_reduction

__all__ = ["FlatPickler"]

#: Nested reductions beyond which an object is taken to be without end: each makes a new one when it is asked.
_BUDGET = 100_000

_HINT = "make an end to it: what an object gives pickle may not lead to a new object of its kind each time"

_BATCH = 1000

_Steps = Generator[Any, None, None]

#: The pickler written in Python, of which typeshed knows little.
_PythonPickler: Any = pickle._Pickler


class FlatPickler(_PythonPickler):  # type: ignore[misc]
    """Pickles as another pickler would, with the same hooks, without recursion.

    Attributes:
        trail: the objects from the root to the one in work.
    """

    def __init__(self, host: Any, file: Any, protocol: int, buffer_callback: Any) -> None:
        super().__init__(file, protocol, buffer_callback=buffer_callback)
        self._override: Callable[[Any], Any] = host.reducer_override
        self._persistent = _persistent_id(host)
        self._table = getattr(host, "dispatch_table", copyreg.dispatch_table)
        self.trail: list[Any] = []
        self._nested = 0

    def dump(self, obj: Any) -> None:
        """Write the pickle of an object to the file."""
        if self.proto >= 2:
            self.write(pickle.PROTO + self.proto.to_bytes(1, "little"))
        if self.proto >= 4:
            self.framer.start_framing()
        self._run(obj)
        self.write(pickle.STOP)
        self.framer.end_framing()

    def _run(self, root: Any) -> None:
        self.trail = [root]
        stack = [self._steps(root)]
        while stack:
            try:
                part = next(stack[-1])
            except StopIteration:
                stack.pop()
                self.trail.pop()
                continue
            self.trail.append(part)
            stack.append(self._steps(part))

    def _steps(self, obj: Any) -> _Steps:
        """Write one object; mirrors ``save`` of Modules/_pickle.c."""
        self.framer.commit_frame()
        pid = None if self._persistent is None else self._persistent(obj)
        if pid is not None:
            if not self.bin:
                self.save_pers(pid)
                return
            obj = pid  # which is not asked about itself: its id may be the object that it stands for
        known = self.memo.get(id(obj))
        kind = type(obj)
        if known is not None and kind not in (type(None), bool, int, float):
            self.write(self.get(known[0]))
        elif _has_kind(kind, _CONTAINERS):
            yield from _CONTAINERS[kind](self, obj)
        elif _has_kind(kind, _ATOMS):
            self.dispatch[kind](self, obj)
        else:
            yield from self._reduced_steps(obj, kind)
        if pid is not None:
            self.write(pickle.BINPERSID)

    def _reduced_steps(self, obj: Any, kind: type) -> _Steps:
        reduced = self._override(obj)
        if reduced is NotImplemented:
            if kind is type:
                self.save_type(obj)
                return
            if kind is FunctionType:
                self.save_global(obj)
                return
            registered = self._table.get(kind) if _has_kind(kind, self._table) else None
            if registered is not None:
                reduced = registered(obj)
            elif issubclass(kind, type):
                self.save_global(obj)
                return
            else:
                reduced = obj.__reduce_ex__(self.proto)
        if isinstance(reduced, str):
            self.save_global(obj, reduced)
            return
        if not is_reduction(reduced):
            msg = f"__reduce__ of {kind.__qualname__} must return a string, or a tuple of two to six that begins "
            msg += "with a callable and a tuple of its arguments"
            raise pickle.PicklingError(msg)
        self._nested += 1
        if self._nested > _BUDGET:
            name = f"{kind.__module__}.{kind.__qualname__}"
            msg = f"more than {_BUDGET:,} objects nested in each other, the last a {name}"
            raise EncodeError(msg, hint=_HINT)
        yield from self._reduce_steps(obj, *reduced)
        self._nested -= 1

    def _reduce_steps(
        self,
        obj: Any,
        function: Any,
        args: Any,
        state: Any = None,
        items: Any = None,
        pairs: Any = None,
        fill: Any = None,
    ) -> _Steps:
        """Write a reduction; mirrors ``save_reduce``."""
        name = getattr(function, "__name__", "")
        if self.proto >= 2 and name == "__newobj__":
            yield args[0]
            yield args[1:]
            self.write(pickle.NEWOBJ)
        elif self.proto >= 4 and name == "__newobj_ex__":
            yield from args
            self.write(pickle.NEWOBJ_EX)
        else:
            yield function
            yield args
            self.write(pickle.REDUCE)
        if id(obj) in self.memo:  # the arguments led back to the object
            self.write(pickle.POP + self.get(self.memo[id(obj)][0]))
            return  # with its items and its state, which were written there
        self.memoize(obj)
        if items is not None:
            yield from self._batches(items, pickle.APPEND, pickle.APPENDS)
        if pairs is not None:
            yield from self._batches(pairs, pickle.SETITEM, pickle.SETITEMS, pairs=True)
        if state is None:
            return
        if fill is None:
            yield state
            self.write(pickle.BUILD)
        else:
            yield fill
            yield obj
            yield state
            self.write(pickle.TUPLE2 + pickle.REDUCE + pickle.POP)

    def _batches(self, items: Any, single: bytes, several: bytes, *, pairs: bool = False) -> _Steps:
        for batch in _batched(items):
            if len(batch) > 1:
                self.write(pickle.MARK)
            for item in batch:
                for part in item if pairs else (item,):
                    if _has_kind(type(part), _UNSHARED) and self._persistent is None:
                        self.dispatch[type(part)](self, part)
                    else:
                        yield part
            self.write(several if len(batch) > 1 else single)

    def _list_steps(self, obj: list[Any]) -> _Steps:
        self.write(pickle.EMPTY_LIST)
        self.memoize(obj)
        yield from self._batches(obj, pickle.APPEND, pickle.APPENDS)

    def _dict_steps(self, obj: dict[Any, Any]) -> _Steps:
        self.write(pickle.EMPTY_DICT)
        self.memoize(obj)
        yield from self._batches(obj.items(), pickle.SETITEM, pickle.SETITEMS, pairs=True)

    def _tuple_steps(self, obj: tuple[Any, ...]) -> _Steps:
        if not obj:
            self.write(pickle.EMPTY_TUPLE)
            return
        short = self.proto >= 2 and len(obj) <= 3
        if not short:
            self.write(pickle.MARK)
        yield from obj
        if id(obj) in self.memo:  # a recursive tuple: an element has already written it
            discard = pickle.POP * len(obj) if short else pickle.POP_MARK
            self.write(discard + self.get(self.memo[id(obj)][0]))
            return
        self.write((pickle.TUPLE1, pickle.TUPLE2, pickle.TUPLE3)[len(obj) - 1] if short else pickle.TUPLE)
        self.memoize(obj)

    def _set_steps(self, obj: set[Any]) -> _Steps:
        if self.proto < 4:
            yield from self._reduce_steps(obj, set, (list(obj),))
            return
        self.write(pickle.EMPTY_SET)
        self.memoize(obj)
        for batch in _batched(obj):
            self.write(pickle.MARK)
            yield from batch
            self.write(pickle.ADDITEMS)

    def _frozenset_steps(self, obj: frozenset[Any]) -> _Steps:
        if self.proto < 4:
            yield from self._reduce_steps(obj, frozenset, (list(obj),))
            return
        self.write(pickle.MARK)
        yield from obj
        if id(obj) in self.memo:
            self.write(pickle.POP_MARK + self.get(self.memo[id(obj)][0]))
            return
        self.write(pickle.FROZENSET)
        self.memoize(obj)


def _has_kind(kind: type, kinds: Container[type]) -> bool:
    """Tell whether a type is among some, which one whose metaclass makes its classes unhashable never is."""
    try:
        return kind in kinds
    except TypeError:
        return False


def _batched(items: Iterable[Any]) -> Iterator[list[Any]]:
    iterator = iter(items)
    while batch := list(islice(iterator, _BATCH)):
        yield batch


_CONTAINERS: dict[type, Callable[[FlatPickler, Any], _Steps]] = {
    list: FlatPickler._list_steps,
    dict: FlatPickler._dict_steps,
    tuple: FlatPickler._tuple_steps,
    set: FlatPickler._set_steps,
    frozenset: FlatPickler._frozenset_steps,
}

#: Written by pickle's own methods, which refer to no other object.
_ATOMS = frozenset({type(None), bool, int, float, bytes, str, bytearray, pickle.PickleBuffer})
_UNSHARED = frozenset({type(None), bool, int, float})


def _persistent_id(host: Any) -> Callable[[Any], Any] | None:
    """Return a pickler's ``persistent_id`` if somebody has defined one."""
    found = getattr(host, "persistent_id", None)
    is_default = getattr(type(host), "persistent_id", None) is getattr(pickle.Pickler, "persistent_id", None)
    return None if is_default and "persistent_id" not in vars(host) else found
