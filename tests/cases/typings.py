"""What `typing` makes: variables, generics, protocols, named tuples, typed dicts, aliases."""

import collections
import collections.abc
import types
import typing

from harness import Case, define, drive

T = typing.TypeVar("T")
Celsius = typing.NewType("Celsius", float)


class Stack(typing.Generic[T]):
    def __init__(self, *items: T):
        self.items = items

    def top(self) -> T:
        return self.items[-1]


class Variable(Case):
    """TypeVars: plain, bound, constrained and variant"""

    def make():
        return (
            T,
            typing.TypeVar("Bound", bound=Stack),
            typing.TypeVar("Either", int, str),
            typing.TypeVar("Out", covariant=True),
            typing.TypeVar("In", contravariant=True),
        )

    def same(obj):
        plain, bound, either, out, into = obj
        assert plain.__name__ == "T" and bound.__bound__.__name__ == "Stack"
        assert either.__constraints__ == (int, str)
        assert out.__covariant__ and into.__contravariant__ and not plain.__covariant__


class VariableIdentity(Case):
    """A TypeVar is one object in the class, its methods and beside them"""

    exempt = {"round_trip": "the class that comes back is the one that left, and does not know the copies"}

    def make():
        return T, Stack, Stack.top

    def same(obj):
        variable, stack, top = obj
        assert stack.__parameters__ == (variable,)
        assert top.__annotations__["return"] is variable


class VariableDefault(Case):
    """Type variables with defaults and inferred variance"""

    python = (3, 13)

    def make():
        return (
            typing.TypeVar("D", default=int, infer_variance=True),
            typing.ParamSpec("P", default=[int, str]),
            typing.TypeVarTuple("Ts", default=typing.Unpack[tuple[int, str]]),
            typing.TypeVar("N"),
        )

    def same(obj):
        import typing

        variable, parameters, several, none = obj
        assert variable.__default__ is int and variable.__infer_variance__
        assert parameters.__default__ == [int, str] and several.has_default()
        assert none.__default__ is typing.NoDefault and not none.has_default()


class ParameterSpecification(Case):
    """A ParamSpec with its args and kwargs, used in a class"""

    exempt = {"round_trip": "the class that comes back is the one that left, and does not know the copies"}

    def make():
        P = typing.ParamSpec("P")

        class Task(typing.Generic[P, T]):
            def run(self, *args: P.args, **kwargs: P.kwargs) -> T:
                return args, kwargs

        return Task, P, typing.Callable[P, int]

    def same(obj):
        task, parameters, call = obj
        assert task().run(1, k=2) == ((1,), {"k": 2})
        assert task.__parameters__[0] is parameters
        assert task.run.__annotations__["args"].__origin__ is parameters
        assert call[[str]].__args__ == (str, int)


class SeveralVariables(Case):
    """A TypeVarTuple and a class generic over it"""

    exempt = {"round_trip": "the class that comes back is the one that left, and does not know the copies"}

    def make():
        Ts = typing.TypeVarTuple("Ts")

        class Row(typing.Generic[typing.Unpack[Ts]]):
            def width(self):
                return 1

        return Row, Ts, tuple[typing.Unpack[Ts]]

    def same(obj):
        row, several, alias = obj
        assert row[int, str]().width() == 1 and row.__parameters__ == (several,)
        assert alias[int, str] == tuple[int, str]


class GenericClass(Case):
    """A Generic class, subclasses of it and aliases"""

    old_protocols = True

    def make():
        class Words(Stack[str]):
            def top(self) -> str:
                return super().top().upper()

        return Stack(1, 2), Words("a", "b"), Stack[int], Stack[list[T]]

    def same(obj):
        numbers, words, of_int, of_list = obj
        assert numbers.top() == 2 and words.top() == "B"
        assert of_int(5).top() == 5 and of_int.__origin__ is type(numbers)
        assert type(words).__orig_bases__ == (type(numbers)[str],)
        assert of_list[int].__args__ == (list[int],)


