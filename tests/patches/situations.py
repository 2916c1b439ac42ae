"""Situations in which something is patched and travels: one row each of ``docs/patches-table.md``.

A situation is text that runs in two processes. `make` is a script: it patches something and leaves what
is to travel in ``obj``. It may say ``mark(target, *names)`` or ``track(module)``, which only pickleloaf
understands, and ``find()`` where a patch is so far away that a first dump need not have come to it. `use` runs where
``obj`` has been loaded, and asserts that it behaves as it did in the script; it runs there as well, to see that it
holds. ``files`` are importable in both processes.
"""

from __future__ import annotations

import textwrap

from travel import Situation

BIRDS = """
    class Nest:
        class Egg:
            def crack(self):
                return "crack"
    class Bird:
        voice = "cheep"
        brain = None
        def __init__(self, name):
            self.name = name
        def hi(self):
            return f"{self.name} says {self.voice}"
        def __len__(self):
            return 2
        @property
        def mood(self):
            return "calm"
        @staticmethod
        def legs():
            return 2
        @classmethod
        def hatch(cls):
            return cls("chick")
    class Turkey(Bird):
        pass
    class Slotted:
        __slots__ = ("hi", "name")
    def feed(bird):
        return bird + " eats"
    def day(bird):
        return feed(bird).upper()
    class Flock:
        size = 3
    flock = Flock()
    LIMIT = 10
    """


SITUATIONS: list[Situation] = []
_group = ""


def situation(
    title: str, make: str, use: str, files: dict[str, str] | None = None, needs: tuple[str, ...] = ()
) -> None:
    """Add a row."""
    sources = {"birds.py": BIRDS} if files is None else files
    dedented = {name: textwrap.dedent(source) for name, source in sources.items()}
    SITUATIONS.append(Situation(title, textwrap.dedent(make), textwrap.dedent(use), dedented, needs, _group))


_group = "instances"

situation(
    "a method of an instance: a function bound to it",
    """
    import types, birds
    def loud(self):
        return self.name.upper()
    obj = birds.Bird("tom")
    obj.hi = types.MethodType(loud, obj)
    """,
    "assert obj.hi() == 'TOM' and obj.hi.__self__ is obj and type(obj)('ann').hi() == 'ann says cheep'",
)
situation(
    "a method of an instance: a plain function",
    """
    import birds
    obj = birds.Bird("tom")
    obj.hi = lambda: obj.name + " hums"
    """,
    "obj.name = 'ann'; assert obj.hi() == 'ann hums'",
)
situation(
    "a method of an instance that calls the original",
    """
    import birds
    obj = birds.Bird("tom")
    original = obj.hi
    obj.hi = lambda: original() + " twice"
    """,
    "assert obj.hi() == 'tom says cheep twice'",
)
situation(
    "a method in a slot of an instance",
    """
    import types, birds
    obj = birds.Slotted()
    obj.name = "tom"
    obj.hi = types.MethodType(lambda self: self.name * 2, obj)
    """,
    "assert obj.hi() == 'tomtom' and obj.hi.__self__ is obj",
)
situation(
    "a method of an instance of a C type: functools.partial",
    """
    import functools
    obj = functools.partial(int, base=2)
    obj.parse = lambda text: obj(text) + 1
    """,
    "assert obj('101') == 5 and obj.parse('101') == 6",
)
situation(
    "a method of an exception",
    """
    obj = ValueError("bad")
    obj.explain = lambda: "because " + obj.args[0]
    """,
    "assert obj.explain() == 'because bad'",
)
situation(
    "an instance that was given another class",
    """
    import birds
    class Loud(birds.Bird):
        voice = "CHEEP"
    obj = birds.Bird("tom")
    obj.__class__ = Loud
    """,
    "assert obj.hi() == 'tom says CHEEP'",
)

_group = "importable classes"

