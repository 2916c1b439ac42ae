"""What of a function counts, and what does not."""

import functools
import linecache
import sys
import types

import pytest
from harness import define

from pickleloaf import fingerprint

SCRIPT = '''
import math

RATE = 3
LIMITS = {"low": 1, "high": 9}


def scale(amount):
    return amount * RATE


def price(amount, discount=0.5, *, floor=0):
    """What it costs."""
    total = scale(amount) - discount
    return [max(step, floor) + math.pi for step in range(LIMITS["low"], int(total))]
'''

#: What is done to the script, as (old text, new text), and what that is called.
IRRELEVANT = {
    "comment": ("    total =", "    # the sum\n    total ="),
    "formatting": ("scale(amount) - discount", "(scale( amount )\n        -discount)"),
    "quotes": ('LIMITS["low"]', "LIMITS['low']"),
    "docstring": ("What it costs.", "What it has to cost."),
    "docstring gone": ('    """What it costs."""\n', ""),
    "blank line above": ("import math", "\n\n\nimport math"),
    "local": ("total", "sum_of_all"),
    "variable of a comprehension": ("step", "each"),
    "unused global": ("RATE = 3", "RATE = 3\nOTHER = 4"),
    "equal global": ("RATE = 3", "RATE = 1 + 2"),
    "order of a dict": ('{"low": 1, "high": 9}', '{"high": 9, "low": 1}'),
    "annotation of a local": ("total =", "total: float ="),
    "order of definitions": ("RATE = 3\nLIMITS", "LIMITS"),
}
RELEVANT = {
    "body": ("- discount", "+ discount"),
    "body of a helper": ("amount * RATE", "amount + RATE"),
    "global of a helper": ("RATE = 3", "RATE = 4"),
    "type of a global": ("RATE = 3", "RATE = 3.0"),
    "value in a global": ('"low": 1', '"low": 2'),
    "default": ("discount=0.5", "discount=0.6"),
    "keyword default": ("floor=0", "floor=1"),
    "default gone": ("floor=0", "floor"),
    "parameter's name": ("amount", "quantity"),
    "kind of a parameter": ("discount=0.5, *,", "*, discount=0.5,"),
    "annotation of a parameter": ("amount, discount", "amount: int, discount"),
    "function's name": ("def price", "def cost"),
    "constant": ("math.pi", "math.e"),
    "generator instead of a list": ("[max", "list(max"),
}


def build(source, name="price", **given):
    """Run a script and return one of its functions."""
    return define(source, name, **given)


def changed(old, new):
    """The function of the script after a change."""
    source = SCRIPT.replace(old, new)
    if old == "RATE = 3\nLIMITS":
        source += "\nRATE = 3\n"
    if old == "[max":
        source = source.replace("int(total))]", "int(total)))")
    assert source != SCRIPT
    names = [name for name in ("price", "cost") if f"def {name}" in source]
    return build(source, names[0])


@pytest.mark.parametrize("change", IRRELEVANT)
def test_irrelevant(change):
    """What a function looks like and where it stands does not count."""
    assert fingerprint(changed(*IRRELEVANT[change])) == fingerprint(build(SCRIPT))


@pytest.mark.parametrize("change", RELEVANT)
def test_relevant(change):
    """What a function does, and with what, counts."""
    assert fingerprint(changed(*RELEVANT[change])) != fingerprint(build(SCRIPT))


def test_closure():
    """The contents of a closure count, the names of its variables do not."""
    source = "def make(rate):\n    def scaled(n):\n        return n * rate\n    return scaled\n"
    make, other = build(source, "make"), build(source.replace("rate", "factor"), "make")
    assert fingerprint(make(2)) == fingerprint(other(2)) != fingerprint(make(3))


def test_variables_that_swap_roles():
    """Renaming is not confused with exchanging."""
    source = "def make(a, b):\n    def minus():\n        return {}\n    return minus\n"
    minus, swapped = build(source.format("a - b"), "make"), build(source.format("b - a"), "make")
    assert fingerprint(minus(1, 2)) != fingerprint(swapped(1, 2))
    assert fingerprint(minus(1, 2)) == fingerprint(swapped(2, 1))


def test_recursion():
    """Functions that call themselves or each other have a fingerprint, and its parts count."""
    source = (
        "def even(n):\n    return n == 0 or odd(n - 1)\n"
        "def odd(n):\n    return n != 0 and even(n - 1)\n"
        "def down(n):\n    return n and down(n - 1)\n"
    )
    prints = [fingerprint(each) for each in define(source, "even", "odd", "down")]
    assert len(set(prints)) == 3
    assert prints[0] != fingerprint(build(source.replace("n != 0", "n > 0"), "even"))


def test_class_of_a_helper():
    """A class that the function uses counts with its methods."""
    source = "class Point:\n    def norm(self):\n        return 1\ndef make():\n    return Point()\n"
    assert fingerprint(build(source, "make")) != fingerprint(build(source.replace("1", "2"), "make"))


def test_own_module(tmp_path, monkeypatch):
    """Of a module of one's own, those attributes count that are used; also when the body imports it."""
    module = types.ModuleType("fp_own")
    monkeypatch.setitem(sys.modules, "fp_own", module)

    def load(source):
        file = tmp_path / f"own{len(source)}.py"
        file.write_text(source)
        exec(compile(source, str(file), "exec"), module.__dict__)

    uses = [
        "import fp_own\ndef f():\n    return fp_own.used()\n",
        "from fp_own import used\ndef f():\n    return used()\n",
        "def f():\n    from fp_own import used\n    return used()\n",
        "def f():\n    import fp_own\n    return fp_own.used()\n",
    ]
    prints = []
    for body in ("return 1", "return 22"):
        load(f"def used():\n    {body}\n")
        prints.append([fingerprint(build(use, "f")) for use in uses])
    assert not set(prints[0]) & set(prints[1])
    before = fingerprint(build(uses[0], "f"))
    module.unused = 5
    assert fingerprint(build(uses[0], "f")) == before
    assert fingerprint(build(uses[3], "f")) != prints[1][3]


