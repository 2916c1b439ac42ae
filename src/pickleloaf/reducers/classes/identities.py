"""Identities of classes: one class stays one class, however often and from where it arrives.

1. A class by value carries an identity, which is a digest of its definition (see digest), so the same definition has
   the same identity in every run and on every machine that runs the same Python. A number tells apart classes of one
   process whose digests are equal.
2. Identity is given once: a class whose attributes change later stays the class that it was. A class that is defined
   again has another identity then, even if the changed one is gone.
3. A class that arrives with a known identity is the class that is known, and is left as it is. That also holds where
   it came from. What its sender has changed about it since arrives all the same: see merge.
4. The table holds classes weakly.
5. A class that is still being built is waited for by other threads, as long as the load that began it goes on. Whoever
   would wait for somebody who waits for him goes on with the unfinished class, as with a module that is imported.
"""

from __future__ import annotations

import os
import sys
import threading
import weakref
from heapq import heappop, heappush
from typing import Any

from pickleloaf._locks import new_rlock

__all__ = ["Tracked", "arrived", "assign", "finish", "is_new", "keywords_of", "known", "nonce", "start"]

#: Seconds between two looks at whether the load goes on that is building a class: nobody tells when plain pickle fails.
_LOOK_S = 0.02


class Tracked:
    """What is known about one class.

    Attributes:
        identity: the identity.
        keywords: those of the class statement, which Python does not keep; None for a class made here.
        digest: the digest that the identity was made from; empty for a class that has arrived.
        is_unique: whether no other class may ever have the identity.
        image: its image when it was last dumped, and what has changed since it was first dumped (see merge).
        late: uses of holes that are still empty.
        given: tokens of what the class came with and of what changes have brought, by place (see merge).
        made: what else it came with: its template and what was made from that (see origin); None where it has none.
        numbers: the last change obeyed, by sender and place.
        unfinished: held until the class is finished.
        builder: the thread that builds the class, until it is finished.
        load: where that thread called the load that builds it: see `_load_of`.
        maker: the thread whose payload brought the class, until that thread meets the class again.
    """

    __slots__ = (
        *("builder", "changes", "cls", "digest", "given", "identity", "image", "is_unique", "keywords"),
        *("late", "load", "made", "maker", "numbers", "unfinished"),
    )

    def __init__(self, cls: type, identity: bytes, keywords: dict[str, Any] | None) -> None:
        self.identity = identity
        self.keywords = keywords
        self.digest = b""
        self.is_unique = False
        self.image: Any = None
        self.changes: Any = None
        self.late: tuple[Any, ...] = ()
        self.given: dict[tuple[Any, ...], Any] = {}
        self.made: tuple[Any, ...] | None = None
        self.numbers: dict[tuple[bytes, tuple[Any, ...]], int] = {}
        self.unfinished = threading.Lock()
        self.unfinished.acquire()
        self.builder: int | None = threading.get_ident()
        self.load = None if keywords is None else _load_of(sys._getframe())
        self.maker = None if keywords is None else self.builder
        key = id(cls)
        self.cls = weakref.ref(cls, lambda _: _forget(key, identity))


_lock = new_rlock()
_by_class: dict[int, Tracked] = {}
_by_identity: dict[bytes, Tracked] = {}


class _Numbers:
    """Numbers of classes whose digests are equal: how many have been given, and which are free again."""

    __slots__ = ("free", "given")

    def __init__(self) -> None:
        self.given = 0
        self.free: list[int] = []

    def take(self) -> int:
        """Return the smallest number that no class has."""
        if self.free:
            return heappop(self.free)
        self.given += 1
        return self.given - 1


#: By digest. The number of a class that had changed is never given again: wherever that class went, it is not what it
#: was defined as.
_numbers: dict[bytes, _Numbers] = {}


def _forget(key: int, identity: bytes) -> None:
    gone = _by_class.pop(key, None)
    known = _by_identity.get(identity)
    if known is not None and known.cls() is None:
        _by_identity.pop(identity, None)
    if gone is not None and gone.digest and not gone.is_unique and gone.changes is None:
        numbers = _numbers[gone.digest]
        heappush(numbers.free, int.from_bytes(identity[len(gone.digest) :], "big"))
        if len(numbers.free) == numbers.given:
            del _numbers[gone.digest]


