"""Objects of other libraries, where they are installed."""

from harness import Case, drive


class Arrays(Case):
    """numpy arrays: plain, structured, read-only, in Fortran order"""

    needs = ("numpy",)

    def make():
        import numpy as np

        fixed = np.arange(4)
        fixed.flags.writeable = False
        grid = np.asfortranarray(np.arange(6.0).reshape(2, 3))
        return grid, np.array([(1, 2.5)], dtype=[("n", "i4"), ("x", "f8")]), fixed

    def same(obj):
        grid, structured, fixed = obj
        assert grid.sum() == 15 and grid.flags.f_contiguous and grid[1, 0] == 3
        assert structured["x"][0] == 2.5 and fixed.tolist() == [0, 1, 2, 3]
        grid[0, 0] += 1
        assert grid.sum() == 16
        grid[0, 0] -= 1


class ArrayFunction(Case):
    """Functions of the script that use numpy: alias, function, type, constant"""

    needs = ("numpy",)
    old_protocols = True

    def make():
        import numpy as np
        from numpy import float32, sqrt

        return lambda n: (sqrt(np.full(2, n)).sum(), float32(1) + np.pi, np.linalg.norm([3, 4]))

    def same(obj):
        import math

        root, pi, norm = obj(4)
        assert root == 4 and abs(pi - 1 - math.pi) < 1e-6 and norm == 5


class ArrayRandom(Case):
    """A function that uses numpy's hidden generator, and a generator of its own"""

    needs = ("numpy",)

    def make():
        import numpy as np
        from numpy.random import random

        return lambda: random(), np.random.default_rng(5)

    def same(obj):
        import numpy as np

        draw, own = obj
        np.random.seed(3)
        here = np.random.random()
        np.random.seed(3)
        assert draw() == here
        assert type(own).__name__ == "Generator" and 0 <= own.random() < 1

    def payload(data):
        assert len(data) < 5000


class ArrayTypes(Case):
    """numpy dtypes, scalars and universal functions"""

    needs = ("numpy",)

    def make():
        import numpy as np

        return np.dtype("datetime64[s]"), np.float64(0.5), np.add, np.int8, np.newaxis

    def same(obj):
        import numpy as np

        kind, half, add, small, axis = obj
        assert kind == np.dtype("datetime64[s]") and half * 2 == 1 and add is np.add
        assert small is np.int8 and axis is None


class ArrayOfObjects(Case):
    """A numpy array of functions and a subclass of ndarray"""

    needs = ("numpy",)

    def make():
        import numpy as np

        class Signal(np.ndarray):
            def power(self):
                return float((self**2).sum())

        calls = np.array([lambda: 1, lambda: 2], dtype=object)
        return calls, np.arange(3).view(Signal)

    def same(obj):
        calls, signal = obj
        assert [f() for f in calls] == [1, 2] and signal.power() == 5


class ArrayInClosure(Case):
    """A closure over a large array next to the array"""

    needs = ("numpy",)

    def make():
        import numpy as np

        data = np.zeros(10_000)
        return lambda: data, data

    def same(obj):
        get, data = obj
        assert get() is data and data.shape == (10_000,)


class Attrs(Case):
    """attrs classes: slots, frozen, validators, converters"""

    needs = ("attrs",)
    exempt = {"same_bytes_elsewhere": "attrs writes the hash of a type's name into the methods it generates"}

    def make():
        import attrs

        @attrs.define
        class Point:
            x: int = attrs.field(converter=int)
            y: int = attrs.field(default=2, validator=attrs.validators.instance_of(int))

            def total(self):
                return self.x + self.y

        @attrs.frozen
        class Key(Point):
            z: int = 3

            def total(self):
                return super().total() + self.z

        return Point("1"), Key(1)

    def same(obj):
        import attrs

        point, key = obj
        assert point.total() == 3 and key.total() == 6 and not hasattr(point, "__dict__")
        assert attrs.asdict(key) == {"x": 1, "y": 2, "z": 3} and hash(key) == hash(type(key)(1))
        with raises(TypeError):
            type(point)(1, "y")
        with raises(attrs.exceptions.FrozenInstanceError):
            key.z = 4


