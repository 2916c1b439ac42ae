"""Large containers count in the identity of the classes that use them, and are described once."""

import pytest
from harness import define, loaf

from pickleloaf.reducers.classes import digest, identities

USES = """
    class Uses:
        def get(self):
            return DATA
    """


def identity(data):
    """Return the digest of a class whose method uses some data."""
    cls = define(USES, "Uses")
    cls.get.__globals__["DATA"] = data
    loaf.dumps(cls)
    return identities.known(cls).digest


@pytest.mark.parametrize(
    "other",
    [
        [i / 7 if i != 500 else 0 for i in range(1000)],
        [i / 7 if i != 7 else 1 for i in range(1000)],
        tuple(i / 7 for i in range(1000)),
        [i / 7 for i in range(999)],
        [i / 7 if i != 500 else [] for i in range(1000)],
    ],
    ids=["another element", "an equal element", "a tuple", "one less", "a list in it"],
)
def test_every_element_counts(other):
    """A class that uses other data than another one is another class."""
    assert identity([i / 7 for i in range(1000)]) == identity([i / 7 for i in range(1000)])
    assert identity([i / 7 for i in range(1000)]) != identity(other)


def test_large_containers_in_large_ones_count():
    """What lies deep in the data counts, too."""
    assert identity([[i] * 100 for i in range(100)]) != identity([[i % 99] * 100 for i in range(100)])


def test_the_order_of_a_large_set_does_not_count():
    """A set has no order."""
    words = [f"word {i}" for i in range(500)]
    assert identity(set(words)) == identity(dict.fromkeys(reversed(words)).keys() | set())
    assert identity({*words, 1}) == identity({1, *reversed(words)})


def test_classes_that_differ_in_what_nobody_can_read_never_merge():
    """An object that says itself what it is makes a large list, and a class that uses it, this process's own."""
    kind = define("class Own:\n    def __reduce__(self):\n        return str, ()", "Own")
    cls = define(USES, "Uses")
    cls.get.__globals__["DATA"] = [kind() for _ in range(100)]
    loaf.dumps(cls)
    assert identities.known(cls).is_unique


def test_shared_lists_are_described_once(monkeypatch):
    """A list that a hundred classes share takes no hundred times as long."""
    steps = []
    refer = digest._Description._refer
    monkeypatch.setattr(digest._Description, "_refer", lambda self, value: steps.append(refer(self, value)))

    def count(size):
        classes = "".join(f"class C{i}:\n    def all(self):\n        return ALL\n" for i in range(size))
        first = define(f"{classes}ALL = [{', '.join(f'C{i}' for i in range(size))}]", "C0")
        steps.clear()
        loaf.dumps(first)
        return len(steps)

    count(1)
    assert count(400) < 5 * count(100)
