"""Closures: cells keep their contents, their emptiness and who shares them."""

import asyncio
import functools
import math
import types

from harness import Case, drive


class Counter(Case):
    """A closure that counts its calls"""

    old_protocols = True

    def make():
        n = 5

        def count():
            nonlocal n
            n += 1
            return n

        return count

    def same(obj):
        assert [obj(), obj()] == [6, 7]


class SharedVariable(Case):
    """Closures that share one nonlocal variable"""

    old_protocols = True

    def make():
        balance = 100

        def pay(amount):
            nonlocal balance
            balance -= amount

        return {"pay": pay, "left": lambda: balance}

    def same(obj):
        obj["pay"](30)
        assert obj["left"]() == 70
        assert obj["pay"].__closure__[0] is obj["left"].__closure__[0]


class SharedByThree(Case):
    """A function, a method and a generator that share one variable"""

    exempt = {"round_trip": "the class that comes back is the one that left, and does not know the copies"}

    def make():
        level = 0

        def up():
            nonlocal level
            level += 1

        class Gauge:
            def read(self):
                return level

            def reset(self):
                nonlocal level
                level = 0

        def watch():
            while True:
                yield level

        return up, Gauge(), watch

    def same(obj):
        up, gauge, watch = obj
        seen = watch()
        up()
        assert gauge.read() == 1 == next(seen)
        gauge.reset()
        assert next(seen) == 0


class LoopVariable(Case):
    """Lambdas of a loop that all see the loop's last value"""

    def make():
        return [lambda: step for step in range(3)], [lambda step=step: step for step in range(3)]

    def same(obj):
        late, early = obj
        assert [f() for f in late] == [2, 2, 2] and [f() for f in early] == [0, 1, 2]
        assert late[0].__closure__[0] is late[2].__closure__[0]


class EmptyCell(Case):
    """A closure over a variable that was never set"""

    def make():
        def use():
            return later

        def give(value):
            nonlocal later
            later = value

        if not use:
            later = None
        return use, give

    def same(obj):
        use, give = obj
        with raises(NameError, "later"):
            use()
        give("now")
        assert use() == "now"


class DeletedVariable(Case):
    """A closure over a variable that was deleted"""

    def make():
        gone = 1

        def use():
            return gone

        del gone
        return use

    def same(obj):
        with raises(NameError, "gone"):
            obj()
        with raises(ValueError):
            obj.__closure__[0].cell_contents


class Recursive(Case):
    """A closure that calls itself"""

    old_protocols = True

    def make():
        def fib(n):
            return n if n < 2 else fib(n - 1) + fib(n - 2)

        return fib

    def same(obj):
        assert obj(10) == 55
        assert obj.__closure__[0].cell_contents is obj


class MutuallyRecursive(Case):
    """Closures that call each other"""

    def make():
        def ping(n):
            return ["ping", *pong(n - 1)] if n else []

        def pong(n):
            return ["pong", *ping(n - 1)] if n else []

        return ping

    def same(obj):
        assert obj(3) == ["ping", "pong", "ping"]


class Cell(Case):
    """A cell on its own, shared with a closure"""

    def make():
        value = ["x"]

        def read():
            return value

        return read.__closure__[0], read

    def same(obj):
        import types

        cell, read = obj
        assert type(cell) is types.CellType and cell.cell_contents is read()
        cell.cell_contents = "changed"
        assert read() == "changed"


class EmptyCellAlone(Case):
    """An empty cell on its own"""

    def make():
        return types.CellType()

    def same(obj):
        with raises(ValueError):
            obj.cell_contents
        obj.cell_contents = 1
        assert obj.cell_contents == 1


class CellOfItself(Case):
    """A cell that contains a list that contains the cell"""

    def make():
        cell = types.CellType([])
        cell.cell_contents.append(cell)
        return cell

    def same(obj):
        assert obj.cell_contents[0] is obj


class ListOfItself(Case):
    """A closure over the list it is in"""

    def make():
        steps = []

        def position():
            return [step is position for step in steps]

        steps += [position, len, position]
        return steps

    def same(obj):
        assert obj[0]() == [True, False, True]


class Nested(Case):
    """Functions four levels deep, with variables passed through"""

    def make():
        def one(a):
            def two(b):
                def three(c):
                    def four(d):
                        return (a, b, c, d, unit)

                    return four

                return three

            return two

        unit = "cm"
        return one, one("A")("B")

    def same(obj):
        one, three = obj
        assert one(1)(2)(3)(4) == (1, 2, 3, 4, "cm")
        assert three("C")("D") == ("A", "B", "C", "D", "cm")


