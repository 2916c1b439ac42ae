"""Classes of the script: what they are, in which order, and who they know."""

import abc
import collections
import enum
import types
import typing

from harness import Case, define, drive


class Shape:
    """A shape."""

    sides = 0

    def __init__(self, size=1):
        self.size = size

    def name(self):
        return f"{type(self).__name__}{self.sides}"

    def area(self):
        raise NotImplementedError


class Square(Shape):
    sides = 4

    def area(self):
        return self.size**2

    def name(self):
        return "*" + super().name()


class Outer:
    class Inner:
        class Innermost:
            def where(self):
                return type(self).__qualname__


class Inheritance(Case):
    """A class of the script and its instance, with super()"""

    old_protocols = True

    def make():
        return Square, Square(3)

    def same(obj):
        square, three = obj
        assert type(three) is square and three.area() == 9 and three.name() == "*Square4"
        assert square.__mro__[1]().size == 1 and square.__mro__[1].__doc__ == "A shape."
        with raises(NotImplementedError):
            square.__base__().area()


class Qualname(Case):
    """A class nested two deep, alone"""

    old_protocols = True

    def make():
        return Outer.Inner.Innermost

    def same(obj):
        assert obj().where() == "Outer.Inner.Innermost"
        assert obj.__name__ == "Innermost" and obj.__module__ == "__main__"


class NestedClasses(Case):
    """A class that contains the class of its parts"""

    def make():
        class Tree:
            class Leaf:
                pass

            def grow(self):
                return self.Leaf()

        return Tree(), Tree.Leaf()

    def same(obj):
        tree, leaf = obj
        assert type(tree.grow()) is type(leaf)


class AttributeOrder(Case):
    """A class keeps the order of its attributes"""

    def make():
        class Form:
            zip_code = 1
            name = 2

            def save(self):
                pass

            address = 3
            age = 4

        return Form

    def same(obj):
        fields = [key for key in vars(obj) if not key.startswith("__")]
        assert fields == ["zip_code", "name", "save", "address", "age"]


class AddedLater(Case):
    """A class that got methods and attributes after its definition"""

    def make():
        class Robot:
            pass

        def walk(self):
            return f"{self.legs} legs"

        Robot.walk = walk
        Robot.legs = 2
        Robot.copy_of_walk = Robot.walk
        return Robot()

    def same(obj):
        assert obj.walk() == "2 legs"
        assert type(obj).walk is type(obj).copy_of_walk


class Deleted(Case):
    """A class that lost an attribute after its definition"""

    def make():
        class Base:
            def speak(self):
                return "base"

        class Child(Base):
            def speak(self):
                return "child"

        del Child.speak
        return Child()

    def same(obj):
        assert obj.speak() == "base"


class ClassState(Case):
    """Class attributes that instances share and methods change"""

    def make():
        class Token:
            issued = 0
            names = []

            def __init__(self):
                Token.issued += 1
                self.names.append(f"t{self.issued}")

        return Token(), Token()

    def same(obj):
        cls = type(obj[0])
        before = cls.issued
        cls()
        assert cls.issued == before + 1 == len(obj[1].names) == 3


class Diamond(Case):
    """Multiple inheritance in a diamond"""

    def make():
        class Root:
            def hop(self):
                return ["root"]

        class Left(Root):
            def hop(self):
                return ["left", *super().hop()]

        class Right(Root):
            def hop(self):
                return ["right", *super().hop()]

        class Bottom(Left, Right):
            def hop(self):
                return ["bottom", *super().hop()]

        return Bottom()

    def same(obj):
        assert obj.hop() == ["bottom", "left", "right", "root"]


class Siblings(Case):
    """Two classes with a base in common still have it in common"""

    def make():
        class Animal:
            zoo = []

        class Cat(Animal):
            pass

        class Dog(Animal):
            pass

        return Cat, Dog()

    def same(obj):
        cat, dog = obj
        cat.zoo.append("tom")
        assert dog.zoo == ["tom"] and cat.__base__ is type(dog).__base__


class Dunders(Case):
    """A class with operators, length, items, call and conversions"""

    def make():
        class Vector:
            def __init__(self, *parts):
                self.parts = parts

            def __add__(self, other):
                return Vector(*(a + b for a, b in zip(self.parts, other.parts)))

            def __radd__(self, other):
                return self if other == 0 else NotImplemented

            def __eq__(self, other):
                return isinstance(other, Vector) and self.parts == other.parts

            def __hash__(self):
                return hash(self.parts)

            def __len__(self):
                return len(self.parts)

            def __getitem__(self, i):
                return self.parts[i]

            def __contains__(self, x):
                return x in self.parts

            def __call__(self, f):
                return Vector(*map(f, self.parts))

            def __bool__(self):
                return any(self.parts)

            def __index__(self):
                return self.parts[0]

            def __format__(self, how):
                return f"{how}{self.parts}"

        return Vector(1, 2)

    def same(obj):
        assert sum([obj, obj]) == obj(lambda p: 2 * p) and 2 in obj and len(obj) == 2
        assert [*obj] == [1, 2] and {obj: "k"}[type(obj)(1, 2)] == "k"
        assert "ab"[obj] == "b" and f"{obj:v}" == "v(1, 2)" and not type(obj)(0)


