"""Metaclasses: called once, with the whole namespace and the keywords they want."""

import abc
import enum

from harness import Case, drive


class Prepare(Case):
    """A metaclass whose __prepare__ gives a mapping of its own"""

    def make():
        class Recorder(dict):
            def __init__(self):
                self.order = []

            def __setitem__(self, key, value):
                if not key.startswith("__"):
                    self.order.append(key)
                super().__setitem__(key, value)

        class Ordered(type):
            @classmethod
            def __prepare__(mcs, name, bases, **keywords):
                return Recorder()

            def __new__(mcs, name, bases, space, **keywords):
                cls = super().__new__(mcs, name, bases, dict(space))
                cls.order = tuple(space.order)
                return cls

        class Steps(metaclass=Ordered):
            wash = 1
            dry = 2

            def fold(self):
                return self.dry

        return Steps()

    def same(obj):
        assert type(obj).order == ("wash", "dry", "fold") and obj.fold() == 2


class Overloads(Case):
    """A metaclass whose namespace collects definitions of one name"""

    def make():
        class Many(dict):
            def __setitem__(self, key, value):
                if callable(value) and key in self:
                    value = [*self[key], value] if isinstance(self[key], list) else [self[key], value]
                super().__setitem__(key, value)

        class Multi(type):
            @classmethod
            def __prepare__(mcs, name, bases):
                return Many()

        class Actions(metaclass=Multi):
            def go(self):
                return 1

            def go(self, n):  # noqa: F811 - that is the case
                return n

        return Actions

    def same(obj):
        one, two = obj.go
        assert one(None) == 1 and two(None, 5) == 5


class Keywords(Case):
    """A metaclass with required keywords"""

    def make():
        class Versioned(type):
            def __new__(mcs, name, bases, space, *, version):
                return super().__new__(mcs, name, bases, space)

            def __init__(cls, name, bases, space, *, version):
                super().__init__(name, bases, space)
                cls.version = version

        class Api(metaclass=Versioned, version=3):
            def hello(self):
                return f"v{self.version}"

        return Api()

    def same(obj):
        assert obj.hello() == "v3"
        with raises(TypeError, "version"):
            type(type(obj))("X", (), {})


class ReadsNamespace(Case):
    """A metaclass that builds a schema out of the class body"""

    def make():
        class Column:
            def __init__(self, kind):
                self.kind = kind

        class Model(type):
            def __new__(mcs, name, bases, space):
                columns = {key: space.pop(key) for key in [*space] if isinstance(space[key], Column)}
                cls = super().__new__(mcs, name, bases, space)
                cls.columns = columns
                return cls

        class Person(metaclass=Model):
            name = Column("text")
            age = Column("int")

            def sql(self):
                return ", ".join(f"{key} {column.kind}" for key, column in self.columns.items())

        return Person()

    def same(obj):
        assert obj.sql() == "name text, age int" and "age" not in vars(type(obj))


class RefusesSetattr(Case):
    """A metaclass that forbids setting class attributes"""

    def make():
        class Frozen(type):
            def __setattr__(cls, name, value):
                raise AttributeError("frozen " + name)

            def __delattr__(cls, name):
                raise AttributeError("frozen")

        class Settings(metaclass=Frozen):
            debug = False

            def __init__(self):
                self.own = 1

            def parent(self):
                return __class__

        return Settings()

    def same(obj):
        cls = type(obj)
        assert obj.parent() is cls and not obj.debug and obj.own == 1
        with raises(AttributeError, "frozen debug"):
            cls.debug = True


class EqualByName(Case):
    """A metaclass under which different classes compare equal"""

    def make():
        class Named(type):
            def __eq__(cls, other):
                return isinstance(other, Named) and cls.__name__ == other.__name__

            def __hash__(cls):
                return hash(cls.__name__)

        def unit(factor):
            class Unit(metaclass=Named):
                def convert(self, n):
                    return n * factor

            return Unit

        return unit(10), unit(1000)

    def same(obj):
        ten, thousand = obj
        assert ten == thousand and ten is not thousand
        assert (ten().convert(2), thousand().convert(2)) == (20, 2000)


class EqualToAll(Case):
    """A metaclass under which a class says that it is equal to everything, with a subclass"""

    def make():
        class Agreeable(type):
            def __eq__(cls, other):
                return True

            __hash__ = type.__hash__

        class Base(metaclass=Agreeable):
            def name(self):
                return "base"

        class Sub(Base):
            made_by = Base

        return Sub, lambda kind=Sub: kind

    def same(obj):
        sub, get = obj
        base = sub.__base__
        assert get() is sub and base is not object and base.__base__ is object and sub.made_by is base
        assert sub().name() == "base"


