"""Scripts of any size. ``{n}`` is the number of the run; see `Script`."""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["ROWS", "Row"]


@dataclass(frozen=True)
class Row:
    """Something that can be large.

    Attributes:
        name: row in the tables.
        sizes: from small to large.
        source: gives the script for a size. It may list modules to be sent by value in ``by_value``.
        constant: whether the size should not matter.
        crowd: whether the size is the number of living objects that earlier runs of the script have made.
        data: whether there are no definitions, so that a first dump is like any other.
        fails: whether `dumps` is to fail.
        once: whether only one first dump is possible in a process.
        needs: a module that has to be installed.
    """

    name: str
    sizes: tuple[int, ...]
    source: Callable[[int], str]
    constant: bool = False
    crowd: bool = False
    data: bool = False
    fails: bool = False
    once: bool = False
    needs: str = "sys"


def _lines(size: int, text: str) -> str:
    """Repeat a text with ``@`` for the number, and ``#`` for the next one, which is 0 after the last."""
    text = textwrap.dedent(text).lstrip("\n") if text.startswith("\n") else text
    return "".join(text.replace("@", str(i)).replace("#", str((i + 1) % size)) for i in range(size))


def _lambdas(size: int) -> str:
    classes = """
    class Class@:
        def a(self):
            return @ + {n} - {n}

        def b(self):
            return @
    """
    lambdas = _lines(size, "        lambda x: x + @ + {n},\n")
    made = f"def make():\n    return [\n{lambdas}    ]\n"
    return f"{_lines(size, classes)}\n{made}\nit = [{_lines(size, 'Class@, ')}], make()"


def _ring(size: int) -> str:
    each = """
    class Class@:
        def next(self, x=@):
            return Class#, {n}
    """
    return f"{_lines(size, each)}\nit = Class0"


def _registry(size: int) -> str:
    base = """
    class Base:
        known = {}

        def __init_subclass__(cls):
            Base.known[cls.__name__] = cls

        def make(self, name):
            return self.known[name](), {n}
    """
    each = """
    class Class@(Base):
        def run(self, x):
            return x + @ + {n}
    """
    return f"{textwrap.dedent(base)}\n{_lines(size, each)}\nit = Class0()"


def _enum(size: int) -> str:
    return (
        "import enum\nclass Big_{n}(enum.Enum):\n"
        + _lines(size, "    M@ = @\n")
        + "    def double(self):\n        return self.value * 2 + {n}\nit = Big_{n}.M1\n"
    )


def _fields(size: int) -> str:
    return (
        "import dataclasses\n@dataclasses.dataclass\nclass Wide_{n}:\n"
        + _lines(size, "    field@: int = @\n")
        + "    def total(self):\n        return self.field1 + {n}\nit = Wide_{n}()\n"
    )


def _methods(size: int) -> str:
    each = """
        def method@(self, a, b=@):
            return self.x + a * b - {n}
    """
    body = textwrap.indent(_lines(size, each), "    ")
    return f"class Wide_{{n}}:\n    x = 1\n{body}\nit = Wide_{{n}}()\n"


_DEFINITION = """
class Account:
    limit = 100

    def __init__(self, owner, balance=0):
        self.owner, self.balance = owner, balance

    def deposit(self, amount):
        self.balance += amount
        return self.balance

    def copy(self):
        return Account(self.owner, self.balance)

it = Account("me")
"""

