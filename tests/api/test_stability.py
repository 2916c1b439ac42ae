"""What must not change the bytes, and what must."""

import linecache

import pytest
from harness import define, loaf

SOURCE = """
    LIMIT = 3
    class Meter:
        unit = "m"
        def read(self, n):
            return min(n, LIMIT)
    obj = Meter, Meter.read, lambda: Meter().read(9)
    """


def test_two_processes(script):
    """A class and functions are the same bytes from two runs with other hash seeds and folders."""
    first = script(SOURCE, name="a/meter.py", seed="1")
    assert first == script(SOURCE, name="b/c/meter.py", seed="2")


def test_definition_counts(script):
    """A changed body, global or constant changes the bytes."""
    first = script(SOURCE)
    assert first != script(SOURCE.replace("LIMIT = 3", "LIMIT = 4"))
    assert first != script(SOURCE.replace("min(", "max("))
    assert first != script(SOURCE.replace('"m"', '"n"'))


def test_instance_leaves_class_alone():
    """Dumping an instance does not change the bytes of its class."""
    kind = define("class K:\n    def f(self): return super()\n", "K")
    before = loaf.dumps(kind)
    loaf.dumps(kind())
    kind().f()
    assert loaf.dumps(kind) == before


def test_rerun_cell():
    """A notebook cell that runs again under another file name gives the same bytes."""

    def cell(n):
        source = "PI = 3\ndef area(r):\n    return PI * r * r\n"
        filename = f"<ipython-input-{n}-abc>"
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        space = {"__name__": "__main__"}
        exec(compile(source, filename, "exec"), space)
        return space["area"]

    assert loaf.dumps(cell(1)) == loaf.dumps(cell(12))


def test_line_above(script):
    """A blank line above a function does not change its bytes."""
    assert script(SOURCE) == script("\n\n" + SOURCE)


@pytest.mark.parametrize("join", ["join", "joining"[:4]])
def test_equal_texts(join):
    """A default that equals a parameter's name gives the same bytes, shared or not."""
    function = define("def f(x, join=None):\n    return x, join\n", "f")
    function.__defaults__ = (join,)
    other = define("def f(x, join=None):\n    return x, join\n", "f")
    other.__defaults__ = ("join",)
    assert loaf.dumps(function) == loaf.dumps(other)


def test_history_does_not_count(script):
    """What was dumped before does not change the bytes."""
    warm = """
        import SERIALIZER, enum
        class Other:
            def f(self): return self
        class Color(enum.Enum):
            RED = 1
        for thing in (Other, Color.RED, lambda: Other):
            SERIALIZER.dumps(thing)
        """
    from harness import SERIALIZER

    first = script(SOURCE)
    import textwrap

    warm = textwrap.dedent(warm).replace("SERIALIZER", SERIALIZER)
    assert script(warm + textwrap.dedent(SOURCE)) == first


def test_equal_strings(script):
    """Whether equal strings among the globals and attributes of a definition are one object does not matter."""
    source = """
        HOW = 0
        def told(): return ["alpha", str(b"alpha", "ascii")][HOW]
        NAME, OTHER = "alpha", told()
        def helper(): return NAME
        def make(inner): return lambda: inner
        kept = make(told())
        class Label:
            kind = told()
            def text(self): return NAME, OTHER, helper(), kept()
        obj = Label, kept, helper
        """
    assert script(source) == script(source.replace("HOW = 0", "HOW = 1"))


def test_after_a_trip(script):
    """A class and functions that have arrived travel on as the bytes that they came as."""
    source = SOURCE.replace("LIMIT = 3", "LIMIT = 3; NAME = 'm'").replace("min(n,", "min(len(NAME), n,")
    payload = script(source)
    assert loaf.dumps(loaf.loads(payload)) == payload
