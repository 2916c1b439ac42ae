"""A class is changed in its own process and where it has arrived, in any way and in any order.

Three processes have the class: it is defined in *home* and sent to *near* and *far*, from any of them to any other. A
*place* is something about the class that can change. Two laws:

1. A payload has the class as it is: a process that has never seen it finds at each place what the sender has there.
2. Where the class is already, what has changed is merged, see `Model`.
"""

import contextlib
import itertools
from typing import NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from peers import Peers

ABSENT = "absent"
#: Defined in each process.
GOT = """
def got(get):
    try:
        return get()
    except Exception:
        return "absent"

"""


class Place(NamedTuple):
    """Something about a class that can change.

    Attributes:
        put: source text that puts a value ``{v}`` there.
        get: an expression for the value. Where it raises, the value is absent.
        drop: source text that takes away what is there, if that can be done.
        start: the value at first.
        values: what may be put there.
        merges: whether it is one of the things that are merged.
        dropped: the value after `drop`.
        is_made: whether each value is a new object, such as a function: no two are equal, so no two numbers are.
        grows: whether it goes with every payload, changed or not, and is never taken away.
    """

    put: str
    get: str
    drop: str = ""
    start: object = 0
    values: tuple = (0, 1, 2, 3)
    merges: bool = True
    dropped: object = ABSENT
    is_made: bool = False
    grows: bool = False


PLAIN = """
import functools

class Base0: base = 0
class Base1: base = 1
class Base2: base = 2
class Base3: base = 3

class Part:
    def __init__(self): self.n = 0
    def __get__(self, instance, owner): return self.n

def helper(): return 0
def second_helper(): return L

@functools.singledispatch
def generic(x): return 0

def make():
    n = 0
    def cell(self): return n
    return cell

G, CONF, SIZES = 0, {"x": 0}, [0]

class K(Base0):
    a, first, second = 0, 0, 0
    items = [0]
    note: 0
    cell = make()
    part = Part()
    prop = property(lambda self: 0)
    def code(self): return 0
    def replaced(self): return 0
    def default(self, x=0): return x
    def keyword(self, *, x=0): return x
    def hint(self, x: 0): pass
    def tagged(self): pass
    tagged.tag = 0
    def glob(self): return G
    def missing(self): return H
    def shadow(self): return len("")
    def conf(self): return CONF["x"]
    def sizes(self): return SIZES
    def helped(self): return helper()
    def looked(self): return second_helper()
    def single(self): return generic(1)
    def bases(self): return Base0, Base1, Base2, Base3
"""

ABSTRACT = """
import abc
class V1: pass
class V2: pass
class K(abc.ABC):
    a = 0
    def others(self): return V1, V2
"""

ENUM = """
import enum
G = 0
class K(enum.Enum):
    A = 1
    B = 2
    def __init__(self, n): self.n = 0
    def glob(self): return G
"""

SLOTS = """
class K:
    __slots__ = ("x", "y")
    a = 0
    def __init__(self, x=0): self.x = x
"""


def _global(method, name):
    scope = f"K.{method}.__globals__"
    return f"{scope}[{name!r}] = {{v}}", f"K().{method}()", f"{scope}.pop({name!r}, None)"


def _attribute(name):
    return f"K.{name} = {{v}}", f"vars(K)[{name!r}]", f"if {name!r} in vars(K): del K.{name}"


META = """
G = 0
class Meta(type):
    kind = 0
    def ask(cls): return 0
    def glob(cls): return G
class Other(Meta): kind = 1
class K(metaclass=Meta):
    a = 0
    def metas(self): return Meta, Other
"""

DATA = """
import dataclasses
G = 0
def make(): return G
@dataclasses.dataclass
class K:
    x: int = 0
    y: list = dataclasses.field(default_factory=make)
    def total(self): return 0
"""