class EqWithoutHash(Case):
    """A class with __eq__ is unhashable there too"""

    def make():
        class Mutable:
            def __eq__(self, other):
                return True

        return Mutable()

    def same(obj):
        assert obj == 1
        with raises(TypeError, "unhashable"):
            hash(obj)


class PrivateNames(Case):
    """A class with private attributes and methods"""

    def make():
        class Vault:
            __code = "1234"

            def __init__(self):
                self.__tries = 0

            def __check(self, code):
                return code == self.__code

            def enter(self, code):
                self.__tries += 1
                return self.__check(code), self.__tries

        vault = Vault()
        vault.enter("0")
        return vault

    def same(obj):
        assert obj.enter("1234") == (True, 2) and obj._Vault__code == "1234"


class ClassCycle(Case):
    """Classes that mention each other and themselves"""

    def make():
        class Parent:
            pass

        class Child(Parent):
            def up(self):
                return Parent

        Parent.child_type = Child
        Parent.favourite = Child()
        Parent.me = Parent
        Child.methods = {"up": Child.up}
        return Parent

    def same(obj):
        assert obj.me is obj and obj.favourite.up() is obj
        assert type(obj.favourite) is obj.child_type and obj.child_type.__base__ is obj
        assert obj.child_type.methods["up"](None) is obj


class HoldsItsInstance(Case):
    """A class with instances of itself as attributes"""

    exempt = {"round_trip": "the class that comes back is the one that left, and does not know the copies"}

    def make():
        class Color:
            def __init__(self, name):
                self.name = name

            def mix(self):
                return self.WHITE

        Color.RED, Color.WHITE = Color("red"), Color("white")
        return Color.RED

    def same(obj):
        assert obj is type(obj).RED and obj.mix() is type(obj).WHITE
        assert obj.WHITE.name == "white"


class EqualNames(Case):
    """Two classes of the same name and place stay two"""

    def make():
        def kind(n):
            class Item:
                number = n

            return Item

        return kind(1), kind(2)(), kind(1)

    def same(obj):
        one, two, third = obj
        assert (one.number, two.number, third.number) == (1, 2, 1)
        assert one is not type(two) and one is not third


class Redefined(Case):
    """A class, redefined under its own name: old and new instances"""

    def make():
        source = "class Model:\n    def run(self):\n        return {}\n"
        old, new = define(source.format(1), "Model"), define(source.format(2), "Model")
        return old(), new()

    def same(obj):
        assert [model.run() for model in obj] == [1, 2]


class Override(Case):
    """An override that is the very object of the base survives a change of the base"""

    def make():
        class Base:
            limit = 10
            __hash__ = None

            def run(self):
                return "base"

        class Child(Base):
            limit = Base.limit
            __hash__ = None
            run = Base.run

        return Base, Child

    def same(obj):
        base, child = obj
        assert {"limit", "run", "__hash__"} <= set(vars(child))
        base.limit, base.run = 99, lambda self: "changed"
        assert child.limit == 10 and child().run() == "base"
        base.limit, base.run = 10, child.run


class ByType(Case):
    """A class made by type() and one made by types.new_class"""

    def make():
        made = type("Made", (dict,), {"total": lambda self: sum(self.values())})
        other = types.new_class("Other", (made,), {}, lambda space: space.update(extra=5))
        return made(a=1), other(b=2)

    def same(obj):
        one, two = obj
        assert one.total() == 1 and two.total() + two.extra == 7
        assert isinstance(two, type(one)) and type(two).__name__ == "Other"


class SubclassOfImportable(Case):
    """A subclass of an importable class"""

    files = {
        "kitchen_lib.py": """
            class Cook:
                skills = ["boil"]
                def cook(self, what):
                    return f"{self.style} {what}"
            """
    }

    def make():
        import kitchen_lib

        class Chef(kitchen_lib.Cook):
            style = "fine"

            def cook(self, what):
                return super().cook(what) + "!"

        return Chef()

    def same(obj):
        import kitchen_lib

        assert obj.cook("soup") == "fine soup!"
        assert isinstance(obj, kitchen_lib.Cook) and obj.skills is kitchen_lib.Cook.skills


