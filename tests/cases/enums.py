"""Enums: rebuilt through their own machinery, members are single there too."""

import dataclasses
import enum

from harness import Case, drive


class Color(enum.Enum):
    """Colors."""

    RED = 1
    GREEN = 2

    def swap(self):
        return Color.GREEN if self is Color.RED else Color.RED


class Plain(Case):
    """An enum and its members"""

    old_protocols = True

    def make():
        return Color, Color.RED, {Color.GREEN: "go"}

    def same(obj):
        color, red, table = obj
        assert color(1) is red is color["RED"] and red.swap() is color.GREEN
        assert table[color.GREEN] == "go" and list(color) == [red, color.GREEN]
        assert color.__doc__ == "Colors." and len(color) == 2
        with raises(ValueError):
            color(3)
        with raises(AttributeError):
            color.RED = 5


class MemberAlone(Case):
    """A member of an enum, alone"""

    def make():
        return [Color.RED, Color.RED]

    def same(obj):
        assert obj[0] is obj[1] is type(obj[0]).RED and obj[0].value == 1


class InitAttributes(Case):
    """An enum whose __init__ unpacks the value"""

    def make():
        class Size(enum.Enum):
            SMALL = (1, "s")
            LARGE = (9, "l")

            def __init__(self, litres, code):
                self.litres = litres
                self.code = code

            @property
            def label(self):
                return f"{self.code}:{self.litres}"

        return Size.LARGE

    def same(obj):
        assert obj.label == "l:9" and type(obj)((1, "s")).litres == 1


class OwnNew(Case):
    """An enum with __new__ that sets _value_"""

    def make():
        class Coordinate(bytes, enum.Enum):
            def __new__(cls, value, label):
                self = bytes.__new__(cls, [value])
                self._value_ = value
                self.label = label
                return self

            PX = (0, "P.X")
            PY = (1, "P.Y")

        return Coordinate

    def same(obj):
        assert obj.PY == b"\1" and obj(1) is obj.PY and obj.PY.label == "P.Y"
        assert isinstance(obj.PX, bytes)


class AutoNumber(Case):
    """An enum whose members have no values but numbers from __new__"""

    def make():
        class Number(enum.Enum):
            def __new__(cls, *args):
                self = object.__new__(cls)
                self._value_ = len(cls.__members__) + 1
                self.args = args
                return self

            ONE = ()
            TWO = "t"

        return Number

    def same(obj):
        assert obj.ONE.value == 1 and obj(2) is obj.TWO and obj.TWO.args == ("t",)


class Aliases(Case):
    """An enum with aliases"""

    def make():
        class Shape(enum.Enum):
            SQUARE = 4
            BOX = 4
            TRIANGLE = 3

        return Shape

    def same(obj):
        assert obj.BOX is obj.SQUARE and obj["BOX"].name == "SQUARE"
        assert [*obj.__members__] == ["SQUARE", "BOX", "TRIANGLE"] and len(obj) == 2


class Auto(Case):
    """An enum with auto() and _generate_next_value_"""

    def make():
        class Word(enum.Enum):
            def _generate_next_value_(name, start, count, last):  # noqa: N805
                return f"{name.lower()}{count}"

            HI = enum.auto()
            BYE = enum.auto()

        return Word.BYE, Word

    def same(obj):
        bye, word = obj
        assert bye.value == "bye1" and word("hi0") is word.HI
        assert bye.__class__ is word


class Mixins(Case):
    """IntEnum, StrEnum and enums mixed with float and str"""

    old_protocols = True

    def make():
        class Code(enum.IntEnum):
            OK = 200
            GONE = 410

        class Mode(enum.StrEnum):
            READ = enum.auto()
            WRITE = "w"

        class Ratio(float, enum.Enum):
            HALF = 0.5

        class Text(str, enum.Enum):
            A = "a"

        return Code.GONE, Mode.READ, Mode.WRITE, Ratio.HALF, Text.A

    def same(obj):
        code, read, write, half, text = obj
        assert code + 1 == 411 and code < 500 and type(code)(200).name == "OK"
        assert read == "read" and f"{write}" == "w" and half * 2 == 1 and text.upper() == "A"
        assert type(text)("a") is text


