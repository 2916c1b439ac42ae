"""A class is changed in its own process and where it has arrived, in any way and in any order.

Three processes have the class: it is defined in *home* and sent to *near* and *far*, from any of them to any other. A
*place* is something about the class that can change. Two laws:

1. A payload has the class as it is: a process that has never seen it finds at each place what the sender has there.
2. Where the class is already, what has changed is merged, see `Model`.
"""

import contextlib
from typing import NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from peers import Peers

ABSENT = "absent"
FIRST_AGAIN = "the first payload once more"
ONE_OWN = "a payload of one's own"
SAME_VALUE = "a value that the sender once had"
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
    """

    put: str
    get: str
    drop: str = ""
    start: object = 0
    values: tuple = (0, 1, 2, 3)
    merges: bool = True
    dropped: object = ABSENT


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
            "property": Place("K.prop = property(lambda self: {v})", "K().prop"),
            "part of a descriptor": Place("vars(K)['part'].n = {v}", "K().part"),
            "replaced method": Place("K.replaced = lambda self: {v}", "K().replaced()"),
            "code": Place("K.code.__code__ = (lambda self: {v}).__code__", "K().code()"),
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
                "K.shadow.__globals__['len'] = lambda _: {v}", *_global("shadow", "len")[1:], dropped=0
            ),
            "item of a global dict": Place(
                "K.conf.__globals__['CONF']['x'] = {v}",
                "K().conf()",
                "K.conf.__globals__['CONF'].pop('x', None)",
            ),
            "global list": Place("K().sizes()[:] = [{v}]", "K().sizes()[0]", "K().sizes().clear()"),
            "code of a helper": Place(
                "K.helped.__globals__['helper'].__code__ = (lambda: {v}).__code__", "K().helped()"
            ),
            "registry of a generic function": Place(
                "K.single.__globals__['generic'].register(int, lambda x: {v})", "K().single()"
            ),
            "bases": Place("K.__bases__ = K.bases(None)[{v}],", "K.base"),
        },
    ),
    "abstract": (
        ABSTRACT,
        {
            "attribute": Place(*_attribute("a")),
            "virtual subclass": Place(
                "K.register(K.others(None)[0])", "int(issubclass(K.others(None)[0], K))", values=(1,)
            ),
            "virtual subclass, another": Place(
                "K.register(K.others(None)[1])", "int(issubclass(K.others(None)[1], K))", values=(1,)
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
            "method of the metaclass": Place("K.metas(None)[0].ask = lambda cls: {v}", "K.ask()"),
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
                merges=False,
            ),
            "method": Place("K.total = lambda self: {v}", "K().total()"),
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

    Nothing is merged where a class was defined, nor what one has sent oneself. Else a receiver has for each sender the
    last image as base, at first what the class came with. An image with a number that is not higher is old.
    What differs from base in a new one is taken where the receiver still has base's.
    """

    def __init__(self, start):
        self.live, self.sent, self.first, self.bases = {"home": dict(start)}, {}, {}, {}

    def dump(self, who):
        """Return the sender, the number and the image."""
        number, last = self.sent.get(who, (0, None))
        if last != self.live[who]:
            self.sent[who] = number + 1, dict(self.live[who])
        return who, *self.sent[who]

    def load(self, who, sender, number, theirs):
        """Merge an image with what is there."""
        live = self.live.setdefault(who, dict(theirs))
        before, base = self.bases.get((who, sender), (0, self.first.setdefault(who, theirs)))
        if who not in ("home", sender) and number > before:
            live |= {at: value for at, value in theirs.items() if value != base[at] and live[at] == base[at]}
            self.bases[who, sender] = number, theirs


class World:
    """A class in three processes, the model beside it, and the payloads of both."""

    def __init__(self, peers, flavor):
        self.peers, (source, self.places) = peers, FLAVORS[flavor]
        self.processes = {who: peers.start() for who in ("home", "near", "far")}
        for process in self.processes.values():
            process.run(GOT)
        self.processes["home"].run(source)
        self.model = Model({name: place.start for name, place in self.places.items()})
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


class NotYet(NamedTuple):
    """A rule that does not hold yet, with the shortest steps that show it."""

    reason: str
    flavor: str
    steps: str


