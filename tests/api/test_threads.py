"""Many threads dump and load at once, and get what each would get alone."""

import colorsys
import gc
import sys
import textwrap
import threading
import types

import pytest
from harness import define, loaf

THREADS, ROUNDS = 8, 60


def together(work, rounds=ROUNDS):
    """Run work(n) in several threads that start at once; return what they raised."""
    errors, gate = [], threading.Barrier(THREADS)

    def run(n):
        gate.wait()
        try:
            for _ in range(rounds):
                work(n)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(THREADS)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
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

    assert together(task, rounds=10) == []


class Nested:
    """Travels as a payload inside of the payload."""

    def __init__(self, value):
        self.value = value

    def __reduce__(self):
        return open_nested, (loaf.dumps(self.value),)


def open_nested(payload):
    """Load a payload while another is being loaded."""
    return Nested(loaf.loads(payload))


def test_reentrant():
    """An object that dumps while it is dumped, and loads while it is loaded."""

    def work(n):
        nested = Nested([Nested(lambda: n), lambda: n + 1, n])
        first, second, third = loaf.loads(loaf.dumps([nested, nested]))[1].value
        assert (first.value(), second(), third) == (n, n + 1, n)

    assert not together(work)


def test_registering():
    """Half of the threads register modules and take them back, while the others dump."""
    known = loaf.list_registry_pickle_by_value()

    def work(n):
        if n % 2:
            assert loaf.loads(loaf.dumps(lambda: colorsys.rgb_to_hsv(n, n, n)))() == (0, 0, n)
            return
        made = types.ModuleType(f"registered_{n}")
        sys.modules[made.__name__] = made
        loaf.register_pickle_by_value(made)
        assert made.__name__ in loaf.list_registry_pickle_by_value()
        loaf.unregister_pickle_by_value(made)
        del sys.modules[made.__name__]

    assert not together(work)
    assert loaf.list_registry_pickle_by_value() == known


def test_hooks_of_other_threads_run():
    """While a copy is made without its hooks, a subclass that another thread makes has them."""
    library = types.ModuleType("waiting_library")
    code = """
        import threading
        inside, go_on = threading.Event(), threading.Event()
        class Waiting:
            def __init_subclass__(cls):
                if cls.__name__ == "Sub":
                    inside.set()
                    go_on.wait(10)
        """
    exec(textwrap.dedent(code), vars(library))
    sys.modules["waiting_library"] = library
    source = """
        import waiting_library
        class Base(waiting_library.Waiting):
            seen = []
            def __init_subclass__(cls):
                super().__init_subclass__()
                notes.append(cls.__name__)
        notes = []
        """
    try:
        library.go_on.set()
        sub = define(source + "class Sub(Base): pass\n", "Sub")
        payload, base_payload = loaf.dumps(sub), loaf.dumps(sub.__base__)
        del sub
        gc.collect()
        base = loaf.loads(base_payload)
        library.inside.clear()
        library.go_on.clear()
        loaded = []
        thread = threading.Thread(target=lambda: loaded.append(loaf.loads(payload)))
        thread.start()
        assert library.inside.wait(10)
        type("Other", (base,), {})
        library.go_on.set()
        thread.join()
        type("Later", (base,), {})
    finally:
        library.go_on.set()
        del sys.modules["waiting_library"]

    assert loaded[0].__base__ is base
    assert base.__init_subclass__.__func__.__globals__["notes"] == ["Sub", "Other", "Later"]