class AliasInstanceClass(Case):
    """An instance made through an alias remembers it"""

    def make():
        return Stack[int](1)

    def same(obj):
        assert obj.__orig_class__.__args__ == (int,)
        assert obj.__orig_class__.__origin__ is type(obj)


class NewKind(Case):
    """A NewType, and one over another"""

    def make():
        return Celsius, typing.NewType("Fever", Celsius)

    def same(obj):
        celsius, fever = obj
        assert celsius(3.0) == 3.0 and celsius.__supertype__ is float
        assert fever.__supertype__ is celsius and fever.__name__ == "Fever"


class NamedTupleClass(Case):
    """A NamedTuple class with defaults, methods and a property"""

    old_protocols = True

    def make():
        class Point(typing.NamedTuple):
            """A point."""

            x: int
            y: int = 7

            def flipped(self):
                return Point(self.y, self.x)

            @property
            def sum(self):
                return self.x + self.y

        return Point(1), Point

    def same(obj):
        one, point = obj
        assert one.flipped() == (7, 1) and one.sum == 8 and one._replace(x=0) == (0, 7)
        assert point._fields == ("x", "y") and point._field_defaults == {"y": 7}
        assert point.__doc__ == "A point." and repr(one) == "Point(x=1, y=7)"
        x, y = point(*one)
        with raises(AttributeError):
            one.z = 1


class NamedTupleFunctional(Case):
    """Named tuples made by function calls"""

    def make():
        pair = collections.namedtuple("Pair", "left right", defaults=[0])
        typed = typing.NamedTuple("Typed", [("name", str)])
        return pair(1), typed("n"), pair

    def same(obj):
        one, named, pair = obj
        assert one == (1, 0) and type(one) is pair and named.name == "n"
        assert pair._make("ab").right == "b" and one._asdict() == {"left": 1, "right": 0}


class NamedTupleGeneric(Case):
    """A generic NamedTuple"""

    def make():
        class Pair(typing.NamedTuple, typing.Generic[T]):
            first: T
            second: T

        return Pair, Pair[int]

    def same(obj):
        pair, alias = obj
        assert alias(1, 2) == pair(1, 2) and pair.__parameters__ and alias.__args__ == (int,)


class NamedTupleSubclass(Case):
    """A subclass of a named tuple with slots and __new__"""

    def make():
        class Range(collections.namedtuple("Range", "low high")):
            __slots__ = ()

            def __new__(cls, low, high):
                return super().__new__(cls, min(low, high), max(low, high))

            def __contains__(self, n):
                return self.low <= n < self.high

        return Range(9, 3)

    def same(obj):
        assert obj.low == 3 and 5 in obj and type(obj)(2, 1).high == 2
        assert not hasattr(obj, "__dict__")


class TypedDictionary(Case):
    """TypedDicts: inherited, partial, with required keys"""

    def make():
        class Base(typing.TypedDict):
            id: int

        class Movie(Base, total=False):
            title: typing.Required[str]
            year: int

        return Movie, typing.TypedDict("Quick", {"in": int})

    def same(obj):
        import typing

        movie, quick = obj
        assert movie(id=1, title="x") == {"id": 1, "title": "x"}
        assert movie.__required_keys__ == {"id", "title"} and movie.__optional_keys__ == {"year"}
        assert not movie.__total__ and typing.is_typeddict(movie)
        assert typing.get_type_hints(quick) == {"in": int}


class ProtocolClass(Case):
    """A runtime-checkable Protocol, implemented with and without saying so"""

    def make():
        @typing.runtime_checkable
        class Closable(typing.Protocol):
            def close(self) -> None: ...

        class Said(Closable):
            def close(self):
                return "said"

        return Closable, Said()

    def same(obj):
        closable, said = obj
        assert said.close() == "said" and isinstance(said, closable)
        assert isinstance(type("Quiet", (), {"close": print})(), closable)
        assert not isinstance(1, closable)
        with raises(TypeError):
            closable()