class Unhashable(Case):
    """A metaclass under which classes are unhashable"""

    def make():
        class Odd(type):
            def __eq__(cls, other):
                return cls is other

        class Thing(metaclass=Odd):
            def me(self):
                return "thing"

        class SubThing(Thing):
            pass

        return SubThing()

    def same(obj):
        assert obj.me() == "thing" and type(obj).__base__ is not type(obj)
        with raises(TypeError, "unhashable"):
            hash(type(obj))


class UnhashableInBody(Case):
    """A class in whose body is an instance of an unhashable class"""

    def make():
        class Odd(type):
            def __eq__(cls, other):
                return cls is other

        class Thing(metaclass=Odd):
            def me(self):
                return "thing"

        class Holder:
            thing = Thing()

        return Holder()

    def same(obj):
        assert obj.thing.me() == "thing"


class RegistryWithBase(Case):
    """A metaclass that keeps all its classes, a base among them"""

    def make():
        class Registered(type):
            known = {}

            def __init__(cls, *args):
                super().__init__(*args)
                Registered.known[cls.__name__] = cls

        class Base(metaclass=Registered):
            pass

        class Sub(Base):
            def base(self):
                return type(self).known["Base"]

        return Sub()

    def same(obj):
        sub = type(obj)
        assert list(sub.known) == ["Base", "Sub"] and sub.known["Sub"] is sub
        assert obj.base() is sub.__base__ and type(obj.base()) is type(sub)


class Singleton(Case):
    """A metaclass whose __call__ gives one instance for ever"""

    exempt = {"round_trip": "the class that comes back is the one that left, and does not know the copies"}

    def make():
        class Single(type):
            instances = {}

            def __call__(cls, *args):
                if cls.__name__ not in cls.instances:
                    cls.instances[cls.__name__] = super().__call__(*args)
                return cls.instances[cls.__name__]

        class Config(metaclass=Single):
            def __init__(self, path):
                self.path = path

        return Config, Config("a")

    def same(obj):
        config, first = obj
        assert config("b") is first and first.path == "a"


class InstanceCheck(Case):
    """A metaclass with __instancecheck__ and __subclasscheck__"""

    def make():
        class Ducky(type):
            def __instancecheck__(cls, thing):
                return hasattr(thing, cls.need)

            def __subclasscheck__(cls, other):
                return False

        class Appendable(metaclass=Ducky):
            need = "append"

        return Appendable

    def same(obj):
        assert isinstance([], obj) and not isinstance((), obj) and not issubclass(list, obj)


class ClassProperties(Case):
    """A metaclass with properties, methods, length and iteration"""

    def make():
        class Collection(type):
            @property
            def size(cls):
                return len(cls.members)

            def add(cls, item):
                cls.members.append(item)

            def __iter__(cls):
                return iter(cls.members)

            def __len__(cls):
                return cls.size

            def __contains__(cls, item):
                return item in cls.members

            def __getattr__(cls, name):
                if name.startswith("_"):
                    raise AttributeError(name)
                return "dynamic " + name

            def __getitem__(cls, i):
                return cls.members[i]

        class Team(metaclass=Collection):
            members = ["ann"]

        return Team

    def same(obj):
        obj.add("bob")
        assert obj.size == len(obj) == 2 and list(obj) == ["ann", "bob"] and "bob" in obj
        assert obj.captain == "dynamic captain" and obj[0] == "ann"


class Registry(Case):
    """A metaclass that registers every class registers it once"""

    def make():
        class Registered(type):
            seen = []

            def __init__(cls, name, bases, space):
                super().__init__(name, bases, space)
                Registered.seen.append(cls)

        class First(metaclass=Registered):
            pass

        class Second(First):
            pass

        return Registered, First, Second

    def same(obj):
        registered, first, second = obj
        assert [cls is known for cls, known in zip(registered.seen, (first, second))] == [True] * 2
        assert len(registered.seen) == 2