situation(
    "a method",
    """
    import birds
    birds.Bird.hi = lambda self: self.name.upper()
    obj = birds.Bird("tom")
    """,
    "assert obj.hi() == 'TOM'",
)
situation(
    "a method that is new",
    """
    import birds
    def fly(self):
        return self.name + " flies"
    birds.Bird.fly = fly
    obj = birds.Bird("tom")
    """,
    "assert obj.fly() == 'tom flies'",
)
situation(
    "a method, wrapped: the original is called",
    """
    import functools, birds
    def twice(method):
        @functools.wraps(method)
        def wrapper(self):
            return method(self) + "; " + method(self)
        return wrapper
    birds.Bird.hi = twice(birds.Bird.hi)
    obj = birds.Bird
    """,
    """
    assert obj("tom").hi() == "tom says cheep; tom says cheep"
    import birds
    assert birds.Bird.hi.__wrapped__.__globals__ is vars(birds), "a copy of the original"
    """,
)
situation(
    "a static method, a class method and a property",
    """
    import birds
    birds.Bird.legs = staticmethod(lambda: 3)
    birds.Bird.hatch = classmethod(lambda cls: cls("egg"))
    birds.Bird.mood = property(lambda self: self.name + " is wild")
    obj = birds.Bird
    """,
    "assert obj.legs() == 3 and obj.hatch().mood == 'egg is wild'",
)
situation(
    "a property, wrapped: the original is asked",
    """
    import birds
    before = birds.Bird.mood
    birds.Bird.mood = property(lambda self: "very " + before.fget(self))
    obj = birds.Bird("tom")
    """,
    "assert obj.mood == 'very calm'",
)
situation(
    "a special method",
    """
    import birds
    birds.Bird.__len__ = lambda self: 40
    obj = [birds.Bird("tom")]
    """,
    "assert len(obj[0]) == 40",
)
situation(
    "a plain value, by an object of a class of the script",
    """
    import birds
    class Brain:
        def think(self):
            return "hmm"
    birds.Bird.brain = Brain()
    obj = birds.Bird("tom")
    """,
    "assert obj.brain.think() == 'hmm'",
)
situation(
    "a constant",
    """
    import birds
    birds.Bird.voice = "honk"
    obj = birds.Bird("tom")
    """,
    "assert obj.hi() == 'tom says honk'",
)
situation(
    "a method of a base of the class that travels",
    """
    import birds
    birds.Bird.hi = lambda self: self.name.upper()
    obj = birds.Turkey("tom")
    """,
    "assert obj.hi() == 'TOM'",
)
situation(
    "a method of a base of a class of the script",
    """
    import birds
    birds.Bird.hi = lambda self: self.name.upper()
    class Mine(birds.Bird):
        def hi(self):
            return super().hi() + "!"
    obj = Mine("tom")
    """,
    "assert obj.hi() == 'TOM!'",
)
situation(
    "a method of a class inside a class",
    """
    import birds
    birds.Nest.Egg.crack = lambda self: "CRACK"
    obj = birds.Nest.Egg()
    """,
    "assert obj.crack() == 'CRACK'",
)
situation(
    "a method that is gone (marked)",
    """
    import birds
    del birds.Bird.hi
    mark(birds.Bird, "hi")
    obj = birds.Bird("tom")
    """,
    "assert not hasattr(obj, 'hi') and obj.legs() == 2",
)
situation(
    "special methods for attributes and calls that it had not",
    """
    import birds
    birds.Bird.__getattr__ = lambda self, name: "no " + name
    birds.Bird.__call__ = lambda self: "called"
    obj = birds.Bird("tom")
    """,
    "assert obj.wing == 'no wing' and obj() == 'called'",
)
situation(
    "__init_subclass__, of which a class of the script was made",
    """
    import birds
    def tag(cls, **options):
        cls.tag = "T" + cls.__name__
    birds.Bird.__init_subclass__ = classmethod(tag)
    class Mine(birds.Bird):
        pass
    obj = Mine("tom")
    """,
    """
    import birds
    assert obj.tag == "TMine" and type("Other", (birds.Bird,), {}).tag == "TOther"
    """,
)
situation(
    "the metaclass: a new method",
    """
    import zoo
    zoo.Meta.count = lambda cls: 77
    obj = zoo.Cage
    """,
    "assert obj.count() == 77",
    files={"zoo.py": "class Meta(type):\n    pass\nclass Cage(metaclass=Meta):\n    pass\n"},
)

_group = "importable modules"