class AttrsState(Case):
    """attrs classes whose hash needs their slots, in a set in a cycle; a subclass without slots of one with slots"""

    needs = ("attrs",)
    exempt = {"same_bytes_elsewhere": "attrs writes the hash of a type's name into the methods it generates"}

    def make():
        import attrs

        @attrs.frozen
        class Node:
            name: int
            peers: set = attrs.field(factory=set, eq=False)

        @attrs.define(slots=False)
        class Leaf(Node):
            colour: str = "green"

        node = Node(1)
        node.peers.add(node)
        return node, Leaf(2, set(), "red")

    def same(obj):
        node, leaf = obj
        assert node in node.peers and type(node)(1) in node.peers and type(node)(2) not in node.peers
        assert leaf.name == 2 and leaf.colour == "red"


class ArrayWithAttributes(Case):
    """A subclass of ndarray with attributes of its own"""

    needs = ("numpy",)

    def make():
        import numpy as np

        class Signal(np.ndarray):
            def __array_finalize__(self, origin):
                self.unit = getattr(origin, "unit", "none")

        signal = np.arange(3).view(Signal)
        signal.unit = "mV"
        signal.me = signal
        return signal

    def same(obj):
        assert obj.unit == "mV" and obj[1:].unit == "mV" and obj.me is obj and obj.tolist() == [0, 1, 2]


class MappedArray(Case):
    """A numpy array in a mapped file, whose contents arrive"""

    needs = ("numpy",)

    def make():
        import tempfile

        import numpy as np

        with tempfile.NamedTemporaryFile() as file:
            array = np.memmap(file.name, dtype="i4", mode="w+", shape=(3,))
            array[:] = 7
            return array

    def same(obj):
        assert obj.tolist() == [7, 7, 7] and type(obj).__name__ == "memmap"
        obj[0] = 7


class Struct(Case):
    """A struct of msgspec"""

    needs = ("msgspec",)
    refused = True
    path = "[0]"

    def make():
        import msgspec

        class Order(msgspec.Struct, frozen=True):
            dish: str
            count: int = 1

        return [Order("turkey")]

    def same(obj):
        assert obj[0].count == 1


class Models(Case):
    """pydantic models with validators"""

    needs = ("pydantic",)
    exempt = {"same_bytes_elsewhere": "pydantic writes addresses into its schemas"}

    def make():
        import pydantic

        class User(pydantic.BaseModel):
            name: str
            age: int = 3

            @pydantic.field_validator("age")
            @classmethod
            def positive(cls, value):
                assert value > 0
                return value

        return User(name="ann"), User

    def same(obj):
        import pydantic

        ann, user = obj
        assert ann.model_dump() == {"name": "ann", "age": 3} and type(ann) is user
        assert user(name="x", age="4").age == 4
        with raises(pydantic.ValidationError):
            user(name="x", age=-1)


class GenericModels(Case):
    """pydantic models: generic ones with arguments, one that refers to itself, private attributes"""

    needs = ("pydantic",)
    exempt = {"same_bytes_elsewhere": "pydantic writes addresses into its schemas"}

    def make():
        import typing

        import pydantic

        part = typing.TypeVar("part")

        class Plate(pydantic.BaseModel):
            dish: str
            beside: list["Plate"] = []
            _seen: dict = pydantic.PrivateAttr(default_factory=dict)

        class Answer(pydantic.BaseModel, typing.Generic[part]):
            value: part

            def twice(self):
                return [self.value] * 2

        plate = Plate(dish="turkey", beside=[Plate(dish="gravy")])
        plate._seen["by"] = "cook"
        return Answer, Answer[int], Answer[int](value=3), Answer[Plate](value=plate), plate

    def same(obj):
        import pydantic

        answer, of_int, three, of_plate, plate = obj
        assert answer[int] is of_int is type(three) and three.twice() == [3, 3]
        assert of_plate.value is plate and plate.beside[0].dish == "gravy" and plate._seen == {"by": "cook"}
        assert isinstance(of_plate, answer[type(plate)])
        with raises(pydantic.ValidationError):
            of_int(value="many")
        with raises(pydantic.ValidationError):
            type(plate)(dish="x", beside=[{"dish": 3}])


