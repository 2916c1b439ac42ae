"""Scripts that run many times. Each run defines another class: ``{n}`` is in its name, ``{k}`` in every body.

With another ``{k}`` nobody has seen the code. With the same one the code is equal to that of the last run, as when
a cell of a notebook is run again or a function that makes classes is called again: caches of code hold.
"""

from benchmarks.everyday.script import Script

FIRST = [
    Script(
        "plain class",
        """
        class Account_{n}:
            limit = {k}

            def __init__(self, owner, balance={k}):
                self.owner = owner
                self.balance = balance

            def deposit(self, amount):
                self.balance += amount + {k} - {k}
                return self.balance

            def withdraw(self, amount):
                if amount > self.limit + {k}:
                    raise ValueError(amount)
                return self.deposit(-amount)

            def describe(self):
                return f"{self.owner}: {self.balance} of {k}"

            def copy(self):
                return type(self)(self.owner, self.balance + {k} - {k})

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
                self.weight = weight + {k} - {k}

            def talk(self):
                return "gobble {k}"

            def eat(self, grams):
                self.weight += grams + {k} - {k}
                return self

        def squawk_{n}(self):
            return f"SQUAWK at {self.weight + {k} - {k}} g"

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
            count: int = {k}
            price: float = 2.5
            tags: list = dataclasses.field(default_factory=list)

            def total(self):
                return self.count * self.price + {k} - {k}

        it = Order_{n}("tea", 2)
        """,
        "it.total() == 5",
    ),
    Script(
        "enum",
        """
        import enum

        class Color_{n}(enum.Enum):
            RED = 1 + {k}
            GREEN = 2 + {k}
            BLUE = 3 + {k}

            def brighter(self):
                return self.value + {k}

        it = Color_{n}.RED
        """,
        "it.name == 'RED' and len(type(it)) == 3",
    ),
]
