"""What is changed about a class after it has travelled is changed where the class already is."""

import gc
import weakref

from harness import define, loaf

#: How a class K is made; after ">" what its sender does later, a step at a time; after "?" what K is asked.
CHANGES = r"""
### a global
G = 1
class K:
  def m(self): return G
> G = 2
> G = 1
? K().m()

### a global of a nested function
G = 1
class K:
  def m(self): return (lambda: [G for _ in '1'])()
> G = 2
? K().m()

### a global that eval finds
G = 1
class K:
  def m(self): return eval('G')
> G = 2
? K().m()

### a global that comes and goes
class K:
  def m(self): return len('abc')
> len = lambda _: 6
> del len
? K().m()

### a global of a helper's helper
G = 1
def h(): return G
def g(): return h()
class K:
  def m(self): return g()
> G = 2
> def h(): return 9
? K().m()

### the code of a helper
G = 4
def h(): return 1
class K:
  def m(self): return h()
> h.__code__ = (lambda: G).__code__
? K().m()

### the default of a helper
def h(a=1): return a
class K:
  def m(self): return h()
> h.__defaults__ = (2,)
? K().m()

### a float
class K:
  x = [1]
  v = 1.5
> K.v = 2.5
> K.v = float('nan')
> K.v = 1
? repr(K.v)

### an equal value
class K:
  x = [1]
  v = 1
> K.v = True
> K.v = 1.0
? repr(K.v)

### a list, two times
G = [1]
class K:
  def m(self): return G
> G = [2]; G = [3]
> G = [2]; G = [3]
? K().m()

### a list in place
class K:
  v = [1]
> K.v.append(2)
> K.v.append({'a': ([3], {4})})
> K.v[2]['a'][0].append(5)
? K.v

### a list of objects, two times
class A:
  def __init__(self, n): self.n = n
G = [A(1)]
class K:
  def m(self): return G[0].n
> G = [A(2)]; G = [A(3)]
> G = [A(4)]; G = [A(5)]
? K().m()

### functions in containers
hooks = {'a': len}
class K:
  v = [lambda: 1]
  def m(self): return [f() for f in self.v], {key: f('b') for key, f in hooks.items()}
> K.v[0] = lambda: 2; K.v.append(lambda: 3); hooks['b'] = lambda _: 4
> del K.v[0]; hooks['c'] = hooks.pop('b')
? K().m()

### attributes of objects
import types
class A: pass
a, b = A(), types.SimpleNamespace(a=1)
a.n, a.m = 1, [1]
class K:
  def m(self): return sorted(vars(a).items()), b
> a.n = 2; a.m.append(2); b.b = 1; del b.a
> del a.n
? K().m()

### an attribute of an enum's member
import enum
class K(enum.Enum):
  A = 1
  def __init__(self, n): self.n = n
> K.A.n = 2
? K.A.n

### methods that read what others assign
T, H = 0, 5
class K:
  def add(self):
    global T
    T += 1
  def m(self): return T
> K.m = lambda self: T * 10
> def n(self, x=1, *, y=2): return T, H, x, y
> K.n = n; K.s = staticmethod(lambda: T)
> H = 6
? K().add(), K().m(), hasattr(K, 'n') and (K().n(), K.s())

### a long text
class K:
  x = [1]
  v = 'a' * 999
> K.v = 'b' * 999; K.v = 'c' * 999
? K.v

### a function by reference
import operator
f = operator.pos
class K:
  def m(self): return f(1)
> f = operator.neg
> def f(_): return 7
> f = operator.pos
? K().m()

### a class by reference
import collections
A = collections.OrderedDict
class K:
  def m(self): return A().__class__.__name__
> A = collections.Counter
> class A: pass
? K().m()

### a module
import operator as o, math
class K:
  def m(self): return o.__name__
> o = math
? K().m()

### a global of a base
import operator
f = operator.pos
class B:
  def m(self): return f(1)
class K(B): pass
> f = operator.neg
> B.m = lambda self: 8
? K().m()

### a global of a metaclass
G = 1
class M(type):
  def q(cls): return G
class K(metaclass=M): pass
> G = 2
> M.q = lambda cls: 7
? K.q()

### a global of a generic class
import typing
T, G = typing.TypeVar('T'), 1
class K(typing.Generic[T]):
  def m(self, x: T) -> T: return G, typing.get_type_hints(K.m)['x'].__name__
> G = 2
? K().m(1)

### a global of a nested class
G = 1
class K:
  class I:
    def m(self): return G
> G = 2
> K.I.m = lambda self: 6
? K.I().m()

### what leads out of a nested class
class K:
  class I: pass
> K.I.up = K
? getattr(K.I, 'up', None) is K

### a global of a descriptor
G = 1
class D:
  def __init__(self, f): self.f = f
  def __get__(self, i, o): return lambda: self.f(i)
class K:
  @D
  def m(self): return G
> G = 2
> K.__dict__['m'].f = lambda self: 5
? K().m()

### a global of a descriptor with slots
G = 1
class D:
  __slots__ = 'f',
  def __init__(self, f): self.f = f,
  def __get__(self, i, o): return lambda: self.f[0](i)
class K:
  @D
  def m(self): return G
> G = 2
> K.__dict__['m'].f = (lambda self: 5,)
? K().m()

### a global of what is wrapped
G = 1
def deco(f):
  fs = [f]
  return lambda *a: fs[0](*a)
class K:
  @staticmethod
  @deco
  @deco
  def m(): return G
> G = 2
? K().m()

### a global of a property's subclass
G = 1
class P(property): pass
class K:
  @P
  def m(self): return G
> G = 2
? K().m

### globals of what functools makes
import functools as ft
G = 1
class K:
  def h(self, a): return G
  p = ft.partialmethod(h, 1)
  c = ft.lru_cache(h)
  q = ft.cached_property(lambda self: G)
  d = ft.singledispatchmethod(h)
  @d.register
  def _(self, a: str): return G + 1
> G = 2
? K().p(), K().c(1), K().q, K().d(1), K().d('')

### what generic functions dispatch to
import functools
G = 1
@functools.singledispatch
def g(x): return 'object'
class K:
  @functools.singledispatchmethod
  def d(self, x): return 'object'
  @d.register
  def _(self, x: str): return G
  def m(self): return g(1), self.d(1), self.d('')
> K.__dict__['d'].register(int, lambda self, x: G)
> g.register(int, lambda x: 'int'); G = 2
? K().m()

### a global of functions in containers
G = 1
def h(): return G
class K:
  v = {'a': [(1, h)]}
> G = 2
? K.v['a'][0][1]()

### a global of a bound method
G = 1
class B:
  def h(self): return G
class K:
  m = B().h
> G = 2
? K().m()

### a global of a default
G = 1
def h(): return G
class K:
  def m(self, f=h, *, g=h): return f(), g()
> G = 2
? K().m()

### a global of a dataclass's factory
import dataclasses
G = 1
def make(): return [G]
@dataclasses.dataclass
class K:
  x: list = dataclasses.field(default_factory=make)
> G = 2
? K().x

### a global of an enum
import enum
G = 1
class K(enum.Enum):
  A = 1
  def m(self): return G
> G = 2
? K.A.m()

### defaults
class K:
  def m(self, a=1, *, b=2): return a, b
> K.m.__defaults__ = ([3],)
> K.m.__kwdefaults__['b'] = 4
? K().m()

### a closure
def make():
  n = 1
  class K:
    def m(self): return n
    def s(self, v):
      nonlocal n
      n = v
  return K
K = make()
> K().s(2)
> K().s([3])
? K().m()

### a global of a function in a closure
G = 1
def make():
  def h(): return G
  class K:
    def m(self): return h()
  return K
K = make()
> G = 2
? K().m()

### an attribute of a method
class K:
  def m(self): pass
  m.tag = 1
> K.m.tag = 2
> del K.m.tag
? getattr(K.m, 'tag', None)

### the code of a method
class K:
  def m(self): return 1
> K.m.__code__ = (lambda self: 2).__code__
? K().m()

### docstrings
class K:
  'one'
  def m(self): 'two'
> K.__doc__ = None
> K.m.__doc__ = 'three'
? K.__doc__, K.m.__doc__

### annotations
class K:
  a: int
  def m(self, x: int): pass
> K.__annotations__ = {'a': str}
> K.m.__annotations__ = {'x': str}
? K.__annotations__, K.m.__annotations__

### annotations, after somebody has asked for them
class K:
  a: int
  def m(self, x: int): pass
> K.__annotations__; K.m.__annotations__
> K.__annotations__['b'] = str; K.m.__annotations__['y'] = str
> K.__annotations__['a'] = str; K.m.__annotations__['x'] = str
> K.__annotations__ = {'c': int}
? K.__annotations__, K.m.__annotations__

### what evaluates annotations
class K:
  a: int
> K.__annotations__['b'] = str
> K.__annotations__ = {'c': int}
> K.__annotate__ = lambda form: {'d': int}
> K.__annotate__ = lambda form: {'e': int}
> K.__annotations__ = {}
? getattr(K, '__annotations__', None)

### names
class K: pass
> K.__name__, K.__qualname__ = 'L', 'M.L'
? K.__name__, K.__qualname__

### bases
class A:
  v = 1
class B:
  v = 2
class K(A): pass
> K.__bases__ = (B,)
> K.__bases__ = (A, B)
? K.v

### what is abstract
import abc
class K(abc.ABC):
  @abc.abstractmethod
  def m(self): pass
> K.m = lambda self: 1; abc.update_abstractmethods(K)
? K.__abstractmethods__ or K().m()

### attributes that come and go
class K:
  def m(self): pass
> K.x = [1]
> del K.x; K.m = lambda self: 2
> del K.m
> K.x = 3
? getattr(K, 'x', None), hasattr(K, 'm') and K().m()

### an open class that could be closed
class K:
  x = [1]
  v = 1
> del K.x
> K.v = 2
? K.v, hasattr(K, 'x')
"""

