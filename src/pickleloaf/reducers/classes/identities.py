"""Which class is which: one class stays one class, however often and from where it arrives.

Theory. A class that travels by value carries an identity: a digest of its definition, and a number
that tells apart classes of one process whose definitions are alike to the last byte.

1. The digest is of the pickled definition, so it comes from no random source: the same definition has
   the same identity in every run and on every machine that runs the same Python.
2. Other by-value classes are only named in that pickle. The digest of a class is then made from the
   definitions of all classes that it leads to, in the order in which they are met. So mutual
   references need no special case, and each class is pickled once.
3. Identity is given once: a class whose attributes change later stays the class that it was. Who defines it once more
   has another class then, even if the changed one is gone.
4. A class that arrives with a known identity is the class that is known, and it is left as it is: what
   it has counted or what was patched here meanwhile stays. That also holds where it came from. What its
   sender has changed about it since arrives all the same: see _revisions.
5. The table holds classes weakly.
"""

from __future__ import annotations

import threading
import weakref
from typing import Any

from pickleloaf.reducers._dump import Dump

__all__ = [
    "arrived",
    "await_revision",
    "came_closed",
    "end_revision",
    "finish",
    "given",
    "identity",
    "is_new",
    "keywords_of",
    "known",
    "note_definition",
    "remember",
    "remembered",
    "start",
    "takes_revision",
]

#: A loader that is building a class is waited for so long; it may have failed without a word.
_PATIENCE_S = 10.0


class _Tracked:
    """What is known about one class."""

    __slots__ = (
        "builder",
        "changes",
        "cls",
        "first",
        "given",
        "identity",
        "is_revised",
        "keywords",
        "maker",
        "revisions",
        "snapshot",
        "unfinished",
    )

    def __init__(self, cls: type, identity: bytes, keywords: dict[str, Any] | None) -> None:
        self.identity = identity
        #: Keywords of the class statement, which Python itself does not keep.
        self.keywords = keywords
        #: What a closed class was last taken apart into, and what it first travelled as; see _closed.
        self.snapshot: Any = None
        self.first: Any = None
        #: What has changed since it first travelled (see _revisions); the revisions that have arrived, and with what.
        self.changes: Any = None
        self.revisions: dict[tuple[Any, ...], bytes] = {}
        self.given: dict[tuple[Any, ...], Any] = {}
        self.is_revised = False
        #: Held until the class is finished.
        self.unfinished = threading.Lock()
        self.unfinished.acquire()
        self.builder: int | None = threading.get_ident()
        #: The thread whose payload brought the class, until that thread meets the class again.
        self.maker = None if keywords is None else self.builder
        key = id(cls)
        self.cls = weakref.ref(cls, lambda _: _forget(key, identity))

    @property
    def has_changed(self) -> bool:
        """Whether something about the class has changed since it first travelled."""
        return self.changes is not None and bool(self.changes.at)


_lock = threading.RLock()
_by_class: dict[int, _Tracked] = {}
_by_identity: dict[bytes, _Tracked] = {}


#: Identities of classes that are gone and had changed: wherever they went, they are not what they were defined as.
_spent: set[bytes] = set()


def _forget(key: int, identity: bytes) -> None:
    gone = _by_class.pop(key, None)
    if gone is not None and gone.has_changed:
        _spent.add(identity)
    known = _by_identity.get(identity)
    if known is not None and known.cls() is None:
        _by_identity.pop(identity, None)


def identity(cls: type, dump: Dump) -> bytes:
    """Return the identity of a class that is about to travel, giving it one if it has none."""
    known = _by_class.get(id(cls))
    if known is not None:
        return known.identity
    digest = _digest(cls, dump)
    with _lock:
        if id(cls) in _by_class:
            return _by_class[id(cls)].identity
        found, number = digest, 0
        while found in _by_identity or found in _spent:
            number += 1
            found = digest + number.to_bytes(2, "big")
        start(found, cls, None)
        finish(cls)
    return found


def _digest(cls: type, dump: Dump) -> bytes:
    from pickleloaf._digests import blake2b

    total = blake2b(digest_size=12)
    queue, seen = [cls], {id(cls)}
    for member in queue:
        if id(member) not in dump.digests:
            definition, met = dump.define(member, dump.policy)
            note_definition(member, definition, met, dump)
        digest, met = dump.digests[id(member)]
        total.update(digest)
        for other in met:
            if id(other) not in seen:
                seen.add(id(other))
                queue.append(other)
    return total.digest()


def note_definition(cls: type, definition: bytes, met: list[type], dump: Dump) -> None:
    """Take down what a class is made from, and which other classes that names."""
    from hashlib import blake2b

    dump.digests[id(cls)] = (blake2b(definition, digest_size=16).digest(), met)


def known(cls: type) -> _Tracked | None:
    """Return what is known about a class; None if it has no identity yet."""
    return _by_class.get(id(cls))


def remember(cls: type, snapshot: Any) -> None:
    """Keep what a closed class was last taken apart into, if the class has an identity."""
    known = _by_class.get(id(cls))
    if known is not None:
        known.snapshot = snapshot


def remembered(cls: type) -> Any:
    """Return what a closed class was last taken apart into, or None."""
    known = _by_class.get(id(cls))
    return None if known is None else known.snapshot


def takes_revision(cls: type, path: tuple[Any, ...], mark: bytes) -> bool:
    """Tell whether a class still lacks what was changed at a place, and note that it has it.

    Marks begin with a number that grows: what is older than what is here, at this place or around it, comes too late.
    """
    known = _by_class[id(cls)]
    known.is_revised = True
    last = [known.revisions.get(path[:end], b"") for end in range(1, len(path) + 1)]
    if last[-1] == mark or any(each[:4] > mark[:4] for each in last):
        return False
    known.revisions[path] = mark
    return True


def given(cls: type) -> dict[tuple[Any, ...], Any] | None:
    """Return what stands for what revisions have brought to a class, by place; None if it is at home here."""
    known = _by_class.get(id(cls))
    return None if known is None or known.keywords is None else known.given


def await_revision(cls: type) -> None:
    """Note that a class has come again, perhaps with revisions."""
    _by_class[id(cls)].is_revised = False


def end_revision(cls: type) -> None:
    """Begin to count anew if a class came without revisions: that is a later run of its sender, or an old payload."""
    known = _by_class.get(id(cls))
    if known is not None and known.revisions and not known.is_revised:
        known.revisions.clear()


def came_closed(cls: type) -> None:
    """Begin to count anew, as closed classes come without revisions."""
    known = _by_class[id(cls)]
    if known.revisions:
        known.revisions.clear()


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
    if known.builder != threading.get_ident() and known.unfinished.acquire(timeout=_PATIENCE_S):
        known.unfinished.release()
        return known.cls()
    with _lock:  # whoever began to build it has failed: begin anew
        if _by_identity.get(identity) is known:
            del _by_identity[identity]
    return None


def start(identity: bytes, cls: type, keywords: dict[str, Any] | None) -> None:
    """Enter a class; other threads wait for it until it is finished."""
    with _lock:
        _by_class[id(cls)] = _by_identity[identity] = _Tracked(cls, identity, keywords)


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
