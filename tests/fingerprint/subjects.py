"""Objects of many kinds; prints their fingerprints, or dumps them to a file.

Run as `python subjects.py prints|dump FILE|roundtrip`.
"""

import collections
import contextlib
import dataclasses
import enum
import functools
import json
import math
import os.path
import re
import sys
import typing
from pathlib import Path

import pickleloaf

RATE = 3
TABLE = {"low": 1, "high": [2.5, None], "both": {"a", "b", "c", ("d", 1)}}
T = typing.TypeVar("T")


def scale(amount):
    """A helper."""
    return amount * RATE


def price(amount, discount=0.5, *extra, floor=0, **more):
    """Uses a helper, a global, a module and a builtin."""
    total = scale(amount) - discount  # a local
    text = f"{total!r:>{len(extra)}} {more}"
    with contextlib.suppress(KeyError):
        total += TABLE["low"]
    return [max(step, floor) + math.pi for step in range(int(total))], text, os.path.sep


def even(n):
    return n == 0 or odd(n - 1)


def odd(n):
    return n != 0 and even(n - 1)


def counter(start):
    def count(step=1):
        nonlocal start
        start += step
        return start

    return count


async def fetch(source: "Source", retries: int = 3) -> list[str]:
    async with source as opened:
        return [text async for line in opened if (text := line.strip())]


def walk(tree):
    match tree:
        case {"left": left, **rest}:
            yield from walk(left)
            yield rest
        case [first, *others] if others:
            yield first
        case _:
            import json as reader

            yield reader.dumps(tree)


class Source(typing.Generic[T]):
    """A class with a bit of everything."""

    limit: int = 5
    __slots__ = ("name",)

    def __init__(self, name="x"):
        super().__init__()
        self.name = name

    def copy(self):
        return Source(self.name)

    @property
    def upper(self):
        return self.name.upper()

    @classmethod
    def default(cls):
        return cls()

    @staticmethod
    def helper(n):
        return scale(n)


class Turkey:
    def __init__(self, weight):
        self.weight = weight

    def talk(self):
        return "gobble"


@dataclasses.dataclass
class Order:
    item: str
    count: int = 1
    notes: list[str] = dataclasses.field(default_factory=list, metadata={"unit": "none"})
    parent: typing.Optional["Order"] = None


class Colour(enum.Enum):
    RED = 1
    BLUE = "blue"
    ROUGE = 1

    def mix(self):
        return self.name


class Right(enum.Flag):
    READ = enum.auto()
    WRITE = enum.auto()


class Row(typing.NamedTuple):
    key: str
    value: int = 0

    def both(self):
        return self.key, self.value


@functools.lru_cache(maxsize=16)
def cached(n):
    return scale(n)


def patched():
    """The turkey that somebody has patched."""
    turkey = Turkey(5)
    turkey.talk = (lambda self: f"quack {self.weight}").__get__(turkey)
    return turkey


def ring():
    """A cycle through a list, a dict and an instance."""
    turkey = Turkey([])
    turkey.weight.append({"owner": turkey})
    return turkey


def subjects():
    """Every object by name."""
    return {
        "data": [1, 2**70, -1.5, 0.0, -0.0, float("nan"), True, None, "é\U0001f600", b"b", 2j, "long" * 999, TABLE],
        "collections": [
            collections.OrderedDict(b=1, a=2), collections.defaultdict(list, {1: [2]}), collections.Counter("abca"),
            collections.deque([1, 2], 5), frozenset("xyz"), range(9), slice(1, 2), bytearray(b"x"),
        ],
        "library": [math.floor, os.path.join, len, int, collections.OrderedDict, re.compile("a+"), Path("/a/b")],
        "lambda": lambda n, m=RATE: n + m * scale(n),
        "price": price,
        "mutual": [even, odd],
        "closure": counter(5),
        "coroutine": fetch,
        "generator": walk,
        "class": Source,
        "instance": Source("y"),
        "patched": patched(),
        "ring": ring(),
        "dataclass": [Order, Order("tea", parent=Order("milk", 2))],
        "enum": [Colour, Colour.BLUE, Right, Right.READ | Right.WRITE],
        "named tuple": [Row, Row("k"), collections.namedtuple("Pair", "a b", defaults=[1])],  # noqa: PYI024
        "cache": cached,
        "methods": [Turkey(1).talk, Source.default, Source.helper, "x".upper, functools.partial(scale, 2)],
        "annotations": [list[int], typing.Optional[int], typing.Callable[[int], str], T, typing.Literal["a", 1]],
    }  # fmt: skip


def main():
    """Do what the command line says."""
    what, *arguments = sys.argv[1:]
    found = subjects()
    if what == "dump":
        Path(arguments[0]).write_bytes(pickleloaf.dumps(found))
        return
    if what == "roundtrip":
        found = pickleloaf.loads(pickleloaf.dumps(found))
    print(json.dumps({name: pickleloaf.fingerprint(each) for name, each in found.items()}, indent=1))


if __name__ == "__main__":
    main()
