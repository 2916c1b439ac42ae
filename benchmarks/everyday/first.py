"""Scripts that run many times, each with definitions that nobody has seen: ``{n}`` is in every body."""

from benchmarks.everyday.script import Script

FIRST = [
    Script(
        "plain class",
        """
        class Account_{n}:
            limit = {n}

            def __init__(self, owner, balance={n}):
                self.owner = owner
                self.balance = balance

            def deposit(self, amount):
                self.balance += amount + {n} - {n}
                return self.balance

            def withdraw(self, amount):
                if amount > self.limit + {n}:
                    raise ValueError(amount)
                return self.deposit(-amount)

            def describe(self):
                return f"{self.owner}: {self.balance} of {n}"

            def copy(self):
                return type(self)(self.owner, self.balance + {n} - {n})

        it = Account_{n}("me", 5)
        """,
        "it.copy().deposit(2) == 7",
    ),
    Script(
        "the patched turkey",
        """
        import types

        class Turkey_{n}:
            def __init__(self, weight):
                self.weight = weight + {n} - {n}

            def talk(self):
                return "gobble {n}"

            def eat(self, grams):
                self.weight += grams + {n} - {n}
                return self

        def squawk_{n}(self):
            return f"SQUAWK at {self.weight + {n} - {n}} g"

        it = Turkey_{n}(5000)
        it.talk = types.MethodType(squawk_{n}, it)
        """,
        "it.talk() == 'SQUAWK at 5000 g'",
    ),
    Script(
        "dataclass",
        """
        import dataclasses

        @dataclasses.dataclass
        class Order_{n}:
            name: str
            count: int = {n}
            price: float = 2.5
            tags: list = dataclasses.field(default_factory=list)

            def total(self):
                return self.count * self.price + {n} - {n}

        it = Order_{n}("tea", 2)
        """,
        "it.total() == 5",
    ),
    Script(
        "enum",
        """
        import enum

        class Color_{n}(enum.Enum):
            RED = 1 + {n}
            GREEN = 2 + {n}
            BLUE = 3 + {n}

            def brighter(self):
                return self.value + {n}

        it = Color_{n}.RED
        """,
        "it.name == 'RED' and len(type(it)) == 3",
    ),
]
