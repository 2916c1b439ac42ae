"""Data: equal values have equal fingerprints, others have not."""

import collections
import copy
import dataclasses
import datetime
import decimal
import enum
import fractions
import pathlib
import pickle
import re
import string
import threading
import types
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pickleloaf import EncodeError, fingerprint

LONG = "long" * 1000


class Mine:
    """A plain class."""

    def __init__(self, n):
        self.n = n
        self.m = n


class Slotted:
    """A class with slots."""

    __slots__ = ("n",)

    def __init__(self, n):
        self.n = n


class Words(set):
    """A set of one's own, with attributes."""


@dataclasses.dataclass
class Point:
    """A dataclass."""

    x: int
    y: list = dataclasses.field(default_factory=list)


class Color(enum.Enum):
    """An enum."""

    RED = 1
    BLUE = 2


#: Values that all differ from each other.
DIFFERENT = [
    None, True, False, 0, 1, 2**31, 2**80, -1, 1.0, 0.0, -0.0, float("inf"), float("nan"), 1j, complex(0, -0.0),
    "", "1", "a", b"", b"a", bytearray(b"a"), memoryview(b"a"), ..., NotImplemented,
    LONG, LONG + "x", LONG.encode(), bytearray(LONG.encode()), "\udc80",
    (), [], {}, set(), frozenset(), (1,), [1], {1}, frozenset({1}), {1: 1}, {1: 1.0}, {1.0: 1}, {True: 1},
    [[]], [()], ([],), [[], []], [1, [2]], [[1], 2], [[1, 2]], (1, (2, 3)), ((1, 2), 3), ["ab"], ["a", "b"],
    {"a": "b"}, {"b": "a"}, {"a", "b"}, {("a", "b")}, {("b", "a")}, [("a", "b")], [None], [[None]],
    list(range(600)), list(range(599)), [*range(599), 0], list(map(str, range(600))), [LONG], [LONG, LONG],
    collections.OrderedDict(a=1, b=2), collections.OrderedDict(b=2, a=1), collections.Counter("ab"), dict(a=1, b=1),
    collections.defaultdict(int, a=1, b=1), collections.defaultdict(list, a=1, b=1), collections.deque("ab"),
    collections.deque("ab", 2), range(3), range(4), slice(1), slice(2), types.MappingProxyType({1: 1}),
    Mine(1), Mine(2), Slotted(1), Slotted(2), Words("ab"), Words("abc"), Point(1), Point(2), Point(1, [1]),
    Color.RED, Color.BLUE, Color, Mine, Slotted, Point, int, bool, str, len, max, str.upper, "".upper, type, type(None),
    datetime.date(2020, 1, 1), datetime.datetime(2020, 1, 1), decimal.Decimal(1), decimal.Decimal("1.0"),
    fractions.Fraction(1), pathlib.PurePosixPath("a"), pathlib.PurePosixPath("b"), pathlib.PureWindowsPath("a"),
    re.compile("a"), re.compile("b"), re.compile("a", re.IGNORECASE), ValueError("a"), ValueError("b"), KeyError("a"),
    list[int], list[str], dict[str, int], typing.Optional[int], typing.Union[int, str], typing.Any, typing.Literal[1],
    typing.Callable[[int], str], typing.ForwardRef("X"), string, re, pickle.PickleBuffer(b"ab"),
]  # fmt: skip


def test_all_differ():
    """Values of any two kinds, and any two values of one kind, are told apart."""
    found = collections.defaultdict(list)
    for value in DIFFERENT:
        found[fingerprint(value)].append(value)
    assert [values for values in found.values() if len(values) > 1] == []


def name_of(value):
    """Name a value by its repr, without an address or an order that no two processes share."""
    if isinstance(value, memoryview):
        return "memoryview"
    if isinstance(value, set | frozenset) and value:
        items = "{" + ", ".join(sorted(map(repr, value))) + "}"
        return items if type(value) is set else f"{type(value).__name__}({items})"
    return repr(value)[:30]


