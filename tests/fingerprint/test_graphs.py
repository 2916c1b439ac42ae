"""Shapes of graphs: sharing, cycles, depth, size."""

import random
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pickleloaf import fingerprint
from pickleloaf.fingerprinting.cycles import Node, refine, settle


class Box:
    """Holds anything."""

    def __init__(self, content=None):
        self.content = content


def test_deep():
    """Nesting has no limit."""
    lists, boxes, tuples = [], Box(), ()
    for _ in range(20_000):
        lists, boxes, tuples = [lists], Box(boxes), (tuples,)
    assert fingerprint(lists) == fingerprint([lists[0]]) != fingerprint([lists])
    assert fingerprint(tuples) != fingerprint(boxes)
    while boxes is not None:  # Python's own recursion would end it in a crash
        boxes = boxes.content
    del lists, tuples


def test_deep_expression():
    """A function with an expression nested deeper than Python's recursion limit."""
    depth = min(sys.getrecursionlimit() * 2, 2500)
    scope = {}
    exec(f"def f(x): return {'+'.join(['x'] * depth)}", scope)
    assert fingerprint(scope["f"])


def test_shared_without_end():
    """What is shared at each of many levels is hashed once a level."""
    shared = []
    for _ in range(200):
        shared = [shared, shared]
    assert fingerprint(shared)  # or there would be 2 ** 200 visits


def test_cycles():
    """Cycles in containers, instances and through sets."""
    mine = []
    mine.append(mine)
    other = [[]]
    other[0].append(other)
    assert fingerprint(mine) == fingerprint(other)  # no path of steps tells them apart
    assert fingerprint(mine) != fingerprint([mine, 1]) != fingerprint([[]])
    box = Box()
    box.content = {"me": box, "set": {(1, box)}}
    twin = Box()
    twin.content = {"set": {(1, twin)}, "me": twin}
    assert fingerprint(box) == fingerprint(twin)
    twin.content["x"] = 1
    assert fingerprint(box) != fingerprint(twin)


def test_entry_does_not_count():
    """An object in a cycle has one fingerprint, wherever the walk has entered the cycle."""
    ring = [Box(name) for name in "abcdef"]
    for one, following in zip(ring, [*ring[1:], ring[0]], strict=True):
        one.content = (one.content, following)
    alone = [fingerprint([each]) for each in ring]
    assert len(set(alone)) == 6
    for start in range(6):
        rotated = ring[start:] + ring[:start]
        assert fingerprint([rotated, [ring[3]]]) == fingerprint([rotated, [ring[3]]])
    assert fingerprint({"a": ring[0], "b": ring[4]}) == fingerprint({"b": ring[4], "a": ring[0]})


def test_unrolled():
    """An object outside of a cycle that equals one inside has its fingerprint."""
    inner = [1]
    inner.append(inner)
    outer = [1, inner]
    assert fingerprint(outer) == fingerprint(inner)
    assert fingerprint([outer, inner]) == fingerprint([inner, outer]) == fingerprint([inner, inner])
    second = [1]  # a cycle of its own that leads to the first
    second.append(second)
    pair = [second, inner]
    pair.append(pair)
    assert fingerprint(pair) == fingerprint(twin_of(pair))


def twin_of(pair):
    """The same as `pair`, with one list in place of two equal ones."""
    twin = [pair[1], pair[1]]
    twin.append(twin)
    return twin


def test_cycle_into_equal_cycle():
    """A cycle that leads to an equal one is the same as that one."""
    inner = []
    inner += [inner, inner]
    outer = []
    outer += [outer, inner]
    assert fingerprint(outer) == fingerprint(inner)


def test_long_ring():
    """In a long ring of equal objects, one that differs is seen from anywhere."""

    def ring(size, odd):
        boxes = [Box() for _ in range(size)]
        for n, box in enumerate(boxes):
            box.content = (n == odd, boxes[n - 1], boxes[(n + 1) % size])
        return boxes

    assert fingerprint(ring(1000, -1)[5]) == fingerprint(ring(7, -1)[0])
    one, other = ring(1000, 100), ring(1000, 101)
    assert fingerprint(one[100]) == fingerprint(other[101]) != fingerprint(other[100])


@st.composite
def components(draw):
    """Small graphs whose parts are numbered, with few kinds of nodes so that many are equal."""
    size = draw(st.integers(1, 9))
    nodes = {}
    for number in range(size):
        parts = draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=3))
        unordered = draw(st.booleans())
        local = bytes([draw(st.integers(0, 1)), unordered, len(parts)])
        nodes[number] = Node(local, parts, unordered)
    return nodes


def classes_of(nodes):
    """The classes of equal nodes, found in the slowest and plainest way."""
    names = {key: node.local for key, node in nodes.items()}
    while True:
        views = {
            key: (names[key], tuple(sorted(seen) if node.unordered else seen))
            for key, node in nodes.items()
            for seen in [[names[part] for part in node.parts]]
        }
        if len(set(views.values())) == len(set(names.values())):
            return names
        names = {key: repr(view).encode() for key, view in views.items()}


@given(components())
def test_refine(nodes):
    """Two nodes get one name when nothing tells them apart, and only then."""
    expected, found = classes_of(nodes), refine(nodes)
    for one in nodes:
        for other in nodes:
            assert (expected[one] == expected[other]) == (found[one] == found[other])


@given(components(), st.randoms())
def test_settle(nodes, random):
    """Digests do not depend on numbers, order, or how often equal nodes occur."""
    digests = dict(zip(nodes, settle(nodes), strict=True))
    numbers = list(nodes)
    random.shuffle(numbers)
    twice = [
        (
            (numbers[key], copy),
            node._replace(parts=[(numbers[part], random.choice((0, 1))) for part in node.parts]),
        )
        for key, node in nodes.items()
        for copy in (0, 1)
    ]
    random.shuffle(twice)
    again = dict(zip(dict(twice), settle(dict(twice)), strict=True))
    for key in nodes:
        assert digests[key] == again[numbers[key], 0] == again[numbers[key], 1]


@pytest.mark.parametrize("seed", range(3))
def test_any_order(seed):
    """However a graph of objects is entered and in whatever order it was made."""
    boxes = [Box(n % 3) for n in range(40)]
    edges = random.Random(seed)  # noqa: S311 - no cryptography
    for box in boxes:
        box.content = (box.content, {edges.choice(boxes), edges.choice(boxes)}, [edges.choice(boxes)])
    order = boxes[:]
    edges.shuffle(order)
    by_position = {id(box): fingerprint([box]) for box in boxes}
    assert len(set(by_position.values())) > 3
    mixed = fingerprint({str(boxes.index(box)): box for box in order})
    assert mixed == fingerprint({str(n): box for n, box in enumerate(boxes)})
