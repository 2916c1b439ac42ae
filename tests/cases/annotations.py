"""Annotations: eager, postponed as text (PEP 563) and lazy (PEP 649)."""

import typing

from harness import Case, define, drive


class Unit:
    name = "unit"


def measure(value: float, unit: Unit = None) -> list[Unit]:
    return [unit] * int(value)


class Hints(Case):
    """typing.get_type_hints of a function with classes of the script"""

    def make():
        return measure, Unit

    def same(obj):
        import typing

        function, unit = obj
        hints = typing.get_type_hints(function)
        assert hints["value"] is float and hints["unit"] is unit
        assert hints["return"] == list[unit] and function(2, unit) == [unit, unit]


class PostponedFunction(Case):
    """A function under `from __future__ import annotations`: names resolve there"""

    def make():
        return define(
            """
            from __future__ import annotations
            import decimal
            class Money:
                pass
            def pay(amount: decimal.Decimal, to: Money | None = None) -> dict[str, Money]:
                return {"to": to}
            """,
            "pay",
            "Money",
        )

    def same(obj):
        import decimal
        import typing

        pay, money = obj
        assert pay.__annotations__["to"] == "Money | None"
        hints = typing.get_type_hints(pay)
        assert hints["amount"] is decimal.Decimal and hints["to"] == money | None
        assert hints["return"].__args__ == (str, money)


class PostponedFunctionAlone(Case):
    """A function whose annotations alone name a class of the script"""

    def make():
        return define(
            """
            from __future__ import annotations
            class Request:
                path = "/"
            def handle(request: Request) -> int:
                return 200
            """,
            "handle",
        )

    def same(obj):
        import typing

        assert obj(None) == 200
        assert typing.get_type_hints(obj)["request"].path == "/"


class PostponedClass(Case):
    """A class under `from __future__ import annotations`, with methods"""

    def make():
        return define(
            """
            from __future__ import annotations
            import typing
            class Wheel:
                pass
            class Car:
                wheels: list[Wheel]
                count: typing.ClassVar[int] = 4
                def spare(self) -> Wheel | Car:
                    return self
            """,
            "Car",
            "Wheel",
        )

    def same(obj):
        import typing

        car, wheel = obj
        assert car.__annotations__ == {"wheels": "list[Wheel]", "count": "typing.ClassVar[int]"}
        assert typing.get_type_hints(car.spare)["return"] == wheel | car


class Unresolvable(Case):
    """Annotations that name what only a type checker imports"""

    def make():
        return define(
            """
            from __future__ import annotations
            import typing
            if typing.TYPE_CHECKING:
                from nowhere import Thing
            class Holder:
                thing: Thing
            def use(thing: Thing, n: int = 1) -> nowhere.Other:
                return n
            """,
            "use",
            "Holder",
        )

    def same(obj):
        import typing

        use, holder = obj
        assert use(None) == 1 and use.__annotations__["thing"] == "Thing"
        assert holder.__annotations__ == {"thing": "Thing"}
        with raises(NameError, "Thing"):
            typing.get_type_hints(use)


class LazyUnresolvable(Case):
    """Lazy annotations that cannot be resolved (PEP 649)"""

    python = (3, 14)

    def make():
        return define(
            """
            class Holder:
                thing: Missing
                n: int
            def use(thing: Missing, n: int = 1) -> list[Holder]:
                return n
            """,
            "use",
            "Holder",
        )

    def same(obj):
        import annotationlib

        use, holder = obj
        assert use(None) == 1 and holder()
        with raises(NameError, "Missing"):
            use.__annotations__
        hints = annotationlib.get_annotations(use, format=annotationlib.Format.FORWARDREF)
        assert hints["n"] is int and hints["return"] == list[holder]
        assert hints["thing"].__forward_arg__ == "Missing"
        texts = annotationlib.get_annotations(holder, format=annotationlib.Format.STRING)
        assert texts == {"thing": "Missing", "n": "int"}


class LazyLater(Case):
    """Lazy annotations whose name is defined before they are read (PEP 649)"""

    python = (3, 14)

    def make():
        return define(
            """
            def first(x: Second) -> int:
                return 1
            class Second:
                other: list[Second]
            """,
            "first",
            "Second",
        )

    def same(obj):
        first, second = obj
        assert first.__annotations__ == {"x": second, "return": int}
        assert second.__annotations__["other"] == list[second]


class LazyClosure(Case):
    """Lazy annotations that read a function's variables and the class body (PEP 649)"""

    python = (3, 14)

    def make():
        return define(
            """
            def build(kind):
                class Model:
                    local = bytes
                    a: kind
                    b: local
                    def get(self, x: kind) -> local: ...
                return Model
            model = build(int)
            """,
            "model",
        )

    def same(obj):
        assert obj.__annotations__ == {"a": int, "b": bytes}
        assert obj.get.__annotations__["x"] is int


class ForwardClass(Case):
    """A class whose annotations are texts that name itself and others"""

    def make():
        class Node:
            parent: "Node"
            unit: "Unit"
            count: int = 0

        Node.__annotations__["late"] = str
        return Node

    def same(obj):
        assert dict(obj.__annotations__) == {
            "parent": "Node", "unit": "Unit", "count": int, "late": str
        }  # fmt: skip
        assert obj().count == 0


class OnlyAnnotated(Case):
    """A class with annotations and no values, and an empty subclass"""

    def make():
        class Schema:
            id: int
            title: str

        class Empty(Schema):
            pass

        return Empty

    def same(obj):
        import inspect
        import typing

        assert inspect.get_annotations(obj) == {}
        assert inspect.get_annotations(obj.__base__) == {"id": int, "title": str}
        assert typing.get_type_hints(obj) == {"id": int, "title": str}
        assert not hasattr(obj, "id")


class Metadata(Case):
    """Annotated metadata that is an instance and a function of the script"""

    def make():
        class Max:
            def __init__(self, n):
                self.n = n

        def clip(x: typing.Annotated[int, Max(5), lambda n: n > 0]):
            return x

        return clip, Max

    def same(obj):
        clip, max_ = obj
        bound, positive = clip.__annotations__["x"].__metadata__
        assert bound.n == 5 and isinstance(bound, max_) and positive(1)


class Changed(Case):
    """A function whose annotations were replaced"""

    def make():
        def f(x: int):
            return x

        f.__annotations__ = {"x": Unit, "return": "text"}
        return f

    def same(obj):
        assert obj.__annotations__["x"].name == "unit" and obj.__annotations__["return"] == "text"


class Removed(Case):
    """A function and a class whose annotations were removed"""

    def make():
        def f(x: int):
            return x

        del f.__annotations__
        return f

    def same(obj):
        assert obj.__annotations__ == {} and obj(1) == 1


class VariablesOfModule(Case):
    """Local variable annotations, which are never evaluated"""

    def make():
        def f():
            x: no_such_type = 3  # noqa: F821 - never evaluated
            return x

        return f

    def same(obj):
        assert obj() == 3


if __name__ == "__main__":
    drive()
