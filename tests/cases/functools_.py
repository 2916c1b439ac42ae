"""What functools and contextlib make of functions."""

import contextlib
import functools
import operator

from harness import Case, drive


@functools.lru_cache(maxsize=7, typed=True)
def area(side):
    return side * side


@functools.cache
def paths(n):
    return 1 if n < 2 else paths(n - 1) + paths(n - 2)


@functools.singledispatch
def show(value):
    return f"thing {value}"


@show.register
def show_int(value: int):
    return f"number {value}"


class Point:
    pass


@show.register(Point)
@show.register(list)
def show_other(value):
    return type(value).__name__


class LruCache(Case):
    """functools.lru_cache: its parameters arrive, its cache is empty"""

    def make():
        area(3)
        return area

    def same(obj):
        obj.cache_clear()
        assert [obj(4), obj(4), obj(4.0)] == [16, 16, 16.0]
        assert obj.cache_info() == (1, 2, 7, 2)
        assert obj.cache_parameters() == {"maxsize": 7, "typed": True}
        assert obj.__name__ == "area" and obj.__wrapped__(5) == 25


class EmptyCache(Case):
    """functools.lru_cache does not ship what it has cached"""

    def make():
        @functools.lru_cache
        def double(n):
            return n * 2

        double("cached at home")
        return double

    def same(obj):
        assert obj.cache_info().currsize == 0
        assert obj("ab") == "abab"

    def here(obj):
        assert obj.cache_info().currsize == 1

    def payload(data):
        assert b"cached at home" not in data


class RecursiveCache(Case):
    """functools.cache around a function that calls the cached one"""

    def make():
        return paths

    def same(obj):
        obj.cache_clear()
        assert obj(30) == 1346269
        assert obj.cache_info().hits == 28
        assert obj.__wrapped__.__globals__["paths"] is obj


class CachedMethod(Case):
    """A method with lru_cache"""

    def make():
        class Oven:
            bakes = 0

            @functools.lru_cache(maxsize=None)
            def bake(self, what):
                self.bakes += 1
                return "hot " + what

        return Oven()

    def same(obj):
        before = obj.bakes
        assert obj.bake("loaf") is obj.bake("loaf") and obj.bakes == before + 1
        assert type(obj).bake.cache_info().hits >= 1


class SingleDispatch(Case):
    """functools.singledispatch with types of the script and builtin ones"""

    def make():
        return show, Point

    def same(obj):
        show, point = obj
        assert show(1) == "number 1" and show("x") == "thing x" and show(True) == "number True"
        assert show(point()) == "Point" and show([]) == "list"
        show.register(str, lambda text: "text " + text)
        assert show("x") == "text x"
        assert show.dispatch(point) is show.registry[point]


class SingleDispatchMethod(Case):
    """functools.singledispatchmethod, also around a class method"""

    def make():
        class Printer:
            @functools.singledispatchmethod
            def out(self, value):
                return "?"

            @out.register
            def _(self, value: int):
                return f"{self.unit}{value}"

            @functools.singledispatchmethod
            @classmethod
            def build(cls, value):
                return cls, "any"

            @build.register
            @classmethod
            def _(cls, value: str):
                return cls, "text"

            unit = "#"

        return Printer()

    def same(obj):
        assert obj.out(3) == "#3" and obj.out("x") == "?"
        assert obj.build("x") == (type(obj), "text") and obj.build(1)[1] == "any"


class Partial(Case):
    """functools.partial with arguments, keywords and attributes"""

    old_protocols = True

    def make():
        part = functools.partial(lambda *a, **k: (a, k), 1, 2, key="old", other=3)
        part.note = "kept"
        return part

    def same(obj):
        assert obj(9, key="new") == ((1, 2, 9), {"key": "new", "other": 3})
        assert obj.note == "kept" and obj.args == (1, 2)


class PartialOfPartial(Case):
    """A partial of a partial, and one of its own function's list"""

    def make():
        inner = functools.partial(pow, 2)
        calls = []
        return functools.partial(inner, 5), functools.partial(calls.append, "x"), calls

    def same(obj):
        power, call, calls = obj
        assert power() == 32 and power(7) == 4
        call()
        assert calls == ["x"]


class PartialSubclass(Case):
    """A subclass of functools.partial"""

    def make():
        class Loud(functools.partial):
            def __call__(self, *args):
                return super().__call__(*args).upper()

        return Loud(str.replace, "banana", "an")

    def same(obj):
        assert obj("AN") == "BANANA" and isinstance(obj, type(obj)) and obj.func is str.replace


class PartialMethod(Case):
    """functools.partialmethod"""

    def make():
        class Switch:
            state = None

            def turn(self, state, *, loud=False):
                self.state = state
                return loud

            on = functools.partialmethod(turn, "on", loud=True)
            off = functools.partialmethod(turn, "off")

        return Switch()

    def same(obj):
        assert obj.on() is True and obj.state == "on"
        assert obj.off() is False and obj.state == "off"


class PartialMethodOfOurs(Case):
    """A subclass of functools.partialmethod with attributes of its own"""

    def make():
        class Documented(functools.partialmethod):
            note = None

        def power(self, exponent, /):
            return self.base**exponent

        class Number:
            base = 3
            square = Documented(power, 2)

        Number.__dict__["square"].note = "area"
        return Number

    def same(obj):
        square = obj.__dict__["square"]
        assert obj().square() == 9 and square.note == "area"
        assert [base.__name__ for base in type(square).__mro__][:2] == ["Documented", "partialmethod"]