class Comprehension(Case):
    """A closure used inside comprehensions and generator expressions"""

    def make():
        factor, limit = 10, 3

        def table():
            squares = {k: [k * factor + j for j in range(limit)] for k in range(2)}
            return squares, sum(factor for _ in range(limit))

        return table

    def same(obj):
        assert obj() == ({0: [0, 1, 2], 1: [10, 11, 12]}, 30)


class MethodsOfLocalClass(Case):
    """A class whose methods close over a function's variables"""

    def make():
        prefix, made = "id-", []

        class Ticket:
            def __init__(self):
                made.append(self)
                self.name = f"{prefix}{len(made)}"

        Ticket()
        return Ticket

    def same(obj):
        assert [obj().name, obj().name] == ["id-2", "id-3"]


class SuperInNested(Case):
    """A function inside a method that uses __class__"""

    def make():
        class Base:
            def tag(self):
                return "base"

        class Child(Base):
            def tag(self):
                def inner():
                    return super(__class__, self).tag() + "+" + __class__.__name__

                return inner()

        return Child()

    def same(obj):
        assert obj.tag() == "base+Child"


class DecoratorWithState(Case):
    """A decorated function whose decorator remembers results"""

    def make():
        def remember(function):
            known = {}

            def wrapper(n):
                if n not in known:
                    known[n] = function(n)
                return known[n]

            wrapper.known = known
            return wrapper

        @remember
        def slow(n):
            return n * n

        slow(2)
        return slow

    def same(obj):
        assert obj(3) == 9 and obj(2) == 4
        assert obj.known == {2: 4, 3: 9}


class OverModule(Case):
    """A closure over modules"""

    def make():
        import json.decoder

        maths = math

        def use(text):
            return maths.floor(json.loads(text)), json.decoder.JSONDecodeError

        return use

    def same(obj):
        import json

        assert obj("2.5") == (2, json.decoder.JSONDecodeError)


class OverInstance(Case):
    """A closure over an object that holds the closure"""

    def make():
        class Button:
            pass

        button = Button()
        button.clicks = 0

        def click():
            button.clicks += 1
            return button

        button.on_click = click
        return button

    def same(obj):
        assert obj.on_click() is obj and obj.clicks == 1


class AsyncShared(Case):
    """Async closures over one variable"""

    def make():
        log = ()

        async def write(word):
            nonlocal log
            await asyncio.sleep(0)
            log += (word,)

        async def read():
            return log

        return write, read

    def same(obj):
        import asyncio

        write, read = obj

        async def main():
            await asyncio.gather(write("a"), write("b"))
            return await read()

        assert sorted(asyncio.run(main())) == ["a", "b"]


class ManyVariables(Case):
    """A closure over a dozen variables whose order matters"""

    def make():
        a, b, c, d, e, f, g, h, i, j, k, m = "abcdefghijkm"

        def spell():
            return m + k + j + i + h + g + f + e + d + c + b + a

        return spell

    def same(obj):
        assert obj() == "mkjihgfedcba"


class EqualNotSame(Case):
    """Two closures of one definition stay two"""

    def make():
        def start(n):
            def step():
                nonlocal n
                n += 1
                return n

            return step

        return start(0), start(0)

    def same(obj):
        one, two = obj
        assert [one(), one(), two()] == [1, 2, 1]
        assert one.__code__ == two.__code__


class SharedWithBase(Case):
    """A variable that methods of a class share with its base and its metaclass"""

    def make():
        total = 0

        class Meta(type):
            def total(cls):
                return total

        class Account(metaclass=Meta):
            def earn(self, amount):
                nonlocal total
                total += amount

        class Savings(Account):
            def spend(self, amount):
                nonlocal total
                total -= amount

            def left(self):
                return total, type(self).total(), __class__

        return Savings

    def same(obj):
        account = obj()
        account.earn(5)
        account.spend(2)
        assert account.left() == (3, 3, obj)


class SharedWithHook(Case):
    """A variable that methods share with a partial, in a class whose base looks at its attributes"""

    def make():
        total = 0

        def add(amount):
            nonlocal total
            total += amount

        class Base:
            def __init_subclass__(cls):
                cls.names = sorted(vars(cls))

        class Account(Base):
            earn = staticmethod(functools.partial(add, 5))

            def left(self):
                return total

        return Account

    def same(obj):
        obj.earn()
        assert obj().left() == 5 and "earn" in obj.names


if __name__ == "__main__":
    drive()