_PACKAGE = """
import importlib, pathlib, sys, tempfile
name, size = "shipped_{n}", {size}
folder = tempfile.TemporaryDirectory()
root = pathlib.Path(folder.name, name)
root.mkdir()
for i in range(size):
    above = f"from .m{i // 2} import run as above" if i else "above = abs"
    (root / f"m{i}.py").write_text(f'''
import json
import logging
{above}

log = logging.getLogger(__name__)
LIMIT = {i + {n}}
NAMES = ["a{i}", "b{i}"]

class Job:
    def __init__(self, x, *, fast=False):
        self.x, self.fast = x, fast

    def run(self) -> int:
        log.debug("run %s", self.x)
        return helper(self.x) + LIMIT

class Special(Job):
    def run(self) -> int:
        return super().run() + len(NAMES) + {n}

def helper(x, y={i}):
    return x + y + {n}

def text(x):
    return json.dumps([x, NAMES, {n}])

def run(x):
    return above(x) and Special(x).run() + Job(x).run() + len(text(x))
''')
names = [f"m{i}" for i in range(size)]
imports = "".join(f"from .{each} import run as run_{each}\\n" for each in names)
table = ", ".join(f"run_{each}" for each in names)
(root / "__init__.py").write_text(f"{imports}\\ndef run(x):\\n    return sum(each(x) for each in ({table},))\\n")
sys.path.insert(0, folder.name)
importlib.invalidate_caches()
module = importlib.import_module(name)
sys.path.remove(folder.name)
by_value = [module]
it = module.run
"""

_GLOBALS = """
def helper(x):
    return x + {n}

class Job:
    def run(self):
        return helper(CONSTANT@), {n}

it = Job()
"""


def _globals(size: int) -> str:
    return _lines(size, "CONSTANT@ = @\ndef function@(x):\n    return x + @\n") + _GLOBALS.replace(
        "@", str(size - 1)
    )


def _chain(size: int) -> str:
    each = """
    def function@(x):
        return x if x < @ else function#(x - 1) + {n}
    """
    return f"{_lines(size, each)}\nit = function0"


def _closures(size: int) -> str:
    return (
        "def wrap(inner):\n    return lambda x: inner(x) + {n}\n"
        f"it = abs\nfor _ in range({size}):\n    it = wrap(it)\n"
    )


_POINT = """
class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y

it = [Point(i, i / 2) for i in range({size})]
"""
_ORDER = """
import dataclasses

@dataclasses.dataclass
class Order:
    name: str
    count: int

it = [Order("a", i) for i in range({size})]
"""


def _sized(source: str) -> Callable[[int], str]:
    return lambda size: source.replace("{size}", str(size))


ROWS = [
    Row("classes and nested lambdas", (50, 100, 200, 400, 800), _lambdas),
    Row("classes in a ring", (50, 100, 200, 400), _ring),
    Row("registry with subclasses", (25, 50, 100, 200, 400), _registry),
    Row("enum members", (10, 100, 1000), _enum),
    Row("dataclass fields", (10, 100, 250), _fields),
    Row("methods of a class", (10, 100, 400), _methods),
    Row("functions that call the next", (10, 40, 160), _chain),
    Row("closures in closures", (10, 40, 160), _closures),
    Row(
        "living classes of one definition", (50, 500, 3500), lambda _: _DEFINITION, constant=True, crowd=True
    ),
    Row("globals of the script", (100, 1000, 10_000), _globals, constant=True),
    Row("modules of a package by value", (10, 45, 200), _sized(_PACKAGE)),
    Row("set of ints", (1000, 10_000, 100_000), _sized("it = set(range({size}))"), data=True),
    Row(
        "set of strings",
        (1000, 10_000, 100_000),
        _sized("it = {f'name {i}' for i in range({size})}"),
        data=True,
    ),
    Row(
        "floats beside a function with a set",
        (1000, 10_000, 100_000),
        _sized("WORDS = {'get', 'put'}\nit = (lambda word: word in WORDS, [i / 7 for i in range({size})])"),
        data=True,
    ),
    Row("lists in lists", (100, 300, 900), _sized("it = []\nfor _ in range({size}): it = [it]"), data=True),
    Row("instances", (100, 1000, 10_000), _sized(_POINT), data=True),
    Row("instances of a dataclass", (100, 1000, 10_000), _sized(_ORDER), data=True),
    Row(
        "floats before what cannot be dumped",
        (1000, 10_000, 100_000),
        _sized("import sys\nit = [i / 7 for i in range({size})] + [sys._getframe()]"),
        data=True,
        fails=True,
    ),
    Row(
        "rich by value",
        (1,),
        lambda _: "import rich\nfrom rich.table import Table\nby_value = [rich]\nit = Table('a', 'b')",
        once=True,
        needs="rich",
    ),
]
