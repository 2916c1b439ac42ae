"""What of a class counts, and what does not."""

import pytest
from harness import define

from pickleloaf import fingerprint

SCRIPT = '''
import abc, dataclasses, enum, functools, typing

T = typing.TypeVar("T")


class Meta(type):
    def __call__(cls, *args):
        return super().__call__(*args)


class Base:
    """At the bottom."""

    limit = 3

    def __init_subclass__(cls, **options):
        cls.options = options

    def __init__(self, n=0):
        self.n = n

    def again(self):
        return type(self)(self.n + self.limit)


class Plain(Base, flavour="plain"):
    colour: str = "red"
    __slots__ = ("extra",)

    def __init__(self, n=1):
        super().__init__(n)

    @property
    def twice(self):
        return self.n * 2

    @classmethod
    def make(cls):
        return cls(5)

    @staticmethod
    def helper(n):
        return n + 1

    @functools.cached_property
    def slow(self):
        return 10


class WithMeta(metaclass=Meta):
    pass


class Abstract(abc.ABC):
    @abc.abstractmethod
    def do(self): ...


class Protocol(typing.Protocol):
    def do(self) -> int: ...


class Generic(typing.Generic[T]):
    def get(self) -> T: ...


@dataclasses.dataclass
class Data:
    x: int
    y: list[int] = dataclasses.field(default_factory=list, compare=False)


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Frozen:
    x: int = 1


class Named(typing.NamedTuple):
    x: int
    y: str = "y"

    def both(self):
        return self.x, self.y


class Colour(enum.Enum):
    RED = 1
    BLUE = "blue"
    ROUGE = 1

    def mix(self):
        return self.name


class Right(enum.IntFlag):
    READ = 1
    WRITE = 2


class Keys(typing.TypedDict, total=False):
    a: int
'''

NAMES = "Meta Base Plain WithMeta Abstract Protocol Generic Data Frozen Named Colour Right Keys".split()

#: Class, and a change of its definition that counts.
RELEVANT = {
    "method": ("Base", "self.n + self.limit", "self.n - self.limit"),
    "attribute": ("Base", "limit = 3", "limit = 4"),
    "base": ("Plain", "limit = 3", "limit = 4"),
    "keyword of the class statement": ("Plain", 'flavour="plain"', 'flavour="sour"'),
    "bases": ("Plain", "Plain(Base,", "Plain(Base, abc.ABC,"),
    "name": ("Base", "class Base", "class Ground"),
    "slots": ("Plain", '"extra",', '"extra", "more"'),
    "property": ("Plain", "self.n * 2", "self.n * 3"),
    "class method": ("Plain", "cls(5)", "cls(6)"),
    "static method": ("Plain", "n + 1", "n + 2"),
    "cached property": ("Plain", "return 10", "return 11"),
    "annotation": ("Plain", "colour: str", "colour: object"),
    "default of __init__": ("Plain", "n=1", "n=2"),
    "metaclass": ("WithMeta", "super().__call__(*args)", "super().__call__()"),
    "abstract method": ("Abstract", "def do(self): ...", "def done(self): ..."),
    "protocol": ("Protocol", "-> int", "-> str"),
    "field's type": ("Data", "x: int\n    y: list", "x: str\n    y: list"),
    "field's name": ("Data", "x: int\n    y: list", "z: int\n    y: list"),
    "field's options": ("Data", ", compare=False", ""),
    "field's default": ("Frozen", "x: int = 1", "x: int = 2"),
    "option of a dataclass": ("Frozen", "frozen=True, ", ""),
    "order of fields": ("Named", 'x: int\n    y: str = "y"', 'y: int\n    x: str = "y"'),
    "default of a named tuple": ("Named", '"y"', '"z"'),
    "method of a named tuple": ("Named", "self.x, self.y", "self.y, self.x"),
    "member": ("Colour", "RED = 1", "RED = 3"),
    "alias": ("Colour", "ROUGE = 1", "ROUGE = 2"),
    "method of an enum": ("Colour", "self.name", "self.value"),
    "flag": ("Right", "WRITE = 2", "WRITE = 4"),
    "total": ("Keys", ", total=False", ""),
}  # fmt: skip


