"""Methods: bound to what they were bound to."""

import functools
import types

from harness import Case, drive


class Cart:
    def __init__(self):
        self.items = []

    def add(self, item):
        self.items.append(item)
        return self

    @classmethod
    def empty(cls):
        return cls()

    @staticmethod
    def tax(n):
        return n * 2


class Bound(Case):
    """A bound method next to its instance"""

    old_protocols = True

    def make():
        cart = Cart()
        return cart.add, cart

    def same(obj):
        add, cart = obj
        assert add(1) is cart is add.__self__ and cart.items[-1] == 1
        assert add.__func__ is type(cart).add


class BoundAlone(Case):
    """Two bound methods of one instance, without it"""

    def make():
        class Lamp:
            on = False

            def switch(self):
                self.on = not self.on

            def state(self):
                return self.on

        lamp = Lamp()
        return lamp.switch, lamp.state

    def same(obj):
        switch, state = obj
        switch()
        assert state() is True


class Unbound(Case):
    """Functions, class methods and static methods taken from a class"""

    exempt = {
        "round_trip": "its class comes back as the class that left; the function came before it, as a copy"
    }
    old_protocols = True

    def make():
        return Cart.add, Cart.empty, Cart.tax

    def same(obj):
        add, empty, tax = obj
        cart = empty()
        assert add(cart, 5) is cart and cart.items == [5] and tax(4) == 8
        assert empty.__self__ is type(cart) and add is type(cart).add


class OwnCallback(Case):
    """An instance that keeps its own bound method"""

    def make():
        class Timer:
            def __init__(self):
                self.fired = 0
                self.callback = self.fire

            def fire(self):
                self.fired += 1

        return Timer()

    def same(obj):
        before = obj.fired
        obj.callback()
        assert obj.fired == before + 1 and obj.callback.__self__ is obj


class OfBuiltin(Case):
    """Bound methods of builtin objects, with the objects"""

    old_protocols = True

    def make():
        items, table = [], {}
        return items, items.append, table, table.setdefault, "a-b".split

    def same(obj):
        items, append, table, setdefault, split = obj
        append(1)
        setdefault("k", 2)
        assert items[-1] == 1 and table == {"k": 2} and split("-") == ["a", "b"]


class OtherCallable(Case):
    """A MethodType over a callable that is no function"""

    def make():
        class Adder:
            def __call__(self, other, n):
                return other + n

        return types.MethodType(Adder(), 10), types.MethodType(len, "abc")

    def same(obj):
        add, length = obj
        assert add(5) == 15 and length() == 3


class OfSuper(Case):
    """A bound method taken from super(), and a super object"""

    def make():
        class Base:
            def who(self):
                return "base", self.n

        class Child(Base):
            n = 4

            def who(self):
                return "child", self.n

            def parent(self):
                return super()

        child = Child()
        return super(Child, child).who, child.parent(), child

    def same(obj):
        who, parent, child = obj
        assert who() == ("base", 4) and who.__self__ is child
        assert parent.who() == ("base", 4) and parent.__self__ is child


class MethodWrapper(Case):
    """Slot wrappers: bound, and taken from the class"""

    old_protocols = True

    def make():
        return (5).__add__, int.__add__, [1].__len__, object.__repr__

    def same(obj):
        add, unbound, length, show = obj
        assert add(2) == 7 and unbound(1, 2) == 3 and length() == 1
        assert show is object.__repr__ and show(1).startswith("<int object")


class MetaMethod(Case):
    """A class's method bound through its metaclass"""

    def make():
        class Meta(type):
            def label(cls):
                return cls.__name__

        class Thing(metaclass=Meta):
            pass

        return Thing.label

    def same(obj):
        assert obj() == "Thing"


class PartialOfMethod(Case):
    """A partial over a bound method"""

    def make():
        cart = Cart()
        return functools.partial(cart.add, "x"), cart

    def same(obj):
        add, cart = obj
        assert add() is cart and cart.items[-1] == "x"


class DictOfMethods(Case):
    """A table of bound methods of one instance"""

    def make():
        class Calculator:
            total = 0

            def plus(self, n):
                self.total += n
                return self.total

            def times(self, n):
                self.total *= n
                return self.total

            def table(self):
                return {"+": self.plus, "*": self.times}

        return Calculator().table()

    def same(obj):
        start = obj["+"](0)
        assert obj["+"](2) == start + 2 and obj["*"](5) == 5 * (start + 2)


class InheritedBound(Case):
    """A bound method that the instance's class inherits, and a private one"""

    def make():
        class Base:
            def public(self):
                return self.__private()

            def __private(self):
                return type(self).__name__

            def expose(self):
                return self.__private

        class Child(Base):
            pass

        child = Child()
        return child.public, child.expose()

    def same(obj):
        public, private = obj
        assert public() == private() == "Child" and public.__self__ is private.__self__


class OfImportable(Case):
    """Bound and class methods of importable classes"""

    old_protocols = True

    def make():
        import collections
        import datetime

        counter = collections.Counter("aab")
        return counter.most_common, datetime.date.fromisoformat, dict.fromkeys

    def same(obj):
        common, parse, fromkeys = obj
        assert common(1) == [("a", 2)] and parse("2020-02-03").month == 2
        assert fromkeys("a", 0) == {"a": 0}


class WithGetattr(Case):
    """A bound method of an instance whose class answers every name"""

    def make():
        class Proxy:
            def __getattr__(self, name):
                return lambda *args: (name, args)

            def real(self):
                return "real"

        return Proxy().real

    def same(obj):
        assert obj() == "real" and obj.__self__.anything(1) == ("anything", (1,))


def greet(self=None):
    return "hello"


class Greeter:
    say = greet
    shout = staticmethod(greet)

    def get_n(self):
        return 1

    n = property(get_n)
    m = property(get_n)


class Borrower:
    say = Greeter.say
    get_n = Greeter.get_n


class OneFunctionManyPlaces(Case):
    """One function in two classes, in two properties, as a static method, and on its own"""

    exempt = {"round_trip": "the class that comes back is the one that left, and does not know the copies"}

    def make():
        return Greeter, Borrower, greet

    def same(obj):
        first, second, function = obj
        assert first.say is first.shout is second.say is function
        assert first.n.fget is first.m.fget is first.get_n is second.get_n
        assert first().n == second().get_n() == 1 and second().say() == "hello"


class BorrowedAndAttributed(Case):
    """A method that another class has borrowed, of instances alone; what is set on it shows on both sides"""

    def make():
        return Borrower(), Greeter()

    def same(obj):
        borrower, lender = obj
        assert type(borrower).get_n is type(lender).get_n is lender.get_n.__func__
        type(lender).get_n.note = 1
        assert borrower.get_n.note == 1
        del type(lender).get_n.note


if __name__ == "__main__":
    drive()