#: The same; after "@" what the receiver does before the changes arrive, and what is true of the class afterwards.
COUNTED = r"""
### by a class
class K:
  n = 0
  v = 1
@ K.n = 7
> K.v, K.n = 2, 5
? (K.v, K.n) == (2, 7)

### in a list
class K:
  made = []
  v = 1
  def __init__(self): self.made.append(self)
@ K(), K()
> K(); K.v = 2
? (K.v, len(K.made)) == (2, 2)

### by a global
T, G = 0, 1
class K:
  def m(self):
    global T
    T += 1
    return T, G
@ K().m()
> G = 2; K().m(), K().m(), K().m()
? K().m() == (2, 2)

### in a list that a later method reads
L = []
class K:
  def add(self): L.append(1)
@ K().add(), K().add()
> K.m = classmethod(lambda cls: len(L)); K().add()
? K.m() == 2

### by a closure
G = 1
def deco(f):
  n = 0
  def w(*a):
    nonlocal n
    n += 1
    return f(*a), n
  return w
class K:
  @deco
  def m(self): return G
@ K().m()
> G = 2; K().m(), K().m(), K().m()
? K().m() == (2, 2)

### by a descriptor
G = 1
class D:
  def __init__(self, f): self.f, self.n = f, 0
  def __get__(self, i, o): return self
  def __call__(self):
    self.n += 1
    return self.f(1), self.n
class K:
  @D
  def m(self): return G
@ K.m()
> G = 2; K.m(), K.m()
? K.m() == (2, 2)

### by an attribute of a method
G = 1
class K:
  def m(self): return G
  m.n = 0
@ K.m.n = 3
> G = 2; K.m.n = 1
? (K().m(), K.m.n) == (2, 3)
"""