class Frames(Case):
    """pandas frames with functions in them"""

    needs = ("pandas",)

    def make():
        import pandas as pd

        return pd.DataFrame({"a": [1, 2], "f": [lambda: 1, lambda: 2]}, index=["x", "y"])

    def same(obj):
        assert obj["a"].sum() == 3 and obj.loc["y", "f"]() == 2


class Curried(Case):
    """Functions curried by toolz, decorated and with some of their arguments"""

    needs = ("toolz",)

    def make():
        from toolz import curry

        @curry
        def add(a, b, c=0):
            return a + b + c if a < 100 else add(a - 100)(b)

        return add, add(1), add(b=2, c=3)

    def same(obj):
        add, one, keywords = obj
        assert add(1)(2) == 3
        assert add(101)(2) == 3
        assert one(5) == 6
        assert keywords(1) == 6
        assert add.__name__ == one.__name__ == "add"


class SqlalchemyModels(Case):
    """Declarative models of SQLAlchemy that refer to each other, with inheritance and an instance, in a session"""

    needs = ("sqlalchemy",)
    exempt = {
        "round_trip": "the classes that come back are those that left",
        "same_bytes_elsewhere": "a table keeps what it has worked out in the order of a set",
    }

    def make():
        from sqlalchemy import ForeignKey, String
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

        class Base(DeclarativeBase):
            pass

        class Shop(Base):
            __tablename__ = "shop"
            id: Mapped[int] = mapped_column(primary_key=True)
            name: Mapped[str] = mapped_column("called", String(20))
            parts = relationship(
                "Part", back_populates="shop", cascade="all, delete-orphan", order_by="Part.weight"
            )

            def shout(self):
                return self.name.upper()

        class Part(Base):
            __tablename__ = "part"
            id: Mapped[int] = mapped_column(primary_key=True)
            kind: Mapped[str]
            weight: Mapped[float] = mapped_column(default=2.0)
            shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
            shop = relationship("Shop", back_populates="parts")
            __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "part"}

            def __init__(self, **given):
                super().__init__(**given)
                self.is_new = True

        class Wheel(Part):
            __tablename__ = "wheel"
            id: Mapped[int] = mapped_column(ForeignKey("part.id"), primary_key=True)
            size: Mapped[int]
            __mapper_args__ = {"polymorphic_identity": "wheel"}

        return Shop, Wheel, Shop(id=7, name="tea")

    def same(obj):
        from sqlalchemy import create_engine, select
        from sqlalchemy.orm import Session

        shop, wheel, tea = obj
        assert tea.shout() == "TEA" and type(tea) is shop
        part = wheel.__base__
        engine = create_engine("sqlite://")
        shop.metadata.create_all(engine)
        with Session(engine) as session:
            session.add(shop(name="new", parts=[wheel(size=3, weight=4.0), part()]))
            assert part().is_new and session.new
            session.commit()
            found = session.scalars(select(shop)).one()
            assert [(type(each), each.weight) for each in found.parts] == [(part, 2.0), (wheel, 4.0)]
            assert found.parts[1].size == 3 and found.parts[0].shop is found
            session.delete(found)
            session.commit()
            assert session.scalars(select(part)).all() == []
        engine.dispose()


class SqlalchemySynonym(Case):
    """A model of SQLAlchemy with a synonym"""

    needs = ("sqlalchemy",)
    refused = True
    path = "[0]"

    def make():
        from sqlalchemy import Column, Integer
        from sqlalchemy.orm import declarative_base, synonym

        class Part(declarative_base()):
            __tablename__ = "part"
            id = Column(Integer, primary_key=True)
            number = synonym("id")

        return [Part]

    def same(obj):
        assert obj[0](id=3).number == 3