situation(
    "a function",
    """
    import birds
    birds.feed = lambda bird: bird + " is fasting"
    def obj():
        return birds.feed("tom")
    """,
    "assert obj() == 'tom is fasting'",
)
situation(
    "a function that the module itself calls",
    """
    import birds
    birds.feed = lambda bird: bird + " is fasting"
    obj = birds.day
    """,
    "assert obj('tom') == 'TOM IS FASTING'",
)
situation(
    "a function that is imported inside the function that travels",
    """
    import birds
    birds.feed = lambda bird: bird + " is fasting"
    def obj():
        from birds import feed
        return feed("tom")
    """,
    "assert obj() == 'tom is fasting'",
)
situation(
    "a function that is new",
    """
    import birds
    birds.count = lambda: birds.LIMIT + 1
    def obj():
        return birds.count()
    """,
    "assert obj() == 11",
)
situation(
    "a function, wrapped, that travels itself",
    """
    import functools, birds
    def shout(function):
        @functools.wraps(function)
        def wrapper(*args):
            return function(*args).upper()
        return wrapper
    birds.feed = shout(birds.feed)
    obj = birds.feed
    """,
    "assert obj('tom') == 'TOM EATS'",
)
situation(
    "a function, by functools.partial of one of the script",
    """
    import functools, birds
    def give(what, bird):
        return bird + " gets " + what
    birds.feed = functools.partial(give, "corn")
    obj = birds.day
    """,
    "assert obj('tom') == 'TOM GETS CORN'",
)
situation(
    "a function, by a method of an object of the script",
    """
    import birds
    class Farmer:
        fed = 0
        def feed(self, bird):
            self.fed += 1
            return f"{bird} {self.fed}"
    birds.feed = Farmer().feed
    obj = birds.day
    """,
    "assert obj('tom') == 'TOM 1' and obj('ann') == 'ANN 2'",
)
situation(
    "a class, by a subclass of it",
    """
    import birds
    class Loud(birds.Bird):
        voice = "CHEEP"
    birds.Bird = Loud
    def obj(name):
        return birds.Bird(name)
    """,
    """
    loud = obj("tom")
    import birds
    assert loud.hi() == "tom says CHEEP" and issubclass(birds.Turkey, type(loud).__bases__)
    """,
)
situation(
    "an object, by one of a class of the script",
    """
    import birds
    class Pack:
        size = 7
    birds.flock = Pack()
    def obj():
        return birds.flock.size
    """,
    "assert obj() == 7",
)
situation(
    "a constant",
    """
    import birds
    birds.LIMIT = 5
    def obj():
        return birds.LIMIT
    """,
    "assert obj() == 5",
)
situation(
    "a function, by one of another library (marked)",
    """
    import birds, textwrap
    birds.feed = textwrap.shorten
    mark(birds, "feed")
    def obj():
        return birds.feed("one two three", 9)
    """,
    "assert obj() == 'one [...]'",
)
situation(
    "a function that is gone (tracked)",
    """
    import birds
    track(birds)
    del birds.feed
    obj = birds.day
    """,
    """
    try:
        obj("tom")
    except NameError:
        pass
    else:
        raise AssertionError("the function is still there")
    """,
)
situation(
    "the code of a function, in place",
    """
    import birds
    before = birds.feed
    def fast(bird):
        return bird + " is fasting"
    birds.feed.__code__ = fast.__code__
    obj = birds.day
    """,
    "assert obj('tom') == 'TOM IS FASTING'",
)
situation(
    "the defaults of a function, in place",
    """
    import birds2
    birds2.count.__defaults__ = (12,)
    obj = birds2.count
    """,
    "assert obj() == 12",
    files={"birds2.py": "def count(n=2):\n    return n\n"},
)
situation(
    "two functions that share state",
    """
    import birds
    seen = []
    birds.feed = lambda bird: seen.append(bird) or bird
    birds.fed = lambda: len(seen)
    def obj():
        birds.day("tom"), birds.day("ann")
        return birds.fed(), len(seen)
    """,
    "assert obj() == (2, 2)",
)
situation(
    "a function of a package, by way of another package that uses it",
    """
    import coop.tools, farm
    coop.tools.build = lambda: "straw"
    obj = farm.plan
    """,
    "assert obj() == 'plan straw'",
    files={
        "coop/__init__.py": "",
        "coop/tools.py": "def build():\n    return 'wood'\n",
        "farm.py": "from coop import tools\ndef plan():\n    return 'plan ' + tools.build()\n",
    },
)
situation(
    "a function, by unittest.mock.patch",
    """
    from unittest import mock
    import birds
    patcher = mock.patch("birds.feed", lambda bird: bird + " is fasting")
    patcher.start()
    obj = birds.day
    """,
    "assert obj('tom') == 'TOM IS FASTING'",
)
situation(
    "a patch that was taken back stays away",
    """
    from unittest import mock
    import birds
    with mock.patch("birds.feed", lambda bird: bird + " is fasting"):
        birds.day("tom")
    obj = birds.day
    """,
    "assert obj('tom') == 'TOM EATS'",
)
situation(
    "two wrappers, one around the other",
    """
    import birds
    def upper(function):
        return lambda *args: function(*args).upper()
    def loud(function):
        return lambda *args: function(*args) + "!"
    birds.feed = loud(upper(birds.feed))
    obj = birds.day
    """,
    """
    import birds
    assert obj("tom") == "TOM EATS!"
    inner = birds.feed.__closure__[0].cell_contents.__closure__[0].cell_contents
    assert inner.__globals__ is vars(birds), "a copy of the original"
    """,
)
situation(
    "a function, by a generic one (functools.singledispatch)",
    """
    import birds, functools
    @functools.singledispatch
    def feed(bird):
        return "who?"
    @feed.register
    def _(bird: str):
        return bird + " gets corn"
    birds.feed = feed
    obj = birds.day
    """,
    "assert obj('tom') == 'TOM GETS CORN' and obj(3) == 'WHO?'",
)
situation(
    "__getattr__ of the module",
    """
    import birds
    birds.__getattr__ = lambda name: "no " + name
    def obj():
        return birds.wing
    """,
    "assert obj() == 'no wing'",
)
situation(
    "the class of the module",
    """
    import types, birds
    class Lively(types.ModuleType):
        @property
        def hour(self):
            return self.LIMIT + 1
    birds.__class__ = Lively
    def obj():
        return birds.hour
    """,
    "assert obj() == 11",
)
situation(
    "two functions, swapped (marked)",
    """
    import birds
    birds.feed, birds.day = birds.day, birds.feed
    mark(birds, "feed", "day")
    obj = birds
    """,
    "assert obj.day('tom') == 'tom eats'",
)

