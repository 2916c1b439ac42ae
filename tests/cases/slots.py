"""Slots: instances stay without a dict, names stay private, gaps stay gaps."""

import abc
import typing
import weakref

from harness import Case, drive


class Plain(Case):
    """A class with slots"""

    old_protocols = True

    def make():
        class Point:
            __slots__ = ("x", "y")

            def __init__(self, x, y):
                self.x, self.y = x, y

        return Point(1, 2)

    def same(obj):
        assert (obj.x, obj.y) == (1, 2) and not hasattr(obj, "__dict__")
        with raises(AttributeError):
            obj.z = 3
        assert type(obj).__slots__ == ("x", "y")


class Private(Case):
    """Private slots"""

    def make():
        class Safe:
            __slots__ = ("__code", "_owner")

            def __init__(self, code):
                self.__code = code
                self._owner = "ann"

            def check(self, code):
                return code == self.__code

        return Safe(12)

    def same(obj):
        assert obj.check(12) and obj._owner == "ann" and obj._Safe__code == 12
        fresh = type(obj)(3)
        assert fresh.check(3) and not hasattr(fresh, "__dict__")


class WithWeakref(Case):
    """Slots with __weakref__"""

    def make():
        class Node:
            __slots__ = ("__weakref__", "value")

        node = Node()
        node.value = "v"
        return node

    def same(obj):
        import weakref

        assert weakref.ref(obj)().value == "v"
        with raises(AttributeError):
            obj.other = 1


class WithoutWeakref(Case):
    """Slots that forbid weak references"""

    def make():
        class Thing:
            __slots__ = ("a",)

        return Thing()

    def same(obj):
        import weakref

        with raises(TypeError, "weak reference"):
            weakref.ref(obj)


class WithDict(Case):
    """Slots next to a __dict__"""

    def make():
        class Both:
            __slots__ = ("__dict__", "fast")

        both = Both()
        both.fast, both.slow = 1, 2
        return both

    def same(obj):
        assert obj.fast == 1 and obj.__dict__ == {"slow": 2}
        obj.more = 3
        assert obj.__dict__ == {"slow": 2, "more": 3}


class Unset(Case):
    """Slots of which some are not set"""

    def make():
        class Form:
            __slots__ = ("email", "name")

        form = Form()
        form.name = "bob"
        return form

    def same(obj):
        assert obj.name == "bob"
        with raises(AttributeError):
            obj.email
        obj.email = "@"
        assert obj.email == "@"


class Inherited(Case):
    """Slots in a chain of classes"""

    def make():
        class Base:
            __slots__ = ("a",)

        class Child(Base):
            __slots__ = ("b",)

            def both(self):
                return self.a + self.b

        class Open(Child):
            pass

        child, opened = Child(), Open()
        child.a = child.b = opened.a = opened.b = 2
        opened.free = 5
        return child, opened

    def same(obj):
        child, opened = obj
        assert child.both() == 4 and opened.both() + opened.free == 9
        assert not hasattr(child, "__dict__") and opened.__dict__ == {"free": 5}


class Documented(Case):
    """Slots given as a dict of docstrings"""

    def make():
        class Route:
            __slots__ = {"path": "where it goes"}

            def __init__(self):
                self.path = "/"

        return Route()

    def same(obj):
        import inspect

        assert obj.path == "/" and inspect.getdoc(type(obj).path) == "where it goes"


class SingleName(Case):
    """Slots given as one string"""

    def make():
        class One:
            __slots__ = "value"

        one = One()
        one.value = 1
        return one

    def same(obj):
        assert obj.value == 1 and type(obj).__slots__ == "value"
        with raises(AttributeError):
            obj.v = 1


class OfIterator(Case):
    """Slots given as an iterator that is used up"""

    def make():
        class Lazy:
            __slots__ = iter(["p", "q"])

        lazy = Lazy()
        lazy.q = 4
        return lazy

    def same(obj):
        assert obj.q == 4 and not hasattr(obj, "p")
        with raises(AttributeError):
            obj.r = 1


class Empty(Case):
    """Empty slots on subclasses of tuple, int and object"""

    def make():
        class Pair(tuple):
            __slots__ = ()

            @property
            def first(self):
                return self[0]

        class Id(int):
            __slots__ = ()

        class Nothing:
            __slots__ = ()

        return Pair((1, 2)), Id(7), Nothing()

    def same(obj):
        pair, number, nothing = obj
        assert pair.first == 1 and number + 1 == 8
        for thing in obj:
            with raises(AttributeError):
                thing.extra = 1


class WithSuper(Case):
    """Slots in a class that uses super() and __class__"""

    def make():
        class Base:
            __slots__ = ()

            def tell(self):
                return "base"

        class Child(Base):
            __slots__ = ("word",)

            def tell(self):
                return super().tell() + self.word + __class__.__name__

        child = Child()
        child.word = "-"
        return child

    def same(obj):
        assert obj.tell() == "base-Child"


class OwnState(Case):
    """Slots with __getstate__ and __setstate__"""

    def make():
        class Temperature:
            __slots__ = ("kelvin",)

            def __init__(self, celsius):
                self.kelvin = celsius + 273

            def __getstate__(self):
                return self.kelvin - 273

            def __setstate__(self, celsius):
                self.__init__(celsius)

        return Temperature(20)

    def same(obj):
        assert obj.kelvin == 293


class OfGeneric(Case):
    """Slots in a Generic and in an ABC"""

    def make():
        T = typing.TypeVar("T")

        class Box(typing.Generic[T]):
            __slots__ = ("item",)

        class Base(abc.ABC):
            __slots__ = ("a",)

        class Real(Base):
            __slots__ = ()

        box, real = Box(), Real()
        box.item = real.a = 1
        return box, real

    def same(obj):
        box, real = obj
        assert box.item == real.a == 1 and type(box)[int]
        with raises(AttributeError):
            real.b = 1


class Cycle(Case):
    """Instances with slots that refer to each other"""

    def make():
        class Node:
            __slots__ = ("next", "prev")

        one, two = Node(), Node()
        one.next, two.next, one.prev, two.prev = two, one, two, one
        return one

    def same(obj):
        assert obj.next.next is obj and obj.prev.prev is obj and obj.next is obj.prev


class Descriptor(Case):
    """The descriptor of a slot, next to its class"""

    def make():
        class Item:
            __slots__ = ("price",)

        Item.cost = Item.price
        item = Item()
        item.price = 3
        return Item.price, item

    def same(obj):
        price, item = obj
        assert price.__get__(item) == 3 and price is type(item).price
        price.__set__(item, 4)
        assert item.cost == 4


class WeakSlotTarget(Case):
    """Weak references to instances with slots"""

    def make():
        class Leaf:
            __slots__ = ("__weakref__",)

        leaf = Leaf()
        return leaf, weakref.ref(leaf)

    def same(obj):
        leaf, ref = obj
        assert ref() is leaf


if __name__ == "__main__":
    drive()