class Program:
    """One class, and what is done to it."""

    def __init__(self, text):
        """Read the lines; those without a mark make the class."""
        self.name, *lines = text.splitlines()
        told = {mark: [line[2:] for line in lines if line[:2] == mark] for mark in ("@ ", "> ", "? ")}
        self.setup = "\n".join(line for line in lines if line[:2] not in told)
        self.used, self.changes, (self.question,) = told.values()
        self.scopes = []

    def states(self):
        """Make the class, then change it; yield the namespace that it is in."""
        scope = {"__name__": "__main__"}
        self.scopes.append(scope)  # or the next class of the same text may be taken for this one
        for source in (self.setup, *self.changes):
            exec(compile(source, "cell", "exec", dont_inherit=True), scope)
            yield scope

    def payloads(self):
        """Return what a sender ships: the class, and after each change the class once more."""
        return [loaf.dumps(scope["K"]) for scope in self.states()]

    def answers(self):
        """Return what the class says at its sender, at first and after each change."""
        answers = []
        for scope in self.states():
            exec(f"answer = {self.question}", {"K": scope["K"]}, scope)
            answers.append(repr(scope["answer"]))
        return answers


def programs(text):
    """Return the programs that a text tells of."""
    return [Program(block) for block in text.strip().removeprefix("### ").split("\n\n### ")]