#: As in a doctest: the globals are not those of the module that they are named after, which dataclasses finds.
ELSEWHERE = f"""
scope = {{"__name__": "__main__"}}
exec({DATA!r}, scope)
K = scope["K"]
"""

FLAVORS = {
    "plain": (
        PLAIN,
        {
            "attribute": Place(*_attribute("a")),
            "new attribute": Place(*_attribute("b"), start=ABSENT),
            "order of attributes": Place(
                "_name = ('second', 'first')[{v}]; _kept = vars(K)[_name]; delattr(K, _name); setattr(K, _name, _kept)",
                "int(list(vars(K)).index('first') > list(vars(K)).index('second'))",
                values=(0, 1),
                merges=False,
            ),
            "list": Place("K.items[:] = [{v}]", "K.items[0]", "K.items.clear()"),
            "class annotation": Place("K.__annotations__['note'] = {v}", "K.__annotations__['note']"),
            "property": Place("K.prop = property(lambda self: {v})", "K().prop", is_made=True),
            "part of a descriptor": Place("vars(K)['part'].n = {v}", "K().part"),
            "replaced method": Place("K.replaced = lambda self: {v}", "K().replaced()", is_made=True),
            "code": Place("K.code.__code__ = (lambda self: {v}).__code__", "K().code()", is_made=True),
            "default": Place(
                "K.default.__defaults__ = {v},", "K().default()", "K.default.__defaults__ = None"
            ),
            "keyword default": Place(
                "K.keyword.__kwdefaults__['x'] = {v}",
                "K().keyword()",
                "K.keyword.__kwdefaults__.pop('x', None)",
            ),
            "annotation": Place(
                "K.hint.__annotations__['x'] = {v}",
                "K.hint.__annotations__['x']",
                "K.hint.__annotations__.pop('x', None)",
            ),
            "attribute of a method": Place(
                "K.tagged.tag = {v}", "K.tagged.tag", "vars(K.tagged).pop('tag', None)"
            ),
            "cell": Place(
                "K.cell.__closure__[0].cell_contents = {v}",
                "K().cell()",
                "del K.cell.__closure__[0].cell_contents",
            ),
            "global": Place(*_global("glob", "G")),
            "absent global": Place(*_global("missing", "H"), start=ABSENT),
            "shadowed builtin": Place(
                "K.shadow.__globals__['len'] = lambda _: {v}",
                *_global("shadow", "len")[1:],
                dropped=0,
                is_made=True,
            ),
            "item of a global dict": Place(
                "K.conf.__globals__['CONF']['x'] = {v}",
                "K().conf()",
                "K.conf.__globals__['CONF'].pop('x', None)",
            ),
            "global list": Place("K().sizes()[:] = [{v}]", "K().sizes()[0]", "K().sizes().clear()"),
            "code of a helper": Place(
                "K.helped.__globals__['helper'].__code__ = (lambda: {v}).__code__",
                "K().helped()",
                is_made=True,
            ),
            "absent global of a helper": Place(
                "K.looked.__globals__['second_helper'].__globals__['L'] = {v}",
                "K().looked()",
                "K.looked.__globals__['second_helper'].__globals__.pop('L', None)",
                start=ABSENT,
            ),
            "registry of a generic function": Place(
                "K.single.__globals__['generic'].register(int, lambda x: {v})", "K().single()", is_made=True
            ),
            "bases": Place("K.__bases__ = K.bases(None)[{v}],", "K.base"),
        },
    ),
    "abstract": (
        ABSTRACT,
        {
            "attribute": Place(*_attribute("a")),
            "virtual subclass": Place(
                "K.register(K.others(None)[0])",
                "int(issubclass(K.others(None)[0], K))",
                values=(1,),
                grows=True,
            ),
            "virtual subclass, another": Place(
                "K.register(K.others(None)[1])",
                "int(issubclass(K.others(None)[1], K))",
                values=(1,),
                grows=True,
            ),
        },
    ),
    "enum": (
        ENUM,
        {
            "attribute of a member": Place("K.A.n = {v}", "K.A.n", "vars(K.A).pop('n', None)"),
            "attribute of another": Place("K.B.n = {v}", "K.B.n", "vars(K.B).pop('n', None)"),
            "global": Place("K.glob.__globals__['G'] = {v}", "K.A.glob()"),
            "attribute": Place(*_attribute("extra"), start=ABSENT),
        },
    ),
    "metaclass": (
        META,
        {
            "attribute": Place(*_attribute("a")),
            "method of the metaclass": Place(
                "K.metas(None)[0].ask = lambda cls: {v}", "K.ask()", is_made=True
            ),
            "global of the metaclass": Place(
                "type(K).glob.__globals__['G'] = {v}",
                "K.glob()",
                "type(K).glob.__globals__.pop('G', None)",
            ),
            "metaclass": Place(
                "K.__class__ = K.metas(None)[{v}]", "type(K).kind", values=(0, 1), merges=False
            ),
        },
    ),
    "dataclass": (
        DATA,
        {
            "attribute": Place(*_attribute("b"), start=ABSENT),
            "default": Place("K.__init__.__defaults__ = ({v}, *K.__init__.__defaults__[1:])", "K().x"),
            "global of a factory": Place(
                "K.__dataclass_fields__['y'].default_factory.__globals__['G'] = {v}", "K().y"
            ),
            "metadata of a field": Place(
                "K.__dataclass_fields__['x'].kw_only = {v}",
                "int(K.__dataclass_fields__['x'].kw_only)",
                values=(0, 1),
                merges=False,
            ),
            "method": Place("K.total = lambda self: {v}", "K().total()", is_made=True),
        },
    ),
    "elsewhere": (
        ELSEWHERE,
        {
            "global of a factory": Place(
                "K.__dataclass_fields__['y'].default_factory.__globals__['G'] = {v}", "K().y"
            ),
        },
    ),
    "slots": (
        SLOTS,
        {
            "attribute": Place(*_attribute("a")),
            "slot": Place("K.y = {v}", "vars(K)['y'] + 0", start=ABSENT, values=(1, 2)),
        },
    ),
}


