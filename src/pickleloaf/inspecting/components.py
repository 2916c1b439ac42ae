"""Strongly connected components: the objects that lead to each other.

Theory. Objects that lead to each other form a *component* of the graph of references, and each object is in
one. H. N. Gabow's algorithm ("Path-based depth-first search for strong and biconnected components", 2000)
finds all components behind an object in one walk. It keeps the path of objects that are in no component yet, and
where on it components may begin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

__all__ = ["components"]

#: Greater than the number of any object whose component has not been found.
_FOUND = float("inf")


def components(root: Any, edges: Callable[[Any], Iterable[Any]]) -> Iterator[list[Any]]:
    """Yield the components behind an object, each after those that it leads to, without recursion.

    Args:
        root: the object.
        edges: returns what one object leads to; asked once for each. Objects must not die meanwhile.
    """
    numbers: dict[int, float] = {id(root): 0}  # in the order in which objects are met
    path, bounds = [root], [0.0]
    work = [(root, 0.0, 0, iter(edges(root)))]
    while work:
        _, number, position, rest = work[-1]
        for each in rest:
            met = numbers.get(id(each))
            if met is None:
                met = numbers[id(each)] = len(numbers)
                work.append((each, met, len(path), iter(edges(each))))
                path.append(each)
                bounds.append(met)
                break
            while bounds[-1] > met:
                bounds.pop()
        else:
            work.pop()
            if bounds[-1] == number:
                bounds.pop()
                members = path[position:]
                del path[position:]
                numbers.update(dict.fromkeys(map(id, members), _FOUND))
                yield members
