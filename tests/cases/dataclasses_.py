"""Dataclasses: what they were declared with still decides there."""

import dataclasses
import typing
from dataclasses import KW_ONLY, InitVar, dataclass, field

from harness import Case, define, drive


@dataclass
class Item:
    name: str
    price: float = 1.5
    tags: list = field(default_factory=list)

    def total(self, n):
        return n * self.price


class Plain(Case):
    """A dataclass with defaults and a default factory"""

    old_protocols = True

    def make():
        return Item("loaf", tags=["food"])

    def same(obj):
        import dataclasses

        cls = type(obj)
        assert obj == cls("loaf", 1.5, ["food"]) and obj.total(2) == 3
        assert cls("a").tags is not cls("b").tags
        assert repr(obj) == "Item(name='loaf', price=1.5, tags=['food'])"
        assert dataclasses.asdict(dataclasses.replace(obj, name="x"))["name"] == "x"


class Required(Case):
    """A dataclass whose required field stays required, also in a subclass made there"""

    def make():
        return Item

    def same(obj):
        import dataclasses

        assert all(f.default is dataclasses.MISSING for f in dataclasses.fields(obj) if f.name != "price")

        @dataclasses.dataclass
        class Special(obj):
            extra: int = 0

        with raises(TypeError, "name"):
            Special()
        assert Special("a", extra=4).total(2) == 3


class Frozen(Case):
    """A frozen dataclass"""

    def make():
        @dataclass(frozen=True)
        class Key:
            group: str
            number: int

        return {Key("a", 1): "found"}, Key

    def same(obj):
        import dataclasses

        table, key = obj
        assert table[key("a", 1)] == "found"
        with raises(dataclasses.FrozenInstanceError):
            next(iter(table)).group = "b"


class Slots(Case):
    """A dataclass with slots"""

    def make():
        @dataclass(slots=True)
        class Point:
            x: int
            y: int = 5

            def swap(self):
                return type(self)(self.y, self.x)

        return Point(1)

    def same(obj):
        assert obj.swap() == type(obj)(5, 1) and not hasattr(obj, "__dict__")
        with raises(AttributeError):
            obj.z = 1


class FrozenSlots(Case):
    """A frozen dataclass with slots"""

    def make():
        @dataclass(frozen=True, slots=True)
        class Coin:
            cents: int
            currency: str = "eur"

        return Coin(20)

    def same(obj):
        import dataclasses

        assert {obj: 1}[type(obj)(20)] == 1 and not hasattr(obj, "__dict__")
        with raises(dataclasses.FrozenInstanceError):
            obj.cents = 1
        assert dataclasses.replace(obj, cents=5).currency == "eur"


class SlotsSuper(Case):
    """A dataclass with slots and super()"""

    python = (3, 14)

    def make():
        class Base:
            __slots__ = ()

            def text(self):
                return "base"

        @dataclass(slots=True)
        class Child(Base):
            n: int

            def text(self):
                return super().text() + str(self.n)

        return Child(3)

    def same(obj):
        assert obj.text() == "base3"


class WeakSlot(Case):
    """A dataclass with slots and weakref_slot"""

    def make():
        @dataclass(slots=True, weakref_slot=True)
        class Node:
            n: int

        return Node(1)

    def same(obj):
        import weakref

        assert weakref.ref(obj)() is obj and obj.n == 1
        with raises(AttributeError):
            obj.m = 1


class KeywordOnly(Case):
    """A dataclass with KW_ONLY, kw_only fields and match arguments"""

    def make():
        @dataclass
        class Query:
            table: str
            _: KW_ONLY
            limit: int = 10
            where: str = field(default="1", kw_only=True)

        return Query("users", limit=3)

    def same(obj):
        cls = type(obj)
        assert (obj.table, obj.limit, obj.where) == ("users", 3, "1")
        assert cls.__match_args__ == ("table",)
        with raises(TypeError):
            cls("users", 3)


class InitOnly(Case):
    """A dataclass with InitVar and __post_init__"""

    def make():
        @dataclass
        class Circle:
            radius: float
            scale: InitVar[int] = 2
            area: float = field(init=False)

            def __post_init__(self, scale):
                self.area = self.radius * scale

        return Circle(3)

    def same(obj):
        import dataclasses

        assert obj.area == 6 and type(obj)(3, 10).area == 30
        assert [f.name for f in dataclasses.fields(obj)] == ["radius", "area"]
        assert type(obj).__dataclass_fields__["scale"]._field_type is dataclasses._FIELD_INITVAR


class FieldOfLaterType(Case):
    """A field whose type is not yet defined (PEP 649)"""

    python = (3, 14)

    def make():
        return define(
            """
            import dataclasses
            @dataclasses.dataclass
            class Node:
                size: int
                parent: Later = None
                def above(self): return self.parent
            """,
            "Node",
        )

    def same(obj):
        import annotationlib

        node = obj(1, obj(2))
        assert node.above().size == 2 and obj.__dataclass_fields__["parent"].type.__forward_arg__ == "Later"
        texts = annotationlib.get_annotations(obj, format=annotationlib.Format.STRING)
        assert texts == {"size": "int", "parent": "Later"}


