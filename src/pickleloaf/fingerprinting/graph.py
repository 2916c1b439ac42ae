"""Hashing a graph of objects, whatever its shape, without recursion.

Theory. The digest of an object is a hash of its parts: atoms as they are, other objects by their
digests. So equal objects have equal digests, however often they occur and whether they are one object
or several. Only cycles need more, since no digest in a cycle can be the first.

1. The graph is walked depth first, and Tarjan's algorithm finds its strongly connected components:
   the largest groups of objects that all lead to each other. A component is finished after all that
   it leads to.
2. An object alone in its component has the digest of rule 0. This is nearly every object.
3. In a component of several, each object is hashed with holes where it refers to others of them. What
   goes into the holes is found by `cycles.settle`, for all of them at once.
4. Hence neither the place where a walk enters a cycle nor the order of the walk shows in a digest.
5. Parts are hashed as they come. Unordered parts are sorted first, by their bytes or digests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Any, NamedTuple

from pickleloaf.fingerprinting.atoms import Encoded, atom
from pickleloaf.fingerprinting.cycles import Node, settle

__all__ = ["SIZE", "Parts", "Raw", "Walk"]

#: Bytes of a digest.
SIZE = 16

#: What begins a part that is no atom; no atom begins with these (see atoms).
_DIGEST, _HOLE, _RAW = b"\x01", b"\x02", b"\x03"


class Parts(NamedTuple):
    """What an object consists of; as a member of another, an object that exists only for the walk."""

    #: The kind of object.
    head: bytes
    #: Objects, `Encoded` atoms, `Raw` data and further Parts.
    members: Iterable[Any] = ()
    #: Whether the order of the members means nothing.
    unordered: bool = False


class Raw(NamedTuple):
    """Data that is hashed as it lies in memory."""

    nbytes: int
    chunks: Iterable[Any]


class _Frame:
    """An object that is being hashed; afterwards, while it may be part of a cycle, what is known of it."""

    __slots__ = ("holes", "key", "low", "members", "node", "number", "obj", "take", "taken", "tokens")

    def __init__(self, number: int, obj: Any) -> None:
        self.number = self.low = number
        self.obj = obj
        #: Under which the object is known; None for what exists only for the walk.
        self.key = None if type(obj) is Parts else id(obj)

    def begin(self, parts: Parts) -> None:
        """Begin to hash the object's parts."""
        self.members = iter(parts.members)
        self.taken = blake2b(parts.head + (b"*" if parts.unordered else b" "), digest_size=SIZE)
        self.tokens: list[bytes] | None = [] if parts.unordered else None
        #: Takes the bytes that stand for a member.
        self.take: Callable[[bytes], Any] = self.taken.update if self.tokens is None else self.tokens.append
        #: Numbers of the members that may be in one cycle with this object.
        self.holes: list[int] = []

    def refer(self, number: int, low: int) -> None:
        """Take a member that is not finished."""
        self.holes.append(number)
        self.low = min(self.low, low)
        if self.tokens is None:
            self.take(_HOLE)

    def take_raw(self, raw: Raw) -> None:
        """Take data as it is; objects with such data are ordered."""
        self.take(_RAW + raw.nbytes.to_bytes(8, "little"))
        for chunk in raw.chunks:
            self.take(chunk)

    def close(self) -> None:
        """Go over from hashing to what is known."""
        for token in sorted(self.tokens or ()):
            self.taken.update(token)
        unordered = self.tokens is not None
        self.taken.update(b"%d" % len(self.holes) if unordered else b".")
        self.node = Node(self.taken.digest(), self.holes, unordered)


class Walk:
    """One walk through a graph.

    Attributes:
        trail: objects from the root to the one in work.
    """

    def __init__(self, describe: Callable[[Any], Parts]) -> None:
        """Set up a walk.

        Args:
            describe: tells what an object that is no atom consists of.
        """
        self._describe = describe
        #: By id: what stands for a finished object, the number of one that may be part of a cycle.
        self._known: dict[int, bytes | int] = {}
        #: Keeps the objects alive whose ids are known.
        self._kept: list[Any] = []
        self._count = 0
        self._stack: list[_Frame] = []
        #: Objects that may be part of a cycle, in the order in which they were entered.
        self._open: list[_Frame] = []

    @property
    def trail(self) -> list[Any]:
        return [frame.obj for frame in self._stack if type(frame.obj) is not Parts]

    def digest(self, root: Any) -> bytes:
        """Return the digest of an object and of all that it leads to."""
        self._enter(Parts(b"root", (root,)))
        while True:
            frame = self._stack[-1]
            child = self._take_members(frame)
            if child is not None:
                self._enter(child[0])
                continue
            self._stack.pop()
            frame.close()
            token = self._finish(frame) if frame.low == frame.number else None
            if not self._stack:
                assert token is not None, "the root is in no cycle"
                return token[1:]
            if token is None:
                self._stack[-1].refer(frame.number, frame.low)
            else:
                self._stack[-1].take(token)

    def _enter(self, obj: Any) -> None:
        frame = _Frame(self._count, obj)
        self._count += 1
        self._stack.append(frame)  # before it is described, since a failure has to show it on the trail
        self._open.append(frame)
        if frame.key is None:
            frame.begin(obj)
        else:
            self._known[frame.key] = frame.number
            self._kept.append(obj)
            frame.begin(self._describe(obj))

    def _take_members(self, frame: _Frame) -> tuple[Any] | None:
        """Take members until one has to be entered first; return that one."""
        take, known = frame.take, self._known
        for member in frame.members:
            kind = type(member)
            if kind is Encoded:
                take(member)
            elif kind is Raw:
                frame.take_raw(member)
            elif (encoded := atom(member)) is not None:
                take(encoded)
            elif kind is Parts:
                return (member,)
            elif (found := known.get(id(member))) is None:
                return (member,)
            elif type(found) is int:
                frame.refer(found, found)
            else:
                take(found)
        return None

    def _finish(self, frame: _Frame) -> bytes:
        """Give digests to a component, of which a frame is the first; return what stands for that."""
        component = []
        while not component or component[-1] is not frame:
            component.append(self._open.pop())
        if len(component) == 1 and not frame.holes:
            tokens = [_DIGEST + frame.node.local]
        else:
            tokens = [_DIGEST + digest for digest in settle({each.number: each.node for each in component})]
        for each, token in zip(component, tokens, strict=True):
            if each.key is not None:
                self._known[each.key] = token
        return tokens[-1]