class NamedFlags(Case):
    """A Flag with named composite members"""

    def make():
        class Access(enum.Flag):
            READ = enum.auto()
            WRITE = enum.auto()
            EXEC = enum.auto()
            ALL = READ | WRITE | EXEC

        return Access.READ | Access.WRITE, Access.ALL, Access

    def same(obj):
        both, everything, access = obj
        assert both == access.READ | access.WRITE and both | access.EXEC is everything
        assert everything.name == "ALL" and access.EXEC not in both
        assert list(both) == [access.READ, access.WRITE] and ~both is access.EXEC
        assert not access(0) and len(access) == 3


class OddFlags(Case):
    """An IntFlag whose members are composite numbers"""

    def make():
        class Rank(enum.IntFlag):
            LOW = 6
            MID = 21
            HIGH = 255

        return Rank.MID, Rank

    def same(obj):
        middle, rank = obj
        assert middle == 21 and middle.name == "MID" and rank(6) is rank.LOW
        assert rank.LOW | 1 == 7


class Boundaries(Case):
    """Flags with each boundary"""

    def make():
        kinds = []
        for name in ("STRICT", "CONFORM", "EJECT", "KEEP"):

            class Bits(enum.Flag, boundary=enum.FlagBoundary[name]):
                A = 1
                B = 2

            kinds.append(Bits)
        return kinds

    def same(obj):
        strict, conform, eject, keep = obj
        with raises(ValueError):
            strict(9)
        assert conform(9) is conform.A and eject(9) == 9 and type(eject(9)) is int
        assert keep(9).value == 9 and keep.A in keep(9)


class Missing(Case):
    """An enum with _missing_"""

    def make():
        class Level(enum.Enum):
            LOW = "low"
            HIGH = "high"

            @classmethod
            def _missing_(cls, value):
                return cls.__members__.get(str(value).upper())

        return Level

    def same(obj):
        assert obj("Low") is obj.LOW
        with raises(ValueError):
            obj("none")


class EmptyBase(Case):
    """An enum derived from an enum without members"""

    def make():
        class Documented(enum.Enum):
            @property
            def text(self):
                return self.name.title()

            @classmethod
            def first(cls):
                return next(iter(cls))

        class Fruit(Documented):
            APPLE = 1
            PEAR = 2

        class Tree(Documented):
            OAK = 1

        return Fruit.PEAR, Tree.OAK

    def same(obj):
        pear, oak = obj
        assert pear.text == "Pear" and pear.first().name == "APPLE"
        assert type(pear).__base__ is type(oak).__base__ and pear != oak


class DataclassMixin(Case):
    """An enum mixed with a dataclass"""

    def make():
        @dataclasses.dataclass
        class Body:
            mass: int
            radius: int

            def density(self):
                return self.mass / self.radius

        class Planet(Body, enum.Enum):
            MARS = 6, 3
            EARTH = 8, 2

        return Planet.EARTH

    def same(obj):
        assert obj.density() == 4 and obj.mass == 8 and type(obj).MARS.radius == 3
        assert type(obj)["EARTH"] is obj


class MemberAndNonmember(Case):
    """An enum with functions as members and plain attributes"""

    def make():
        class Operation(enum.Enum):
            add = enum.member(lambda a, b: a + b)
            size = enum.member(len)
            version = enum.nonmember(7)

            def __call__(self, *args):
                return self.value(*args)

        return Operation

    def same(obj):
        assert obj.add(1, 2) == 3 and obj.size("abc") == 3 and obj.version == 7
        assert [m.name for m in obj] == ["add", "size"]


class Functional(Case):
    """Enums made by the functional API"""

    def make():
        animal = enum.Enum("Animal", "ANT BEE CAT", module="__main__", start=5)
        bits = enum.Flag("Bits", {"X": 1, "Y": 4})
        return animal, bits.X | bits.Y

    def same(obj):
        animal, both = obj
        assert animal(6) is animal.BEE and both == type(both).X | type(both).Y
        assert both.value == 5


