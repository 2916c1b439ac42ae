"""Digests for objects that lead to each other in a cycle.

Theory. Two objects in cycles are equal when no path of steps from them, however long, ever tells them
apart. The objects of a component fall into classes of such equals, and these are found by refinement:
first all objects that look alike are in one class; then a class is split as long as some of its objects
have successors in other classes than the rest. What remains is a small graph of classes. An object's
digest is a hash of the name of its class and of that graph.

1. The name of a class depends on nothing but the shape of the graph, so it is the same in every run.
2. When a class is split, the largest part keeps the name, and only who refers to the others is looked
   at again. So an object is looked at again about log(n) times at most, not n times (Hopcroft's "process
   the smaller half").
3. Which part is the largest depends on how often equal objects occur. Therefore it is all done twice,
   first to find the classes, then on the graph of classes, in which each occurs once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

from pickleloaf._digests import blake2b

__all__ = ["Node", "refine", "settle"]


class Node(NamedTuple):
    """An object in a component, as far as it is known without the others."""

    #: Hash of what it is without what it leads to.
    local: bytes
    #: What it leads to: keys of objects of the component, and what stands for others.
    parts: list[Any]
    #: Whether the order of the parts means nothing.
    unordered: bool

    def hash(self, names: Mapping[Any, bytes] | None = None) -> bytes:
        """Hash an object, given names for some of its parts."""
        parts = self.parts if names is None else [names.get(part, part) for part in self.parts]
        return _hash(self.local, *(sorted(parts) if self.unordered else parts))


def settle(nodes: Mapping[Any, Node]) -> list[bytes]:
    """Return the digests of the objects of a component, in their order."""
    classes = refine(nodes)
    graph = {
        classes[key]: Node(node.local, [classes.get(part, part) for part in node.parts], node.unordered)
        for key, node in nodes.items()
    }
    names = refine(graph)
    whole = _hash(*sorted(_hash(names[key], node.hash(names)) for key, node in graph.items()))
    return [_hash(names[classes[key]], whole) for key in nodes]


def refine(nodes: Mapping[Any, Node]) -> dict[Any, bytes]:
    """Return the name of each object's class."""
    names = {key: node.local for key, node in nodes.items()}
    classes: dict[bytes, _Class] = {}
    users: defaultdict[Any, list[Any]] = defaultdict(list)
    for key, node in nodes.items():
        classes.setdefault(node.local, _Class(set())).members.add(key)
        for part in node.parts:
            users[part].append(key)
    dirty, count = set(nodes), 0
    while dirty:
        count += 1
        seen: defaultdict[bytes, defaultdict[bytes, set[Any]]] = defaultdict(lambda: defaultdict(set))
        for key in dirty:
            seen[names[key]][nodes[key].hash(names)].add(key)
        dirty = set()
        for name, views in seen.items():
            for view, part in classes[name].split(views):
                new = _hash(name, view, b"%d" % count)
                classes[new] = _Class(part, view)
                names.update(dict.fromkeys(part, new))
                dirty.update(user for key in part for user in users[key])
    return names


class _Class:
    """Objects that nothing has told apart so far."""

    __slots__ = ("members", "view")

    def __init__(self, members: set[Any], view: bytes = b"") -> None:
        self.members = members
        #: How all of them see what they lead to.
        self.view = view

    def split(self, views: defaultdict[bytes, set[Any]]) -> list[tuple[bytes, set[Any]]]:
        """Keep the largest part of the members; return the others, each with its view.

        Args:
            views: members that were looked at again, by their view; the other members have the old one.
        """
        sizes = {view: len(part) for view, part in views.items()}
        others = len(self.members) - sum(sizes.values())
        if others:
            sizes[self.view] = sizes.get(self.view, 0) + others
        kept = max(sizes, key=lambda view: (sizes[view], view))
        if others and self.view != kept:
            views[self.view] |= self.members.difference(*views.values())
        left = [(view, part) for view, part in views.items() if view != kept]
        self.members.difference_update(*(part for _, part in left))
        self.view = kept
        return left


def _hash(*parts: bytes) -> bytes:
    return blake2b(b"".join(parts), digest_size=16).digest()
