"""Hooks that run while a class is made: each once, in order, with its keywords."""

import abc
import collections.abc

from harness import Case, drive, raises


class InitSubclassKeyword(Case):
    """__init_subclass__ with a required keyword"""

    def make():
        class Plugin:
            def __init_subclass__(cls, *, slot, **more):
                super().__init_subclass__(**more)
                cls.slot = slot

        class Audio(Plugin, slot="left"):
            pass

        class Stereo(Audio, slot="both"):
            pass

        return Stereo

    def same(obj):
        assert obj.slot == "both" and obj.__base__.slot == "left"
        with raises(TypeError):
            type("Mute", (obj,), {})
        assert type("New", (obj,), {}, slot="right").slot == "right"


class InitSubclassRegistry(Case):
    """A registry that __init_subclass__ fills gets no second, bogus class"""

    def make():
        class Command:
            registry = {}
            made = []

            def __init_subclass__(cls):
                Command.registry[cls.name] = cls
                Command.made.append(cls.__qualname__.rpartition(".")[2])

        class Copy(Command):
            name = "copy"

            def run(self):
                return "copied"

        class Move(Command):
            name = "move"

        return Copy, Command

    def same(obj):
        copy, command = obj
        assert list(command.registry) == ["copy", "move"]
        assert command.registry["copy"] is copy and copy().run() == "copied"
        assert command.made == ["Copy", "Move"]


class InitSubclassRefuses(Case):
    """__init_subclass__ that refuses a second class of a name, as the copy is"""

    def make():
        class Base:
            names = set()

            def __init_subclass__(cls):
                if cls.__name__ in Base.names:
                    raise ValueError(cls.__name__)
                Base.names.add(cls.__name__)

        class Sub(Base):
            pass

        return Sub

    def same(obj):
        assert obj.names == {"Sub"}
        with raises(ValueError, "Sub"):
            type("Sub", (obj,), {})
        type("Other", (obj,), {})
        assert obj.names == {"Sub", "Other"}


class MetaclassCounts(Case):
    """A metaclass that numbers its classes by a counter in another class, and takes a keyword"""

    exempt = {"round_trip": "the class that comes back is the one that left, and so is its counter"}

    def make():
        class Counter:
            last = 0

        class Meta(type):
            def __new__(mcls, name, bases, names, step=1):
                return super().__new__(mcls, name, bases, names)

            def __init__(cls, name, bases, names, step=1):
                super().__init__(name, bases, names)
                Counter.last += step
                cls.number = Counter.last

        class First(metaclass=Meta):
            pass

        class Second(First, step=10):
            pass

        return Second, Counter

    def same(obj):
        second, counter = obj
        assert (second.__base__.number, second.number, counter.last) == (1, 11, 11)
        assert type(second)("Third", (second,), {}).number == 12


class HooksOfALibrary(Case):
    """A class with a hook of its own between that of a library and its subclass: the library hears of both"""

    files = {
        "plugin_library.py": """
            known = {}
            class Plugin:
                def __init_subclass__(cls, *, kind):
                    super().__init_subclass__()
                    cls.kind = known[cls.__name__] = kind
            """
    }

    def make():
        import plugin_library

        class Base(plugin_library.Plugin, kind="base"):
            seen = []

            def __init_subclass__(cls, order=0, **more):
                super().__init_subclass__(**more)
                cls.seen.append((order, cls.__name__))

        class Tool(Base, order=3, kind="tool"):
            pass

        return Tool

    def same(obj):
        import plugin_library

        assert obj.seen == [(3, "Tool")] and obj.kind == "tool" and obj.__base__.kind == "base"
        assert plugin_library.known["Tool"] == "tool"


class InitSubclassSeesAll(Case):
    """__init_subclass__ that reads the whole class body"""

    def make():
        class Table:
            def __init_subclass__(cls):
                cls.columns = [key for key, value in vars(cls).items() if isinstance(value, type)]
                cls.first_doc = cls.__doc__

        class User(Table):
            """Users."""

            name = str
            age = int

        User.late = float
        return User

    def same(obj):
        assert obj.columns == ["name", "age"] and obj.late is float
        assert obj.first_doc == "Users."


class InitSubclassWraps(Case):
    """__init_subclass__ that wraps methods wraps them once"""

    def make():
        class Traced:
            def __init_subclass__(cls):
                inner = cls.run
                cls.run = lambda self, n: ["traced", *inner(self, n)]

        class Job(Traced):
            def run(self, n):
                return [n]

        return Job()

    def same(obj):
        assert obj.run(1) == ["traced", 1]


class SetName(Case):
    """__set_name__ that sees its owner and its name"""

    def make():
        class Field:
            def __set_name__(self, owner, name):
                self.full = f"{owner.__name__}.{name}"
                self.seen = [*getattr(self, "seen", ()), name]

            def __get__(self, instance, owner):
                return self if instance is None else self.full

        class Row:
            id = Field()
            title = Field()

        return Row()

    def same(obj):
        assert obj.id == "Row.id" and obj.title == "Row.title"
        assert set(type(obj).id.seen) == {"id"}


class SetNameCollects(Case):
    """__set_name__ that registers on the owner registers once"""

    def make():
        class Route:
            def __init__(self, path):
                self.path = path

            def __set_name__(self, owner, name):
                owner.routes = [*getattr(owner, "routes", ()), self.path]

        class App:
            home = Route("/")
            about = Route("/about")

        return App

    def same(obj):
        assert obj.routes == ["/", "/about"]