@pytest.mark.parametrize("value", DIFFERENT, ids=name_of)
def test_form(value):
    """A fingerprint of data is 32 hexadecimal digits, and it is the same again."""
    assert re.fullmatch("[0-9a-f]{32}", fingerprint(value))
    assert fingerprint(value) == fingerprint(value)


def same_words(words):
    """A set of one's own with an attribute."""
    found = Words(words)
    found.language = "en"
    return found


EQUAL = {
    "order of a dict": ({"a": 1, "b": [2]}, {"b": [2], "a": 1}),
    "order of a set": ({*"abcdefgh", (1, 2)}, {(1, 2), *"hgfedcba"}),
    "order of a counter": (collections.Counter("ab"), collections.Counter("ba")),
    "one object or two": ([[1, "x"]] * 2, [[1, "x"], [1, "x"]]),
    "one string or two": (["ab"] * 2, ["ab", "".join(["a", "b"])]),
    "nan": (float("nan"), -float("nan")),
    "nan in a complex number": (complex(float("nan"), 1), complex(-float("nan"), 1)),
    "lists of atoms, grown or not": ([1, "a", None, 2.5], [1, *["a", None], 2.5]),
    "order of attributes": (Mine(1), None),
    "slots": (Slotted([1]), Slotted([1])),
    "set of one's own": (same_words("ab"), same_words("ba")),
    "paths": (pathlib.PurePosixPath("a", "b"), pathlib.PurePosixPath("a/b")),
    "order of a union": (typing.Union[int, str, None], typing.Union[None, str, int]),
    "union in either notation": (typing.Optional[int], int | None),
    "alias": (typing.List[int], typing.List[int]),  # noqa: UP006 - both notations exist
    "decimal": (decimal.Decimal("1.50"), decimal.Decimal("1.50")),
    "deep copy": ({"x": [Mine({1, 2})]}, copy.deepcopy({"x": [Mine({1, 2})]})),
}
backwards = Mine.__new__(Mine)
backwards.m = backwards.n = 1
EQUAL["order of attributes"] = (Mine(1), backwards)


@pytest.mark.parametrize("what", EQUAL)
def test_equal(what):
    """Values that are equal have one fingerprint, however they were made."""
    one, other = EQUAL[what]
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint([one, {1: other}]) == fingerprint([other, {1: one}])


atoms = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers()
)
hashables = st.recursive(
    atoms, lambda inner: st.tuples(inner) | st.frozensets(inner, max_size=3), max_leaves=6
)
data = st.recursive(
    hashables | st.sets(hashables, max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(hashables, inner, max_size=4) | st.tuples(inner, inner)
    ),
    max_leaves=20,
)


@given(data)
def test_copies(value):
    """A copy that shares nothing with the original has its fingerprint."""
    assert fingerprint(pickle.loads(pickle.dumps(value))) == fingerprint(value)


@given(data, data)
def test_unequal(one, other):
    """Two values that print differently when sorted are told apart."""
    assert (fingerprint(one) == fingerprint(other)) == (canonical(one) == canonical(other))


def canonical(value):
    """Data as text, with sets and dicts sorted: slow, recursive and easy to trust."""
    if isinstance(value, dict):
        return f"dict({sorted((canonical(k), canonical(v)) for k, v in value.items())})"
    if isinstance(value, set | frozenset):
        return f"{type(value).__name__}({sorted(map(canonical, value))})"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}({[canonical(part) for part in value]})"
    return f"{type(value).__name__}({value!r})"


def test_refused():
    """What cannot be taken apart is refused, and the error says where it sits."""
    with pytest.raises(EncodeError) as caught:
        fingerprint({"jobs": [1, (n for n in "a")], "b": threading.current_thread()})
    assert caught.value.path in ("obj['jobs'][1]", "obj['b']")
    assert caught.value.hint


def test_failing_state():
    """An exception of user code that is asked for its state becomes one of ours, with the place."""

    class Broken:
        def __reduce__(self):
            message = "not today"
            raise RuntimeError(message)

    with pytest.raises(EncodeError, match="not today") as caught:
        fingerprint([0, {"x": Broken()}])
    assert caught.value.path == "obj[1]['x']"
    assert isinstance(caught.value.__cause__, RuntimeError)
