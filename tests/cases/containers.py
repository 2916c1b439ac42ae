"""Containers: sharing, cycles, order and options."""

import array
import collections
import functools
import heapq
import types

from harness import Case, drive


class Thing:
    def __init__(self, n):
        self.n = n


class Shared(Case):
    """Nested containers with shared parts"""

    old_protocols = True

    def make():
        part = [1]
        return {"a": part, "b": (part, {"c": part})}

    def same(obj):
        obj["a"].append(2)
        assert obj["b"][0] is obj["a"] is obj["b"][1]["c"]


class Recursive(Case):
    """Lists, dicts and tuples that contain themselves"""

    old_protocols = True

    def make():
        items, table = [], {}
        items.append(items)
        table["me"] = table
        pair = (items, [])
        pair[1].append(pair)
        return items, table, pair

    def same(obj):
        items, table, pair = obj
        assert items[0] is items and table["me"] is table
        assert pair[1][0] is pair and pair[0] is items


class DictOrder(Case):
    """A dict keeps its order"""

    old_protocols = True

    def make():
        return {"z": 1, "a": 2, 5: 3, None: 4, (1, 2): 5}

    def same(obj):
        assert list(obj) == ["z", "a", 5, None, (1, 2)]


class SetOfNumbers(Case):
    """Sets and frozensets of numbers and tuples"""

    old_protocols = True

    def make():
        return {1, 2, 300}, frozenset([(1, 2), 3]), set()

    def same(obj):
        numbers, frozen, empty = obj
        numbers.add(4)
        assert numbers == {1, 2, 300, 4} and (1, 2) in frozen and not empty
        assert hash(frozen) == hash(frozenset([3, (1, 2)]))


class SetOfTexts(Case):
    """A set of texts"""

    exempt = {
        "same_bytes_elsewhere": "a set of texts is written in the order of their hashes; see fingerprint"
    }

    def make():
        return {f"word{i}" for i in range(20)}

    def same(obj):
        assert obj == {f"word{i}" for i in range(20)}


class SetOfInstances(Case):
    """Sets of instances, classes and functions"""

    def make():
        thing = Thing(1)
        work = lambda: 3  # noqa: E731
        return {thing}, thing, frozenset([Thing]), {work}, work

    def same(obj):
        things, thing, classes, functions, work = obj
        assert thing in things and type(thing) in classes and work in functions


class KeysOfScript(Case):
    """A dict keyed by instances, classes, functions and bound methods"""

    def make():
        class Point:
            def __init__(self, *at):
                self.at = at

            def __hash__(self):
                return hash(self.at)

            def __eq__(self, other):
                return self.at == other.at

        point = Point(1, 2)
        double = lambda x: 2 * x  # noqa: E731
        return {point: "point", Point: "class", double: "function", point.__eq__: "method"}

    def same(obj):
        point, cls, function, method = obj
        assert obj[cls(1, 2)] == "point" and obj[type(point)] == "class"
        assert obj[function] == "function" and obj[point.__eq__] == "method"


class OrderedDict(Case):
    """An OrderedDict, moved around"""

    old_protocols = True

    def make():
        table = collections.OrderedDict(a=1, b=2, c=lambda: 3)
        table.move_to_end("a")
        return table

    def same(obj):
        assert list(obj) == ["b", "c", "a"] and obj["c"]() == 3
        obj.move_to_end("a", last=False)
        assert next(iter(obj)) == "a"
        obj.move_to_end("a")


class DefaultDict(Case):
    """A defaultdict whose factory makes more of its kind"""

    def make():
        def tree():
            return collections.defaultdict(tree)

        root = tree()
        root["a"]["b"] = 1
        return root

    def same(obj):
        assert obj["a"]["b"] == 1 and obj["x"]["y"] == {} and obj.default_factory().default_factory


class Deque(Case):
    """A bounded deque that contains itself and a function"""

    old_protocols = True

    def make():
        queue = collections.deque([0, lambda: "q"], maxlen=3)
        queue.append(queue)
        return queue

    def same(obj):
        assert obj.maxlen == 3 and obj[2] is obj and obj[1]() == "q"
        obj.append(9)
        assert len(obj) == 3 and obj[0]() == "q" and obj[1] is obj


