"""Iterators of itertools, where they stand.

Takes apart: the fields of their structs. Travels as: their constructors, by name; wire.cycle,
wire.accumulate, wire.groupby, wire.combinations, wire.tee_block, wire.tee.
Keeps: what is still to come, sharing of the iterators behind. Loses: the group of a groupby that is
just being read, iterators over which have ended are like new ones over nothing.

Theory. From 3.14 on the iterators of itertools say nothing about themselves, and since 3.12 asking them
for a reduction gives a warning. Their state can still be read without moving them:

1. gc tells which objects an iterator refers to, not in which roles, and no numbers.
2. The struct says both. Its words are read at the address of the object; `_LAYOUTS` has their names, from
   Modules/itertoolsmodule.c, the same in 3.11 to 3.15.
3. Nothing read there is taken for an object: a word is an object if gc knows an object at that address.
   Where a word that has to be an object is neither that nor null, the layout is another: refused.
4. What arrives is a new iterator that gives the same, made by public constructors only.

Builtin iterators (of lists, dicts, ranges, zip, map ...) still tell pickle about themselves."""

from __future__ import annotations

import gc
import itertools
import struct
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any

from pickleloaf.errors import EncodeError
from pickleloaf.reducers._dump import HEAP_TYPE, Dump
from pickleloaf.wire import verb

#: The fields of each struct, in order, one word each: objects, numbers (#), pointers (*), of no use (-).
_LAYOUTS = {
    "count": "#count count_object step",
    "cycle": "it saved #index",
    "repeat": "element #left",
    "chain": "source active",
    "accumulate": "total it function initial",
    "islice": "it #next #stop #step #count",
    "groupby": "it key target_key current_key current_value",
    "product": "pools *indices result #stopped",
    "permutations": "pool *indices -cycles result #r #stopped",
    "combinations": "pool *indices result #r #stopped",
    "combinations_with_replacement": "pool *indices result #r #stopped",
    "compress": "data selectors",
    "dropwhile": "function it #started",
    "takewhile": "function it #stopped",
    "filterfalse": "function it",
    "starmap": "function it",
    "zip_longest": "-size -active iterators result fill",
    "pairwise": "it old",
    "batched": "it #size #strict",
    "_tee": "block #index",
}

_WORD = struct.calcsize("n")
_HINT = "send what it is made from, or the list of what is still to come"