class InsideClass(Case):
    """An enum nested in a class that uses it as a default"""

    def make():
        class Door:
            class State(enum.Enum):
                OPEN = enum.auto()
                SHUT = enum.auto()

            def __init__(self, state=State.OPEN):
                self.state = state

            def toggle(self):
                self.state = self.State.SHUT if self.state is self.State.OPEN else self.State.OPEN
                return self

        return Door()

    def same(obj):
        assert obj.toggle().state is obj.State.SHUT
        assert type(obj)().state is obj.State.OPEN


class Unique(Case):
    """An enum checked by unique and verify"""

    def make():
        @enum.unique
        @enum.verify(enum.CONTINUOUS)
        class Step(enum.Enum):
            ONE = 1
            TWO = 2

        return Step

    def same(obj):
        assert [step.value for step in obj] == [1, 2]


class Ignored(Case):
    """An enum with _ignore_ and members made by a loop"""

    def make():
        class Month(enum.IntEnum):
            _ignore_ = "Month i"
            Month = vars()
            for i in range(1, 4):
                Month[f"M{i}"] = i

        return Month

    def same(obj):
        assert obj.M3 == 3 and len(obj) == 3 and not hasattr(obj, "i")


class OrderAndStr(Case):
    """An enum with __str__, __eq__, __hash__ and __lt__"""

    def make():
        class Grade(enum.Enum):
            A = 5
            B = 4

            def __lt__(self, other):
                return self.value < other.value

            def __str__(self):
                return f"grade {self.name}"

            def __eq__(self, other):
                return str(self) == str(other)

            def __hash__(self):
                return hash(self.name)

        return Grade, {Grade.A}

    def same(obj):
        grade, best = obj
        assert sorted(grade)[0] is grade.B and f"{grade.A}" == "grade A"
        assert grade.A in best and grade.A == "grade A"


class CompositeValues(Case):
    """An enum whose values are unhashable or of the script"""

    def make():
        class Rule:
            def __init__(self, n):
                self.n = n

        class Policy(enum.Enum):
            NONE = []
            SOME = {"a": [1]}
            RULE = Rule(3)

        return Policy.RULE

    def same(obj):
        policy = type(obj)
        assert obj.value.n == 3 and policy({"a": [1]}) is policy.SOME and policy([]) is policy.NONE
        assert policy(obj.value) is obj


class MemberAttributes(Case):
    """A member that got attributes after its creation"""

    def make():
        class Lamp(enum.Enum):
            ON = 1
            OFF = 0

        Lamp.ON.next, Lamp.OFF.next = Lamp.OFF, Lamp.ON
        return Lamp.ON

    def same(obj):
        assert obj.next.name == "OFF" and obj.next.next is obj


class InitSubclass(Case):
    """An enum base with __init_subclass__ keywords"""

    def make():
        class Base(enum.Enum):
            def __init_subclass__(cls, *, unit="", **keywords):
                super().__init_subclass__(**keywords)
                cls.unit = unit

            def show(self):
                return f"{self.value}{self.unit}"

        class Length(Base, unit="m"):
            ONE = 1

        return Length.ONE

    def same(obj):
        assert obj.show() == "1m"


class Importable(Case):
    """A member of an importable enum and a combination of its flags"""

    old_protocols = True

    def make():
        import re
        import socket

        return re.IGNORECASE | re.MULTILINE, socket.AF_INET

    def same(obj):
        import re
        import socket

        assert obj[0] == re.I | re.M and type(obj[0]) is re.RegexFlag and obj[1] is socket.AF_INET


class ClosureInMethod(Case):
    """An enum whose method closes over a local and over a global of the script"""

    def make():
        suffix = "!"

        class Shout(enum.Enum):
            HEY = "hey"

            def loud(self):
                return self.value + suffix + Color.RED.name

        return Shout.HEY

    def same(obj):
        assert obj.loud() == "hey!RED"


if __name__ == "__main__":
    drive()
