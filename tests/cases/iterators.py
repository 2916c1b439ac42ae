"""Iterators go on where they stood."""

import itertools
import operator

from harness import Case, drive


class Sequences(Case):
    """Iterators of lists, tuples, texts, bytes and ranges, partly used"""

    old_protocols = True

    def make():
        made = [iter(kind) for kind in ([1, 2, 3], (1, 2, 3), "abc", b"abc", bytearray(b"abc"), range(3))]
        for iterator in made:
            next(iterator)
        return made

    def same(obj):
        rest = [list(iterator) for iterator in obj]
        assert rest == [[2, 3], [2, 3], ["b", "c"], [98, 99], [98, 99], [1, 2]]


class LiveList(Case):
    """A list iterator next to its list sees what is appended"""

    def make():
        items = [1, 2]
        iterator = iter(items)
        next(iterator)
        return items, iterator

    def same(obj):
        items, iterator = obj
        items.append(3)
        assert list(iterator) == [2, 3]


class Exhausted(Case):
    """Iterators that are used up stay so"""

    def make():
        items, span = iter([1]), iter(range(1))
        return [(list(items), items)[1], (list(span), span)[1]]

    def same(obj):
        assert [next(iterator, "end") for iterator in obj] == ["end", "end"]


class Reversed(Case):
    """reversed() of a list and of a range, partly used"""

    def make():
        items, span = reversed([1, 2, 3]), reversed(range(5))
        next(items), next(span)
        return items, span

    def same(obj):
        assert [list(iterator) for iterator in obj] == [[2, 1], [3, 2, 1, 0]]


class OfDict(Case):
    """Iterators of a dict's keys, values and items, partly used"""

    def make():
        table = {"a": 1, "b": 2, "c": 3}
        made = [iter(table), iter(table.values()), iter(table.items())]
        for iterator in made:
            next(iterator)
        return made

    def same(obj):
        keys, values, items = map(list, obj)
        assert keys == ["b", "c"] and values == [2, 3] and items == [("b", 2), ("c", 3)]


class OfSet(Case):
    """An iterator of a set, partly used"""

    def make():
        numbers = iter({1, 2, 3})
        return next(numbers), numbers

    def same(obj):
        first, rest = obj
        assert sorted([first, *rest]) == [1, 2, 3]


class OfDeque(Case):
    """An iterator of a deque, partly used"""

    def make():
        import collections

        iterator = iter(collections.deque([1, 2, 3]))
        next(iterator)
        return iterator

    def same(obj):
        assert list(obj) == [2, 3]


class MapAndFilter(Case):
    """map and filter over functions of the script, partly used"""

    def make():
        mapped = map(lambda a, b: a * b, [1, 2, 3], [4, 5, 6])
        kept = filter(lambda n: n % 2, [1, 2, 3, 4, 5])
        return next(mapped), next(kept), mapped, kept

    def same(obj):
        one, two, mapped, kept = obj
        assert one == 4 and two == 1 and list(mapped) == [10, 18] and list(kept) == [3, 5]


class ZipAndEnumerate(Case):
    """zip and enumerate, partly used, strict"""

    def make():
        pairs, counted = zip("ab", [1, 2], strict=True), enumerate("xyz", start=5)
        next(counted)
        return pairs, counted, zip("ab", [1], strict=True)

    def same(obj):
        pairs, counted, strict = obj
        assert list(pairs) == [("a", 1), ("b", 2)] and list(counted) == [(6, "y"), (7, "z")]
        next(strict)
        with raises(ValueError, "zip()"):
            next(strict)


class Sentinel(Case):
    """iter() of a function and a sentinel"""

    def make():
        left = [3, 2, 1, 0]
        return iter(lambda: left.pop(0), 0)

    def same(obj):
        assert list(obj) == [3, 2, 1]