class AddsBase(Case):
    """A metaclass that adds a base and methods adds them once"""

    def make():
        class Mixin:
            def mixed(self):
                return "mixed"

        class Mixing(type):
            def __new__(mcs, name, bases, space):
                if Mixin not in bases:
                    bases = (*bases, Mixin)
                space["calls"] = space.get("calls", 0) + 1
                return super().__new__(mcs, name, bases, space)

        class Plain(metaclass=Mixing):
            pass

        return Plain()

    def same(obj):
        assert obj.mixed() == "mixed" and obj.calls == 1
        assert [base.__name__ for base in type(obj).__bases__] == ["Mixin"]


class OfAbc(Case):
    """A metaclass derived from ABCMeta"""

    def make():
        class Strict(abc.ABCMeta):
            def names(cls):
                return sorted(cls.__abstractmethods__)

        class Base(metaclass=Strict):
            @abc.abstractmethod
            def go(self): ...

        class Done(Base):
            def go(self):
                return "went"

        Base.register(str)
        return Base, Done()

    def same(obj):
        base, done = obj
        assert base.names() == ["go"] and done.go() == "went" and isinstance("", base)


class OfMetaclass(Case):
    """A metaclass of a metaclass"""

    def make():
        class Top(type):
            def level(cls):
                return 2

        class Middle(type, metaclass=Top):
            def level(cls):
                return 1

        class Thing(metaclass=Middle):
            def level(self):
                return 0

        return Thing()

    def same(obj):
        middle = type(type(obj))
        assert obj.level() == 0 and middle.level(type(obj)) == 1
        assert type(middle).level(middle) == 2 and middle.__name__ == "Middle"


class OwnMro(Case):
    """A metaclass with an mro of its own"""

    def make():
        class Extra:
            def extra(self):
                return "extra"

        class Inserting(type):
            def mro(cls):
                return [*super().mro()[:-1], Extra, object]

        class Thing(metaclass=Inserting):
            pass

        return Thing()

    def same(obj):
        assert obj.extra() == "extra" and type(obj).__bases__ == (object,)


class FunctionAsMetaclass(Case):
    """A class made by a function that stands where a metaclass does"""

    def make():
        def shout(name, bases, space):
            return type(name, bases, {key.upper(): v for key, v in space.items() if key[0] != "_"})

        class Words(metaclass=shout):
            def hello(self):
                return "hi"

        return Words()

    def same(obj):
        assert obj.HELLO() == "hi" and not hasattr(obj, "hello")


class Derived(Case):
    """A metaclass shared by a base and its subclass, found through the base"""

    def make():
        class Meta(type):
            def kind(cls):
                return cls.__name__.lower()

        class Base(metaclass=Meta):
            pass

        class Child(Base, dict):
            pass

        return Child(a=1), Base

    def same(obj):
        child, base = obj
        assert type(child).kind() == "child" and child["a"] == 1
        assert type(base) is type(type(child))


class OfEnum(Case):
    """A metaclass derived from EnumType"""

    def make():
        class Loose(enum.EnumType):
            def __getitem__(cls, name):
                return super().__getitem__(name.upper())

        class Level(enum.Enum, metaclass=Loose):
            LOW = 1
            HIGH = 2

        return Level

    def same(obj):
        assert obj["low"] is obj.LOW and obj(2) is obj.HIGH


class ComputedOnce(Case):
    """A metaclass that sets what leads back to the class, unless the body has it already"""

    def make():
        class Model(type):
            def __new__(mcs, name, bases, body):
                cls = super().__new__(mcs, name, bases, body)
                schema = cls.__dict__.get("schema") or {"class": cls, "fields": sorted(cls.__annotations__)}
                cls.schema = schema
                cls.empty = schema["class"].__new__(schema["class"])
                return cls

        class Order(metaclass=Model):
            """What somebody wants."""

            dish: str
            count: int = 1

        return Order

    def same(obj):
        assert obj.schema == {"class": obj, "fields": ["count", "dish"]} and type(obj.empty) is obj
        other = type(obj)("Other", (), {"__annotations__": {"x": int}})
        assert other.schema == {"class": other, "fields": ["x"]}


class UnhashableDeep(Case):
    """Instances of classes that are unhashable, below 3,000 lists"""

    def make():
        class Odd(type):
            __hash__ = None

        class Thing(metaclass=Odd):
            pass

        value = [Thing(), Thing, 1]
        for _ in range(3000):
            value = [value]
        return value

    def same(obj):
        while len(obj) == 1:
            (obj,) = obj
        assert isinstance(obj[0], obj[1]) and obj[2] == 1


if __name__ == "__main__":
    drive()
