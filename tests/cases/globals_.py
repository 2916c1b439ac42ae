"""Globals: the names that are used travel, with whatever they mean, and no others."""

import colorsys
import concurrent.futures.thread
import dataclasses
import logging.handlers
import math as maths
import textwrap
import types
import xml.etree.ElementTree
from os import environ
from random import random

from harness import Case, define, drive

PASSWORD = "do-not-ship-me-4711"
GREETING = "hello"
limit = 4
len_ = len
history = []


class Account:
    def __init__(self, password):
        self.PASSWORD = password


def login(account):
    return account.PASSWORD, GREETING


class OnlyUsed(Case):
    """Names that a function does not read stay at home, also if an attribute is called so"""

    old_protocols = True

    def make():
        return login

    def same(obj):
        class Anyone:
            PASSWORD = "other"

        assert obj(Anyone) == ("other", "hello")

    def payload(data):
        assert b"4711" not in data and b"hello" in data


class ClassBody(Case):
    """A global that only a class body inside a function reads"""

    def make():
        def build():
            class Box:
                size = limit

                class Lid:
                    text = GREETING.title()

            return Box

        return build

    def same(obj):
        box = obj()
        assert box.size == 4 and box.Lid.text == "Hello"


class ClassHeader(Case):
    """Globals in the bases, decorators and annotations of an inner class"""

    def make():
        def build():
            @dataclasses.dataclass
            class Safe(Account):
                depth: limit = limit

            return Safe

        return build

    def same(obj):
        safe = obj()
        assert safe().depth == 4
        assert safe.__mro__[1]("x").PASSWORD == "x"


class InnerDefault(Case):
    """A global that only an inner function's defaults read"""

    def make():
        def outer():
            def inner(n=limit, *, text=GREETING):
                return text * n

            return inner

        return outer

    def same(obj):
        assert obj()(1) == "hello" and obj()() == "hello" * 4


class InnerComprehension(Case):
    """A global that only a comprehension inside a lambda reads"""

    def make():
        def outer():
            return lambda: {n: [GREETING[i] for i in range(n)] for n in range(limit - 2)}

        return outer

    def same(obj):
        assert obj()() == {0: [], 1: ["h"]}


class DefaultInClassInFunction(Case):
    """A global in a default of a method of a class of a function"""

    def make():
        def outer():
            class Line:
                def draw(self, width=limit, pen=lambda: GREETING):
                    return pen() + "-" * width

            return Line()

        return outer

    def same(obj):
        assert obj().draw() == "hello----"


class Submodule(Case):
    """A submodule that a function reaches through its package"""

    def make():
        def tag(text):
            return xml.etree.ElementTree.fromstring(text).tag

        return tag

    def same(obj):
        assert obj("<loaf/>") == "loaf"

    def payload(data):
        assert b"concurrent" not in data


class SubmoduleOfClasses(Case):
    """Submodules that methods reach, of a class that is plain, one that holds an instance, and one with a metaclass"""

    def make():
        class Plain:
            def tag(self, text):
                return xml.etree.ElementTree.fromstring(text).tag

        class Holding:
            def kind(self):
                return concurrent.futures.thread.ThreadPoolExecutor

        Holding.first = Holding()

        class Meta(type):
            known = []

            def __init__(cls, name, bases, names):
                super().__init__(name, bases, names)
                Meta.known.append(name)

        class Listed(metaclass=Meta):
            def kind(self):
                return logging.handlers.QueueHandler, Listed

        Listed.first = Listed()
        return Plain(), Holding(), Listed()

    def same(obj):
        plain, holding, listed = obj
        assert plain.tag("<loaf/>") == "loaf"
        assert holding.first.kind().__name__ == "ThreadPoolExecutor"
        kind, cls = listed.first.kind()
        assert kind.__name__ == "QueueHandler" and cls is type(listed)


class SubmoduleInside(Case):
    """Submodules that only inner functions, defaults and class bodies reach"""

    def make():
        def outer():
            class Pool:
                kind = concurrent.futures.thread.ThreadPoolExecutor

                def parse(self, text, using=xml.etree.ElementTree.fromstring):
                    return using(text).tag

            return Pool(), lambda: logging.handlers.QueueHandler

        return outer

    def same(obj):
        import concurrent.futures
        import logging.handlers

        pool, handler = obj()
        assert pool.kind is concurrent.futures.ThreadPoolExecutor
        assert pool.parse("<a/>") == "a" and handler() is logging.handlers.QueueHandler


