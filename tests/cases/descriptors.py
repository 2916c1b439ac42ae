"""Descriptors: in their class, shared, or on their own."""

import functools
import types
import weakref

from harness import Case, drive


class Property(Case):
    """A property with getter, setter, deleter and docs"""

    old_protocols = True

    def make():
        class Tank:
            level = 0

            @property
            def fuel(self):
                """Litres."""
                return self.level

            @fuel.setter
            def fuel(self, litres):
                self.level = max(litres, 0)

            @fuel.deleter
            def fuel(self):
                self.level = "gone"

        return Tank()

    def same(obj):
        obj.fuel = -3
        assert obj.fuel == 0 and type(obj).fuel.__doc__ == "Litres."
        del obj.fuel
        assert obj.level == "gone"


class PropertyAlone(Case):
    """A property on its own"""

    def make():
        return property(lambda self: self + 1, doc="next")

    def same(obj):
        assert obj.__get__(4) == 5 and obj.__doc__ == "next" and obj.fset is None
        with raises(AttributeError):
            obj.__set__(4, 1)


class PropertySubclass(Case):
    """A subclass of property with attributes of its own"""

    def make():
        class Unit(property):
            def __init__(self, getter, unit="m"):
                super().__init__(getter)
                self.unit = unit

            def __get__(self, instance, owner=None):
                return self if instance is None else f"{super().__get__(instance)}{self.unit}"

        class Rope:
            length = Unit(lambda self: 3, "cm")

        return Rope()

    def same(obj):
        assert obj.length == "3cm" and type(obj).length.unit == "cm"


class PropertyName(Case):
    """A property knows its name"""

    python = (3, 13)

    def make():
        class Thing:
            @property
            def size(self):
                return 1

        return Thing

    def same(obj):
        assert obj.size.__name__ == "size"
        with raises(AttributeError, "'size'"):
            obj().size = 3


class DataDescriptor(Case):
    """A data descriptor that keeps values in the instance"""

    def make():
        class Positive:
            def __set_name__(self, owner, name):
                self.name = "_" + name

            def __get__(self, instance, owner):
                return self if instance is None else getattr(instance, self.name, 0)

            def __set__(self, instance, value):
                if value < 0:
                    raise ValueError(self.name)
                setattr(instance, self.name, value)

            def __delete__(self, instance):
                delattr(instance, self.name)

        class Order:
            amount = Positive()

        order = Order()
        order.amount = 3
        return order

    def same(obj):
        assert obj.amount == 3
        with raises(ValueError, "_amount"):
            obj.amount = -1
        del obj.amount
        assert obj.amount == 0


class WeakKeyDescriptor(Case):
    """A descriptor that keeps values in a WeakKeyDictionary"""

    exempt = {"round_trip": "the class that comes back is the one that left, and does not know the copies"}

    def make():
        class Stored:
            def __init__(self):
                self.values = weakref.WeakKeyDictionary()

            def __get__(self, instance, owner):
                return self if instance is None else self.values.get(instance)

            def __set__(self, instance, value):
                self.values[instance] = value

        class Page:
            title = Stored()

        page = Page()
        page.title = "home"
        return page

    def same(obj):
        other = type(obj)()
        other.title = "other"
        assert (obj.title, other.title) == ("home", "other")


class SharedDescriptor(Case):
    """One descriptor in two classes, and beside them"""

    exempt = {"round_trip": "the class that comes back is the one that left, and does not know the copies"}

    def make():
        class Count:
            n = 0

            def __get__(self, instance, owner):
                self.n += 1
                return self.n

        count = Count()
        return type("A", (), {"c": count}), type("B", (), {"c": count}), count

    def same(obj):
        a, b, count = obj
        assert [a().c, b.c, a.c] == [1, 2, 3] and count.n == 3


class CachedProperty(Case):
    """functools.cached_property, not yet and already computed"""

    def make():
        class Report:
            runs = 0

            @functools.cached_property
            def rows(self):
                """Rows."""
                self.runs += 1
                return [self.runs]

        fresh, used = Report(), Report()
        used.rows.append("kept")
        return fresh, used

    def same(obj):
        fresh, used = obj
        assert used.rows == [1, "kept"] and used.runs == 1
        assert fresh.rows is fresh.rows and fresh.runs == 1
        assert type(fresh).rows.__doc__ == "Rows." and type(fresh).rows.attrname == "rows"