class Model:
    """The rules of merging, for values at places.

    A sender numbers its changes: a place has changed when it is not what it was at the sender's dump before. At its
    first dump nothing has, wherever it has got the class from; so what it had changed until then reaches only those
    who do not have the class.

    A receiver looks at each number of a sender once, and at none that is lower. It takes the change if what is there is
    what has last come there, with the class or with a change, from whomever: among senders the last change wins, but no
    change is taken over one of the receiver's own. Nothing is merged where a class was defined, nor what one has sent
    oneself.
    """

    def __init__(self, places):
        self.places = places
        self.live = {"home": {name: place.start for name, place in places.items()}}
        self.sent, self.given, self.seen = {}, {}, {}

    def dump(self, who):
        """Return the sender, the numbers of its changes by place, and the class as it is there."""
        live = dict(self.live[who])
        last, number, changes = self.sent.get(who, (live, 0, {}))
        changed = [at for at in live if live[at] != last[at]]
        self.sent[who] = live, number + 1, {**changes, **dict.fromkeys(changed, number + 1)}
        return who, self.sent[who][2], live

    def load(self, who, sender, changes, theirs):
        """Merge what has changed with what is there."""
        is_new = who not in self.live
        live = self.live.setdefault(who, dict(theirs))
        given = self.given.setdefault(who, dict(theirs))
        if who == "home":
            return
        live |= {at: max(live[at], theirs[at]) for at, place in self.places.items() if place.grows}
        for at, number in changes.items():
            if who != sender and number > self.seen.get((who, sender, at), 0):
                self.seen[who, sender, at] = number
                if not is_new and live[at] == given[at]:
                    live[at] = theirs[at]
                given[at] = theirs[at]