class ImportableClass(Case):
    """An importable class and a class nested in it, by reference"""

    old_protocols = True
    files = {"garage_lib.py": "class Car:\n    class Wheel:\n        pass\n"}

    def make():
        import garage_lib

        return garage_lib.Car, garage_lib.Car.Wheel()

    def same(obj):
        import garage_lib

        assert obj[0] is garage_lib.Car and type(obj[1]) is garage_lib.Car.Wheel


class BuiltinSubclasses(Case):
    """Subclasses of int, str, tuple, list, dict, set and bytes"""

    old_protocols = True

    def make():
        kinds = (int, str, tuple, list, dict, set, frozenset, bytes, bytearray, float, complex)
        made = [type(f"My{kind.__name__}", (kind,), {"twice": lambda s: [s, s]}) for kind in kinds]
        filled = [kind() for kind in made]
        for thing in filled:
            thing.label = type(thing).__name__
        return filled

    def same(obj):
        for thing in obj:
            assert thing.twice()[1] is thing and thing.label == type(thing).__name__
            assert thing == type(thing).__base__()


class GetItem(Case):
    """A class with __class_getitem__"""

    def make():
        class Column:
            def __class_getitem__(cls, key):
                return cls.__name__, key

        return Column

    def same(obj):
        assert obj["id"] == ("Column", "id")


class MroEntries(Case):
    """A class whose base came from __mro_entries__"""

    def make():
        class Maker:
            def __mro_entries__(self, bases):
                return (Shape,)

        return types.new_class("Thing", (Maker(),), {}, lambda ns: ns.update(sides=9))

    def same(obj):
        assert obj().name() == "Thing9" and obj.__base__.__name__ == "Shape"


class BaseWithoutMethods(Case):
    """A hierarchy of empty classes used as markers"""

    def make():
        class Mark:
            pass

        class Special(Mark):
            pass

        def handle(error):
            return isinstance(error, Mark)

        return handle, Special

    def same(obj):
        handle, special = obj
        assert handle(special()) and not handle(1)


class Finalizer(Case):
    """A class with __del__ that tells a list"""

    def make():
        class Guest:
            left = []

            def __init__(self, name):
                self.name = name

            def __del__(self):
                self.left.append(self.name)

        return Guest

    def same(obj):
        import gc

        obj("bob")
        gc.collect()
        assert obj.left[-1] == "bob"


class MatchArgs(Case):
    """A class with __match_args__"""

    def make():
        class Move:
            __match_args__ = ("x", "y")

            def __init__(self, x, y):
                self.x, self.y = x, y

        return Move(1, 2)

    def same(obj):
        match obj:
            case object() if type(obj).__match_args__ != ("x", "y"):
                raise AssertionError
        cls = type(obj)
        match obj:
            case cls(1, y):
                assert y == 2
            case _:
                raise AssertionError("no match")


class Iterables(Case):
    """Classes that are iterators, context managers and their async kin"""

    def make():
        class Steps:
            def __init__(self, n):
                self.n = n

            def __iter__(self):
                return self

            def __next__(self):
                if not self.n:
                    raise StopIteration
                self.n -= 1
                return self.n

            def __enter__(self):
                return self

            def __exit__(self, *problem):
                self.n = 0

            def __aiter__(self):
                return self

            async def __anext__(self):
                try:
                    return next(self)
                except StopIteration:
                    raise StopAsyncIteration from None

        return Steps(6)

    def same(obj):
        import asyncio

        async def some():
            return [i async for i in obj]

        assert next(obj) == 5
        with type(obj)(3) as other:
            assert list(other) == [2, 1, 0]
        assert asyncio.run(some()) == [4, 3, 2, 1, 0]


class DecoratedClass(Case):
    """A class replaced and extended by class decorators"""

    def make():
        def extend(cls):
            cls.extra = lambda self: "extra " + self.name
            return cls

        def replace(cls):
            return type(cls.__name__, (cls,), {"replaced": True})

        @replace
        @extend
        class Page:
            name = "page"

            def who(self):
                return super().__init__() is None and __class__.__name__

        return Page()

    def same(obj):
        assert obj.replaced and obj.extra() == "extra page" and obj.who() == "Page"
        assert len(type(obj).__mro__) == 3


class StaticAttributes(Case):
    """A class keeps the names that its methods set on self"""

    python = (3, 13)

    def make():
        class Cart:
            def __init__(self):
                self.items = []

        return Cart

    def same(obj):
        assert obj.__static_attributes__ == ("items",)
        assert obj().items == []