#: By place, which the machine then leaves alone; what is no place is a rule that it does not try.
NOT_YET = {
    "virtual subclass": NotYet(
        "a virtual subclass that a receiver has registered is registered where the class was defined",
        "abstract",
        """
        dump home
        load near 0
        near virtual subclass=1
        dump near
        load home 1
        """,
    ),
    "slot": NotYet(
        "a class cannot be made when an attribute has taken the place of a slot",
        "slots",
        """
        home slot=1
        dump home
        """,
    ),
    ONE_OWN: NotYet(
        "a receiver that loads what it has dumped itself goes back to that",
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
    SAME_VALUE: NotYet(
        "what a receiver has put somewhere is overwritten if the sender has ever had an equal value there",
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
    FIRST_AGAIN: NotYet(
        "after the first payload, which comes late, an old one is taken for new",
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
}

#: Places where a receiver loses what it has put there to what the sender puts there.
OVERWRITTEN = {
    "plain": {
        *("property", "replaced method", "code", "default", "keyword default", "annotation", "absent global"),
        *("shadowed builtin", "code of a helper", "registry of a generic function", "bases"),
    },
    "metaclass": {"method of the metaclass"},
    "dataclass": {"default", "method"},
}
#: Places where what a receiver has deleted comes back when the sender changes it.
COMES_BACK = {
    "plain": {
        *("attribute", "new attribute", "default", "keyword default", "annotation", "attribute of a method"),
        *("cell", "global", "absent global"),
    },
    "abstract": {"attribute"},
    "enum": {"attribute", "attribute of a member", "attribute of another"},
    "dataclass": {"attribute"},
    "metaclass": {"attribute", "global of the metaclass"},
    "slots": {"attribute"},
}


class Machine(RuleBasedStateMachine):
    """Any changes, dumps and loads, in any order."""

    peers = None
    flavor = ""

    def __init__(self):
        super().__init__()
        self.world = World(self.peers, self.flavor)

    @rule(data=st.data())
    def change(self, data):
        """Change the class wherever it is."""
        who = data.draw(st.sampled_from(list(self.world.model.live)), "who")
        lost, back = (
            each.get(self.flavor, set()) if who != "home" else () for each in (OVERWRITTEN, COMES_BACK)
        )
        names = [
            name for name in self.world.places if name not in lost and name.partition(",")[0] not in NOT_YET
        ]
        name = data.draw(st.sampled_from(names), "place")
        place = self.world.places[name]
        # A global that was absent is overwritten where a receiver has put one.
        is_global = name in ("global", "global of the metaclass")
        values = [*place.values, *([ABSENT] if place.drop and name not in back and not is_global else [])]
        if SAME_VALUE in NOT_YET and len(place.values) > 2:
            own = {"home": (0, 1), "near": (2,), "far": (3,)}
            values = [value for value in values if value in (*own[who], ABSENT)]
        self.world.change(who, name, data.draw(st.sampled_from(values), "value"))

    @rule(data=st.data())
    def dump(self, data):
        """Dump it there."""
        self.world.dump(data.draw(st.sampled_from(list(self.world.model.live)), "who"))

    @precondition(lambda self: self.world.payloads)
    @rule(data=st.data(), who=st.sampled_from(["home", "near", "far"]))
    def load(self, data, who):
        """Load a payload, in whatever process, as late as may be."""
        sent = [index for index, (_, image) in enumerate(self.world.payloads) if self.may(who, *image)]
        if sent:
            self.world.load(who, data.draw(st.sampled_from(sent), "payload"))

    def may(self, who, sender, number, theirs):
        """Tell whether a payload may be loaded.

        The rules say nothing of the first image of a sender where the class has come from another: there is no base.
        So it has to be the image that the class came with.
        """
        model = self.world.model
        seen, _ = model.bases.get((who, sender), (0, None))
        has_base = seen or who in ("home", sender) or theirs == model.first.get(who, theirs)
        if who == sender != "home":
            return ONE_OWN not in NOT_YET
        return has_base and (FIRST_AGAIN not in NOT_YET or number > 1 or seen <= 1)

    def teardown(self):
        """End the processes."""
        self.world.close()


@pytest.fixture(scope="module")
def peers():
    """Return what starts processes."""
    with Peers() as started:
        yield started


@pytest.mark.timeout(600)  # to make a failing example short takes long
@pytest.mark.parametrize("flavor", FLAVORS)
def test_any_changes(flavor, peers):
    """Whatever is done to a class, in whatever order: payloads are true, and what is merged is what the model says."""
    machine = type("Changes", (Machine,), {"peers": peers, "flavor": flavor})
    run_state_machine_as_test(machine, settings=settings(max_examples=20, stateful_step_count=25))


@pytest.mark.parametrize("name", NOT_YET)
def test_not_yet(name, peers):
    """What is known not to hold does not; what has come right leaves the table, and the machine does it, too."""
    case = NOT_YET[name]
    *before, last = steps(case.steps)
    with contextlib.closing(World(peers, case.flavor)) as world:
        take(world, before)
        with pytest.raises(AssertionError):
            take(world, [last])


#: A flavor, a place, and what the receiver makes of it before the sender's change comes.
TOUCHED = [
    (flavor, name, own)
    for flavor, (_, places) in FLAVORS.items()
    for name, place in places.items()
    for own in (place.values[-1], *([ABSENT] if place.drop else []))
    if place.merges and name.partition(",")[0] not in NOT_YET
]


@pytest.mark.parametrize(("flavor", "name", "own"), TOUCHED)
def test_own_change_stays(flavor, name, own, peers):
    """What a receiver has changed stays, whatever the sender makes of it; but for what is known to be lost."""
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
    *before, last = steps(text)
    is_lost = name in (COMES_BACK if own == ABSENT else OVERWRITTEN).get(flavor, ())
    with contextlib.closing(World(peers, flavor)) as world:
        take(world, before)
        with pytest.raises(AssertionError) if is_lost else contextlib.nullcontext():
            take(world, [last])


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