class ImportAlias(Case):
    """A module under another name"""

    old_protocols = True

    def make():
        return lambda x: maths.floor(x) + maths.pi

    def same(obj):
        import math

        assert obj(1.5) == 1 + math.pi
        assert obj.__globals__["maths"] is math


class ImportInBody(Case):
    """Imports inside a function body"""

    def make():
        def use():
            import collections.abc
            from fractions import Fraction as Part

            return collections.abc.Sized, Part(1, 2)

        return use

    def same(obj):
        import collections.abc
        import fractions

        assert obj() == (collections.abc.Sized, fractions.Fraction(1, 2))


class GlobalRandom(Case):
    """A global that is a method of the random module's hidden generator"""

    def make():
        return lambda: random()

    def same(obj):
        import random

        random.seed(11)
        here = random.random()
        random.seed(11)
        assert obj() == here

    def payload(data):
        assert len(data) < 2000


class Environ(Case):
    """A global that is os.environ"""

    def make():
        return lambda name: environ.get(name)

    def same(obj):
        import os

        os.environ["LOAF_THERE"] = "yes"
        assert obj("LOAF_THERE") == "yes"
        assert obj.__globals__["environ"] is os.environ

    def payload(data):
        assert b"PATH" not in data


class Sentinel(Case):
    """Sentinels of the standard library, compared by identity"""

    def make():
        missing = dataclasses.MISSING

        def is_missing(value, other=dataclasses.KW_ONLY):
            return value is missing, value is other

        return is_missing

    def same(obj):
        import dataclasses

        assert obj(dataclasses.MISSING) == (True, False)
        assert obj(dataclasses.KW_ONLY) == (False, True)


class LibrarySentinel(Case):
    """An unnamed object() that a library keeps under a name"""

    files = {
        "sentinel_lib.py": """
            class _Nothing:
                pass
            NOTHING = _Nothing()
            EMPTY = object()
            def given(x):
                return x is not NOTHING and x is not EMPTY
            """
    }

    def make():
        from sentinel_lib import EMPTY, NOTHING, given

        return define(
            """
            def ask():
                return given(EMPTY), given(NOTHING), given(1)
            """,
            "ask",
            EMPTY=EMPTY,
            NOTHING=NOTHING,
            given=given,
        )

    def same(obj):
        assert obj() == (False, False, True)


class SentinelAnywhere(Case):
    """An object() of a library that sits in a default, an attribute and a list, under another name"""

    files = {
        "bare_lib.py": """
            UNSET = object()
            """
    }

    def make():
        import bare_lib

        own = object()

        def ask(value=bare_lib.UNSET, mine=own):
            return value, mine

        ask.unset = bare_lib.UNSET
        return ask, [bare_lib.UNSET, own]

    def same(obj):
        import bare_lib

        ask, (unset, own) = obj
        assert ask() == (bare_lib.UNSET, own)
        assert ask.unset is unset is bare_lib.UNSET
        assert type(own) is object
        assert own is not unset


class LazyImport(Case):
    """Globals that wait for their import (PEP 810): modules, submodules and names, not needed yet"""

    python = (3, 15)

    def make():
        source = """
            lazy import json
            lazy import xml.etree.ElementTree
            lazy import xml.dom.minidom, concurrent.futures.thread
            lazy from fractions import Fraction as F
            def work(x):
                return json.dumps(x), xml.etree.ElementTree.fromstring("<a/>").tag, F(1, 2)
            def parse():
                return xml.dom.minidom.parseString("<b/>").documentElement.tagName, concurrent.futures.thread.__name__
            class Worker:
                def work(self, x):
                    return json.dumps(x), F(1, 2)
            """
        return define(source, "work", "parse", "Worker")

    def same(obj):
        import fractions

        work, parse, worker = obj
        assert work([1]) == ("[1]", "a", fractions.Fraction(1, 2)) and parse() == (
            "b",
            "concurrent.futures.thread",
        )
        assert worker().work([2]) == ("[2]", fractions.Fraction(1, 2))