class World:
    """A class in three processes, the model beside it, and the payloads of both."""

    def __init__(self, peers, flavor):
        self.peers, (source, self.places) = peers, FLAVORS[flavor]
        self.processes = {who: peers.start() for who in ("home", "near", "far")}
        for process in self.processes.values():
            process.run(GOT)
        self.processes["home"].run(source)
        self.model = Model(self.places)
        self.payloads = []
        self.check("home")

    def change(self, who, name, value):
        """Put a value at a place, or take away what is there."""
        place = self.places[name]
        self.processes[who].run(place.drop if value == ABSENT else place.put.format(v=value))
        self.model.live[who][name] = place.dropped if value == ABSENT else value
        self.check(who)

    def dump(self, who):
        """Dump the class; a process that does not know it has to get it as it is."""
        payload = self.processes[who].ask("loaf.dumps(K)")
        self.payloads.append((payload, self.model.dump(who)))
        with contextlib.closing(self.peers.start()) as stranger:
            stranger.run(GOT + "K = loaf.loads(payload)", payload=payload)
            compare(self.found(stranger), self.model.live[who], f"a new process, from {who}")

    def load(self, who, index):
        """Load a payload, new or old."""
        payload, image = self.payloads[index]
        before = "K" if who in self.model.live else "None"
        self.processes[who].run(f"before = {before}; K = loaf.loads(payload)", payload=payload)
        assert self.processes[who].ask("before is K or before is None"), "another class has arrived"
        self.model.load(who, *image)
        self.check(who)

    def check(self, who):
        """Compare a process with the model, but for what is not merged, which is then what it is there."""
        found, model = self.found(self.processes[who]), self.model.live[who]
        model |= {name: found[name] for name, place in self.places.items() if not place.merges}
        compare(found, model, who)

    def found(self, process):
        """Return what is at the places of the class in a process."""
        gets = ", ".join(f"{name!r}: got(lambda: {place.get})" for name, place in self.places.items())
        return process.ask(f"{{{gets}}}")

    def close(self):
        """End the processes."""
        for process in self.processes.values():
            process.close()


def compare(found, expected, where):
    """Fail with what differs."""
    wrong = {name: f"{found[name]}, not {expected[name]}" for name in found if found[name] != expected[name]}
    assert not wrong, f"{where}: {wrong}"


def steps(text):
    """Read steps: "home attribute=1", "dump home", "load near 0"."""
    for line in text.strip().splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "dump":
            yield World.dump, rest
        elif word == "load":
            who, index = rest.split()
            yield World.load, who, int(index)
        else:
            name, value = rest.split("=")
            yield World.change, word, name, ABSENT if value == ABSENT else int(value)


#: Steps that have led astray before, by flavor.
ASTRAY = {
    "a virtual subclass that a receiver has registered is not registered where the class was defined": (
        "abstract",
        """
        dump home
        load near 0
        near virtual subclass=1
        dump near
        load home 1
        """,
    ),
    "an attribute takes the place of a slot": (
        "slots",
        """
        home slot=1
        dump home
        """,
    ),
    "a receiver loads what it has dumped itself": (
        "plain",
        """
        dump home
        load near 0
        dump near
        near attribute=1
        dump near
        near attribute=0
        load near 2
        """,
    ),
    "a receiver puts somewhere what the sender once had there": (
        "plain",
        """
        dump home
        home attribute=absent
        dump home
        load near 1
        near attribute=0
        home attribute=1
        dump home
        load near 2
        """,
    ),
    "the first payload comes late, and then an old one": (
        "plain",
        """
        dump home
        home attribute=1
        dump home
        home attribute=0
        dump home
        load near 2
        load near 0
        load near 1
        """,
    ),
    "a class comes from one who has changed it, then a change from where it was defined": (
        "plain",
        """
        dump home
        home attribute=1
        home list=1
        dump home
        load near 1
        dump near
        load far 2
        far attribute=0
        far list=0
        load far 1
        """,
    ),
    "a function in the closure of one that has changed": (
        "dataclass",
        """
        dump home
        load near 0
        home default=2
        dump home
        load near 1
        near global of a factory=1
        """,
    ),
    "the globals of a class are not those of the module that is called like them": (
        "elsewhere",
        """
        dump home
        home global of a factory=1
        dump home
        load far 1
        home global of a factory=0
        dump home
        load far 2
        """,
    ),
    "an attribute of a member that was absent comes": (
        "enum",
        """
        home attribute of another=absent
        dump home
        home attribute of another=0
        dump home
        load far 0
        load far 1
        """,
    ),
    "a global of a helper that was absent comes": (
        "plain",
        """
        dump home
        load near 0
        home absent global of a helper=1
        dump home
        load near 1
        near absent global of a helper=absent
        home absent global of a helper=2
        dump home
        load near 2
        """,
    ),
    "a global that was absent comes and goes": (
        "plain",
        """
        dump home
        load near 0
        home absent global=1
        dump home
        load near 1
        home absent global=absent
        dump home
        load near 2
        """,
    ),
}