class Wraps(Case):
    """A chain of functools.wraps decorators"""

    def make():
        def noisy(word):
            def decorate(function):
                @functools.wraps(function)
                def wrapper(*args):
                    return word + function(*args)

                return wrapper

            return decorate

        @noisy("a")
        @noisy("b")
        def core(x):
            """Core of it."""
            return x

        core.mark = 1
        return core

    def same(obj):
        import inspect

        assert obj("c") == "abc" and obj.__doc__ == "Core of it." and obj.mark == 1
        assert obj.__wrapped__("c") == "bc" and inspect.unwrap(obj)("c") == "c"
        assert str(inspect.signature(obj)) == "(x)"


class UpdateWrapper(Case):
    """An instance that wraps a function with functools.update_wrapper"""

    def make():
        class Retry:
            def __init__(self, function):
                functools.update_wrapper(self, function)
                self.tries = 0

            def __call__(self, *args):
                self.tries += 1
                return self.__wrapped__(*args)

        @Retry
        def fetch(url):
            """Get it."""
            return "<" + url + ">"

        return fetch

    def same(obj):
        tries = obj.tries
        assert obj("u") == "<u>" and obj.tries == tries + 1
        assert obj.__name__ == "fetch" and obj.__doc__ == "Get it."


class CmpToKey(Case):
    """A functools.cmp_to_key key, and one wrapped value"""

    def make():
        by_size = functools.cmp_to_key(lambda a, b: len(a) - len(b))
        return by_size, by_size("abc")

    def same(obj):
        by_size, three = obj
        assert sorted(["ccc", "a", "bb"], key=by_size) == ["a", "bb", "ccc"]
        assert three > by_size("zz") and three.obj == "abc"


class TotalOrdering(Case):
    """A class with functools.total_ordering"""

    def make():
        @functools.total_ordering
        class Version:
            def __init__(self, *parts):
                self.parts = parts

            def __eq__(self, other):
                return self.parts == other.parts

            def __lt__(self, other):
                return self.parts < other.parts

        return Version(1, 2), Version(1, 10)

    def same(obj):
        old, new = obj
        assert old <= new and new > old and new >= type(old)(1, 10) and not old > new


class ContextManager(Case):
    """A function decorated with contextlib.contextmanager"""

    def make():
        @contextlib.contextmanager
        def pushed(stack, item):
            stack.append(item)
            try:
                yield stack
            finally:
                stack.pop()

        return pushed

    def same(obj):
        stack = [1]
        with obj(stack, 2) as inside:
            assert inside == [1, 2]
        assert stack == [1]
        with raises(KeyError), obj(stack, 3):
            raise KeyError
        assert stack == [1]


class ContextManagerObject(Case):
    """A context manager made with contextlib and not yet entered"""

    def make():
        @contextlib.contextmanager
        def indent(by):
            yield " " * by

        return indent(3)

    def same(obj):
        with obj as space:
            assert space == "   "


class AsyncContextManager(Case):
    """A function decorated with contextlib.asynccontextmanager"""

    def make():
        @contextlib.asynccontextmanager
        async def session(name):
            yield name.upper()

        return session

    def same(obj):
        import asyncio

        async def main():
            async with obj("db") as name:
                return name

        assert asyncio.run(main()) == "DB"


class ContextDecorator(Case):
    """A contextlib.ContextDecorator around a function"""

    def make():
        class Count(contextlib.ContextDecorator):
            entered = 0

            def __enter__(self):
                self.entered += 1
                return self

            def __exit__(self, *problem):
                return problem[0] is ZeroDivisionError

        count = Count()
        return count(lambda n: 1 / n), count

    def same(obj):
        divide, count = obj
        before = count.entered
        assert divide(2) == 0.5 and divide(0) is None and count.entered == before + 2


class ExitStack(Case):
    """A contextlib.ExitStack with callbacks"""

    def make():
        done = []
        stack = contextlib.ExitStack()
        stack.callback(done.append, "first")
        stack.callback(lambda: done.append("second"))
        return stack, done

    def same(obj):
        stack, done = obj
        with stack:
            assert done == []
        assert done == ["second", "first"]


class Getters(Case):
    """operator's itemgetter, attrgetter and methodcaller"""

    old_protocols = True

    def make():
        return (
            operator.itemgetter(1, "k"),
            operator.attrgetter("real", "imag.real"),
            operator.methodcaller("split", "-", maxsplit=1),
        )

    def same(obj):
        item, attribute, method = obj
        assert item({1: "a", "k": "b"}) == ("a", "b")
        assert attribute(2 + 3j) == (2, 3)
        assert method("a-b-c") == ["a", "b-c"]


class Placeholder(Case):
    """A functools.partial with a Placeholder"""

    python = (3, 14)

    def make():
        return functools.partial(lambda a, b, c: (a, b, c), 1, functools.Placeholder, 3)

    def same(obj):
        import functools

        assert obj(2) == (1, 2, 3) and obj.args[1] is functools.Placeholder


if __name__ == "__main__":
    drive()