class ZopeInterfaces(Case):
    """An interface of the script with a class that implements it, a subclass and an instance"""

    needs = ("zope",)

    def make():
        from zope.interface import Attribute, Interface, implementer

        class Going(Interface):
            speed = Attribute("how fast")

            def go(where):
                """Go somewhere."""

        class Rolling(Going):
            pass

        @implementer(Rolling)
        class Car:
            speed = 3

            def go(self, where):
                return where

        class Bus(Car):
            pass

        return Bus(), Going, Rolling

    def same(obj):
        from zope.interface.verify import verifyObject

        bus, going, rolling = obj
        assert going.providedBy(bus) and rolling.implementedBy(type(bus)) and rolling.extends(going)
        assert sorted(rolling) == ["go", "speed"] and going["go"].interface is going
        assert verifyObject(rolling, bus) and bus.go(1) == 1
        assert not going.providedBy(type(bus))


class Synchronized(Case):
    """A function and a method under wrapt.synchronized, whose locks are made anew"""

    needs = ("wrapt",)

    def make():
        import wrapt

        @wrapt.synchronized
        def add(x):
            return x + 1

        class Box:
            @wrapt.synchronized
            def twice(self, x):
                return 2 * x

        add(1)
        return add, Box()

    def same(obj):
        add, box = obj
        assert add(1) == 2 and box.twice(4) == 8 and add.__name__ == "add"
        with add:
            pass


class UfuncOfFunction(Case):
    """A ufunc that numpy.frompyfunc made"""

    needs = ("numpy",)
    refused = True
    path = "[0]"

    def make():
        import numpy as np

        return [np.frompyfunc(lambda x: x + 1, 1, 1)]

    def same(obj):
        assert obj[0](1) == 2


class Tensors(Case):
    """Tensors of torch that share memory, of several kinds, and a model with a hook"""

    needs = ("torch",)

    def make():
        import torch

        whole = torch.arange(10.0)
        torch.manual_seed(0)
        model = torch.nn.Linear(3, 2)
        model.register_forward_hook(lambda module, given, made: made * 0 + 7)
        odd = (torch.zeros(0), torch.tensor(3), torch.ones(2, 3).T, torch.ones(2, dtype=torch.bfloat16))
        return whole, whole[2:5], model, odd

    def same(obj):
        import torch

        whole, part, model, (empty, scalar, turned, brain) = obj
        whole[2] = 99
        assert part.tolist() == [99, 3, 4]
        assert model(torch.ones(1, 3)).tolist() == [[7, 7]] and model.weight.requires_grad
        assert empty.shape == (0,) and scalar.item() == 3 and turned.stride() == (1, 3)
        assert brain.dtype is torch.bfloat16 and brain.sum() == 2
        whole[2] = 2


class PolarsFrame(Case):
    """A frame and a series of polars that are large enough to lend their memory"""

    needs = ("polars", "pyarrow")

    def make():
        import polars as pl
        import pyarrow  # noqa: F401 - without it polars says how

        size = 3000
        frame = pl.DataFrame(
            {
                "i": range(size),
                "s": list(map(str, range(size))),
                "l": [[1, 2]] * size,
                "b": [True, None] * (size // 2),
            }
        )
        frame = frame.with_columns(pl.col("s").cast(pl.Categorical).alias("c"), pl.lit(1.5).alias("f"))
        return frame, frame["i"]

    def same(obj):
        import polars as pl

        frame, series = obj
        assert frame.schema["c"] == pl.Categorical and frame.schema["l"] == pl.List(pl.Int64)
        assert frame["i"].equals(series) and series.name == "i" and frame["s"][2999] == "2999"
        assert frame["b"].null_count() == 1500 and frame["f"].sum() == 4500


if __name__ == "__main__":
    drive()