class Sentinels(Case):
    """Sentinels of the script (PEP 661), compared by identity"""

    python = (3, 15)

    def make():
        missing, other, again = sentinel("missing"), sentinel("other", repr="<other>"), sentinel("missing")  # noqa: F821 - 3.15

        def ask(value=missing):
            return value is missing, value is other, value is again

        return ask, missing, other, again

    def same(obj):
        ask, missing, other, again = obj
        assert ask() == ask(missing) == (True, False, False)
        assert ask(other) == (False, True, False)
        assert ask(again) == (False, False, True)
        assert (repr(missing), repr(other)) == ("missing", "<other>")


class LibraryTable(Case):
    """A dict of an importable module, imported by name"""

    files = {
        "table_lib.py": """
            TABLE = {"local": True}
            def size():
                return len(TABLE)
            """
    }

    def make():
        import table_lib

        return define(
            """
            def put(key):
                TABLE[key] = 1
                return size()
            """,
            "put",
            TABLE=table_lib.TABLE,
            size=table_lib.size,
        )

    def same(obj):
        import table_lib

        before = table_lib.size()
        assert obj("new") == before + 1
        assert table_lib.TABLE.pop("new") == 1


class Shared(Case):
    """Functions dumped together share their global variables"""

    def make():
        return define(
            """
            total = 0
            def add(n):
                global total
                total += n
            def read():
                return total
            """,
            "add",
            "read",
        )

    def same(obj):
        add, read = obj
        add(5)
        add(6)
        assert read() == 11
        assert add.__globals__ is read.__globals__


class SharedWithMethods(Case):
    """A function and the methods of a class share a global variable"""

    exempt = {"round_trip": "the class that comes back is the one that left, and does not know the copies"}

    def make():
        return define(
            """
            stock = []
            class Shop:
                def order(self, what):
                    stock.append(what)
                def empty(self):
                    global stock
                    stock = []
            def count():
                return len(stock)
            """,
            "Shop",
            "count",
        )

    def same(obj):
        shop, count = obj
        shop().order("tea")
        assert count() == 1
        shop().empty()
        assert count() == 0


class LatestValue(Case):
    """A global that was changed after the function was defined"""

    def make():
        read, change = define(
            """
            state = "old"
            def read():
                return state
            def change():
                global state
                state = "new"
            """,
            "read",
            "change",
        )
        change()
        return read

    def same(obj):
        assert obj() == "new"

    def payload(data):
        assert b"old" not in data


class SetByCall(Case):
    """A global that does not exist until the function makes it"""

    def make():
        return define(
            """
            def setup():
                global made_late
                made_late = "ready"
            def use():
                return made_late
            """,
            "setup",
            "use",
        )

    def same(obj):
        setup, use = obj
        if "made_late" in use.__globals__:
            del use.__globals__["made_late"]
        with raises(NameError, "made_late"):
            use()
        setup()
        assert use() == "ready"


class Undefined(Case):
    """A function that names a global nobody defined"""

    def make():
        def risky(yes):
            return no_such_name if yes else "safe"  # noqa: F821 - that is the case

        return risky

    def same(obj):
        assert obj(False) == "safe"
        with raises(NameError, "no_such_name"):
            obj(True)


class ShadowedBuiltin(Case):
    """A global that hides a builtin"""

    def make():
        return define(
            """
            def len(x):
                return "mine"
            def use():
                return len([]), max(1, 2)
            """,
            "use",
        )

    def same(obj):
        assert obj() == ("mine", 2)


class BuiltinAlias(Case):
    """A global that is a builtin under another name"""

    old_protocols = True

    def make():
        return lambda x: len_(x)

    def same(obj):
        assert obj("abc") == 3 and obj.__globals__["len_"] is len


class ScriptName(Case):
    """A function that reads __name__ of the script"""

    def make():
        return lambda: __name__

    def same(obj):
        assert obj() == "__main__"


class MutableGlobal(Case):
    """A list that is a global of two functions and an item next to them"""

    def make():
        note, all_notes, notes = define(
            """
            notes = ["a"]
            def note(x):
                notes.append(x)
            def all_notes():
                return notes
            """,
            "note",
            "all_notes",
            "notes",
        )
        return note, all_notes, notes

    def same(obj):
        note, all_notes, notes = obj
        note("b")
        assert all_notes() is notes and notes == ["a", "b"]


class InstanceGlobal(Case):
    """A global that is an instance of a class of the script"""

    def make():
        return define(
            """
            class Config:
                retries = 3
                def __init__(self, name):
                    self.name = name
            config = Config("test")
            def describe():
                return config.name * config.retries, isinstance(config, Config)
            """,
            "describe",
        )

    def same(obj):
        assert obj() == ("test" * 3, True)