class Counter(Case):
    """A Counter and a subclass of it"""

    old_protocols = True

    def make():
        class Votes(collections.Counter):
            def winner(self):
                return self.most_common(1)[0][0]

        return collections.Counter("hello"), Votes("aab")

    def same(obj):
        letters, votes = obj
        assert letters["l"] == 2 and letters["z"] == 0 and votes.winner() == "a"
        assert (votes + letters)["a"] == 2


class ChainMap(Case):
    """A ChainMap over maps that are shared"""

    def make():
        base = {"a": 1, "b": 2}
        return collections.ChainMap({"a": 10}, base), base

    def same(obj):
        chain, base = obj
        base["b"] = 20
        assert chain["a"] == 10 and chain["b"] == 20 and chain.parents.maps[0] is base


class Arrays(Case):
    """array.array of each sort"""

    old_protocols = True

    def make():
        class Samples(array.array):
            def mean(self):
                return sum(self) / len(self)

        return array.array("d", [1.5, 2]), array.array("b", [-1]), Samples("i", [1, 3])

    def same(obj):
        doubles, small, samples = obj
        doubles.append(3)
        assert doubles.tolist()[:2] == [1.5, 2.0] and doubles.itemsize == 8 and small[0] == -1
        assert samples.mean() == 2 and samples.typecode == "i"


class Heap(Case):
    """A heap of tuples with functions as payload"""

    def make():
        heap = []
        for i in (3, 1, 2):
            heapq.heappush(heap, (i, lambda i=i: i * 10))
        return heap

    def same(obj):
        import heapq

        heap = list(obj)
        assert [heapq.heappop(heap)[1]() for _ in range(3)] == [10, 20, 30]


class Large(Case):
    """Containers larger than the pickler's batches"""

    old_protocols = True
    exempt = {"same_without_recursion": "the C pickler ends a dict of 3,000 items with an empty batch"}

    def make():
        return list(range(5000)), {i: str(i) for i in range(3000)}, set(range(2500))

    def same(obj):
        items, table, numbers = obj
        assert items == list(range(5000)) and table[2999] == "2999" and len(numbers) == 2500


class NestedMix(Case):
    """Every container inside every other"""

    def make():
        leaf = lambda: "leaf"  # noqa: E731
        value = leaf
        for _ in range(3):
            value = [value]
            value = (value, 1)
            value = {"k": value}
            value = collections.deque([value])
        return value, leaf

    def same(obj):
        value, leaf = obj
        for _ in range(3):
            value = value[0]["k"][0][0]
        assert value is leaf and leaf() == "leaf"


class SelfKey(Case):
    """A dict whose values refer to its keys"""

    def make():
        keys = [Thing(i) for i in range(3)]
        return {key: [keys[i - 1]] for i, key in enumerate(keys)}

    def same(obj):
        keys = list(obj)
        assert [key.n for key in keys] == [0, 1, 2]
        assert all(obj[key][0] is keys[i - 1] for i, key in enumerate(keys))


class CyclesOfEveryKind(Case):
    """A partial, a default factory, an OrderedDict, a deque, a namespace and a function that lead to themselves"""

    def make():
        table = {}
        table["partial"] = functools.partial(lambda held, key: held[key], table)
        default = collections.defaultdict(lambda: default)
        ordered = collections.OrderedDict(a=1)
        ordered["self"] = ordered
        ordered.move_to_end("self", last=False)
        turning = collections.deque(maxlen=3)
        turning.append(turning)
        space = types.SimpleNamespace()
        space.me, space.get = space, lambda: space

        def function():
            return function

        function.table = {function: 1}
        return table["partial"], default, ordered, turning, space, function

    def same(obj):
        partial, default, ordered, turning, space, function = obj
        assert partial("partial") is partial and default["new"] is default
        assert next(iter(ordered.values())) is ordered and turning[0] is turning and turning.maxlen == 3
        assert space.me is space.get() is space and function.table[function()] == 1
        del default["new"]


if __name__ == "__main__":
    drive()
