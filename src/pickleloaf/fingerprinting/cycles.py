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
from hashlib import blake2b
from typing import Any, NamedTuple

__all__ = ["Node", "settle"]


class Node(NamedTuple):
    """An object in a component, as far as it is known without the others."""

    #: Hash of all its parts but those in the component.
    local: bytes
    #: The parts in the component.
    holes: list[Any]
    #: Whether the order of the parts means nothing.
    unordered: bool


def settle(nodes: Mapping[Any, Node]) -> list[bytes]:
    """Return the digests of the objects of a component, in their order.

    Args:
        nodes: the objects; ``holes`` refers to their keys.
    """
    classes = _refine(nodes)
    graph = {
        classes[key]: Node(node.local, [classes[hole] for hole in node.holes], node.unordered)
        for key, node in nodes.items()
    }
    names = _refine(graph)
    whole = _hash(*sorted(_hash(names[key], node.local, _view(node, names)) for key, node in graph.items()))
    return [_hash(names[classes[key]], whole) for key in nodes]


def _refine(nodes: Mapping[Any, Node]) -> dict[Any, bytes]:
    """Return the name of each object's class."""
    names = {key: node.local for key, node in nodes.items()}
    classes: dict[bytes, _Class] = {}
    users: defaultdict[Any, list[Any]] = defaultdict(list)
    for key, node in nodes.items():
        classes.setdefault(node.local, _Class(set())).members.add(key)
        for hole in node.holes:
            users[hole].append(key)
    dirty, count = set(nodes), 0
    while dirty:
        count += 1
        seen: defaultdict[bytes, defaultdict[bytes, set[Any]]] = defaultdict(lambda: defaultdict(set))
        for key in dirty:
            seen[names[key]][_view(nodes[key], names)].add(key)
        dirty = set()
        for name, parts in seen.items():
            for view, part in classes[name].split(parts):
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
        #: How all of them see their successors.
        self.view = view

    def split(self, parts: defaultdict[bytes, set[Any]]) -> list[tuple[bytes, set[Any]]]:
        """Keep the largest of several parts; return the others, each with its view.

        Args:
            parts: members that were looked at again, by their view; the other members have the old one.
        """
        sizes = {view: len(part) for view, part in parts.items()}
        others = len(self.members) - sum(sizes.values())
        if others:
            sizes[self.view] = sizes.get(self.view, 0) + others
        kept = max(sizes, key=lambda view: (sizes[view], view))
        if others and self.view != kept:
            parts[self.view] |= self.members.difference(*parts.values())
        left = [(view, part) for view, part in parts.items() if view != kept]
        self.members.difference_update(*(part for _, part in left))
        self.view = kept
        return left


def _view(node: Node, names: Mapping[Any, bytes]) -> bytes:
    """Return how an object sees its successors."""
    seen = [names[hole] for hole in node.holes]
    return _hash(*sorted(seen)) if node.unordered else _hash(*seen)


def _hash(*parts: bytes) -> bytes:
    return blake2b(b"".join(parts), digest_size=16).digest()