_group = "the standard library and others"

situation(
    "json.dumps, counted: calls by a third-party package and, of json.detect_encoding, by json itself",
    """
    import functools, json, courier
    calls = []
    def counted(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            calls.append(function.__name__)
            return function(*args, **kwargs)
        return wrapper
    json.dumps = counted(json.dumps)
    json.detect_encoding = counted(json.detect_encoding)
    def obj():
        calls.clear()
        text = courier.pack([1])
        return json.loads(text.encode()), json.dumps(2), calls
    """,
    """
    import json
    assert obj() == ([1], "2", ["dumps", "detect_encoding", "dumps"]), obj()
    assert json.dumps.__wrapped__.__globals__ is vars(json), "a copy of the original"
    """,
    files={"courier.py": "import json\ndef pack(obj):\n    return json.dumps(obj)\n"},
)
situation(
    "json.dumps, counted: a call by requests",
    """
    import json, requests
    calls = 0
    def counted(function):
        def wrapper(*args, **kwargs):
            global calls
            calls += 1
            return function(*args, **kwargs)
        return wrapper
    json.dumps = counted(json.dumps)
    def obj():
        body = requests.Request("POST", "http://x/", json={"a": 1}).prepare().body
        return json.loads(body), calls
    """,
    "assert obj() == ({'a': 1}, 1)",
    files={},
    needs=("requests",),
)
situation(
    "fractions.Fraction with a new method",
    """
    import fractions
    fractions.Fraction.percent = lambda self: f"{float(self):.0%}"
    obj = fractions.Fraction(1, 4)
    """,
    "assert obj.percent() == '25%'",
    files={},
)
situation(
    "a C function: math.floor",
    """
    import math
    math.floor = lambda x: "floor"
    def obj():
        return math.floor(1.5), math.ceil(1.5)
    """,
    "assert obj() == ('floor', 2)",
    files={},
)
situation(
    "builtins.print",
    """
    import builtins
    lines = []
    builtins.print = lambda *what: lines.append(what)
    def obj():
        print("hello", 1)
        return lines
    """,
    "assert obj() == [('hello', 1)]",
    files={},
)
situation(
    "builtins.round, wrapped: the original is called",
    """
    import builtins
    def more(function):
        return lambda number: function(number) + 1
    builtins.round = more(round)
    def obj(number):
        return round(number)
    """,
    "assert obj(2.9) == 4",
    files={},
)
situation(
    "builtins.open, wrapped: which files are opened",
    """
    import builtins
    opened = []
    def listing(function):
        def open(file, *args):
            opened.append(file)
            return function(file, *args)
        return open
    builtins.open = listing(open)
    def obj():
        with open("/dev/null") as file:
            return file.read(), opened
    """,
    "assert obj() == ('', ['/dev/null'])",
    files={},
)
situation(
    "a new builtin",
    """
    import builtins
    builtins.shout = lambda text: text.upper()
    def obj():
        return shout("hello")
    """,
    "assert obj() == 'HELLO'",
    files={},
)
situation(
    "datetime.datetime, by a subclass with another now",
    """
    import datetime
    real = datetime.datetime
    class Frozen(real):
        @classmethod
        def now(cls, tz=None):
            return real(2020, 1, 1)
    datetime.datetime = Frozen
    def obj():
        return datetime.datetime.now().year
    """,
    "assert obj() == 2020",
    files={},
)
situation(
    "requests.Session.get",
    """
    import requests
    def get(self, url, **options):
        return f"{type(self).__name__} gets {url}"
    requests.Session.get = get
    obj = requests.Session
    """,
    "assert obj().get('http://x/') == 'Session gets http://x/'",
    files={},
    needs=("requests",),
)
situation(
    "requests.get, which is imported from requests.api",
    """
    import requests
    real = requests.get
    requests.get = lambda url: (real.__module__, url)
    def obj(url):
        return requests.get(url)
    """,
    "assert obj('u') == ('requests.api', 'u')",
    files={},
    needs=("requests",),
)
situation(
    "numpy.linalg.norm",
    """
    import numpy as np
    np.linalg.norm = lambda x: "norm"
    def obj(x):
        return np.linalg.norm(x)
    """,
    "assert obj([3, 4]) == 'norm'",
    files={},
    needs=("numpy",),
)
situation(
    "numpy.linalg.norm, wrapped: the original is called",
    """
    import functools, numpy as np
    def doubled(function):
        @functools.wraps(function)
        def wrapper(x):
            return 2 * function(x)
        return wrapper
    np.linalg.norm = doubled(np.linalg.norm)
    def obj(x):
        return float(np.linalg.norm(np.array(x)))
    """,
    "assert obj([3.0, 4.0]) == 10.0",
    files={},
    needs=("numpy",),
)
situation(
    "a function behind a proxy of wrapt",
    """
    import wrapt, birds
    @wrapt.decorator
    def shout(wrapped, instance, args, kwargs):
        return wrapped(*args, **kwargs).upper() + "!"
    birds.feed = shout(birds.feed)
    obj = birds.day
    """,
    "assert obj('tom') == 'TOM EATS!'",
    needs=("wrapt",),
)
situation(
    "requests.adapters.HTTPAdapter.send, behind requests.Session",
    """
    import requests
    def send(self, request, **options):
        answer = requests.Response()
        answer.status_code, answer.url, answer.request = 299, request.url, request
        return answer
    requests.adapters.HTTPAdapter.send = send
    find()
    obj = requests.Session
    """,
    "assert obj().get('http://nowhere.invalid/').status_code == 299",
    files={},
    needs=("requests",),
)