class SequenceProtocol(Case):
    """An iterator over a class of the script that only has __getitem__"""

    def make():
        class Squares:
            def __getitem__(self, i):
                if i > 3:
                    raise IndexError
                return i * i

        squares = iter(Squares())
        next(squares)
        return squares

    def same(obj):
        assert list(obj) == [1, 4, 9]


class OwnIterator(Case):
    """An iterator class of the script, and map over it"""

    def make():
        class Down:
            def __init__(self, n):
                self.n = n

            def __iter__(self):
                return self

            def __next__(self):
                self.n -= 1
                if self.n < 0:
                    raise StopIteration
                return self.n

        down = Down(5)
        next(down)
        return map(str, down), down

    def same(obj):
        texts, down = obj
        assert next(texts) == "3" and next(down) == 2 and list(texts) == ["1", "0"]


class Counting(Case):
    """itertools.count and repeat"""

    def make():
        numbers, halves, thrice = itertools.count(5), itertools.count(0.5, 0.25), itertools.repeat("x", 3)
        next(numbers), next(halves), next(thrice)
        return numbers, halves, thrice, itertools.repeat(None)

    def same(obj):
        numbers, halves, thrice, forever = obj
        assert next(numbers) == 6 and next(halves) == 0.75 and list(thrice) == ["x", "x"]
        assert next(forever) is None


class Combinatorics(Case):
    """itertools' product, permutations and combinations, partly used"""

    python_before = (3, 14)  # itertools gives no access to its state since then

    def make():
        made = [
            itertools.product("ab", [1, 2]),
            itertools.permutations("abc", 2),
            itertools.combinations("abc", 2),
            itertools.combinations_with_replacement("ab", 2),
        ]
        for iterator in made:
            next(iterator)
        return made

    def same(obj):
        products, permutations, combinations, replaced = map(list, obj)
        assert products == [("a", 2), ("b", 1), ("b", 2)] and permutations[0] == ("a", "c")
        assert combinations == [("a", "c"), ("b", "c")] and replaced == [("a", "b"), ("b", "b")]


class Slicing(Case):
    """itertools' chain, islice, cycle, accumulate and starmap, partly used"""

    python_before = (3, 14)

    def make():
        made = [
            itertools.chain([1, 2], "ab"),
            itertools.islice(range(10), 2, 8, 2),
            itertools.cycle([1, 2, 3]),
            itertools.accumulate([1, 2, 3], operator.mul),
            itertools.starmap(pow, [(2, 3), (3, 2)]),
        ]
        for iterator in made:
            next(iterator)
        return made

    def same(obj):
        chain, slice_, cycle, total, powers = obj
        assert list(chain) == [2, "a", "b"] and list(slice_) == [4, 6]
        assert [next(cycle) for _ in range(4)] == [2, 3, 1, 2]
        assert list(total) == [2, 6] and list(powers) == [9]


class Conditions(Case):
    """itertools' takewhile, dropwhile, filterfalse and compress, partly used"""

    python_before = (3, 14)

    def make():
        made = [
            itertools.takewhile(lambda n: n < 3, [1, 2, 3, 1]),
            itertools.dropwhile(lambda n: n < 3, [1, 3, 4, 1]),
            itertools.filterfalse(None, [0, 1, 0, "", 2]),
            itertools.compress("abc", [1, 0, 1]),
            itertools.zip_longest("ab", [1], fillvalue="-"),
        ]
        for iterator in made:
            next(iterator)
        return made

    def same(obj):
        assert [list(iterator) for iterator in obj] == [[2], [4, 1], [0, ""], ["c"], [("b", "-")]]


class Tee(Case):
    """itertools.tee: two readers of one list"""

    python_before = (3, 14)

    def make():
        one, two = itertools.tee([1, 2, 3])
        next(one)
        return one, two

    def same(obj):
        one, two = obj
        assert list(one) == [2, 3] and list(two) == [1, 2, 3]


if __name__ == "__main__":
    drive()