def assign(cls: type, digest: bytes, image: Any, *, is_unique: bool = False) -> None:
    """Give a class that is about to be dumped its identity.

    Args:
        cls: the class.
        digest: the digest of its definition.
        image: its image, if it has one.
        is_unique: whether no other class may ever have the same identity.
    """
    with _lock:
        if id(cls) in _by_class:
            return
        numbers = _numbers.setdefault(digest, _Numbers())
        while True:
            number = numbers.take()
            found = digest + (number.to_bytes(4, "big") if number else b"")
            if found not in _by_identity:  # one that has arrived may have it
                break
        start(found, cls, None)
        tracked = _by_class[id(cls)]
        tracked.digest, tracked.image, tracked.is_unique = digest, image, is_unique
    finish(cls)


def nonce() -> bytes:
    """Return random bytes that are this process's own."""
    return _nonce


def _renew() -> None:
    """After a fork, take other random bytes than the parent's, and forget what others were building."""
    global _nonce  # noqa: PLW0603 - a constant of the process
    _nonce = os.urandom(8)
    _waiting.clear()
    for identity, known in list(_by_identity.items()):
        if known.builder not in (None, threading.get_ident()):
            del _by_identity[identity]


_nonce = os.urandom(8)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)


def known(cls: type) -> Tracked | None:
    """Return what is known about a class; None if it has no identity yet."""
    return _by_class.get(id(cls))


def keywords_of(cls: type) -> dict[str, Any] | None:
    """Return the keywords that an arrived class was made with; None for a class made here."""
    known = _by_class.get(id(cls))
    return None if known is None else known.keywords


def arrived(identity: bytes) -> type | None:
    """Return the class of this identity that is here already, waiting while another thread builds it."""
    known = _by_identity.get(identity)
    if known is None:
        return None
    cls = known.cls()
    if cls is None or not known.unfinished.locked():
        if known.maker == threading.get_ident():
            known.maker = None
        return cls
    if known.builder != threading.get_ident() and _wait_for(known):
        return known.cls()
    with _lock:  # whoever began to build it has failed: begin anew
        if _by_identity.get(identity) is known:
            del _by_identity[identity]
    return None


#: What threads wait for, by thread.
_waiting: dict[int, Tracked] = {}


def _wait_for(known: Tracked) -> bool:
    """Wait until another thread has finished a class, or waits for this one; tell whether there is a class then."""
    thread = threading.get_ident()
    with _lock:
        builder, seen = known.builder, {thread}
        while builder in _waiting and builder not in seen:
            seen.add(builder)
            builder = _waiting[builder].builder
        if builder == thread:
            return True
        _waiting[thread] = known
    try:
        while not known.unfinished.acquire(timeout=_LOOK_S):
            if not _goes_on(known):
                return False
        known.unfinished.release()
        return True
    finally:
        del _waiting[thread]


def _load_of(frame: Any) -> tuple[int, int] | None:
    """Return where, outside of this package, the load was called that is going on: by frame and position."""
    while frame is not None and str(frame.f_globals.get("__name__")).startswith(_OURS):
        frame = frame.f_back
    return None if frame is None else (id(frame), frame.f_lasti)


def _goes_on(known: Tracked) -> bool:
    """Tell whether the load that builds a class goes on: its thread still is where it called that."""
    frame = sys._current_frames().get(known.builder or 0)
    while frame is not None:
        if (id(frame), frame.f_lasti) == known.load:
            return True
        frame = frame.f_back
    return False


#: The package that this module is of.
_OURS = __name__.partition(".")[0] + "."


def start(identity: bytes, cls: type, keywords: dict[str, Any] | None) -> None:
    """Enter a class; other threads wait for it until it is finished."""
    with _lock:
        _by_class[id(cls)] = _by_identity[identity] = Tracked(cls, identity, keywords)


def finish(cls: type) -> None:
    """Let other threads have a class."""
    known = _by_class.get(id(cls))
    if known is not None and known.builder is not None:
        known.builder = None
        known.unfinished.release()


def is_new(cls: type) -> bool:
    """Tell whether the payload that this thread is loading brought a class, which it has not met before."""
    known = _by_class.get(id(cls))
    return known is not None and known.maker == threading.get_ident()
