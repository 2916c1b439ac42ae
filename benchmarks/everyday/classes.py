"""Classes of a script; what is dumped is an instance."""

from benchmarks.everyday.script import Script

CLASSES = [
    Script(
        "only code and atoms",
        """
        class Account:
            limit = 100

            def __init__(self, owner, balance=0):
                self.owner = owner
                self.balance = balance

            def deposit(self, amount):
                self.balance += amount
                return self.balance

            def withdraw(self, amount):
                if amount > self.limit:
                    raise ValueError(amount)
                return self.deposit(-amount)

        it = Account("me", 5)
        """,
        "it.deposit(2) > 6",
    ),
    Script(
        "dataclass",
        """
        import dataclasses

        @dataclasses.dataclass
        class Order:
            name: str
            count: int = 1
            price: float = 2.5
            tags: list = dataclasses.field(default_factory=list)

            def total(self):
                return self.count * self.price

        it = Order("tea", 2)
        """,
        "it.total() == 5",
    ),
    Script(
        "logger as module global",
        """
        import logging

        log = logging.getLogger("app.jobs")

        class Job:
            def __init__(self, number):
                self.number = number

            def run(self):
                log.debug("run %d", self.number)
                return self.number

            def stop(self):
                log.info("stop")

        it = Job(3)
        """,
        "it.run() == 3",
    ),
    Script(
        "NamedTuple",
        """
        import typing

        class Point(typing.NamedTuple):
            x: int
            y: int = 0

            def norm(self):
                return abs(self.x) + abs(self.y)

        it = Point(1, 2)
        """,
        "it.norm() == 3",
    ),
    Script(
        "annotated methods",
        """
        from typing import Optional

        class Job:
            def __init__(self, name: str, parts: list[int]) -> None:
                self.name = name
                self.parts = parts

            def run(self, factor: int, *, fast: bool) -> dict[str, int]:
                return {self.name: factor * len(self.parts)}

            def first(self) -> Optional[int]:
                return self.parts[0] if self.parts else None

        it = Job("a", [1, 2])
        """,
        "it.run(3, fast=True) == {'a': 6}",
    ),
    Script(
        "Enum member",
        """
        import enum

        class Color(enum.Enum):
            RED = 1
            GREEN = 2
            BLUE = 3

            def next(self):
                return Color(self.value % 3 + 1)

        it = Color.RED
        """,
        "it.next().name == 'GREEN'",
    ),
    Script(
        "a dict as class attribute",
        """
        class Shop:
            prices = {"tea": 2, "cake": 3}

            def __init__(self, name):
                self.name = name

            def price(self, what):
                return self.prices[what]

        it = Shop("corner")
        """,
        "it.price('tea') == 2",
    ),
    Script(
        "uses a helper function of the script",
        """
        def clean(text):
            return text.strip().lower()

        class Reader:
            def __init__(self, text):
                self.text = text

            def words(self):
                return clean(self.text).split()

        it = Reader(" One two ")
        """,
        "it.words() == ['one', 'two']",
    ),
    Script(
        "uses a constant list",
        """
        COLUMNS = ["name", "count", "price"]

        class Row:
            def __init__(self, *values):
                self.values = values

            def record(self):
                return dict(zip(COLUMNS, self.values))

        it = Row("tea", 1, 2.5)
        """,
        "it.record()['count'] == 1",
    ),
    Script(
        "defined in a function",
        """
        def make_counter(step):
            class Counter:
                def __init__(self):
                    self.count = 0

                def add(self):
                    self.count += step
                    return self.count

            return Counter

        it = make_counter(3)()
        """,
        "it.add() > 2",
    ),
    Script(
        "keyword-only default",
        """
        class Client:
            def __init__(self, host, *, port=80, retries=3):
                self.host, self.port, self.retries = host, port, retries

            def url(self, path, *, scheme="http"):
                return f"{scheme}://{self.host}:{self.port}/{path}"

        it = Client("localhost")
        """,
        "it.url('a') == 'http://localhost:80/a'",
    ),
    Script(
        "uses a package",
        """
        import json

        class Settings:
            def __init__(self, **values):
                self.values = values

            def text(self):
                return json.dumps(self.values)

            def copy(self):
                return Settings(**json.loads(self.text()))

        it = Settings(a=1)
        """,
        "it.copy().values == {'a': 1}",
    ),
    Script(
        "properties",
        """
        class Circle:
            def __init__(self, radius):
                self._radius = radius

            @property
            def radius(self):
                return self._radius

            @radius.setter
            def radius(self, value):
                if value < 0:
                    raise ValueError(value)
                self._radius = value

            @property
            def area(self):
                return 3.14159 * self._radius**2

        it = Circle(2)
        """,
        "it.area > 12",
    ),
    Script(
        "generic class",
        """
        from typing import Generic, TypeVar

        T = TypeVar("T")

        class Stack(Generic[T]):
            def __init__(self) -> None:
                self.items: list[T] = []

            def push(self, item: T) -> None:
                self.items.append(item)

            def pop(self) -> T:
                return self.items.pop()

        it = Stack[int]()
        """,
        "it.push(3) is None and it.pop() == 3",
    ),
    Script(
        "generic class, PEP 695",
        """
        class Stack[T]:
            def __init__(self) -> None:
                self.items: list[T] = []

            def push(self, item: T) -> None:
                self.items.append(item)

            def pop(self) -> T:
                return self.items.pop()

        it = Stack[int]()
        """,
        "it.push(3) is None and it.pop() == 3",
        python=(3, 12),
    ),
    Script(
        "flags",
        """
        import enum

        class Permission(enum.Flag):
            READ = enum.auto()
            WRITE = enum.auto()
            RUN = enum.auto()

        it = Permission.READ | Permission.RUN
        """,
        "it.value == 5",
    ),
    Script(
        "StrEnum member",
        """
        import enum

        class Mode(enum.StrEnum):
            READ = "r"
            WRITE = "w"

            def long(self):
                return self.name.lower()

        it = Mode.READ
        """,
        "it.long() == 'read'",
    ),
    Script(
        "abstract class",
        """
        import abc

        class Shape(abc.ABC):
            @abc.abstractmethod
            def area(self):
                ...

            def double(self):
                return 2 * self.area()

        class Square(Shape):
            def __init__(self, side):
                self.side = side

            def area(self):
                return self.side**2

        it = Square(2)
        """,
        "it.double() == 8",
    ),
    Script(
        "cached property",
        """
        import functools

        class Data:
            def __init__(self, values):
                self.values = values

            @functools.cached_property
            def total(self):
                return sum(self.values)

        it = Data([1, 2, 3])
        """,
        "it.total == 6",
    ),
    Script(
        "cached method",
        """
        import functools

        class Tree:
            @staticmethod
            @functools.lru_cache(maxsize=None)
            def fib(n):
                return n if n < 2 else Tree.fib(n - 1) + Tree.fib(n - 2)

            def leaf(self, n):
                return self.fib(n)

        it = Tree()
        """,
        "it.leaf(10) == 55",
    ),
    Script(
        "metaclass",
        """
        class Meta(type):
            def __call__(cls, *args):
                made = super().__call__(*args)
                made.kind = cls.__name__.lower()
                return made

        class Model(metaclass=Meta):
            def __init__(self, key):
                self.key = key

        it = Model(3)
        """,
        "it.kind == 'model' and type(it)(4).kind == 'model'",
    ),
    Script(
        "exception",
        """
        class NotFound(Exception):
            def __init__(self, key, where):
                super().__init__(key, where)
                self.key = key
                self.where = where

            def __str__(self):
                return f"{self.key} not in {self.where}"

        it = NotFound("a", "b")
        """,
        "str(it) == 'a not in b'",
    ),
    Script(
        "derived dataclass",
        """
        from dataclasses import dataclass

        @dataclass
        class Person:
            name: str
            age: int = 0

        @dataclass
        class Employee(Person):
            salary: float = 0.0

            def raised(self, by: float) -> float:
                return self.salary + by

        it = Employee("me", 30, 100.0)
        """,
        "it.raised(5) == 105",
    ),
    Script(
        "frozen dataclass",
        """
        from dataclasses import dataclass

        @dataclass(frozen=True)
        class Key:
            table: str
            row: int

        it = Key("a", 1)
        """,
        "hash(it) == hash(type(it)('a', 1))",
    ),
    Script(
        "slotted dataclass",
        """
        from dataclasses import dataclass

        @dataclass(slots=True)
        class Vector:
            x: float
            y: float

            def dot(self, other):
                return self.x * other.x + self.y * other.y

        it = Vector(1.0, 2.0)
        """,
        "it.dot(it) == 5",
    ),
    Script(
        "nested dataclasses",
        """
        from __future__ import annotations
        from dataclasses import dataclass, field

        @dataclass
        class Layer:
            size: int
            kind: str = "dense"

        @dataclass
        class Model:
            name: str
            layers: list[Layer] = field(default_factory=list)

            def parameters(self) -> int:
                return sum(layer.size for layer in self.layers)

        it = Model("m", [Layer(3), Layer(4)])
        """,
        "it.parameters() == 7",
    ),
    Script(
        "class methods and factories",
        """
        class Date:
            def __init__(self, year, month):
                self.year, self.month = year, month

            @classmethod
            def parse(cls, text):
                return cls(*map(int, text.split("-")))

            @staticmethod
            def valid(month):
                return 1 <= month <= 12

        it = Date.parse("2024-05")
        """,
        "it.parse('2023-01').year == 2023 and it.valid(3)",
    ),
    Script(
        "context manager",
        """
        import time

        class Timer:
            def __init__(self):
                self.seconds = 0.0

            def __enter__(self):
                self.began = time.perf_counter()
                return self

            def __exit__(self, *error):
                self.seconds += time.perf_counter() - self.began

        it = Timer()
        """,
        "it.__enter__() is it and it.__exit__() is None",
    ),
    Script(
        "descriptor",
        """
        class Positive:
            def __set_name__(self, owner, name):
                self.name = "_" + name

            def __get__(self, instance, owner=None):
                return self if instance is None else getattr(instance, self.name)

            def __set__(self, instance, value):
                if value <= 0:
                    raise ValueError(value)
                setattr(instance, self.name, value)

        class Box:
            width = Positive()
            height = Positive()

            def __init__(self, width, height):
                self.width, self.height = width, height

        it = Box(1, 2)
        """,
        "it.height == 2",
    ),
    Script(
        "inheritance and super",
        """
        class Animal:
            def __init__(self, name):
                self.name = name

            def talk(self):
                return self.name

        class Bird(Animal):
            def __init__(self, name, wings=2):
                super().__init__(name)
                self.wings = wings

        class Turkey(Bird):
            def talk(self):
                return super().talk() + " gobbles"

        it = Turkey("Tom")
        """,
        "it.talk() == 'Tom gobbles'",
    ),
    Script(
        "slots",
        """
        class Node:
            __slots__ = ("value", "next")

            def __init__(self, value, next=None):
                self.value, self.next = value, next

        it = Node(1, Node(2))
        """,
        "it.next.value == 2",
    ),
    Script(
        "regular expression and sets as constants",
        """
        import re

        WORD = re.compile(r"[a-z]+")
        STOP = {"the", "a", "of"}

        class Tokens:
            def __init__(self, text):
                self.text = text

            def words(self):
                return [word for word in WORD.findall(self.text) if word not in STOP]

        it = Tokens("the end of a story")
        """,
        "it.words() == ['end', 'story']",
    ),
    Script(
        "operators",
        """
        import functools

        @functools.total_ordering
        class Version:
            def __init__(self, *parts):
                self.parts = parts

            def __eq__(self, other):
                return self.parts == other.parts

            def __lt__(self, other):
                return self.parts < other.parts

            def __hash__(self):
                return hash(self.parts)

        it = Version(1, 2)
        """,
        "it >= it and not it > it",
    ),
    Script(
        "protocol",
        """
        from typing import Protocol, runtime_checkable

        @runtime_checkable
        class Closable(Protocol):
            def close(self) -> None: ...

        class File(Closable):
            def __init__(self, name: str) -> None:
                self.name = name

            def close(self) -> None:
                self.name = ""

        it = File("a")
        """,
        "it.close() is None",
    ),
    Script(
        "typed dict",
        """
        from typing import TypedDict

        class Movie(TypedDict, total=False):
            name: str
            year: int

        it = [Movie, Movie(name="M", year=1931)]
        """,
        "it[0](**it[1]) == {'name': 'M', 'year': 1931}",
    ),
]
