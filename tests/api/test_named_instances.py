"""Instances that an importable module holds by name: with their state, unless there is nothing to lose."""

import gc
import importlib
import sys
import threading
import warnings

import pytest
from harness import define, loaf

SOURCE = """
    import dataclasses, sys, threading

    class Conf:
        def __init__(self): self.level = 1
    CONF = Conf()

    @dataclasses.dataclass
    class Options:
        depth: int = 1
        names: list = dataclasses.field(default_factory=list)
    OPTIONS = Options()

    class Point:
        __slots__ = ("x", "y")
        def __init__(self): self.x = self.y = 0
    ORIGIN = Point()

    class Cursor:
        def __init__(self, at=0): self.at = at
        def __reduce__(self): return Cursor, (self.at,)
    CURSOR = Cursor()

    class Missing:
        __slots__ = ()
    MISSING = Missing()

    class Named:
        def __init__(self, name): self.name = name
    UNSET = Named("UNSET")
    OTHER = Named("lib.OTHER")

    class SaysSo:
        def __init__(self): self.state = []
        def __reduce__(self): return "SAYS_SO"
    SAYS_SO = SaysSo()

    class Silent:
        def __init__(self): self.state = []
        def __reduce__(self): raise NotImplementedError
    SILENT = Silent()

    class Engine:
        def __init__(self):
            self.lock = threading.Lock()
            self.frame = sys._getframe()
            self.level = 1
    ENGINE = Engine()

    class Generator:
        def __init__(self): self.drawn = 0
        def draw(self):
            self.drawn += 1
            return self.drawn
    _generator = Generator()
    draw = _generator.draw

    CACHE = {}
    def size(): return len(CACHE)
    """


@pytest.fixture
def lib(import_anew):
    """A module that holds instances."""
    return import_anew()


STATES = {
    "attributes": ("lib.CONF.level = 5", "CONF", "assert obj.level == 5"),
    "dataclass": ("lib.OPTIONS.names.append('a')", "OPTIONS", "assert obj == lib.Options(1, ['a'])"),
    "slots": ("lib.ORIGIN.x = 7", "ORIGIN", "assert (obj.x, obj.y) == (7, 0)"),
    "reduce": ("lib.CURSOR.at = 9", "CURSOR", "assert obj.at == 9"),
    "nothing": ("pass", "MISSING", "assert obj is lib.MISSING"),
    "its own name": ("pass", "UNSET", "assert obj is lib.UNSET"),
    "its full name": ("pass", "OTHER", "assert obj is lib.OTHER"),
    "says so": ("lib.SAYS_SO.state.append(1)", "SAYS_SO", "assert obj is lib.SAYS_SO"),
    "behind functions": ("lib.draw()", "_generator", "assert obj is lib._generator"),
}


@pytest.mark.parametrize("title", STATES)
@pytest.mark.parametrize("how", ["itself", "in a list", "as a global"])
def test_state(title, how, lib, tmp_path, monkeypatch):
    """It arrives with its state, by itself, in a container, or as a global of a function; or as the receiver's own."""
    change, name, use = STATES[title]
    exec(change, {"lib": lib})
    value = getattr(lib, name)
    obj = value
    if how == "in a list":
        obj = [value]
    elif how == "as a global":
        scope = {"__name__": "__main__", name: value}
        exec(f"def obj(): return {name}", scope)
        obj = scope["obj"]
    payload = loaf.dumps(obj)
    del sys.modules[lib.__name__]
    there = importlib.import_module(lib.__name__)
    arrived = loaf.loads(payload)
    arrived = arrived[0] if how == "in a list" else arrived() if how == "as a global" else arrived
    assert type(arrived).__module__ == lib.__name__
    exec(use, {"obj": arrived, "lib": there})


def test_what_cannot_be_pickled_goes_by_name(lib):
    """With a warning that names it, once, and says what is wrong; what else is in the payload arrives."""
    lib.ENGINE.level = 2
    scope = {"__name__": "__main__", "engine": lib.ENGINE}
    exec("def use(): return engine.level", scope)
    with pytest.warns(
        loaf.LeftOutWarning, match=r"ENGINE cannot be pickled .*frame.*goes by its name"
    ) as told:
        payload = loaf.dumps([lib.ENGINE, lib.CONF])
    assert len(told) == 1
    del sys.modules[lib.__name__]
    there = importlib.import_module(lib.__name__)
    engine, conf = loaf.loads(payload)
    assert engine is there.ENGINE
    assert engine.level == 1
    assert conf is not there.CONF


def test_errors_without_a_text(lib):
    """The warning says the type of an error that has no text."""
    with pytest.warns(loaf.LeftOutWarning, match=r"SILENT cannot be pickled \(NotImplementedError\)"):
        loaf.dumps(lib.SILENT)


def test_unpicklable_without_a_name_is_refused(lib):
    """An instance that no module holds is still an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(loaf.EncodeError, match="frame"):
            loaf.dumps([lib.Engine()])


def test_containers_are_the_modules_own(lib):
    """A dict that a function imports from a module is that of the module there."""
    scope = {"__name__": "__main__", "CACHE": lib.CACHE, "size": lib.size}
    exec("def put():\n    CACHE['k'] = 1\n    return size()", scope)
    payload = loaf.dumps(scope["put"])
    lib.CACHE.clear()
    assert loaf.loads(payload)() == 1


def test_address_used_again(lib):
    """A module lets go of its instance; another one at the same address is itself."""
    loaf.dumps(lib.MISSING)
    where = id(lib.MISSING)
    lib.MISSING = None
    gc.collect()
    kept = []
    for _ in range(20_000):
        kept.append(lib.Missing())
        if id(kept[-1]) == where:
            break
    lib.MISSING = lib.Missing()
    assert loaf.loads(loaf.dumps([kept[-1]]))[0] is not lib.MISSING


def test_handles_keep_their_names(lib):
    """A lock that a module holds is not made anew where the module has one."""
    lib.LOCK = threading.Lock()
    scope = {"__name__": "__main__", "LOCK": lib.LOCK}
    exec("def use(): return LOCK", scope)
    assert loaf.loads(loaf.dumps(scope["use"]))() is lib.LOCK


def test_definition_of_a_class_counts_names_only(lib):
    """The state of an instance that a class's methods use changes its bytes, not its identity."""
    cls = define("def get(): return CONF\nclass Use:\n    def level(self): return CONF.level", "Use")
    cls.level.__globals__["CONF"] = lib.CONF
    first = loaf.dumps(cls)
    lib.CONF.level = 8
    again = loaf.dumps(cls)
    assert first != again
    assert loaf.loads(again) is cls