class DecoratorGlobal(Case):
    """Functions wrapped by a decorator of the script that keeps a registry"""

    def make():
        return define(
            """
            REGISTRY = {}
            def command(function):
                REGISTRY[function.__name__] = function
                return function
            @command
            def build():
                return "built"
            @command
            def run():
                return "ran"
            def dispatch(name):
                return REGISTRY[name]()
            """,
            "dispatch",
        )

    def same(obj):
        assert obj("build") == "built" and obj("run") == "ran"


class NestedLambdaInDefault(Case):
    """A global that only a lambda inside a default's lambda reads"""

    def make():
        return define(
            """
            unit = "kg"
            def weigh(n, show=lambda n: (lambda: f"{n} {unit}")):
                return show(n)()
            """,
            "weigh",
        )

    def same(obj):
        assert obj(2) == "2 kg"


def execute(source):
    """Run source in a dict of its own, and return the dict, as plug-ins and templates do."""
    space = {"__name__": "plugin"}
    exec(textwrap.dedent(source), space)
    return space


class ExecutedNamespace(Case):
    """The dict that exec has filled, next to functions whose globals it is"""

    def make():
        space = execute("""
            rate = 3
            def scale(n): return n * rate
            def tune(n):
                global rate
                rate = n
            """)
        return space["scale"], space, space["tune"]

    def same(obj):
        scale, space, tune = obj
        assert scale(2) == 6 and space["scale"] is scale
        tune(5)
        assert space["rate"] == 5
        space["rate"] = 7
        assert scale(2) == 14
        tune(3)


class ExecutedNamespaceWithClass(Case):
    """An instance of a class that exec has made, whose methods share the dict that is one of its attributes"""

    exempt = {"round_trip": "the class that comes back is the one that left, and does not know the copies"}

    def make():
        space = execute("""
            log = []
            limit = 2
            class Job:
                def run(self):
                    log.append(self)
                    return limit, helper
                def again(self, other=lambda: limit): return other()
            def helper(): return Job
            """)
        job = space["Job"]()
        job.space = space
        return job

    def same(obj):
        assert obj.run()[0] == 2 and obj.space["log"].pop() is obj
        obj.space["limit"] = 4
        assert obj.run()[0] == 4 == obj.again() and obj.run()[1]() is type(obj) is obj.space["Job"]
        obj.space["limit"] = 2
        obj.space["log"].clear()


class ExecutedNamespaceAlone(Case):
    """A namespace without __name__ that exec has filled: what is made there says that it is of builtins"""

    exempt = {"round_trip": "the class that comes back is the one that left, and does not know the copies"}

    def make():
        space = {}
        exec("n = 1\ndef get(): return n\nclass Held:\n    def get(self): return n\nheld = Held()", space)
        return space

    def same(obj):
        obj["n"] = 5
        assert obj["get"]() == 5 == obj["held"].get()
        obj["n"] = 1


class GlobalsOfImportable(Case):
    """The dict of an importable module's names, which its functions look into"""

    refused = True
    path = "['names']"

    def make():
        return {"names": vars(colorsys)}

    def same(obj):
        assert obj["names"]["rgb_to_hsv"].__globals__ is obj["names"]


class OwnGlobals(Case):
    """A module that is nowhere to be imported, next to what globals() gave it"""

    refused = True
    path = "obj[1]"

    def make():
        module = types.ModuleType("made_up")
        exec("n = 1\ndef get(): return n\nmine = globals()", module.__dict__)
        return [module.mine, module]

    def same(obj):
        obj[0]["n"] = 5
        assert obj[1].get() == 5
        obj[0]["n"] = 1


class AnsweringNamespace(Case):
    """Functions over a dict subclass that makes the names which are looked up in it"""

    def make():
        class Fields(dict):
            def __missing__(self, name):
                if name.startswith("field_"):
                    return name.removeprefix("field_").title()
                raise KeyError(name)

        scope = Fields(__name__="forms", sep=", ")
        exec("def both(): return sep.join([field_first, field_last])\ndef again(): return both() * 2", scope)
        return scope["both"], scope["again"]

    def same(obj):
        both, again = obj
        assert both() == "First, Last" and again() == "First, LastFirst, Last"


if __name__ == "__main__":
    drive()
