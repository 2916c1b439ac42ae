"""``queue.SimpleQueue``, which is written in C; other queues are recreated from their attributes.

Takes apart: the items, without taking them out. Travels as: wire.recreated, wire.fill_queue.
Keeps: items, attributes. Loses: who waits for an item.
"""

from __future__ import annotations

import gc
from queue import SimpleQueue
from typing import Any

from pickleloaf import wire
from pickleloaf._compat import HAS_RING_QUEUE
from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers.handles._parts import reduction_of
from pickleloaf.wire import verb


def reduce_simple_queue(queue: SimpleQueue[Any], dump: Dump) -> Any:
    rebuild, arguments, state, *_ = reduction_of(queue)
    return rebuild, arguments, (_items(queue), state), None, None, fill_queue


@verb
def fill_queue(queue: SimpleQueue[Any], state: tuple[list[Any], Any]) -> None:
    """Put items into a queue, and set its attributes."""
    items, attributes = state
    for item in items:
        SimpleQueue.put(queue, item)
    if attributes:
        wire.fill_instance(queue, attributes)


def _items(queue: SimpleQueue[Any]) -> list[Any]:
    """Return the items in order: the garbage collector is shown them, just before the type."""
    count = queue.qsize()
    *held, _ = gc.get_referents(queue)
    if not HAS_RING_QUEUE:  # a list, in which the places of items that were taken stay for a while
        held = held[-1]
    return held[len(held) - count :]
