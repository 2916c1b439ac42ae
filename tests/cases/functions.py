"""Functions of every make: what they compute, remember and say about themselves."""

import asyncio
import builtins
import inspect
import types

from harness import Case, define, drive

RATE = 3


def scale(n):
    return n * RATE


def scale_twice(n):
    return scale(scale(n))


def factorial(n):
    return 1 if n < 2 else n * factorial(n - 1)


def is_even(n):
    return n == 0 or is_odd(n - 1)


def is_odd(n):
    return n != 0 and is_even(n - 1)


class Helper(Case):
    """A function of the script that calls another and reads a constant"""

    old_protocols = True

    def make():
        return scale_twice

    def same(obj):
        assert obj(2) == 18


class Lambda(Case):
    """A lambda with every sort of parameter"""

    old_protocols = True

    def make():
        return lambda a, /, b, *rest, c=3, **more: (a, b, rest, c, sorted(more))

    def same(obj):
        assert obj(1, 2, 9, z=0, c=4) == (1, 2, (9,), 4, ["z"])
        with raises(TypeError, "missing 1 required positional"):
            obj(a=1, b=2)


class Defaults(Case):
    """A function whose default list lives on between calls"""

    def make():
        def remember(item, seen=[]):
            seen.append(item)
            return seen

        remember("first")
        return remember

    def same(obj):
        kept = obj("second")
        assert obj("third") is kept is obj.__defaults__[0]
        assert kept == ["first", "second", "third"]


class KeywordDefaults(Case):
    """A function with keyword-only defaults"""

    old_protocols = True

    def make():
        def label(text, *, left="<", right=">", fill=lambda s: s.upper()):
            return left + fill(text) + right

        return label

    def same(obj):
        assert obj("a") == "<A>" and obj("a", right="]") == "<A]"
        assert list(obj.__kwdefaults__) == ["left", "right", "fill"]


class SharedDefault(Case):
    """Functions whose defaults are one object"""

    def make():
        shelf = {}

        def put(key, shelf=shelf):
            shelf[key] = True

        def has(key, shelf=shelf):
            return key in shelf

        return put, has

    def same(obj):
        put, has = obj
        assert not has("jam")
        put("jam")
        assert has("jam")


class Attributes(Case):
    """A function with attributes of its own"""

    def make():
        def visit():
            visit.count += 1
            return visit.count

        visit.count = 10
        visit.tags = ("slow", "io")
        return visit

    def same(obj):
        assert obj() == 11 and obj() == 12
        assert obj.count == 12 and obj.tags == ("slow", "io")


class SharedAttributes(Case):
    """Two functions that share their attributes"""

    def make():
        def one():
            return one.n

        def other():
            return other.n

        one.n = 1
        other.__dict__ = one.__dict__
        return one, other

    def same(obj):
        one, other = obj
        one.n = 2
        assert other() == other.n == 2 and one() == 2
        other.n = 1


class OwnAttribute(Case):
    """A function that is an attribute of itself"""

    def make():
        def loop():
            return "round"

        loop.again = loop
        return loop

    def same(obj):
        assert obj.again is obj and obj.again.again() == "round"


class DefaultIsItself(Case):
    """A function that has itself as a default"""

    def make():
        def countdown(n, go=None):
            return [n, *go(n - 1)] if n else []

        countdown.__defaults__ = (countdown,)
        return countdown

    def same(obj):
        assert obj(3) == [3, 2, 1] and obj.__defaults__ == (obj,)


class Recursive(Case):
    """A function that calls itself through its global name"""

    old_protocols = True

    def make():
        return factorial

    def same(obj):
        assert obj(6) == 720
        assert obj.__globals__["factorial"] is obj


class MutuallyRecursive(Case):
    """Functions that call each other through global names"""

    def make():
        return is_even

    def same(obj):
        assert obj(10) and not obj(7)
        assert obj.__globals__["is_odd"].__globals__ is obj.__globals__


class Coroutine(Case):
    """An async function"""

    old_protocols = True

    def make():
        async def double(n):
            await asyncio.sleep(0)
            return 2 * n

        return double

    def same(obj):
        import asyncio
        import inspect

        assert inspect.iscoroutinefunction(obj)
        assert asyncio.run(obj(21)) == 42


class AsyncParts(Case):
    """An async function with async for, async with and an async comprehension"""

    def make():
        class Door:
            async def __aenter__(self):
                return "open"

            async def __aexit__(self, *problem):
                self.shut = True

        async def numbers(n):
            for i in range(n):
                yield i

        async def walk():
            door = Door()
            async with door as state:
                seen = [i * i async for i in numbers(3)]
                async for i in numbers(2):
                    seen.append(i)
            return state, seen, door.shut

        return walk

    def same(obj):
        import asyncio

        assert asyncio.run(obj()) == ("open", [0, 1, 4, 0, 1], True)