class GenericProtocol(Case):
    """A generic Protocol with data members that is not runtime-checkable"""

    def make():
        class Box(typing.Protocol[T]):
            item: T
            label: str = "box"

            def get(self) -> T: ...

        class Full(Box[int]):
            item = 3

            def get(self):
                return self.item

        return Box, Full()

    def same(obj):
        box, full = obj
        assert full.get() == 3 and full.label == "box" and box[str].__args__ == (str,)
        with raises(TypeError):
            isinstance(full, int) or isinstance(1, box)


class ParameterClass(Case):
    """A PEP 695 class with bounds and constraints, and a subclass"""

    python = (3, 12)

    def make():
        return define(
            """
            class Box[T: (int, str), *Rest]:
                def __init__(self, item: T):
                    self.item = item
                def get[S](self, other: S) -> tuple[T, S]:
                    return self.item, other
            class IntBox(Box[int, str, bytes]):
                pass
            """,
            "Box",
            "IntBox",
        )

    def same(obj):
        box, int_box = obj
        item, rest = box.__type_params__
        assert item.__constraints__ == (int, str) and rest.__name__ == "Rest"
        assert box(1).get("a") == (1, "a") and box.__parameters__ == (item, rest)
        assert int_box.__orig_bases__[0].__origin__ is box and int_box(2).item == 2
        assert box.__init__.__annotations__["item"] is item
        assert box.get.__annotations__["return"].__args__[0] is item


class ParameterDefaults(Case):
    """PEP 696 defaults of a class's type parameters"""

    python = (3, 13)

    def make():
        return define("class Box[T = int, **P = [str]]:\n    item: T\n", "Box")

    def same(obj):
        item, parameters = obj.__type_params__
        assert item.__default__ is int and parameters.__default__ == [str]
        assert obj[str].__args__[0] is str


class LazyBound(Case):
    """A type parameter whose bound names the class itself"""

    python = (3, 12)

    def make():
        return define("class Node[T: Node]:\n    def me(self): return self\n", "Node")

    def same(obj):
        (variable,) = obj.__type_params__
        assert variable.__bound__ is obj and obj().me()


class TypeAlias(Case):
    """PEP 695 type aliases: plain, generic, lazy"""

    python = (3, 12)

    def make():
        return define(
            """
            class Leaf:
                pass
            type Number = int | float
            type Pair[T] = tuple[T, T]
            type Tree = Leaf | list[Tree]
            type Chain[T] = tuple[T, Chain[T]] | None
            type Even = list[Odd]
            type Odd = dict[str, Even]
            """,
            "Number",
            "Pair",
            "Tree",
            "Leaf",
            "Chain",
            "Even",
            "Odd",
        )

    def same(obj):
        number, pair, tree, leaf, chain, even, odd = obj
        assert chain.__value__.__args__[0].__args__[1].__origin__ is chain
        assert even.__value__.__args__ == (odd,) and odd.__value__.__args__[1] is even
        assert number.__value__ == int | float and number.__name__ == "Number"
        assert pair[int].__args__ == (int,) and pair.__type_params__[0].__name__ == "T"
        assert tree.__value__.__args__[0] is leaf and tree.__value__.__args__[1].__args__[0] is tree


class TypeAliasCall(Case):
    """A TypeAliasType made by a call"""

    python = (3, 12)

    def make():
        S = typing.TypeVar("S")
        return typing.TypeAliasType("Many", list[S], type_params=(S,))

    def same(obj):
        assert obj.__name__ == "Many" and obj.__value__.__origin__ is list
        assert obj.__value__.__args__ == obj.__type_params__


class Aliases(Case):
    """Aliases of builtin and typing generics with types of the script"""

    old_protocols = True

    def make():
        return (
            list[Stack],
            dict[str, list[Stack[int]]],
            typing.Callable[[int, Stack], str],
            collections.abc.Callable[..., Stack],
            typing.Optional[Stack],
            int | None,
            typing.Union[Stack, str],
            tuple[()],
            tuple[int, ...],
            type[Stack],
            typing.List[int],
        )

    def same(obj):
        import typing

        first, table, call, any_call, optional, union, either, empty, many, kind, old = obj
        stack = first.__args__[0]
        assert table == dict[str, list[stack[int]]] and call == typing.Callable[[int, stack], str]
        assert typing.get_args(any_call) == (..., stack) and optional == typing.Optional[stack]
        assert union == int | None and either == typing.Union[stack, str]
        assert empty == tuple[()] and many == tuple[int, ...] and kind == type[stack]
        assert old == typing.List[int] and isinstance(1, union)