class Machine(RuleBasedStateMachine):
    """Any changes, dumps and loads, in any order."""

    peers = None
    flavor = ""

    def __init__(self):
        super().__init__()
        self.world = World(self.peers, self.flavor)
        self.made = itertools.count(10)

    @initialize(data=st.data())
    def choose(self, data):
        """Choose few places, so that each changes often."""
        places = list(self.world.places)
        self.names = data.draw(
            st.lists(st.sampled_from(places), min_size=1, max_size=3, unique=True), "places"
        )

    @rule(data=st.data())
    def change(self, data):
        """Change the class wherever it is."""
        who = data.draw(st.sampled_from(list(self.world.model.live)), "who")
        name = data.draw(st.sampled_from(self.names), "place")
        place = self.world.places[name]
        values = [next(self.made)] if place.is_made else place.values
        values = [*values, *([ABSENT] if place.drop else [])]
        self.world.change(who, name, data.draw(st.sampled_from(values), "value"))

    @rule(data=st.data())
    def dump(self, data):
        """Dump it there."""
        self.world.dump(data.draw(st.sampled_from(list(self.world.model.live)), "who"))

    @precondition(lambda self: self.world.payloads)
    @rule(data=st.data(), who=st.sampled_from(["home", "near", "far"]))
    def load(self, data, who):
        """Load a payload, in whatever process, as late as may be."""
        self.world.load(who, data.draw(st.integers(0, len(self.world.payloads) - 1), "payload"))

    def teardown(self):
        """End the processes."""
        self.world.close()


@pytest.fixture(scope="module")
def peers():
    """Return what starts processes."""
    with Peers() as started:
        yield started


@pytest.mark.timeout(300)
@pytest.mark.parametrize("flavor", FLAVORS)
def test_any_changes(flavor, peers, request, monkeypatch):
    """Whatever is done to a class, in whatever order: payloads are true, and what is merged is what the model says."""
    monkeypatch.setattr("hypothesis.internal.conjecture.engine.MAX_SHRINKING_SECONDS", 20)
    chosen = settings(max_examples=200 if request.config.option.fresh else 30, stateful_step_count=25)
    machine = type("Changes", (Machine,), {"peers": peers, "flavor": flavor})
    run_state_machine_as_test(machine, settings=chosen)


@pytest.mark.parametrize("name", ASTRAY)
def test_led_astray(name, peers):
    """What has gone wrong once goes right."""
    flavor, text = ASTRAY[name]
    with contextlib.closing(World(peers, flavor)) as world:
        take(world, steps(text))


#: A flavor, a place, and what the receiver makes of it before the sender's change comes.
TOUCHED = [
    (flavor, name, own)
    for flavor, (_, places) in FLAVORS.items()
    for name, place in places.items()
    for own in (place.values[-1], *([ABSENT] if place.drop else []))
    if place.merges and not place.grows
]