class Generator(Case):
    """A generator function"""

    old_protocols = True

    def make():
        def running_sum():
            total = 0
            while True:
                got = yield total
                total += got

        return running_sum

    def same(obj):
        adder = obj()
        assert next(adder) == 0 and adder.send(4) == 4 and adder.send(5) == 9


class AsyncGenerator(Case):
    """An async generator function"""

    def make():
        async def ticks(n):
            for i in range(n):
                await asyncio.sleep(0)
                yield i

        return ticks

    def same(obj):
        import asyncio

        async def collect():
            return [i async for i in obj(3)]

        assert asyncio.run(collect()) == [0, 1, 2]


class OldCoroutine(Case):
    """A generator function marked with types.coroutine"""

    def make():
        @types.coroutine
        def pause():
            return (yield "paused")

        async def use():
            return await pause()

        return use

    def same(obj):
        work = obj()
        assert work.send(None) == "paused"
        with raises(StopIteration) as stop:
            work.send("done")
        assert stop.value.value == "done"


class MarkedCoroutine(Case):
    """A function marked with inspect.markcoroutinefunction"""

    python = (3, 12)

    def make():
        def fetch():
            return asyncio.sleep(0, "page")

        return inspect.markcoroutinefunction(fetch)

    def same(obj):
        import asyncio
        import inspect

        assert inspect.iscoroutinefunction(obj)
        assert asyncio.run(obj()) == "page"


class Syntax(Case):
    """A function that uses most statements of the language"""

    def make():
        def busy(thing):
            log = []
            try:
                match thing:
                    case {"kind": "pair", "of": [a, b]}:
                        log.append(a + b)
                    case str() as text if (size := len(text)) > 2:
                        log.append(f"{text!r:>8}{size}")
                    case [first, *_]:
                        raise ExceptionGroup("many", [KeyError(first), OSError()])
                    case _:
                        assert thing, "empty"
            except* KeyError as group:
                log.append(group.exceptions[0].args)
            except* OSError:
                log.append("os")
            except* AssertionError:
                log.append("falsy")
            else:
                log.append("fine")
            finally:
                log.append("end")
            return log

        return busy

    def same(obj):
        assert obj({"kind": "pair", "of": [1, 2]}) == [3, "fine", "end"]
        assert obj("abcd") == ["  'abcd'4", "fine", "end"]
        assert obj([7]) == [(7,), "os", "end"]
        assert obj(0) == ["falsy", "end"]


class Constants(Case):
    """A function with constants of every type"""

    def make():
        def all_of_them(x=None):
            known = x in {"one", "two", 3, (4, "five"), None}
            return known, 1 << 200, -0.0, 1e400, 2j, b"\0\xff", ..., "\ud800 é", ((1,), ()), True

        return all_of_them

    def same(obj):
        import math

        known, huge, zero, infinite, imaginary, data, dots, text, nested, true = obj((4, "five"))
        assert known and not obj("four")[0]
        assert huge == 2**200 and math.copysign(1, zero) == -1 and infinite == math.inf
        assert imaginary == 2j and data == b"\0\xff" and dots is ... and true is True
        assert text == "\ud800 é" and nested == ((1,), ())


class SliceConstant(Case):
    """A function with constant slices"""

    def make():
        def edges(items):
            return items[1:-1], items[::-1], items[:2]

        return edges

    def same(obj):
        assert obj("abcd") == ("bc", "dcba", "ab")


class Big(Case):
    """A function with hundreds of variables and constants"""

    def make():
        lines = [f"    v{i} = {i + 1000} if n else v{i - 1 if i else 0}" for i in range(400)]
        source = "\n".join(["def big(n, v0=0):", *lines, "    return v0 + v399", ""])
        return define(source, "big")

    def same(obj):
        assert obj(1) == 1000 + 1399


class FutureFlag(Case):
    """A function compiled under a __future__ import, which its exec inherits"""

    def make():
        return define(
            """
            from __future__ import annotations
            def build():
                space = {}
                exec("def inner(x: not_defined): return x", space)
                return space["inner"]
            """,
            "build",
        )

    def same(obj):
        import __future__

        assert obj.__code__.co_flags & __future__.annotations.compiler_flag
        assert obj().__annotations__ == {"x": "not_defined"} and obj()(3) == 3


class Renamed(Case):
    """A function with changed name, qualname, module and docs"""

    def make():
        def plain():
            "old"

        plain.__name__, plain.__qualname__ = "fancy", "Very.fancy"
        plain.__module__, plain.__doc__ = "no.such.module", "new"
        return plain

    def same(obj):
        assert (obj.__name__, obj.__qualname__) == ("fancy", "Very.fancy")
        assert (obj.__module__, obj.__doc__) == ("no.such.module", "new")
        assert obj() is None


class CodeReplaced(Case):
    """A function whose code was replaced by another's"""

    def make():
        def old(a, b=10):
            return a - b

        old.__code__ = (lambda a, b: a * b).__code__
        return old

    def same(obj):
        assert obj(4) == 40 and obj.__name__ == "old"