def test_library_counts_by_name():
    """Functions of the standard library are their names, wherever they come from."""
    source = "from {} import {} as f\ndef g():\n    return f(1)\n"
    assert fingerprint(build(source.format("math", "floor"), "g")) == fingerprint(
        build("import math\nf = math.floor\ndef g():\n    return f(1)\n", "g")
    )
    assert fingerprint(build(source.format("math", "floor"), "g")) != fingerprint(
        build(source.format("math", "ceil"), "g")
    )


def test_library_state_does_not_count(monkeypatch):
    """A global imported from a library is that library's object, not a copy of its present state."""
    function = build(
        "from os import environ\nfrom random import random\ndef f():\n    return environ, random()\n", "f"
    )
    before = fingerprint(function)
    monkeypatch.setenv("FP_NEW", "1")
    __import__("random").random()
    assert fingerprint(function) == before


def test_decorators_of_the_library():
    """What a decorator of the library made counts by what it was given."""
    source = (
        "import contextlib, functools\n"
        "@contextlib.contextmanager\ndef managed():\n    yield 1\n"
        "@functools.lru_cache(maxsize=8)\ndef cached(n):\n    return n + 1\n"
        "@functools.singledispatch\ndef generic(x):\n    return 1\n"
        "@generic.register\ndef _(x: int):\n    return 1 + 1\n"
    )
    names = ("managed", "cached", "generic")
    before = [fingerprint(each) for each in define(source, *names)]
    again = define(source, *names)
    again[1](1)  # what is in the cache does not count
    again[2](2)
    assert [fingerprint(each) for each in again] == before
    after = [fingerprint(each) for each in define(source.replace("1\n", "3\n"), *names)]
    assert all(one != other for one, other in zip(before, after, strict=True))
    larger = build(source.replace("maxsize=8", "maxsize=9"), "cached")
    assert fingerprint(larger) != before[1]


def test_names_that_code_asks_for():
    """Code that looks at the names of its variables is not the same under other names."""
    source = "def f():\n    one = 1\n    return locals()\n"
    assert fingerprint(build(source, "f")) != fingerprint(build(source.replace("one", "two"), "f"))


def test_shadowed_names():
    """A local is not confused with a global of the same name."""
    source = "value = 5\ndef f(flag):\n    {}\n    return [value for other in flag]\n"
    prints = [fingerprint(build(source.format(line), "f")) for line in ("value = 5", "flag = 5", "pass")]
    assert len(set(prints)) == 3


def test_lambdas_on_one_line():
    """Lambdas are told apart on a line and inside of a call that does not end on it."""
    one, other = define("one, other = [lambda n: n + 1, lambda n: n + 2]\n", "one", "other")
    spread = define("pair = dict(\n    a=1, b=lambda n: n + 1,\n)\nb = pair['b']\n", "b")
    assert fingerprint(one) == fingerprint(spread) != fingerprint(other)
    assert "-" not in fingerprint(spread)


def test_private_names():
    """Private names of a class are found in its methods."""
    source = "class A:\n    def f(self):\n        def g(__x=1):\n            return __x, self.__y\n        return g\n"
    method = build(source, "A").f
    assert "-" not in fingerprint(method)
    assert fingerprint(build(source.replace("__y", "__z"), "A").f) != fingerprint(method)


def test_without_source():
    """A function without source is tied to this Python, and says so; so is all that it is part of."""
    scope = {"__name__": "__main__"}
    exec("def f(x): return x + 1\ndef g(x): return f(x)\ndef h(x): return x + 2", scope)
    for name in "fg":
        assert fingerprint(scope[name]).startswith(f"{sys.implementation.cache_tag}-")
        assert fingerprint([scope[name]]).startswith(f"{sys.implementation.cache_tag}-")
    assert fingerprint(scope["f"]) != fingerprint(scope["h"])


def test_source_that_is_not_its_own():
    """Source that has changed since it was compiled is not believed."""
    function = build("def f(x):\n    return x + 1\n", "f")
    file = function.__code__.co_filename
    lines = [line.replace("+", "-") for line in linecache.getlines(file)]
    linecache.cache[file] = (1, None, lines, file)
    assert "-" in fingerprint(function)


def test_edited_code():
    """A function whose code was replaced by hand counts by its code, not by its source."""
    function, same = (build("def f(x):\n    return x + 41\n", "f") for _ in range(2))
    swap = {41: 42}
    code = function.__code__
    function.__code__ = code.replace(co_consts=tuple(swap.get(c, c) for c in code.co_consts), co_name="f2")
    assert fingerprint(function) != fingerprint(same)


def test_attributes():
    """Attributes that were set on a function count."""
    one, other = (build("def f():\n    return 1\n", "f") for _ in range(2))
    other.retries = 3
    assert fingerprint(one) != fingerprint(other)


def test_partial_and_method():
    """Partials and bound methods count by what they hold."""
    source = "class A:\n    def __init__(self, n):\n        self.n = n\n    def f(self, m):\n        return self.n\n"
    cls = build(source, "A")
    assert fingerprint(cls(1).f) == fingerprint(cls(1).f) != fingerprint(cls(2).f)
    assert fingerprint(functools.partial(cls.f, 1)) != fingerprint(functools.partial(cls.f, 2))