def classes(source=SCRIPT):
    """The classes of a script by name."""
    names = [name for name in NAMES if f"class {name}" in source]
    return dict(zip(names, define(source, *names), strict=True))


def test_same_again():
    """The same definitions give the same fingerprints, none of them tied to this Python, all different."""
    one, other = classes(), classes()
    prints = {name: fingerprint(cls) for name, cls in one.items()}
    assert prints == {name: fingerprint(cls) for name, cls in other.items()}
    assert len(set(prints.values())) == len(NAMES)
    assert not [name for name, digest in prints.items() if "-" in digest]


@pytest.mark.parametrize("change", RELEVANT)
def test_relevant(change):
    """What a class does and is made of counts."""
    name, old, new = RELEVANT[change]
    source = SCRIPT.replace(old, new)
    assert source != SCRIPT
    if change == "name":
        source, name = f"{source}\nBase = Ground\n".replace("Plain(Base", "Plain(Ground"), "Base"
    assert fingerprint(define(source, name)) != fingerprint(classes()[name])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('    """At the bottom."""\n', ""),
        ("    limit = 3\n", "    limit = 3  # of all\n\n\n"),
        ("class Base:", "X = 1\nclass Base:"),
    ],
)
def test_irrelevant(old, new):
    """What a class looks like does not count."""
    source = SCRIPT.replace(old, new)
    assert source != SCRIPT
    assert fingerprint(classes(source)["Plain"]) == fingerprint(classes()["Plain"])


def test_order_of_attributes():
    """The order of attributes does not count, unless the class is made from it."""
    one, other = (define(f"class A:\n    {body}\n", "A") for body in ("x = 1; y = 2", "y = 2; x = 1"))
    assert fingerprint(one) == fingerprint(other)


def test_instances():
    """An instance counts with its class and its attributes."""
    one, other = classes()["Base"], classes()["Base"]
    changed = classes(SCRIPT.replace("limit = 3", "limit = 4"))["Base"]
    assert fingerprint(one(5)) == fingerprint(other(5)) != fingerprint(one(6))
    assert fingerprint(one(5)) != fingerprint(changed(5))


def test_cached_property():
    """What a cached property has computed from the rest does not count."""
    cls = define(
        "import functools\nclass A:\n    @functools.cached_property\n    def slow(self): return 1\n", "A"
    )
    fresh, used = cls(), cls()
    assert used.slow == 1
    assert fingerprint(fresh) == fingerprint(used)


def test_patched_instance():
    """A method that was put on one instance counts."""
    source = (
        "class Turkey:\n    def talk(self):\n        return 'gobble'\ndef quack(self):\n    return 'quack'\n"
    )
    cls, quack = define(source, "Turkey", "quack")
    plain, patched = cls(), cls()
    patched.talk = quack.__get__(patched)
    again = cls()
    again.talk = quack.__get__(again)
    assert fingerprint(plain) != fingerprint(patched) == fingerprint(again)


def test_patched_class():
    """A class counts as it is, not as it was defined."""
    one, other = classes()["Base"], classes()["Base"]
    other.again = other.__init__
    assert fingerprint(one) != fingerprint(other)


def test_strange_metaclasses():
    """Classes that cannot be hashed, or that claim to equal others."""
    source = (
        "class Meta(type):\n    def __eq__(cls, other): return True\n"
        "class A(metaclass=Meta):\n    x = 1\nclass B(metaclass=Meta):\n    x = 2\n"
    )
    for more in ("", "    def __hash__(cls): return hash(int)\n"):
        one, other = define(source.replace("True\n", f"True\n{more}"), "A", "B")
        assert len({fingerprint(each) for each in (one, other, one(), other(), [one], [int])}) == 6


def test_classes_that_know_each_other():
    """Classes that refer to each other, entered from either."""
    source = (
        "class A:\n    def b(self):\n        return B()\nclass B:\n    def a(self):\n        return A()\n"
    )
    one, two = define(source, "A", "B")
    three, four = define(source, "A", "B")
    assert fingerprint(one) == fingerprint(three) != fingerprint(two) == fingerprint(four)
    assert fingerprint([two, one]) == fingerprint([four, three])