class SpecialForms(Case):
    """Any, ClassVar, Literal, Annotated, Self and other special forms"""

    def make():
        return [
            typing.Any,
            typing.ClassVar[int],
            typing.Final[int],
            typing.Literal["a", 1, None],
            typing.Annotated[int, "meta", Stack],
            typing.Self,
            typing.Never,
            typing.LiteralString,
            typing.Concatenate,
            typing.NotRequired[int],
            typing.ForwardRef("Late"),
        ]

    def same(obj):
        import typing

        any_, of_class, final, literal, noted, self_, never, text, concatenate, maybe, late = obj
        assert any_ is typing.Any and self_ is typing.Self and never is typing.Never
        assert text is typing.LiteralString and concatenate is typing.Concatenate
        assert of_class == typing.ClassVar[int] and final == typing.Final[int]
        assert literal.__args__ == ("a", 1, None) and maybe == typing.NotRequired[int]
        assert noted.__metadata__[0] == "meta" and noted.__metadata__[1]("x").top() == "x"
        assert late.__forward_arg__ == "Late"


class Overloads(Case):
    """A function with overloads, and final and override marks"""

    def make():
        @typing.overload
        def parse(x: int) -> int: ...
        @typing.overload
        def parse(x: str) -> str: ...
        def parse(x):
            return x

        class Sealed:
            @typing.final
            def run(self):
                return parse(1)

        return parse, typing.final(Sealed)()

    def same(obj):
        import typing

        parse, sealed = obj
        assert parse("a") == "a" and sealed.run() == 1
        assert type(sealed).__final__ and type(sealed).run.__final__
        number, text = typing.get_overloads(parse)
        assert typing.get_type_hints(number) == {"x": int, "return": int}
        assert typing.get_type_hints(text) == {"x": str, "return": str}


class MethodOverloads(Case):
    """Methods with overloads, some of them static, of a class of nothing but code"""

    def make():
        class Parser:
            @typing.overload
            def parse(self, x: int) -> int: ...
            @typing.overload
            def parse(self, x: str, strict: bool = True) -> "Parser": ...
            def parse(self, x, strict=False):
                return x

            @typing.overload
            @staticmethod
            def make(x: int): ...
            @typing.overload
            @staticmethod
            def make(x: str): ...
            @staticmethod
            def make(x):
                return x

        return Parser()

    def same(obj):
        import inspect
        import typing

        assert obj.parse(1) == 1 and obj.make(2) == 2
        number, text = typing.get_overloads(obj.parse)
        assert typing.get_type_hints(number) == {"x": int, "return": int}
        assert inspect.signature(text).parameters["strict"].default is True
        assert len(typing.get_overloads(type(obj).make)) == 2


class SubclassOfAlias(Case):
    """Subclasses of builtin generic aliases and of typing's collections"""

    def make():
        class Names(list[str]):
            def joined(self):
                return "+".join(self)

        class Table(typing.Dict[str, T]):
            pass

        return Names(["a", "b"]), Table(k=1)

    def same(obj):
        names, table = obj
        assert names.joined() == "a+b" and type(names).__orig_bases__ == (list[str],)
        assert table["k"] == 1 and type(table)[int].__args__ == (int,)


class TypeVarInAttribute(Case):
    """A type variable inside an instance that a class has as an attribute"""

    def make():
        part = typing.TypeVar("part", bound=int)

        class Box(typing.Generic[part]):
            about = types.SimpleNamespace(parameters=[part], origin=None)

        return Box

    def same(obj):
        assert obj.about.parameters[0] is obj.__parameters__[0] and obj.__parameters__[0].__bound__ is int


if __name__ == "__main__":
    drive()