_group = "what a library lets a script register"

_FLOCKS = """
    import functools
    class Accessor:
        def __init__(self, name, make):
            self.name, self.make = name, make
        def __get__(self, obj, cls):
            return self if obj is None else self.make(obj)
    class Flock:
        def __init__(self, birds):
            self.birds = birds
        @functools.singledispatchmethod
        def price(self, bird):
            return 1
    def register(name):
        def decorate(make):
            setattr(Flock, name, Accessor(name, make))
            return make
        return decorate
    @functools.singledispatch
    def describe(bird):
        return "a thing"
    class Egg:
        def __init__(self, size):
            self.size = size
    """

situation(
    "an accessor of the script's, behind a descriptor of the library's",
    """
    import flocks
    @flocks.register("count")
    class Count:
        def __init__(self, flock):
            self.flock = flock
        def all(self):
            return len(self.flock.birds)
    def obj(birds):
        return flocks.Flock(birds).count.all()
    """,
    "assert obj(['tom', 'ann']) == 2",
    files={"flocks.py": _FLOCKS},
)
situation(
    "a function behind an object of the library's that can be called",
    """
    import hooks
    hooks.before = hooks.Hook(lambda name: name.upper())
    def obj(name):
        return hooks.before(name)
    """,
    "assert obj('tom') == 'TOM'",
    files={
        "hooks.py": """
    class Hook:
        def __init__(self, function):
            self.function = function
        def __call__(self, name):
            return self.function(name)
    before = Hook(None)
    """
    },
)
situation(
    "an implementation of a generic function, for a class of the script",
    """
    import flocks
    class Emu: pass
    @flocks.describe.register(Emu)
    def _(bird):
        return "an emu"
    def obj():
        return flocks.describe(Emu()), flocks.describe(1)
    """,
    "assert obj() == ('an emu', 'a thing')",
    files={"flocks.py": _FLOCKS},
)
situation(
    "an implementation of a generic function, for a builtin class",
    """
    import flocks
    flocks.describe.register(int, lambda number: f"{number} birds")
    def obj():
        return flocks.describe(3)
    """,
    "assert obj() == '3 birds'",
    files={"flocks.py": _FLOCKS},
)
situation(
    "an implementation of a generic method",
    """
    import flocks
    class Emu: pass
    @flocks.Flock.price.register
    def _(self, bird: Emu):
        return 99
    obj = flocks.Flock([Emu()])
    """,
    "assert obj.price(obj.birds[0]) == 99 and obj.price('tom') == 1",
    files={"flocks.py": _FLOCKS},
)
situation(
    "how copyreg pickles a class",
    """
    import copyreg, flocks
    copyreg.pickle(flocks.Egg, lambda egg: (flocks.Egg, (egg.size * 2,)))
    def obj(size):
        import copy
        return copyreg.dispatch_table[flocks.Egg](flocks.Egg(size))[1], copy.copy(flocks.Egg(size)).size
    """,
    "assert obj(3) == ((6,), 6)",
    files={"flocks.py": _FLOCKS},
)
situation(
    "logging.setLoggerClass",
    """
    import logging
    class Loud(logging.Logger):
        def loud(self, text):
            return text.upper()
    logging.setLoggerClass(Loud)
    def obj(name):
        return logging.getLogger(name).loud("hi")
    """,
    "assert obj('elsewhere') == 'HI'",
    files={},
)
situation(
    "a logger of a class of the script",
    """
    import logging
    class Loud(logging.Logger):
        def loud(self, text):
            return text.upper()
    logging.setLoggerClass(Loud)
    log = logging.getLogger("here")
    def obj():
        return log.loud("hi"), log.name
    """,
    "assert obj() == ('HI', 'here')",
    files={},
)
situation(
    "an accessor of a DataFrame",
    """
    import pandas
    @pandas.api.extensions.register_dataframe_accessor("birds")
    class Birds:
        def __init__(self, frame):
            self.frame = frame
        def total(self):
            return int(self.frame["n"].sum())
    def obj(numbers):
        return pandas.DataFrame({"n": numbers}).birds.total()
    """,
    "assert obj([1, 2]) == 3",
    files={},
    needs=("pandas",),
)
situation(
    "a namespace of a data frame of polars",
    """
    import polars
    @polars.api.register_dataframe_namespace("birds")
    class Birds:
        def __init__(self, frame):
            self.frame = frame
        def total(self):
            return self.frame["n"].sum()
    def obj(numbers):
        return polars.DataFrame({"n": numbers}).birds.total()
    """,
    "assert obj([1, 2]) == 3",
    files={},
    needs=("polars",),
)
