"""Object graphs drawn at random arrive with the same shape.

A *recipe* is a list of nodes, each a kind and a list of numbers. The numbers become edges to
any node, earlier or later, so that graphs share parts and have cycles through every kind that
can change. Two graphs are alike when walking both in step pairs each object with one other.
"""

import collections
import pickle
import types

import pytest
from harness import define, loaf
from hypothesis import given, settings
from hypothesis import strategies as st

Instance, Slotted, Table, closure, pair = define(
    """
    class Instance:
        def method(self):
            return self

    class Slotted:
        __slots__ = ("a", "b", "__weakref__")

    class Table(dict):
        pass

    def closure():
        one = two = None
        def get(n=0):
            return one, two
        return get

    def pair():
        shared = None
        def get():
            return shared
        def put(value):
            nonlocal shared
            shared = value
        return get, put
    """,
    "Instance",
    "Slotted",
    "Table",
    "closure",
    "pair",
)


def is_instance(part):
    """Whether methods can be taken from it."""
    return type(part) is Instance


ATOMS = [0, -1, 2**70, 1.5, "", "text", "é", b"bytes", None, True, ..., range(3), int, len]
CHANGEABLE = {
    "list": list,
    "dict": dict,
    "deque": collections.deque,
    "instance": Instance,
    "slotted": Slotted,
    "table": Table,
    "namespace": types.SimpleNamespace,
    "closure": closure,
    "cell": types.CellType,
    "pair": lambda: [*pair()],
}
FIXED = {
    "tuple": tuple,
    "method": lambda parts: next(filter(is_instance, parts), Instance()).method,
    "frozen": lambda parts: frozenset(part for part in parts if type(part) in (Instance, Slotted)),
    "proxy": lambda parts: types.MappingProxyType({str(i): part for i, part in enumerate(parts)}),
}

nodes = st.tuples(
    st.sampled_from([*CHANGEABLE, *FIXED]),
    st.lists(st.integers(min_value=0, max_value=60), max_size=4),
)
recipes = st.lists(nodes, min_size=1, max_size=14)


def build(recipe):
    """The graph of a recipe, as the list of its nodes."""
    made = [CHANGEABLE[kind]() if kind in CHANGEABLE else None for kind, _ in recipe]
    for i, (kind, edges) in enumerate(recipe):
        if kind in FIXED:
            made[i] = FIXED[kind](pick(made, edges))
    for (kind, edges), node in zip(recipe, made, strict=True):
        if kind in CHANGEABLE:
            fill(kind, node, pick(made, edges))
    return made


def pick(made, edges):
    """What the numbers mean: a node, or beyond the nodes an atom."""
    found = [made[e] if e < len(made) else ATOMS[(e - len(made)) % len(ATOMS)] for e in edges]
    return [part for part in found if part is not None]


def fill(kind, node, parts):
    """Put parts into a changeable node."""
    match kind:
        case "list" | "deque":
            node.extend(parts)
        case "dict" | "table":
            node.update((f"k{i}", part) for i, part in enumerate(parts))
        case "instance" | "namespace":
            vars(node).update((f"a{i}", part) for i, part in enumerate(parts))
        case "slotted":
            for name, part in zip("ab", parts, strict=False):
                setattr(node, name, part)
        case "closure":
            for cell, part in zip(node.__closure__, parts, strict=False):
                cell.cell_contents = part
            node.__defaults__ = tuple(parts[2:3]) or None
            vars(node).update((f"f{i}", part) for i, part in enumerate(parts[3:]))
        case "cell":
            if parts:
                node.cell_contents = parts[0]
        case "pair":
            node[1](parts)


def parts_of(thing):  # noqa: PLR0911 - one branch a kind
    """What an object consists of: (label, part) pairs; None for an atom."""
    match thing:
        case types.FunctionType():
            cells = [("cell", cell) for cell in thing.__closure__ or ()]
            return [*cells, ("defaults", thing.__defaults__), *vars(thing).items()]
        case types.CellType():
            return [("content", thing.cell_contents)] if has_content(thing) else []
        case types.MethodType():
            return [("self", thing.__self__), ("function", thing.__func__)]
        case dict() | types.MappingProxyType():
            return list(thing.items())
        case list() | tuple() | collections.deque():
            return list(enumerate(thing))
        case frozenset():
            return None if not thing else [("size", len(thing))]
        case _ if isinstance(thing, (Instance, types.SimpleNamespace)):
            return list(vars(thing).items())
        case _ if isinstance(thing, Slotted):
            return [(name, getattr(thing, name)) for name in "ab" if hasattr(thing, name)]
    return None


def has_content(cell):
    """Whether a cell is not empty."""
    try:
        cell.cell_contents  # noqa: B018 - raises where it is empty
    except ValueError:
        return False
    return True


def assert_alike(one, two):
    """Walk two graphs in step: same types, labels and atoms, one partner for each object."""
    partner, back, left = {}, {}, [(one, two)]
    while left:
        one, two = left.pop()
        assert type(one) is type(two)
        parts = parts_of(one)
        if parts is None:
            assert one == two
            continue
        known = id(one) in partner
        if has_identity(one):
            assert partner.setdefault(id(one), two) is two, "one object arrived as two"
            assert back.setdefault(id(two), one) is one, "two objects arrived as one"
        if not known:
            others = parts_of(two)
            assert [label for label, _ in parts] == [label for label, _ in others]
            left += [(a, b) for (_, a), (_, b) in zip(parts, others, strict=True)]


def has_identity(thing):
    """Whether being the same object can be told: methods are made anew, () is always one."""
    return type(thing) is not types.MethodType and thing != ()


some = settings(max_examples=150)


@some
@given(recipes, st.sampled_from([2, 3, 4, 5]))
def test_graph_arrives(recipe, protocol):
    """A graph of containers, instances, closures and cells keeps its shape, by any protocol."""
    graph = build(recipe)
    assert_alike(graph, loaf.loads(loaf.dumps(graph, protocol=protocol)))


@some
@given(recipes)
def test_plain_pickle_loads_it(recipe):
    """The standard unpickler makes the same graph."""
    graph = build(recipe)
    assert_alike(graph, pickle.loads(loaf.dumps(graph)))


@some
@given(recipes)
def test_copy_of_copy(recipe):
    """What arrived can be sent on, and dumping left the first graph as it was."""
    graph, twin = build(recipe), build(recipe)
    copy = loaf.loads(loaf.dumps(loaf.loads(loaf.dumps(graph))))
    assert_alike(graph, copy)
    assert_alike(graph, twin)


@some
@given(recipes)
def test_same_bytes(recipe):
    """A graph dumped twice gives the same bytes."""
    graph = build(recipe)
    assert loaf.dumps(graph) == loaf.dumps(graph)


@some
@given(recipes, st.integers(min_value=0))
def test_every_node_is_a_root(recipe, n):
    """A graph can be entered at any of its objects."""
    graph = build(recipe)
    root = graph[n % len(graph)]
    assert_alike(root, loaf.loads(loaf.dumps(root)))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ([1], [2]),
        ([1], (1,)),
        ([[], []], [[]] * 2),
        ([[]] * 2, [[], []]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (types.CellType(), types.CellType(1)),
        (types.SimpleNamespace(a=1), types.SimpleNamespace(b=1)),
    ],
)
def test_control(one, two):
    """The comparison tells graphs apart that differ in a value, type, label, order or sharing."""
    with pytest.raises(AssertionError):
        assert_alike(one, two)