def test_changes_arrive(receive):
    """After each change the class says there what it says at its sender, and is the class that it was."""
    told = [(each.name, each.question, each.payloads(), each.answers()) for each in programs(CHANGES)]

    def check(objects):
        wrong = []
        for name, question, payloads, expected in next(objects):
            classes = [loaf.loads(payloads[0])] * len(payloads)
            for cls, payload, answer in zip(classes, payloads, expected, strict=True):
                scope = {"K": loaf.loads(payload)}
                assert scope["K"] is cls, name
                exec(f"said = {question}", scope)
                if repr(scope["said"]) != answer:
                    wrong.append(f"{name}: {scope['said']!r}, not {answer}")
        assert not wrong, "\n".join(wrong)

    receive(check, loaf.dumps(told))


def test_counts_stay(receive):
    """What a class has counted where it is stays, whatever its sender changes and counts itself."""
    told = [(each.name, each.used, each.payloads(), each.question) for each in programs(COUNTED)]

    def check(objects):
        for name, used, (first, second), question in next(objects):
            scope = {"K": loaf.loads(first)}
            exec("\n".join(used), scope)
            loaf.loads(second), loaf.loads(second), loaf.loads(first)
            exec(f"said = {question}", scope)
            assert scope["said"], name

    receive(check, loaf.dumps(told))


def test_defined_once_more(receive):
    """A class that is defined again as it was is not what has become of the first one, even if that is gone."""
    payloads = []
    for _ in range(2):
        program = Program("again\nclass K:\n  v = 1\n> K.v = 2\n? K.v")
        payloads += program.payloads()
        del program
        gc.collect()

    def check(objects):
        seen = [next(objects) for _ in range(2)]
        assert seen[0] is seen[1]
        assert seen[1].v == 2
        assert next(objects).v == 1
        assert next(objects).v == 2
        assert seen[0].v == 2

    receive(check, *payloads)


def test_an_old_payload_comes_late(receive):
    """What has been changed twice is not changed back by a payload from between, and by none from before that."""
    program = Program(
        "late\nG = 1\nclass K:\n  v = 1\n  def m(self): return G\n> G = K.v = 2\n> G = K.v = 3\n? K.v"
    )
    first, second, third = program.payloads()

    def check(objects):
        for _ in range(4):
            cls = next(objects)
        assert (cls.v, cls().m()) == (3, 3)
        next(objects), next(objects)
        assert (cls.v, cls().m()) == (3, 3)

    receive(check, first, third, second, first, second, third)


