"""Classes that travel by value, and instances that were patched."""

from benchmarks.workloads import Workload

FIVE = """
class Account_{n}:
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

    def describe(self):
        return f"{self.owner}: {self.balance}"

    def copy(self):
        return type(self)(self.owner, self.balance)
"""

TURKEY = """
import types

class Turkey_{n}:
    def __init__(self, weight):
        self.weight = weight

    def talk(self):
        return "gobble"

    def eat(self, grams):
        self.weight += grams
        return self

def squawk_{n}(self):
    return f"SQUAWK at {self.weight + {n} - {n}} g"

turkey_{n} = Turkey_{n}(5000)
turkey_{n}.talk = types.MethodType(squawk_{n}, turkey_{n})
"""

FORTY = "class Wide_{n}:\n    def __init__(self):\n        self.x = 1\n" + "".join(
    f"    def method_{number}(self, a, b={number}):\n        return self.x + a * b - {{n}}\n"
    for number in range(40)
)

WORKLOADS = [
    Workload("class of five methods", FIVE, "Account_{n}", "it('me', 5).copy().deposit(2) == 7", fresh=True),
    Workload("the patched turkey", TURKEY, "turkey_{n}", "it.talk() == 'SQUAWK at 5000 g'", fresh=True),
    Workload("instance of a class with 40 methods", FORTY, "Wide_{n}()", "it.x == 1", fresh=True),
]
