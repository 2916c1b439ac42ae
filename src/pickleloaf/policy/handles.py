"""Handles: what becomes of an object that is more than its data.

A lock, an open file or a thread pool is a handle on something of this process. What arrives in its
place depends on its kind; `KINDS` is the one table of that. The policies:

    recreate  one of the same kind, made there from what this one was made from
    by_name   the one that has this name there
    skip      None
    refuse    nothing: dumping raises an `EncodeError` that says what to do instead

A kind serves the subclasses of its type, but for those with a ``__reduce__`` or ``__getstate__`` of
their own. What the user says about a type (`Handles`) comes before all that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from pickleloaf._locks import new_lock

__all__ = ["KINDS", "POLICIES", "Handles", "Kind", "hint_for", "kind_of"]

#: The policies that may be said of a type, besides a function that answers as ``__reduce__`` does.
POLICIES = ("recreate", "by_name", "skip", "refuse")

Policy = str | Callable[[Any], Any]


class Kind(NamedTuple):
    """The treatment of the handles of one type."""

    policy: str
    #: The thing that arrives; where it is refused, advice.
    text: str
    #: The reducer, ``"file:function"``; empty where pickle's own way is right.
    reducer: str = ""
    #: Attributes that are the arguments of its ``__init__`` there.
    given: str = ""
    #: Attributes that ``__init__`` sets, and that are set to what they are here.
    kept: str = ""


def _recreated(
    text: str, *, given: str = "", kept: str = "", reducer: str = "recreated:reduce_recreated"
) -> Kind:
    return Kind("recreate", text, f"handles.{reducer}", given, kept)


def _refused(hint: str, *, by: str = "handles.refused:reduce_refused") -> Kind:
    return Kind("refuse", hint, by)


#: The reducer of what only travels to a child process of multiprocessing that is being started.
_INHERITED = "handles.refused:reduce_inherited"

_CONNECT = "send the address, and connect there"
_OPEN = "send the path, and open it there"
_LOOP = "send the coroutine function and its arguments, and run it on a loop there"
_RUN = "send the command line, and start it there"
_SHARED = "only child processes inherit it; send the values, or use what pickleloaf.tasks offers"
_READ = "send what it has read, or the path, and open it there"

_HASHED = "send what is to be hashed, or its digest()"
_PACKED = "send what went in and came out so far as bytes"

KINDS: dict[str, Kind] = {
    # locks: nobody holds them there, nobody waits for them
    "_thread.lock": _recreated("a lock, unlocked", reducer="locks:reduce_lock"),
    "_thread.RLock": _recreated("a reentrant lock, unlocked"),
    "threading._RLock": _recreated("a reentrant lock in Python, unlocked"),
    "threading.Condition": _recreated("a condition on its lock, which it may share", given="_lock"),
    "threading.Event": _recreated("an event, set or not", kept="_flag"),
    "threading.Semaphore": _recreated("a semaphore with its value", given="_value"),
    "threading.BoundedSemaphore": _recreated(
        "a semaphore with value and bound", given="_initial_value", kept="_value"
    ),
    "threading.Barrier": _recreated("a barrier at which nobody waits", given="_parties _action _timeout"),
    "asyncio.locks.Lock": _recreated("a lock, unlocked, for any loop"),
    "asyncio.locks.Event": _recreated("an event, set or not, for any loop", kept="_value"),
    "asyncio.locks.Condition": _recreated("a condition on its lock, for any loop", given="_lock"),
    "asyncio.locks.Semaphore": _recreated("a semaphore with its value, for any loop", given="_value"),
    "asyncio.locks.BoundedSemaphore": _recreated(
        "a semaphore with value and bound, for any loop", given="_bound_value", kept="_value"
    ),
    "asyncio.locks.Barrier": _recreated("a barrier at which nobody waits, for any loop", given="_parties"),
    "multiprocessing.synchronize.SemLock": _refused(_SHARED, by=_INHERITED),
    "multiprocessing.synchronize.Condition": _refused(_SHARED, by=_INHERITED),
    "multiprocessing.synchronize.Event": _refused(_SHARED, by=_INHERITED),
    "multiprocessing.synchronize.Barrier": _refused(_SHARED, by=_INHERITED),
    # queues: the items and the limit
    "queue.Queue": _recreated(
        "a queue with its items", given="maxsize", kept="queue unfinished_tasks is_shutdown"
    ),
    "_queue.SimpleQueue": _recreated("a queue with its items", reducer="queues:reduce_simple_queue"),
    "asyncio.queues.Queue": _recreated(
        "a queue with its items, for any loop",
        given="_maxsize",
        kept="_queue _unfinished_tasks _finished _is_shutdown",
    ),
    "multiprocessing.sharedctypes.SynchronizedBase": _refused(_SHARED, by=_INHERITED),
    "multiprocessing.queues.Queue": _refused(_SHARED, by=_INHERITED),
    "multiprocessing.queues.SimpleQueue": _refused(_SHARED, by=_INHERITED),
    # what runs
    "threading.Thread": _recreated(
        "a thread to start; one that was started is refused",
        reducer="workers:reduce_thread",
        kept="_target _name _args _kwargs _daemonic _context",
    ),
    "concurrent.futures.thread.ThreadPoolExecutor": _recreated(
        "a fresh pool with the same parameters", reducer="workers:reduce_thread_pool", kept="_shutdown"
    ),
    "concurrent.futures.process.ProcessPoolExecutor": _recreated(
        "a fresh pool with the same parameters",
        given="_max_workers _mp_context _initializer _initargs",
        kept="_max_tasks_per_child _shutdown_thread",
    ),
    "concurrent.futures._base.Future": _recreated(
        "a future that is done; one that is not is refused",
        reducer="workers:reduce_future",
        kept="_state _result _exception",
    ),
    "_asyncio.Future": _refused("await it, and send the result"),
    "_asyncio.Task": _refused("await it, and send the result"),
    "asyncio.futures.Future": _refused("await it, and send the result"),
    "asyncio.events.AbstractEventLoop": _refused(_LOOP),
    "asyncio.events.Handle": _refused(_LOOP),
    "asyncio.runners.Runner": _refused(_LOOP),
    "asyncio.taskgroups.TaskGroup": _refused(_LOOP),
    "subprocess.Popen": _refused(_RUN),
    "asyncio.subprocess.Process": _refused(_RUN),
    "multiprocessing.process.BaseProcess": _refused(
        "send the target and its arguments, and start it there", by=_INHERITED
    ),
    "multiprocessing.pool.Pool": _refused("send the arguments of the pool, and make one there"),
    "concurrent.interpreters.Interpreter": _refused("send what it is to run, and make one there"),
    "concurrent.interpreters._queues.Queue": _refused("send its items, and make one there"),
    "builtins.frame": _refused("send what is needed of its f_locals, or a traceback, which can travel"),
    # what one reads or writes
    "_io.TextIOWrapper": _recreated(
        "open for reading at the same position; standard streams as those there; open for writing is refused",
        reducer="files:reduce_text",
    ),
    "_io.BufferedReader": _recreated(
        "open for reading at the same position", reducer="files:reduce_buffered"
    ),
    "_io.BufferedWriter": _refused(_OPEN, by="handles.files:reduce_buffered"),
    "_io.BufferedRandom": _refused(_OPEN, by="handles.files:reduce_buffered"),
    "_io.BufferedRWPair": _refused(_OPEN),
    "_io.FileIO": _recreated("open for reading at the same position", reducer="files:reduce_raw"),
    "_io.StringIO": Kind("recreate", "contents and position"),
    "_io.BytesIO": Kind("recreate", "contents and position"),
    "_io._TextIOBase": Kind("by_name", "a standard stream as that one there", "handles.files:reduce_stream"),
    "tempfile._TemporaryFileWrapper": _refused(
        "send the contents: the file goes when this process closes it"
    ),
    "tempfile.SpooledTemporaryFile": _refused("send the contents: the file goes when this process closes it"),
    "tempfile.TemporaryDirectory": _refused(
        "send its name: the directory goes when this process is done with it"
    ),
    "gzip.GzipFile": _refused(_READ),
    "bz2.BZ2File": _refused(_READ),
    "lzma.LZMAFile": _refused(_READ),
    "compression.zstd._zstdfile.ZstdFile": _refused(_READ),
    "mmap.mmap": _refused("send bytes(map), or the path, and map it there"),
    "posix.DirEntry": _refused("send its path"),
    "posix.ScandirIterator": _refused("send list(os.listdir(path)), or the path"),
    "_csv.reader": _refused("send the rows, or what they are read from"),
    "_csv.writer": _refused("send what it writes to, and make it there"),
    # digests and compression under way
    "_hashlib.HASH": _refused(_HASHED),
    "_hashlib.HMAC": _refused(_HASHED),
    "_blake2.blake2b": _refused(_HASHED),
    "_blake2.blake2s": _refused(_HASHED),
    "zlib.Compress": _refused(_PACKED),
    "zlib.Decompress": _refused(_PACKED),
    "_bz2.BZ2Compressor": _refused(_PACKED),
    "_bz2.BZ2Decompressor": _refused(_PACKED),
    "_lzma.LZMACompressor": _refused(_PACKED),
    "_lzma.LZMADecompressor": _refused(_PACKED),
    "compression.zstd.ZstdCompressor": _refused(_PACKED),
    "compression.zstd.ZstdDecompressor": _refused(_PACKED),
    # logging
    "logging.Logger": Kind(
        "by_name", "the logger of that name, with the levels and handlers that it has there"
    ),
    "logging.Handler": _recreated(
        "a handler with its own lock", given="level", kept="filters formatter _name _closed"
    ),
    # connections
    "socket.socket": _refused(_CONNECT),
    "_ssl._SSLContext": _refused("make it there, with ssl.create_default_context"),
    "_ssl._SSLSocket": _refused(_CONNECT),
    "asyncio.transports.BaseTransport": _refused(_CONNECT),
    "multiprocessing.connection._ConnectionBase": _refused(_SHARED, by=_INHERITED),
    "selectors.BaseSelector": _refused("make one there, and register what is open there"),
    "sqlite3.Connection": _recreated(
        "a database in memory, with what it holds; one of a file is refused: send the path, and connect there",
        reducer="databases:reduce_database",
    ),
    "dbm.dumb._Database": _refused(_OPEN),
    "sqlite3.Cursor": _refused("fetch the rows, and send these"),
    "sqlite3.Row": _refused("send dict(row), or tuple(row)"),
    "numpy.ufunc": Kind(
        "refuse", "of one that numpy.frompyfunc made, send the function, and make it there; others go by name"
    ),
    "ctypes.CDLL": _refused("send its name, and load it there"),
    # what holds in one thread or context
    "_contextvars.ContextVar": _recreated(
        "a variable of the same name, with its value; one that a module holds as that one there",
        reducer="contexts:reduce_variable",
    ),
    "_contextvars.Context": _recreated("a context with the same values", reducer="contexts:reduce_context"),
    "_contextvars.Token": _refused("reset the variable here, where the token is of use"),
    "_thread._local": _recreated("the values of the thread that dumps", reducer="contexts:reduce_local"),
}


def kind_of(cls: type) -> tuple[type, Kind]:
    """Return the base of a type that the table lists, and its kind; `object` and an empty one if none."""
    for base in cls.__mro__:
        kind = KINDS.get(f"{base.__module__}.{base.__qualname__}")
        if kind is not None:
            return base, kind
    return object, Kind("", "")


def hint_for(cls: type) -> str:
    """Return what to do instead of sending an object of a type that is refused, or an empty string."""
    _, kind = kind_of(cls)
    return kind.text if kind.policy == "refuse" else ""


class Handles:
    """The policies that the user has set, by type; safe to use from several threads."""

    def __init__(self) -> None:
        # By id, since a metaclass may have made its classes unhashable. Replaced, never changed.
        self._said: dict[int, tuple[type, Policy]] = {}
        #: True once anything has been said, so that the common case need not ask.
        self.are_said = False
        self._lock = new_lock()

    def say(self, cls: type, policy: Policy | None) -> None:
        """Set the policy for the objects of a type and of its subclasses; None takes it back.

        Raises:
            TypeError: not a type, or one whose objects pickle takes apart before anybody is asked.
            ValueError: no such policy.
        """
        if not isinstance(cls, type) or cls in _NEVER_ASKED:  # type: ignore[redundant-expr]
            msg = f"a policy is for the objects of a type that are no plain data; {cls!r} is none"
            raise TypeError(msg)
        if policy is not None and policy not in POLICIES and not callable(policy):
            msg = f"a policy is one of {', '.join(POLICIES)}, or a function that answers as __reduce__ does"
            raise ValueError(msg)
        with self._lock:
            said = {key: value for key, value in self._said.items() if key != id(cls)}
            if policy is not None:
                said[id(cls)] = (cls, policy)
            self._said = said
            self.are_said = bool(said)

    def policy_for(self, cls: type) -> Policy | None:
        """Return what was said about a type or the nearest of its bases."""
        said = self._said
        return next((said[id(base)][1] for base in cls.__mro__ if id(base) in said), None)


#: Exact builtin containers and atoms, functions and classes never get to a reducer that could be chosen.
_NEVER_ASKED = frozenset(
    {type(None), bool, int, float, complex, str, bytes, bytearray, tuple, list, dict, set, frozenset, type}
    | {type(len), type(hint_for), object}
)
