"""Functions of a script, and what is made of them."""

from benchmarks.everyday.script import Script

FUNCTIONS = [
    Script("lambda", "it = lambda x: x + 1", "it(1) == 2", speed=4),
    Script("lambda with a default", "it = lambda x, y=3: x + y", "it(1) == 4", speed=4),
    Script(
        "list of lambdas", "it = [lambda x: x + 1, lambda x: x * 2, lambda x: -x]", "it[1](2) == 4", speed=4
    ),
    Script(
        "closure",
        """
        def adder(n):
            def add(x):
                return x + n

            return add

        it = adder(3)
        """,
        "it(1) == 4",
        speed=4,
    ),
    Script(
        "closure with a global",
        """
        scale = 2.5

        def scaled(n):
            return lambda x: scale * n * x

        it = scaled(2)
        """,
        "it(1) == 5",
        speed=4,
    ),
    Script(
        "closure that counts",
        """
        def counter():
            count = 0

            def add():
                nonlocal count
                count += 1
                return count

            return add

        it = counter()
        """,
        "it() > 0",
        speed=4,
    ),
    Script(
        "function that calls helpers",
        """
        def clean(text):
            return text.strip()

        def words(text):
            return clean(text).split()

        def count(text):
            return len(words(text))

        it = count
        """,
        "it(' a b ') == 2",
    ),
    Script(
        "function with a logger",
        """
        import logging

        log = logging.getLogger(__name__)

        def process(x):
            log.debug("got %s", x)
            return 2 * x

        it = process
        """,
        "it(2) == 4",
    ),
    Script(
        "decorated function",
        """
        import functools

        def logged(function):
            @functools.wraps(function)
            def wrapper(*args, **kwargs):
                calls.append(function.__name__)
                return function(*args, **kwargs)

            return wrapper

        calls = []

        @logged
        def double(x):
            return 2 * x

        it = double
        """,
        "it(2) == 4",
    ),
    Script(
        "annotated function",
        """
        from collections.abc import Iterable
        from typing import Optional

        def mean(values: Iterable[float], default: Optional[float] = None) -> Optional[float]:
            found = list(values)
            return sum(found) / len(found) if found else default

        it = mean
        """,
        "it([1, 3]) == 2",
    ),
    Script(
        "async function",
        """
        import asyncio

        async def fetch(x):
            await asyncio.sleep(0)
            return x + 1

        it = fetch
        """,
        "it.__code__.co_flags & 128",
    ),
    Script(
        "generator function",
        """
        def squares(n):
            for i in range(n):
                yield i * i

        it = squares
        """,
        "list(it(3)) == [0, 1, 4]",
    ),
    Script(
        "context manager function",
        """
        import contextlib

        @contextlib.contextmanager
        def opened(name):
            yield [name]

        it = opened
        """,
        "it('a').__enter__() == ['a']",
    ),
    Script(
        "partial",
        """
        import functools

        def power(base, exponent):
            return base**exponent

        it = functools.partial(power, exponent=2)
        """,
        "it(3) == 9",
    ),
    Script(
        "cached function",
        """
        import functools

        @functools.lru_cache
        def fib(n):
            return n if n < 2 else fib(n - 1) + fib(n - 2)

        it = fib
        """,
        "it(10) == 55",
    ),
    Script(
        "bound method",
        """
        class Model:
            def __init__(self, weight):
                self.weight = weight

            def predict(self, x):
                return self.weight * x

        it = Model(3).predict
        """,
        "it(2) == 6",
    ),
    Script(
        "function and its data",
        """
        def score(row, weights):
            return sum(row[name] * weight for name, weight in weights.items())

        it = (score, [{"a": i, "b": i / 2} for i in range(20)], {"a": 1, "b": 2})
        """,
        "it[0](it[1][1], it[2]) == 2",
    ),
    Script(
        "function that uses numpy",
        """
        import numpy as np

        def norm(values):
            return float(np.sqrt(np.sum(np.square(values))))

        it = norm
        """,
        "it([3, 4]) == 5",
        needs="numpy",
    ),
]
