"""Depth: structures far deeper than any recursion limit."""

import collections
import dataclasses
import types

from harness import Case, drive


class Link:
    def __init__(self, n, rest):
        self.n, self.rest = n, rest


class DeepList(Case):
    """A list nested 20,000 deep"""

    def make():
        value = ["bottom"]
        for _ in range(20_000):
            value = [value]
        return value

    def same(obj):
        depth, value = 0, obj
        while value[0] != "bottom":
            depth, value = depth + 1, value[0]
        assert depth == 20_000


class DeepDict(Case):
    """Dicts and tuples nested 20,000 deep, with a function at the bottom"""

    def make():
        value = lambda: "bottom"  # noqa: E731
        for i in range(20_000):
            value = {"next": value} if i % 2 else (value, i)
        return value

    def same(obj):
        depth, value = 0, obj
        while not callable(value):
            value = value["next"] if type(value) is dict else value[0]
            depth += 1
        assert depth == 20_000 and value() == "bottom"


class DeepAndWide(Case):
    """Containers larger than the pickler's batches, below 5,000 levels of lists"""

    def make():
        value = [
            list(range(2002)), {i: str(i) for i in range(2002)}, set(range(2002)), frozenset(range(2002)),
            collections.deque(range(2002)), collections.OrderedDict.fromkeys(range(2002)),
        ]  # fmt: skip
        for _ in range(5000):
            value = [value]
        return value

    def same(obj):
        while len(obj) == 1:
            (obj,) = obj
        assert [len(each) for each in obj] == [2002] * 6
        assert all(set(each) == set(range(2002)) for each in obj)


class LinkedList(Case):
    """A linked list of 10,000 instances"""

    def make():
        node = None
        for i in range(10_000):
            node = Link(i, node)
        return node

    def same(obj):
        count, node = 0, obj
        while node is not None:
            assert node.n == 9_999 - count
            count, node = count + 1, node.rest
        assert count == 10_000


class LinkedBothWays(Case):
    """A ring of 5,000 instances linked both ways, with slots"""

    def make():
        class Node:
            __slots__ = ("next", "prev")

        nodes = [Node() for _ in range(5_000)]
        for i, node in enumerate(nodes):
            node.prev, nodes[i - 1].next = nodes[i - 1], node
        return nodes[0]

    def same(obj):
        count, node = 1, obj.next
        while node is not obj:
            assert node.prev.next is node
            count, node = count + 1, node.next
        assert count == 5_000


class Closures(Case):
    """A chain of 5,000 closures"""

    def make():
        def link(inner):
            return lambda: inner

        call = lambda: None  # noqa: E731
        for _ in range(5_000):
            call = link(call)
        return call

    def same(obj):
        count, call = 0, obj
        while (call := call()) is not None:
            count += 1
        assert count == 5_000


class Frozen(Case):
    """A chain of 400 frozen instances, whose hash needs their state"""

    def make():
        @dataclasses.dataclass(frozen=True)
        class Node:
            rest: object

        node = None
        for i in range(400):
            node = Node((i, node))
        return node

    def same(obj):
        count, node = 0, obj
        while node is not None:
            assert node.rest[0] == 399 - count
            count, node = count + 1, node.rest[1]
        assert count == 400


class FrozenChain(Case):
    """A chain of 1,000 frozen dataclasses, the last of which has the first in a set"""

    def make():
        @dataclasses.dataclass(frozen=True)
        class Step:
            name: str
            key: tuple
            rest: object = None
            peers: set = dataclasses.field(default_factory=set)

            def __hash__(self):
                return hash((self.name, self.key))

        chain = last = Step("last", (1, 2))
        for i in range(1_000):
            chain = Step(f"step {i}", (i, 0), chain)
        last.peers.add(chain)
        return chain

    def same(obj):
        count, step = 0, obj
        while step.rest is not None:
            count, step = count + 1, step.rest
        assert count == 1_000 and step.peers == {obj} and obj.key == (999, 0)


class Causes(Case):
    """A chain of 2,000 exceptions"""

    def make():
        error = ValueError(0)
        for i in range(1, 2_000):
            following = ValueError(i)
            following.__cause__ = error
            error = following
        return error

    def same(obj):
        count, error = 0, obj
        while error is not None:
            count, error = count + 1, error.__cause__
        assert count == 2_000


class Wide(Case):
    """A binary tree of 16,000 instances"""

    def make():
        def tree(depth):
            return types.SimpleNamespace(l=tree(depth - 1), r=tree(depth - 1)) if depth else None

        return tree(14)

    def same(obj):
        left, count = [obj], 0
        while left:
            node = left.pop()
            if node is not None:
                left += [node.l, node.r]
                count += 1
        assert count == 2**14 - 1


class Subclasses(Case):
    """A class 150 bases deep"""

    def make():
        cls = type("C0", (), {"first": lambda self: 0})
        for i in range(1, 150):
            cls = type(f"C{i}", (cls,), {"last": i})
        return cls

    def same(obj):
        assert obj().first() == 0 and obj.last == 149 and len(obj.__mro__) == 151


if __name__ == "__main__":
    drive()