class Abstract(Case):
    """An abstract base class and a concrete subclass"""

    def make():
        class Store(abc.ABC):
            @abc.abstractmethod
            def get(self, key): ...

            @property
            @abc.abstractmethod
            def size(self): ...

        class Memory(Store):
            size = 1

            def get(self, key):
                return key * 2

        return Store, Memory

    def same(obj):
        store, memory = obj
        with raises(TypeError, "abstract"):
            store()
        assert store.__abstractmethods__ == {"get", "size"}
        assert memory().get("a") == "aa" and issubclass(memory, store)
        with raises(TypeError, "abstract"):
            type("Half", (store,), {"get": None})()


class VirtualSubclass(Case):
    """An ABC with registered virtual subclasses, builtin and of the script"""

    def make():
        class Jsonable(abc.ABC):
            pass

        class Blob:
            pass

        class SubBlob(Blob):
            pass

        Jsonable.register(dict)
        Jsonable.register(Blob)
        return Jsonable, SubBlob(), Blob

    def same(obj):
        jsonable, sub, blob = obj
        assert isinstance({}, jsonable) and isinstance(sub, jsonable)
        assert issubclass(blob, jsonable) and not isinstance([], jsonable)


class SubclassHook(Case):
    """An ABC with __subclasshook__"""

    def make():
        class Quacker(abc.ABC):
            @classmethod
            def __subclasshook__(cls, other):
                return hasattr(other, "quack")

        return Quacker

    def same(obj):
        assert issubclass(type("Duck", (), {"quack": 1}), obj)
        assert not isinstance(1, obj)


class StandardAbc(Case):
    """A class that completes an ABC of collections"""

    def make():
        class Squares(collections.abc.Sequence):
            def __init__(self, n):
                self.n = n

            def __len__(self):
                return self.n

            def __getitem__(self, i):
                if not 0 <= i < self.n:
                    raise IndexError
                return i * i

        return Squares(4)

    def same(obj):
        import collections.abc

        assert list(reversed(obj)) == [9, 4, 1, 0] and obj.index(4) == 2 and 9 in obj
        assert isinstance(obj, collections.abc.Collection)


class AbcWithAnnotations(Case):
    """An ABC with annotations and an annotated abstract method"""

    def make():
        class Part(abc.ABC):
            weight: float
            name: str = "part"

            @abc.abstractmethod
            def cost(self) -> "Part": ...

        class Bolt(Part):
            weight: int = 3

            def cost(self) -> Part:
                return self

        return Bolt()

    def same(obj):
        import inspect

        assert obj.cost() is obj and obj.weight == 3 and obj.name == "part"
        hints = inspect.get_annotations(type(obj).__base__)
        assert hints == {"weight": float, "name": str}
        assert inspect.get_annotations(type(obj)) == {"weight": int}


class Final(Case):
    """A class that refuses to be subclassed"""

    def make():
        class Sealed:
            def __init_subclass__(cls, **keywords):
                raise TypeError("sealed")

            def open(self):
                return "no"

        return Sealed()

    def same(obj):
        assert obj.open() == "no"
        with raises(TypeError, "sealed"):
            type("Sub", (type(obj),), {})


class HookOrder(Case):
    """__set_name__ before __init_subclass__, both before decorators"""

    def make():
        class Spy:
            def __set_name__(self, owner, name):
                owner.log = [*getattr(owner, "log", ()), "name"]

        class Base:
            def __init_subclass__(cls):
                cls.log = [*cls.log, "subclass"]

        class Made(Base):
            spy = Spy()

        Made.log = [*Made.log, "after"]
        return Made

    def same(obj):
        assert obj.log == ["name", "subclass", "after"]


class InheritedHookReplaced(Case):
    """A class whose __init_subclass__ was wrapped by a decorator, where it had only the one of object"""

    def make():
        def announced(cls):
            inherited = cls.__init_subclass__
            cls.heirs = 0

            def __init_subclass__(*args, **keywords):
                cls.heirs += 1
                return inherited(*args, **keywords)

            cls.__init_subclass__ = __init_subclass__
            return cls

        @announced
        class Old:
            pass

        class New(Old):
            pass

        return New

    def same(obj):
        before = obj.heirs
        assert before
        type("Newer", (obj,), {})
        assert obj.heirs == before + 1


class Deprecated(Case):
    """A class and a function marked with warnings.deprecated, and a subclass"""

    python = (3, 13)

    def make():
        import warnings

        @warnings.deprecated("use the new one")
        def stove():
            return "warm"

        @warnings.deprecated("use the new class")
        class Oven:
            def __init__(self, heat):
                self.heat = heat

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")

            class Grill(Oven):
                pass

        return stove, Oven, Grill

    def same(obj):
        import warnings

        stove, oven, grill = obj
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert stove() == "warm" and oven(3).heat == 3 and grill(4).heat == 4
        assert [str(each.message) for each in caught] == ["use the new one", "use the new class"]
        assert stove.__deprecated__ == "use the new one" and oven.__deprecated__ == "use the new class"


class NotToldItsName(Case):
    """A descriptor with __set_name__ that was set on a class once it existed, and so knows no name"""

    def make():
        class Field:
            def __set_name__(self, owner, name):
                self.name = name

            def __get__(self, instance, owner=None):
                return self if instance is None else f"value of {self.name}"

        class Form:
            first = Field()

        Form.late = Field()
        return Form

    def same(obj):
        assert obj().first == "value of first" and list(vars(obj.late)) == []
        with raises(AttributeError, "name"):
            obj().late


if __name__ == "__main__":
    drive()
