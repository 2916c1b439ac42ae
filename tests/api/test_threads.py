"""Many threads dump and load at once, and get what each would get alone."""

import threading

import pytest
from harness import define, loaf

THREADS, ROUNDS = 8, 60


def together(work):
    """Run work(n) in several threads that start at once; return what they raised."""
    errors, gate = [], threading.Barrier(THREADS)

    def run(n):
        gate.wait(20)
        try:
            for _ in range(ROUNDS):
                work(n)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(THREADS)]
    [thread.start() for thread in threads]
    [thread.join(60) for thread in threads]
    return errors


def test_same_objects():
    """Threads that dump and load one class and function."""
    kind, work = define(
        """
        class Item:
            def __init__(self, n): self.n = n
            def twice(self): return super().__hash__() is not None and self.n * 2
        def work(n):
            return Item(n).twice()
        """,
        "Item",
        "work",
    )

    def task(n):
        function, item = loaf.loads(loaf.dumps((work, kind(n))))
        assert function(n) == 2 * n == item.twice()
        assert type(item) is kind

    assert together(task) == []


def test_new_classes():
    """Threads that each make, dump and load new classes and enums."""

    def task(n):
        kind, color = define(
            f"import enum\nclass Own:\n    n = {n}\n    def f(self): return self.n\n"
            f"class Color(enum.Enum):\n    RED = {n}\n",
            "Own",
            "Color",
        )
        own, red = loaf.loads(loaf.dumps((kind(), color.RED)))
        assert own.f() == n
        assert type(own) is kind
        assert red is color.RED

    assert together(task) == []


def test_one_payload():
    """Threads that load one payload get one class."""
    kind = define("class Fresh:\n    pass\n", "Fresh")
    payload = loaf.dumps(kind)
    source = f"import pickle\npayload = {payload!r}\ndef load():\n    return pickle.loads(payload)\n"
    load = define(source, "load")
    found = []

    def task(n):
        found.append(load())

    assert together(task) == []
    assert set(map(id, found)) == {id(kind)}


def test_same_bytes():
    """Threads that dump one object get the same bytes."""
    function = define("K = {'a': 1}\ndef f(x=[1]):\n    return K, x\n", "f")
    wanted = loaf.dumps(function)

    def task(n):
        assert loaf.dumps(function) == wanted

    assert together(task) == []


def test_errors_in_threads():
    """A thread whose dump fails does not disturb the others."""
    generator = define("def gen():\n    yield 1\n    yield 2\n", "gen")()
    next(generator)

    def task(n):
        if n % 2:
            with pytest.raises(loaf.EncodeError) as caught:
                loaf.dumps([lambda: n, generator])
            assert caught.value.path.endswith("[1]")
        else:
            assert loaf.loads(loaf.dumps(lambda: n))() == n

    assert together(task) == []
