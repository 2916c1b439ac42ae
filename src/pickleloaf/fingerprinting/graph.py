"""Hashing a graph of objects, whatever its shape, without recursion.

Theory. The digest of an object is a hash of its parts: atoms as they are, other objects by their
digests. So equal objects have equal digests, however often they occur and whether they are one object
or several. Only cycles need more, since no digest in a cycle can be the first.

1. The graph is walked depth first, and Tarjan's algorithm finds its strongly connected components:
   the largest groups of objects that all lead to each other. A component is finished after all that
   it leads to.
2. An object alone in its component, nearly every object, has the digest said above. The objects of
   larger ones get theirs all at once, from `cycles.settle`.
3. An object outside of a cycle may equal one inside: a copied function that refers to the class that
   has the original. So whoever looks like a settled object, seen from outside, gets that one's digest,
   and a component all of whose objects equal settled ones gets theirs.
4. Hence neither the place where a walk enters a cycle, nor the order of the walk, nor how often a cycle
   has been unrolled shows in a digest.
5. Atoms are hashed as they come, where their order matters. Unordered parts are sorted first, by their
   bytes or digests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from pickleloaf._digests import blake2b
from pickleloaf.fingerprinting.atoms import Encoded, atom
from pickleloaf.fingerprinting.cycles import Node, refine, settle

__all__ = ["Parts", "Raw", "Walk"]

#: What stands for an object and for data among atoms; no atom begins with these (see atoms).
_OBJECT, _DATA = b"\x01", b"\x02"


class Parts(NamedTuple):
    """What an object consists of; as a member of another, an object that exists only for the walk."""

    #: The kind of object.
    head: bytes
    #: Objects, `Encoded` atoms, `Raw` data and further Parts.
    members: Iterable[Any] = ()
    #: Whether the order of the members means nothing. There is no `Raw` data among them then.
    unordered: bool = False


class Raw(NamedTuple):
    """Data that is hashed as it lies in memory."""

    nbytes: int
    chunks: Iterable[Any]


class _Frame:
    """An object in work.

    Attributes:
        obj: the object.
        key: its id; None for what exists only for the walk.
        number: its place in the order in which objects were entered.
        low: the lowest number of an object in the same component that is known so far.
        members: what is still to be taken.
        parts: objects that were taken: the digests of finished ones, the numbers of others.
        take: takes an atom's bytes.
        node: what is known when all members have been taken.
    """

    __slots__ = (
        "_atoms",
        "_hash",
        "_unordered",
        "key",
        "low",
        "members",
        "node",
        "number",
        "obj",
        "parts",
        "take",
    )

    def __init__(self, number: int, obj: Any) -> None:
        self.number = self.low = number
        self.obj = obj
        self.key = None if type(obj) is Parts else id(obj)
        self.parts: list[bytes | int] = []

    def begin(self, parts: Parts) -> None:
        """Learn what the object consists of."""
        self.members = iter(parts.members)
        self._unordered = parts.unordered
        self._hash = blake2b(parts.head + (b"*" if parts.unordered else b" "), digest_size=16)
        self._atoms: list[bytes] = []
        self.take: Callable[[bytes], Any] = self._atoms.append if parts.unordered else self._hash.update

    def take_part(self, part: bytes | int, low: int) -> None:
        """Take an object."""
        self.parts.append(part)
        self.low = min(self.low, low)
        if not self._unordered:
            self.take(_OBJECT)

    def take_raw(self, raw: Raw) -> None:
        """Take data."""
        self.take(_DATA + raw.nbytes.to_bytes(8, "little"))
        for chunk in raw.chunks:
            self.take(chunk)

    def close(self) -> None:
        """Note that all members have been taken."""
        if self._unordered:
            for each in sorted(self._atoms):
                self._hash.update(each)
            self._hash.update(_OBJECT * len(self.parts))
        self.node = Node(self._hash.digest(), self.parts, self._unordered)


class Walk:
    """One walk through a graph."""

    def __init__(self, describe: Callable[[Any], Parts]) -> None:
        """Set up a walk.

        Args:
            describe: tells what an object that is no atom consists of.
        """
        self._describe = describe
        #: By id: the digest of a finished object, the number of another.
        self._known: dict[int, bytes | int] = {}
        #: Keeps the objects alive whose ids are known.
        self._kept: list[Any] = []
        self._count = 0
        self._stack: list[_Frame] = []
        #: Objects whose component is not finished, in the order in which they were entered.
        self._open: list[_Frame] = []
        self._settled = _Settled()

    @property
    def trail(self) -> list[Any]:
        """The objects from the root to the one in work."""
        return [frame.obj for frame in self._stack if type(frame.obj) is not Parts]

    def digest(self, root: Any) -> bytes:
        """Return the digest of an object and of all that it leads to."""
        self._enter(Parts(b"root", (root,)))
        while True:
            frame = self._stack[-1]
            member = self._take_members(frame)
            if member is not None:
                self._enter(member[0])
                continue
            self._stack.pop()
            frame.close()
            if not self._stack:  # the root, to which nothing leads
                return self._finish(frame)
            part = self._finish(frame) if frame.low == frame.number else frame.number
            self._stack[-1].take_part(part, frame.low)

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
            elif kind is Parts or (found := known.get(id(member))) is None:
                return (member,)
            else:
                frame.take_part(found, found if type(found) is int else frame.low)
        return None

    def _finish(self, frame: _Frame) -> bytes:
        """Give digests to a component, of which a frame is the first; return its digest."""
        component = [self._open.pop()]
        if component[0] is frame and frame.number not in frame.parts:
            digest = self._settled.digest_of(frame.node)
            if frame.key is not None:
                self._known[frame.key] = digest
            return digest
        while component[-1] is not frame:
            component.append(self._open.pop())
        digests = self._settled.settle({each.number: each.node for each in component})
        for each, digest in zip(component, digests, strict=True):
            if each.key is not None:
                self._known[each.key] = digest
        return digests[-1]


class _Settled:
    """Finished objects that are in cycles, to be found by what equals them."""

    def __init__(self) -> None:
        #: By digest.
        self._nodes: dict[bytes, Node] = {}
        #: Digests by what the objects look like from outside.
        self._seen: dict[bytes, bytes] = {}
        self._locals: set[bytes] = set()

    def digest_of(self, node: Node) -> bytes:
        """Return the digest of an object that is in no cycle."""
        digest = node.hash() if node.parts else node.local
        return self._seen.get(digest, digest)

    def settle(self, nodes: Mapping[int, Node]) -> list[bytes]:
        """Return the digests of a component's objects."""
        if all(node.local in self._locals for node in nodes.values()):
            digests = self._equals(nodes)
            if digests is not None:
                return digests
        digests = settle(nodes)
        names: dict[Any, bytes] = dict(zip(nodes, digests, strict=True))
        for node, digest in zip(nodes.values(), digests, strict=True):
            found = node._replace(parts=[names.get(part, part) for part in node.parts])
            self._nodes[digest] = found
            self._seen[found.hash()] = digest
            self._locals.add(node.local)
        return digests

    def _equals(self, nodes: Mapping[int, Node]) -> list[bytes] | None:
        """Return the digests of settled objects that equal those of a component, or None."""
        reached: dict[Any, Node] = {}
        queue = [part for node in nodes.values() for part in node.parts]
        for part in queue:
            if part in self._nodes and part not in reached:
                reached[part] = self._nodes[part]
                queue.extend(reached[part].parts)
        classes = refine({**nodes, **reached})
        digests = {classes[digest]: digest for digest in reached}
        if not all(classes[number] in digests for number in nodes):
            return None
        return [digests[classes[number]] for number in nodes]