class AbstractNoMore(Case):
    """An abstract class that has been told that nothing in it is abstract"""

    def make():
        class Base(abc.ABC):
            @abc.abstractmethod
            def run(self): ...

        class Still(Base):
            pass

        Base.__abstractmethods__ = frozenset()
        return Base, Still

    def same(obj):
        base, still = obj
        assert base().run() is None
        with raises(TypeError):
            still()


class GivenAnotherMetaclass(Case):
    """A class that was given another metaclass, and one with other bases, after they were made"""

    def make():
        class First(type):
            pass

        class Second(type):
            def greet(cls):
                return cls.__name__

        class Kind(metaclass=First):
            pass

        class Old:
            pass

        class New:
            def say(self):
                return "new"

        class Plain(Old):
            pass

        class Turned(Plain):
            pass

        Kind.__class__ = Second
        Turned.__bases__ = (New,) if Turned.__bases__ == (Plain,) else ()
        return Kind, Turned()

    def same(obj):
        kind, turned = obj
        assert kind.greet() == "Kind" and type(kind).__name__ == "Second" and turned.say() == "new"


class RenamedAllOver(Case):
    """A class whose name, qualified name, module and docstring were changed"""

    def make():
        class Kind:
            """Old."""

            def run(self):
                return 1

        Kind.__name__, Kind.__qualname__, Kind.__module__ = "Other", "Outer.Other", "some.where"
        Kind.__doc__, Kind.run.__name__ = "New.", "walk"
        return Kind

    def same(obj):
        assert (obj.__name__, obj.__qualname__, obj.__module__) == ("Other", "Outer.Other", "some.where")
        assert obj.__doc__ == "New." and obj.run.__name__ == "walk" and obj().run() == 1


class Twins(Case):
    """Two classes of one definition, and what else looks alike and is not the same"""

    def make():
        def make():
            class Twin:
                def run(self):
                    return 1

            return Twin

        def member():
            return enum.Enum("Color", "RED")

        one, other = make(), make()
        pairs = [
            (one, other),
            (collections.namedtuple("P", "x"), collections.namedtuple("P", "x")),
            (typing.TypeVar("T"), typing.TypeVar("T")),
            (typing.NewType("N", int), typing.NewType("N", int)),
            (member(), member()),
        ]
        return pairs, one(), other()

    def same(obj):
        pairs, one, other = obj
        assert all(first is not second for first, second in pairs)
        assert type(one) is pairs[0][0] and type(other) is pairs[0][1] and not isinstance(one, type(other))
        type(one).note = 1
        assert not hasattr(other, "note")
        del type(one).note


class OnlyOne(Case):
    """A singleton by __new__, and instances that a metaclass hands out again"""

    exempt = {"round_trip": "the class that comes back is the one that left, and does not know the copies"}

    def make():
        class Single:
            it = None

            def __new__(cls):
                if cls.it is None:
                    cls.it = super().__new__(cls)
                return cls.it

        class Keeping(type):
            def __call__(cls, n):
                if n not in cls.made:
                    cls.made[n] = super().__call__(n)
                return cls.made[n]

        class Kept(metaclass=Keeping):
            made: typing.ClassVar = {}

            def __init__(self, n):
                self.n = n

        Single().value = 1
        return [Single(), Single()], Single, Kept(1), Kept

    def same(obj):
        (one, again), single, kept, keeping = obj
        assert one is again is single() and one.value == 1
        assert keeping(1) is kept and keeping(2).n == 2 and keeping.made.pop(2).n == 2


class OperatorsOfOneFunction(Case):
    """A class with every kind of operator, two of which are one function"""

    def make():
        class V:
            def __init__(self, x):
                self.x = x

            def __add__(self, other):
                return V(self.x + other.x)

            __radd__ = __add__

            def __format__(self, spec):
                return f"V{self.x}{spec}"

            def __index__(self):
                return self.x

            def __contains__(self, key):
                return key == self.x

            def __eq__(self, other):
                return self.x == other.x

            def __hash__(self):
                return 1

        return V(1), {V(1): "one", V(2): "two"}

    def same(obj):
        v, table = obj
        kind = type(v)
        assert (v + v).x == 2 and f"{v:!}" == "V1!" and [5, 6][v] == 6 and 1 in v
        assert kind.__radd__ is kind.__add__ and table[kind(2)] == "two" and len(table) == 2


class NoModule(Case):
    """A class that says that it is of no module, and its instance"""

    def make():
        class Nowhere:
            def name(self):
                return type(self).__name__

        Nowhere.__module__ = None
        return Nowhere, Nowhere()

    def same(obj):
        cls, instance = obj
        assert type(instance) is cls and cls.__module__ is None and instance.name() == "Nowhere"


if __name__ == "__main__":
    drive()
