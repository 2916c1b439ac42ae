"""Threads, thread pools and futures.

Takes apart: what they were given, and results. Travels as: wire.recreated, wire.fill_instance.
Keeps: a thread that was not started, the parameters of a pool, a future that is done.
Loses: the threads and the pending work of a pool.
"""

from __future__ import annotations

import inspect
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Thread
from typing import Any

from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers.handles._parts import reduction_of, refusal


def reduce_thread(thread: Thread, dump: Dump) -> Any:
    if thread.ident is not None:
        raise refusal(
            thread, "it has been started", "send its function and arguments, and start a thread there"
        )
    return reduction_of(thread)


def reduce_future(future: Future[Any], dump: Dump) -> Any:
    if not future.done():
        raise refusal(future, "it is not done", "wait for it, and send its result")
    return reduction_of(future)


def reduce_thread_pool(pool: ThreadPoolExecutor, dump: Dump) -> Any:
    own = vars(pool)
    if "_initializer" in own:
        initializer = (own["_initializer"], own["_initargs"])
    else:  # from 3.14 on a closure knows it; Lib/concurrent/futures/thread.py, interpreter.py
        known = inspect.getclosurevars(own["_create_worker_context"]).nonlocals
        initializer = (known.get("initdata") or (known.get("initializer"), known.get("initargs", ())))[:2]
    return reduction_of(pool, own["_max_workers"], own["_thread_name_prefix"], *initializer)