class CodeEdited(Case):
    """A function whose code was edited with code.replace"""

    def make():
        def answer():
            return 41

        constants = tuple(42 if c == 41 else c for c in answer.__code__.co_consts)
        answer.__code__ = answer.__code__.replace(co_consts=constants, co_name="edited")
        return answer if answer() == 42 else lambda: 42

    def same(obj):
        assert obj() == 42


class BuiltByHand(Case):
    """A function made with types.FunctionType over globals of its own"""

    def make():
        def template(x):
            return x + OFFSET + more  # noqa: F821 - given by hand below

        space = {"OFFSET": 100, "more": 1}
        return types.FunctionType(template.__code__, space, "made", None, None)

    def same(obj):
        assert obj(5) == 106 and obj.__name__ == "made"
        obj.__globals__["more"] = 2
        assert obj(5) == 107


class CellTwice(Case):
    """A function made with types.FunctionType that has one cell for two variables"""

    def make():
        def outer():
            a = 1
            b = 2

            def step():
                nonlocal a
                a += 1
                return a, b

            return step

        step = outer()
        cell = step.__closure__[0]
        return types.FunctionType(step.__code__, step.__globals__, "step", None, (cell, cell)), step

    def same(obj):
        twice, once = obj
        assert twice() == (2, 2)
        assert once() == (3, 2)


class OwnBuiltins(Case):
    """A function and a class with builtins of their own, as a sandbox gives them"""

    def make():
        source = """
            def ask(x):
                return len(x), str(x)
            class Asked:
                def ask(self, x):
                    return len(x), str(x)
            """
        given = {"len": lambda x: "mine", "str": str, "__build_class__": builtins.__build_class__}
        return define(source, "ask", "Asked", __builtins__=given)

    def same(obj):
        ask, asked = obj
        assert ask(7) == asked().ask(7) == ("mine", "7")


class CopiedBuiltins(Case):
    """A function whose builtins are a copy of everybody's"""

    def make():
        return define("def ask(x):\n    return len(x)", "ask", __builtins__=dict(vars(builtins)))

    def same(obj):
        assert obj([1]) == 1


class TypeParameters(Case):
    """A PEP 695 generic function"""

    python = (3, 12)

    def make():
        return define(
            """
            def first[T: (int, str), *Ts, **P](items: list[T], *rest: *Ts) -> T:
                return items[0]
            """,
            "first",
        )

    def same(obj):
        assert obj([5, 6]) == 5
        bounded, several, parameters = obj.__type_params__
        assert bounded.__constraints__ == (int, str)
        assert obj.__annotations__["return"] is bounded
        assert (several.__name__, parameters.__name__) == ("Ts", "P")


class SignatureOverride(Case):
    """A function that states another signature than it has"""

    def make():
        def anything(*args, **kwargs):
            return args, kwargs

        anything.__signature__ = inspect.signature(lambda host, port=80: None)
        return anything

    def same(obj):
        import inspect

        assert str(inspect.signature(obj)) == "(host, port=80)"
        assert obj(1, k=2) == ((1,), {"k": 2})


class Code(Case):
    """A code object"""

    old_protocols = True

    def make():
        return compile("total = sum(range(n))\nwords = [w for w in 'ab']", "<sum>", "exec")

    def same(obj):
        space = {"n": 5}
        exec(obj, space)
        assert space["total"] == 10 and space["words"] == ["a", "b"]


class CodeOfFunction(Case):
    """The code object of a function, with its line numbers"""

    def make():
        def three(a, *, b=1):
            first = a
            return first + b

        return three.__code__

    def same(obj):
        import types

        built = types.FunctionType(obj, {})
        assert built(1, b=2) == 3
        assert obj.co_varnames == ("a", "b", "first") and obj.co_kwonlyargcount == 1
        lines = sorted({line - obj.co_firstlineno for _, _, line in obj.co_lines() if line})
        assert lines[-2:] == [1, 2]


class Annotated(Case):
    """A function with annotations that are objects of the script"""

    def make():
        class Unit:
            pass

        def convert(value: Unit, how: "later" = None) -> list[Unit]:  # noqa: F821 - a text
            return [value]

        return convert, Unit

    def same(obj):
        convert, unit = obj
        hints = convert.__annotations__
        assert hints["value"] is unit and hints["how"] == "later"
        assert hints["return"].__args__ == (unit,)


class InDictOfList(Case):
    """Functions inside containers, one of them twice"""

    old_protocols = True

    def make():
        square = lambda x: x * x  # noqa: E731 - the same object in two places
        return {"ops": [square, lambda x: -x], "default": square}

    def same(obj):
        assert [f(3) for f in obj["ops"]] == [9, -3]
        assert obj["default"] is obj["ops"][0]


class Methods(Case):
    """A function put together at run time: exec in an empty dict"""

    def make():
        space = {}
        exec("def add(a, b):\n    return abs(a) + b\n", space)
        return space["add"]

    def same(obj):
        assert obj(-1, 2) == 3


if __name__ == "__main__":
    drive()
