"""Functions that are nothing but their code are pickled and made once; others, and these once they change, anew."""

import types

import pytest

import pickleloaf as pl
from pickleloaf.tasks.calls import Call
from pickleloaf.tasks.standalone import is_standalone, pickle_of

pytestmark = pytest.mark.timeout(40)


def of_main(source, name="f"):
    """Make a function of ``__main__`` that nobody else has."""
    scope = {"__name__": "__main__"}
    exec(source, scope)
    return scope[name]


def set_(name, value):
    """Return what gives a function an attribute."""
    return lambda f: setattr(f, name, value)


#: What may be done to a function, each of which its pickle has to show.
CHANGES = {
    "code": set_("__code__", (lambda x: x * 100).__code__),
    "defaults": set_("__defaults__", (5,)),
    "keyword defaults": set_("__kwdefaults__", {"x": 5}),
    "name": set_("__name__", "g"),
    "qualified name": set_("__qualname__", "C.g"),
    "docstring": set_("__doc__", "New."),
    "attribute": set_("note", 1),
    "module": set_("__module__", "elsewhere"),
    "annotations": set_("__annotations__", {"x": str}),
    "annotation": lambda f: f.__annotations__.update(x=str),
    "globals": lambda f: f.__globals__.update(__name__="elsewhere"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_changed_function_is_pickled_anew(change):
    """Whatever is done to a function after it was pickled, the next pickle shows it."""
    f = of_main("def f(x: int) -> int:\n    return x + 1")
    Call.of(f, (1,), {})
    change(f)
    assert pickle_of(f) is None
    assert Call.of(f, (1,), {}).function == pl.dumps(f)


def test_unchanged_function_is_pickled_once():
    """And another function of the same code has the same pickle."""
    f = of_main("def f(x):\n    return x + 1")
    first = Call.of(f, (1,), {}).function
    assert Call.of(f, (2,), {}).function is first
    twin = types.FunctionType(f.__code__, f.__globals__)
    assert pickle_of(twin) == (pl.dumps(twin), ()) == (first, ())


#: Functions that are more than their code, or may become so.
MORE = {
    "global": "def f(x): return y",
    "builtin": "def f(x): return len(x)",
    "assigned global": "def f(x):\n    global y\n    y = x",
    "global of a nested function": "def f(x): return lambda: y",
    "import": "def f(x):\n    import json\n    return json",
    "eval": "def f(x): return eval(x)",
    "default": "def f(x=[]): return x",
    "keyword default": "def f(*, x=[]): return x",
    "closure": "def g(y):\n    return lambda: y\nf = g(1)",
    "attribute": "def f(x): return x\nf.y = 1",
    "no function": "f = len",
    "class": "class f: pass",
}


@pytest.mark.parametrize("source", MORE.values(), ids=MORE.keys())
def test_what_does_not_stand_alone(source):
    """What has or uses more than code is never taken for it."""
    f = of_main(source)
    assert not is_standalone(f)
    assert pickle_of(f) is None


def test_no_task_sees_what_another_did(ex):
    """A function with state is made anew for each task; one without may be used again, and gives the same."""
    count = of_main("total = 0\ndef f():\n    global total\n    total += 1\n    return total")
    numbers = of_main("def f():\n    yield 1\n    yield 2")
    for _ in range(4):
        assert ex.submit(count).result(20) == 1
        assert ex.submit(lambda g: list(g()), numbers).result(20) == [1, 2]
        assert ex.submit(of_main("def f(x): return [x]"), 3).result(20) == [3]


ADDER = """
def make(number):
    def add(x):
        nonlocal number
        number += x
        return number
    return add
"""

PERHAPS_EMPTY = """
def make(empty):
    def f():
        return x
    if not empty:
        x = 1
    return f
"""


def test_closures_of_atoms_share_what_was_made_of_their_code(ex):
    """Only what is in their cells travels with each; and each task has cells of its own."""
    plain = of_main(ADDER, "make")
    functions = {Call.of(plain(number), (1,), {}).function for number in range(5)}
    assert len(functions) == 2  # the first was pickled as it is
    shared = plain(10)
    assert [ex.submit(shared, 1).result(20) for _ in range(4)] == [11] * 4
    assert [ex.submit(plain(number), 2).result(20) for number in (False, 2.5, 7)] == [2, 4.5, 9]
    assert shared(1) == 11
    assert ex.submit(shared, 1).result(20) == 12  # it has changed here


def test_closures_of_more_than_atoms_travel_as_they_are(ex):
    """What is in a cell may be mutable, or nothing at all."""
    make = of_main("def make(x):\n    def f():\n        x.append(1)\n        return x\n    return f", "make")
    assert [ex.submit(make([])).result(20) for _ in range(3)] == [[1]] * 3
    make = of_main(PERHAPS_EMPTY, "make")
    assert ex.submit(make(False)).result(20) == 1
    with pytest.raises(NameError):
        ex.submit(make(True)).result(20)


def test_error_in_a_closure_is_told_as_of_any_function(ex):
    """Its traceback begins with the closure, and an error names it."""
    make = of_main("def make(x):\n    def divide(y):\n        return y / x\n    return divide", "make")
    for _ in range(2):
        with pytest.raises(ZeroDivisionError) as caught:
            ex.submit(make(0), 1).result(20)
        frames = [each.name for each in caught.traceback]
        assert frames[-1] == "divide"
        assert "__call__" not in frames