class ClassVariable(Case):
    """A dataclass with ClassVar and a counter in it"""

    def make():
        @dataclass
        class Job:
            count: typing.ClassVar[int] = 0
            name: str = "job"

            def __post_init__(self):
                type(self).count += 1

        return Job()

    def same(obj):
        import dataclasses

        before = type(obj).count
        type(obj)("x")
        assert type(obj).count == before + 1
        assert [f.name for f in dataclasses.fields(obj)] == ["name"]


class FieldOptions(Case):
    """A dataclass with repr, compare, hash and metadata options of fields"""

    def make():
        @dataclass(unsafe_hash=True)
        class User:
            id: int
            password: str = field(repr=False, compare=False)
            note: str = field(default="", hash=False, metadata={"max": 80, "check": len})

        return User(1, "pw")

    def same(obj):
        import dataclasses

        cls = type(obj)
        assert "pw" not in repr(obj) and obj == cls(1, "other") and hash(obj) == hash((1,))
        note = dataclasses.fields(cls)[2]
        assert note.metadata["max"] == 80 and note.metadata["check"] is len


class Ordered(Case):
    """A dataclass with order"""

    def make():
        @dataclass(order=True)
        class Version:
            major: int
            minor: int = 0
            label: str = field(default="", compare=False)

        return [Version(2, 1), Version(1, 9, "old"), Version(2)]

    def same(obj):
        assert [(v.major, v.minor) for v in sorted(obj)] == [(1, 9), (2, 0), (2, 1)]
        assert obj[0] > obj[2] and obj[2] == type(obj[0])(2, 0, "x")


class Inherited(Case):
    """A dataclass that extends and reorders another's fields"""

    def make():
        @dataclass
        class Base:
            a: int
            b: int = 2

        @dataclass
        class Child(Base):
            c: int = 3
            a: int = 10

        return Child(c=30)

    def same(obj):
        import dataclasses

        assert dataclasses.astuple(obj) == (10, 2, 30)
        assert [f.name for f in dataclasses.fields(obj)] == ["a", "b", "c"]
        assert isinstance(obj, type(obj).__base__)


class NotCompared(Case):
    """A dataclass without eq, repr and init"""

    def make():
        @dataclass(eq=False, repr=False, init=False)
        class Handle:
            n: int

            def __init__(self):
                self.n = 9

        return Handle()

    def same(obj):
        assert obj.n == 9 and obj != type(obj)() and {obj} and "object at" in repr(obj)


class GenericDataclass(Case):
    """A generic dataclass and its alias"""

    def make():
        T = typing.TypeVar("T")

        @dataclass
        class Pair(typing.Generic[T]):
            left: T
            right: T

            def swapped(self):
                return Pair(self.right, self.left)

        return Pair(1, 2), Pair[str]

    def same(obj):
        pair, alias = obj
        assert pair.swapped() == type(pair)(2, 1) and alias.__origin__ is type(pair)
        assert alias("a", "b").left == "a"


class Made(Case):
    """A class made by make_dataclass"""

    def make():
        return dataclasses.make_dataclass(
            "Made",
            ["x", ("y", int, 5)],
            namespace={"sum": lambda self: self.x + self.y},
            module="__main__",
        )

    def same(obj):
        assert obj(1).sum() == 6 and obj(1) == obj(1, 5) and obj.__name__ == "Made"

    python = (3, 12)


class Linked(Case):
    """Dataclass instances in a ring"""

    def make():
        @dataclass(eq=False)
        class Node:
            value: int
            next: "Node" = None

        one = Node(1)
        one.next = Node(2, one)
        return one

    def same(obj):
        assert obj.next.next is obj and obj.next.value == 2
        assert repr(obj).endswith("next=...))")


class StringAnnotations(Case):
    """A dataclass under postponed annotations, with ClassVar and InitVar as texts"""

    def make():
        return define(
            """
            from __future__ import annotations
            import dataclasses, typing
            @dataclasses.dataclass
            class Late:
                size: int
                unit: typing.ClassVar[str] = "cm"
                seed: dataclasses.InitVar[int] = 0
                other: list[Late] | None = None
                def __post_init__(self, seed):
                    self.size += seed
            """,
            "Late",
        )

    def same(obj):
        import dataclasses

        late = obj(3, 4)
        assert late.size == 7 and late.unit == "cm"
        assert [f.name for f in dataclasses.fields(obj)] == ["size", "other"]
        assert dataclasses.fields(obj)[0].type == "int"


class FieldObjects(Case):
    """The field objects of a dataclass, and MISSING itself"""

    exempt = {"round_trip": "the class that comes back is the one that left, and does not know the copies"}

    def make():
        return dataclasses.fields(Item), dataclasses.MISSING, Item

    def same(obj):
        import dataclasses

        (name, price, tags), missing, item = obj
        assert missing is dataclasses.MISSING is name.default and price.default == 1.5
        assert tags.default_factory is list and name is dataclasses.fields(item)[0]
        assert name._field_type is dataclasses._FIELD


class Importable(Case):
    """An instance of an importable dataclass"""

    old_protocols = True
    files = {
        "dc_lib.py": """
            import dataclasses
            @dataclasses.dataclass(slots=True, frozen=True)
            class Setting:
                key: str
                value: object = None
            """
    }

    def make():
        from dc_lib import Setting

        return Setting("hook", lambda: "called")

    def same(obj):
        import dc_lib

        assert type(obj) is dc_lib.Setting and obj.value() == "called"


if __name__ == "__main__":
    drive()