@pytest.mark.parametrize(("flavor", "name", "own"), TOUCHED)
def test_own_change_stays(flavor, name, own, peers):
    """What a receiver has changed stays, whatever the sender makes of it."""
    theirs = next(value for value in FLAVORS[flavor][1][name].values if value not in (own, 0))
    text = f"""
        dump home
        load near 0
        near {name}={own}
        home {name}={theirs}
        dump home
        load near 1
    """
    if own == FLAVORS[flavor][1][name].start:  # there has to be something to be deleted
        text = f"home {name}=0{text}"
    with contextlib.closing(World(peers, flavor)) as world:
        take(world, steps(text))


def take(world, todo):
    """Take steps."""
    for step, *given in todo:
        step(world, *given)


MODULE = """
RATE = 1
def rate(): return RATE
"""
USER = """
import sys; sys.path.insert(0, {folder!r})
import copyreg, threading, types
import stamped
from stamped import rate

class Part:
    n = 1

class K:
    part = Part()
    def use(self): return rate()
    def look(self): return stamped.rate()

first = loaf.dumps(K)
"""
#: What changes, not in the class, between two dumps; what a new process, with or without the module, finds then.
POLICIES = {
    "a module goes by value": (
        "loaf.register_pickle_by_value(stamped)",
        "",
        False,
        "K().use(), K().look()",
        (1, 1),
    ),
    "a module goes by value and back": (
        "loaf.register_pickle_by_value(stamped); loaf.dumps(K); loaf.unregister_pickle_by_value(stamped)",
        "",
        True,
        "K.use.__globals__['rate'] is __import__('stamped').rate",
        True,
    ),
    "a module is replaced": (
        "sys.modules['stamped'] = types.ModuleType('stamped')",
        "",
        False,
        "K().use()",
        1,
    ),
    "a module is replaced and back": (
        "sys.modules['stamped'] = types.ModuleType('stamped'); loaf.dumps(K); sys.modules['stamped'] = stamped",
        "",
        True,
        "K.use.__globals__['rate'] is __import__('stamped').rate",
        True,
    ),
    "copyreg": ("copyreg.pickle(Part, lambda part: (int, ('5',)))", "", True, "K.part", 5),
    "a patch is carried": (
        "stamped.rate = lambda: 9",
        "patches='carry'",
        True,
        "K().look()",
        9,
    ),
    "a lock comes": ("K.part.lock = threading.Lock()", "", True, "K.part.lock.locked()", False),
    "portable": ("", "portable=True", True, "loaf.loads(payload) is K", True),
}


@pytest.mark.parametrize("name", POLICIES)
def test_policy(name, peers, tmp_path):
    """What decides how a class goes, and is no part of it, is asked at each dump."""
    change, options, has_module, question, expected = POLICIES[name]
    (tmp_path / "stamped.py").write_text(MODULE)
    with contextlib.closing(peers.start()) as home, contextlib.closing(peers.start()) as stranger:
        home.run(USER.format(folder=str(tmp_path)))
        home.run(change)
        payload = home.ask(f"loaf.dumps(K, {options})")
        if has_module:
            stranger.run("import sys; sys.path.insert(0, folder)", folder=str(tmp_path))
        stranger.run("K = loaf.loads(payload)", payload=payload)
        assert stranger.ask(question) == expected


def test_portable_is_no_state(peers):
    """A portable dump is that of a process that has dumped nothing, and so is the one after it."""
    payloads = []
    for before in ([], ["portable=True"], [""]):
        with contextlib.closing(peers.start()) as home:
            home.run(PLAIN)
            for options in before:
                home.ask(f"loaf.dumps(K, {options})")
            payloads.append([home.ask(f"loaf.dumps(K, {options})") for options in ("", "portable=True")])
    assert payloads[0] == payloads[1] == payloads[2]