def test_a_receiver_that_missed_changes(receive):
    """Whoever has had a class from the start, and no payload since, gets the last of many changes."""
    program = Program("missed\nG = 0\nclass K:\n  v = 0\n  def m(self): return G\n? K.v")
    program.changes = [f"G = K.v = {number}" for number in range(1, 50)]
    first, *_, last = program.payloads()

    def check(objects):
        cls = next(objects)
        next(objects)
        assert (cls.v, cls().m()) == (49, 49)

    receive(check, first, last)


def test_a_later_run(script, receive):
    """What a later run of the sender changes is changed, however often an earlier one has changed it."""
    source = """
        import pickleloaf
        G = 1
        class K:
            def m(self): return G
        obj = [pickleloaf.dumps(K)]
        for G in {}:
            obj.append(pickleloaf.dumps(K))
        """
    runs = [loaf.loads(script(source.format(numbers))) for numbers in ("(2, 3, 4)", "(2,)")]

    def check(objects):
        seen = [next(objects) for _ in range(4)]
        assert seen[0]().m() == 4
        next(objects)
        assert next(objects) is seen[0]
        assert seen[0]().m() == 2

    receive(check, *runs[0], *runs[1])


def test_one_way_to_travel():
    """How a class has travelled before makes no difference to its bytes, as long as nothing about it changes."""
    scope = {"__name__": "__main__"}
    exec("class K:\n  def m(self, *, x=1): pass\n  def n(self): return len(self.m())", scope)
    cls = scope["K"]
    before = loaf.dumps(cls)
    for _ in range(2):
        loaf.dumps([cls.m, cls])
        loaf.dumps(cls, portable="prefer")
        assert loaf.dumps(cls) == before


def test_a_changed_class_does_not_live_for_ever():
    """What is remembered of a class keeps nothing of it alive."""
    scope = {"__name__": "__main__"}
    exec("class K:\n  def m(self): return K.all\nK.all = [K()]", scope)
    for _ in range(3):
        loaf.dumps(scope["K"])
        scope["K"].all = [scope["K"](), scope["K"].all]
    gone = weakref.ref(scope.pop("K"))
    gc.collect()
    assert gone() is None


SHARED = """
    counts, words = {"n": 0}, ["a"]
    class Counter:
        def up(self):
            counts["n"] += 1
            return counts["n"], words
    def look():
        return counts["n"], words
    """


def test_two_states_of_one_module_are_told(receive):
    """A function whose globals differ from those of a class that was here before: no word while they are equal."""
    counter, look = define(SHARED, "Counter", "look")
    payloads = [loaf.dumps(counter), loaf.dumps((counter, look)), loaf.dumps((counter, look))]

    def check(objects):
        import warnings

        counter = next(objects)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            same, look = next(objects)
            assert same is counter
            assert told == []
            assert counter().up()[0] == 1
            assert look()[0] == 0
            next(objects)
        (message,) = [str(each.message) for each in told]
        assert message.startswith(
            "'counts' arrives in another state than the one that class Counter has here"
        )
        assert told[0].category is loaf.SplitStateWarning

    receive(check, *payloads)


def test_states_that_are_compared_can_go(receive):
    """To take note of a class's globals keeps alive nothing that is in them."""
    source = SHARED.replace("class Counter:", "box = threading.Event()\n    class Counter:").replace(
        "return counts", "box.is_set(); return counts"
    )
    counter, look = define(f"    import threading\n{source}", "Counter", "look")

    def check(objects):
        import gc
        import weakref

        held = [next(objects), next(objects)]
        gone = weakref.ref(held[0].up.__globals__["box"])
        assert gone() is not None
        del held
        gc.collect()
        assert gone() is None

    receive(check, loaf.dumps(counter), loaf.dumps((counter, look)))