class StaticAndClass(Case):
    """Static and class methods in a hierarchy"""

    old_protocols = True

    def make():
        class Base:
            @staticmethod
            def add(a, b=1):
                return a + b

            @classmethod
            def build(cls, *args):
                return cls, args

        class Child(Base):
            @classmethod
            def build(cls, *args):
                return super().build("child", *args)

        return Child()

    def same(obj):
        assert obj.add(2) == 3 and type(obj).add(2, 2) == 4
        assert obj.build(1) == (type(obj), ("child", 1))


class StaticAlone(Case):
    """A staticmethod and a classmethod on their own, with attributes"""

    def make():
        static = staticmethod(lambda n: n * 2)
        static.mark = "s"
        return static, classmethod(lambda cls: cls)

    def same(obj):
        static, of_class = obj
        assert static(4) == 8 and static.mark == "s"
        assert of_class.__get__(None, dict)() is dict


class ClassMethodOfDescriptor(Case):
    """Methods decorated twice: a static wrapper around wrapped functions"""

    def make():
        def logged(function):
            @functools.wraps(function)
            def wrapper(*args):
                return function.__name__, function(*args)

            return wrapper

        class Tool:
            @staticmethod
            @logged
            def cut(n):
                return n

            @classmethod
            @logged
            def name(cls):
                return cls.__name__

        return Tool

    def same(obj):
        assert obj.cut(2) == ("cut", 2) and obj().name() == ("name", "Tool")
        assert vars(obj)["cut"].__wrapped__.__wrapped__(5) == 5


class NonDataDescriptor(Case):
    """A callable descriptor that binds like a function"""

    def make():
        class Command:
            def __init__(self, function):
                self.function = function

            def __get__(self, instance, owner=None):
                return types.MethodType(self, instance) if instance is not None else self

            def __call__(self, instance, *args):
                return ["run", self.function(instance, *args)]

        class Shell:
            prompt = ">"

            @Command
            def echo(self, text):
                return self.prompt + text

        return Shell()

    def same(obj):
        assert obj.echo("hi") == ["run", ">hi"] and type(obj).echo(obj, "x")[1] == ">x"


class DynamicAttribute(Case):
    """types.DynamicClassAttribute: one meaning on the class, one on instances"""

    def make():
        class Meta(type):
            @property
            def size(cls):
                return "class"

        class Thing(metaclass=Meta):
            @types.DynamicClassAttribute
            def size(self):
                return "instance"

        return Thing()

    def same(obj):
        assert obj.size == "instance" and type(obj).size == "class"


class LazyReplace(Case):
    """A descriptor that replaces itself by its value"""

    def make():
        class Lazy:
            def __init__(self, function):
                self.function = function

            def __get__(self, instance, owner):
                value = self.function(owner)
                setattr(owner, self.function.__name__, value)
                return value

        class Config:
            @Lazy
            def table(cls):
                return {"owner": cls.__name__}

        return Config

    def same(obj):
        assert obj.table == {"owner": "Config"} and obj.table is vars(obj)["table"]


class OwnedByTheirClass(Case):
    """A property and a cached property beside their class: they arrive as what the class has"""

    files = {
        "owning.py": """
            import functools
            class Box:
                @property
                def size(self): return 1
                @functools.cached_property
                def area(self): return 2
                @classmethod
                def make(cls): return cls()
            """
    }

    def make():
        import functools

        import owning

        class Crate:
            @property
            def size(self):
                return 3

            @functools.cached_property
            def area(self):
                return 4

        return [(cls, dict(vars(cls))["size"], dict(vars(cls))["area"]) for cls in (Crate, owning.Box)], vars(
            owning.Box
        )["make"]

    def same(obj):
        import owning

        owners, make = obj
        for cls, size, area in owners:
            assert vars(cls)["size"] is size and vars(cls)["area"] is area
        assert owners[0][0]().size == 3 and owners[1][0] is owning.Box
        assert make is vars(owning.Box)["make"]


if __name__ == "__main__":
    drive()
