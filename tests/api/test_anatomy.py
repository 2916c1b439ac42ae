"""What the rest of the package asks about live objects (`pickleloaf.inspecting`)."""

import functools
import gc
import random
from types import CellType, MethodType

import pytest

from pickleloaf.inspecting.anatomy import (
    NOTHING,
    cells_of,
    contents_of,
    defined,
    definer,
    function_of,
    inner,
    is_heap_type,
    is_patchable,
    members_of,
    wrapped,
)
from pickleloaf.inspecting.caches import IdentityCache
from pickleloaf.inspecting.components import components
from pickleloaf.inspecting.holders import closeness, found_by_name, module_of


class Thing:
    """Takes weak references."""


def test_cache_forgets_what_dies():
    """An entry goes with its object, and a second value for the same object stays as long as that."""
    cache = IdentityCache()
    thing, other = Thing(), Thing()
    assert cache.keep(thing, 1) == 1
    cache.keep(other, 2)
    cache.keep(thing, 3)
    gc.collect()
    assert cache == {id(thing): 3, id(other): 2}
    del thing
    gc.collect()
    assert cache == {id(other): 2}
    assert list(cache._alive) == [id(other)]


def test_cache_keeps_nothing_of_what_cannot_be_followed():
    """An object without weak references would never be forgotten."""
    cache = IdentityCache()
    with pytest.raises(TypeError):
        cache.keep(1, "one")
    assert not cache


def test_cells():
    """Cells are known by the names of free variables, and an empty one holds nothing."""

    def outer(full):
        def function():
            return empty, full

        if full is None:
            empty = 1
        return function

    cells = cells_of(outer("x"))
    assert list(cells) == ["empty", "full"]
    assert [contents_of(cell) for cell in cells.values()] == [NOTHING, "x"]
    assert contents_of(CellType(None)) is None
    assert cells_of(test_cells) == {}


def f():
    """Stand for any function."""


@pytest.mark.parametrize(
    ("value", "functions"),
    [
        (staticmethod(f), [f]),
        (classmethod(f), [f]),
        (property(f), [f, None, None]),
        (property(None, f, len), [None, f, len]),
        (functools.cached_property(f), [f]),
        (functools.partial(f, 1), [f]),
        (functools.partialmethod(f, 1), [f]),
        (functools.lru_cache(f), []),
        (f, []),
        (1, []),
    ],
)
def test_wrapped(value, functions):
    """Descriptors and partial objects say which functions they wrap; other objects wrap none."""
    assert wrapped(value) == functions


def test_inner():
    """Methods are looked into however deep; what is no method is itself."""
    assert inner(classmethod(staticmethod(f))) is f
    assert inner(MethodType(staticmethod(f), Thing())) is f
    assert inner(None) is None


def test_function_of_a_cache():
    """The function that a cache calls is told from the one that `wraps` says."""
    assert function_of(functools.lru_cache(f)) is f
    cached = functools.wraps(len)(functools.lru_cache(f))
    assert cached.__wrapped__ is len
    assert function_of(cached) is f


class Loud(type):
    """A metaclass of which nothing may be asked."""

    def __getattribute__(cls, name):
        if name in {"__mro__", "__dict__", "__flags__"}:
            return type.__getattribute__(cls, name)
        raise AssertionError(name)


class Base:
    """Has a slot, which `Hiding` has, too."""

    __slots__ = ("a", "b")
    size = 1


class Hiding(Base, metaclass=Loud):
    """Hides a slot and an attribute of its base."""

    __slots__ = ("a", "c")
    size = None


def test_static_look_up():
    """The nearest definition counts, also one that is None, and no class is asked for it."""
    assert defined(Base, "size") == 1
    assert defined(Hiding, "size") is None
    assert defined(Hiding, "absent") is None
    assert definer(Hiding.__mro__, "size") is Hiding
    assert definer(Hiding.__mro__[1:], "size", "c") is Base
    assert definer(Hiding.__mro__, "absent") is None


def test_members():
    """Slots are read by class, the hidden ones, too; empty ones are left out."""
    thing = Hiding.__mro__[1].__new__(Hiding)
    thing.a = 1
    Base.__dict__["a"].__set__(thing, 2)
    Base.__dict__["b"].__set__(thing, 3)
    assert list(members_of(thing)) == [("a", 1), ("a", 2), ("b", 3)]


def test_flags():
    """Types of C are static or fixed; what a class statement makes is neither."""
    assert [is_heap_type(Hiding), is_heap_type(int), is_heap_type(functools.partial)] == [True, False, True]
    assert [is_patchable(Hiding), is_patchable(int)] == [True, False]


def test_holders():
    """A globals dict is a module's only under its own name; of several modules the shortest path is first."""
    scope = globals()
    assert module_of(scope, __name__).__dict__ is scope
    assert module_of({**scope}, __name__) is None
    assert module_of(scope, "absent") is None
    assert sorted(["b.c", "z", "a.b", "a"], key=closeness) == ["a", "z", "a.b", "b.c"]
    assert found_by_name("functools", "partial.__call__") is functools.partial.__dict__["__call__"]
    assert found_by_name("functools", "absent.part") is None
    assert found_by_name("absent", "part") is None


@pytest.mark.parametrize("seed", range(200))
def test_components(seed):
    """Components are the largest sets of objects that reach each other, each after those that it leads to."""
    choice = random.Random(seed)  # noqa: S311 - a graph is no secret
    nodes = [Thing() for _ in range(choice.randint(1, 9))]
    edges = {node: choice.choices(nodes, k=choice.randint(0, 3)) for node in nodes}
    reach = {node: {node} for node in nodes}
    for _ in nodes:
        for node in nodes:
            reach[node] |= {each for other in edges[node] for each in reach[other]}
    found = list(components(nodes[0], edges.__getitem__))
    expected = {frozenset(other for other in reach[node] if node in reach[other]) for node in reach[nodes[0]]}
    assert {frozenset(each) for each in found} == expected
    assert len(found) == len(expected)
    for at, members in enumerate(found):
        assert len(set(members)) == len(members)
        assert reach[members[0]] <= {node for each in found[: at + 1] for node in each}
