"""Instances: every way an object may state its own state."""

import collections
import copyreg
import dataclasses
import functools
import types
from unittest import mock

from harness import Case, drive, raises


class Pair:
    def __init__(self, left, right):
        self.left, self.right = left, right


class Missing:
    def __init__(self, text):
        self.text = text

    def __reduce__(self):
        return "MISSING"


MISSING = Missing("none")


class Attributes(Case):
    """An instance with attributes, two of them one object"""

    old_protocols = True

    def make():
        shared = ["s"]
        pair = Pair(shared, {"again": shared})
        pair.deep = Pair(pair, lambda: pair)
        return pair

    def same(obj):
        obj.left.append("t")
        assert obj.right["again"] is obj.left
        assert obj.deep.left is obj is obj.deep.right()


class NoInit(Case):
    """An instance arrives without a call of __init__"""

    def make():
        class Once:
            def __init__(self, secret):
                assert secret == "open"
                self.n = 1

        return Once("open")

    def same(obj):
        assert obj.n == 1
        with raises(TypeError):
            type(obj)()


class GetSetState(Case):
    """An instance with __getstate__ and __setstate__"""

    old_protocols = True

    def make():
        class Session:
            def __init__(self, user):
                self.user, self.cache = user, {"big": list(range(5))}

            def __getstate__(self):
                return {"user": self.user}

            def __setstate__(self, state):
                self.__init__(state["user"])

        return Session("ann")

    def same(obj):
        assert obj.user == "ann" and obj.cache["big"] == [0, 1, 2, 3, 4]


class OddState(Case):
    """Instances whose state is a number, a tuple, an empty list"""

    def make():
        def kind(state):
            class Odd:
                got = "nothing"

                def __getstate__(self):
                    return state

                def __setstate__(self, given):
                    self.got = given

            return Odd()

        return kind(7), kind((1, "a")), kind([])

    def same(obj):
        assert [thing.got for thing in obj] == [7, (1, "a"), []]

    def here(obj):
        assert [thing.got for thing in obj] == ["nothing"] * 3


class Reduce(Case):
    """An instance with __reduce__ that names a function of the script"""

    old_protocols = True

    def make():
        def build(n):
            return Handle(n * 2)

        class Handle:
            def __init__(self, n):
                self.n = n

            def __reduce__(self):
                return build, (self.n / 2,)

        return Handle(6)

    def same(obj):
        assert obj.n == 6


class ReduceEx(Case):
    """An instance with __reduce_ex__, items, pairs and a state"""

    def make():
        class Mixed(list):
            def __init__(self):
                super().__init__()
                self.table = {}

            def __setitem__(self, key, value):
                self.table[key] = value

            def __reduce_ex__(self, protocol):
                return Mixed, (), {"note": "state"}, iter([1, 2]), iter([("k", "v")])

        mixed = Mixed()
        mixed.note = "state"
        mixed += [1, 2]
        mixed["k"] = "v"
        return mixed

    def same(obj):
        assert list(obj) == [1, 2] and obj.table == {"k": "v"} and obj.note == "state"


class ReduceGlobal(Case):
    """An object whose __reduce__ gives its own global name"""

    files = {
        "single_lib.py": """
            class Only:
                def __reduce__(self):
                    return "ONLY"
            ONLY = Only()
            """
    }

    def make():
        import single_lib

        return [single_lib.ONLY, lambda: single_lib.ONLY]

    def same(obj):
        import single_lib

        assert obj[0] is single_lib.ONLY is obj[1]()


class NewArgsOfBase(Case):
    """A base says with what __new__ is called, and the __new__ of a subclass sets more"""

    def make():
        class Base:
            def __new__(cls, *args):
                made = object.__new__(cls)
                made.args = args
                return made

            def __getnewargs__(self):
                return self.args

            def __getstate__(self):
                return None

        class Power(Base):
            def __new__(cls, base, exponent=2):
                made = Base.__new__(cls, base, exponent)
                made.commutes = True
                return made

        return Power(2, Power(3))

    def same(obj):
        assert obj.args[0] == 2
        assert obj.commutes
        assert obj.args[1].args == (3, 2)
        assert obj.args[1].commutes


class NewArgsThatDoNotFit(Case):
    """A base says what its own __new__ is called with, which that of a subclass does not take"""

    def make():
        class Base:
            def __new__(cls, left, right):
                made = object.__new__(cls)
                made.both = left, right
                return made

            def __getnewargs__(self):
                return self.both

        class Twice(Base):
            def __new__(cls, one):
                return Base.__new__(cls, one, one)

        return Twice("a")

    def same(obj):
        assert obj.both == ("a", "a")


class NewArguments(Case):
    """Instances with __getnewargs__ and __getnewargs_ex__"""

    def make():
        class Money(tuple):
            def __new__(cls, amount, currency):
                self = super().__new__(cls, (amount,))
                self.currency = currency
                return self

            def __getnewargs__(self):
                return self[0], self.currency

        class Temperature(float):
            def __new__(cls, value, *, unit):
                self = super().__new__(cls, value)
                self.unit = unit
                return self

            def __getnewargs_ex__(self):
                return (float(self),), {"unit": self.unit}

        return Money(5, "eur"), Temperature(1.5, unit="K")

    def same(obj):
        money, heat = obj
        assert money[0] == 5 and money.currency == "eur"
        assert heat == 1.5 and heat.unit == "K"


class CopyregReducer(Case):
    """An instance whose class has a reducer in copyreg"""

    def make():
        class Wire:
            def __init__(self, length):
                self.length = length

        copyreg.pickle(Wire, lambda wire: (Wire, (wire.length,)))
        return Wire(3)

    def same(obj):
        assert obj.length == 3 and type(obj).__name__ == "Wire"


class GetattrLoop(Case):
    """A class whose __getattr__ uses attributes of self"""

    def make():
        class Proxy:
            def __init__(self, target):
                self.target = target

            def __getattr__(self, name):
                return getattr(self.target, name)

        return Proxy({"a": 1})

    def same(obj):
        assert list(obj.keys()) == ["a"] and obj.target == {"a": 1}
        with raises(AttributeError):
            obj.nothing


class Getattribute(Case):
    """A class with __getattribute__ and __dir__"""

    def make():
        class Loud:
            def __init__(self):
                self.word = "hi"

            def __getattribute__(self, name):
                value = super().__getattribute__(name)
                return value.upper() if isinstance(value, str) and not name.startswith("_") else value

            def __dir__(self):
                return ["word"]

        return Loud()

    def same(obj):
        assert obj.word == "HI" and vars(obj) == {"word": "hi"} and dir(obj) == ["word"]


class GuardsItself(Case):
    """A class whose __getattribute__ lets nobody have a name that it does not know"""

    def make():
        class Guarded:
            def __getattribute__(self, name):
                if name.startswith("__") and not hasattr(object, name) and name != "__dict__":
                    raise RuntimeError(f"who asks for {name}?")
                return object.__getattribute__(self, name)

        guarded = Guarded()
        guarded.word = [guarded]
        return guarded

    def same(obj):
        assert obj.word == [obj]
        with raises(RuntimeError, "__nothing__"):
            obj.__nothing__  # noqa: B018


class RefusesSetattr(Case):
    """An immutable class with __setattr__ and __delattr__"""

    def make():
        class Constant:
            def __init__(self, value):
                object.__setattr__(self, "value", value)

            def __setattr__(self, name, value):
                raise AttributeError("constant")

            __delattr__ = None

        return Constant(4)

    def same(obj):
        assert obj.value == 4
        with raises(AttributeError, "constant"):
            obj.value = 5


class HashOfState(Case):
    """Objects whose hash needs their state, in a set that they refer to"""

    def make():
        class Node:
            def __init__(self, name):
                self.name, self.group = name, set()

            def __hash__(self):
                return hash(self.name)

            def __eq__(self, other):
                return self.name == other.name

        node = Node(7)
        node.group.add(node)
        return node

    def same(obj):
        assert obj in obj.group and type(obj)(7) in obj.group and type(obj)(8) not in obj.group


class HashOfStateFromSet(Case):
    """The same cycle, entered through the set"""

    def make():
        class Node:
            def __init__(self, name):
                self.name = name

            def __hash__(self):
                return hash(self.name)

            def __eq__(self, other):
                return self.name == other.name

        node = Node(7)
        node.group = {node}
        return node.group

    def same(obj):
        (node,) = obj
        assert node in obj and node.group is obj and type(node)(7) in obj


class HashOfStateInDict(Case):
    """Objects whose hash needs their state, as keys of a dict that they refer to"""

    def make():
        class Key:
            def __init__(self, parts):
                self.parts = parts
                self.index = {}

            def __hash__(self):
                return hash(self.parts)

            def __eq__(self, other):
                return self.parts == other.parts

        key = Key((1, 2))
        key.index[key] = "me"
        return key.index, key

    def same(obj):
        index, key = obj
        assert index[key] == "me" and key.index is index and index[type(key)((1, 2))] == "me"


class HashOfSlots(Case):
    """Objects with slots, plain and a frozen dataclass, whose hash needs them, in sets and dicts that they refer to"""

    def make():
        class Node:
            __slots__ = ("__weakref__", "_peers", "name")

            def __init__(self, name):
                self.name, self._peers = name, set()

            def __hash__(self):
                return hash((self.name, 1))

            def __eq__(self, other):
                return self.name == other.name

        class Named(Node):
            pass

        @dataclasses.dataclass(frozen=True, slots=True)
        class Frozen:
            name: int
            index: dict = dataclasses.field(default_factory=dict, compare=False)

        first, second, frozen = Node(1), Named(2), Frozen(3)
        second.extra = first
        first._peers |= {first, second}
        second._peers |= {first, second}
        frozen.index[frozen] = frozen
        return {second: first}, first, frozen.index, frozen

    def same(obj):
        table, first, index, frozen = obj
        (second,) = table
        assert table[second] is first is second.extra and first._peers == second._peers == {first, second}
        assert type(second)(2) in first._peers and index[type(frozen)(3)] is frozen and frozen.index is index


class FrozenCycle(Case):
    """A frozenset in a cycle through an instance with a default hash"""

    def make():
        pair = Pair(1, None)
        pair.right = frozenset([pair])
        return pair

    def same(obj):
        assert obj in obj.right and len(obj.right) == 1


class TupleCycle(Case):
    """A tuple that contains an instance that contains the tuple"""

    old_protocols = True

    def make():
        pair = Pair(None, 2)
        pair.left = (pair, 1)
        return pair.left

    def same(obj):
        assert obj[0].left is obj and obj[0].right == 2


class DictSubclass(Case):
    """A dict subclass with items, attributes and __missing__"""

    def make():
        class Config(dict):
            def __missing__(self, key):
                return f"no {key}"

        config = Config(a=1)
        config.source = "file"
        config["me"] = config
        return config

    def same(obj):
        assert obj["a"] == 1 and obj["b"] == "no b" and obj.source == "file" and obj["me"] is obj


class ListSubclass(Case):
    """A list subclass that checks what is appended, in a cycle"""

    def make():
        class Typed(list):
            def append(self, item):
                if item is None:
                    raise ValueError("None")
                super().append(item)

        typed = Typed([1])
        typed.append(typed)
        typed.kind = int
        return typed

    def same(obj):
        assert obj[0] == 1 and obj[1] is obj and obj.kind is int
        with raises(ValueError):
            obj.append(None)


class DecoratedNew(Case):
    """Instances of classes whose __new__ is cached or wrapped, and requires an argument"""

    def make():
        def checked(function):
            @functools.wraps(function)
            def wrapper(*args):
                assert len(args) == 2
                return function(*args)

            return wrapper

        class Cached:
            @functools.lru_cache
            def __new__(cls, root):
                self = super().__new__(cls)
                self.root = root
                return self

        class Checked:
            @checked
            def __new__(cls, root):
                self = super().__new__(cls)
                self.root = root
                return self

        return Cached("a"), Checked("b")

    def same(obj):
        assert [each.root for each in obj] == ["a", "b"] and type(obj[1])("c").root == "c"


class NamedSingleton(Case):
    """A mark of the script that asks to travel as its name, which no other process has, in a default and on its own"""

    refused = True
    path = "[1]"

    def make():
        def get(value=MISSING):
            return MISSING.text if value is MISSING else value

        return get, MISSING

    def same(obj):
        get, missing = obj
        assert get() == get(missing) == "none" and get(3) == 3


class WatchedDict(Case):
    """A dict subclass that keeps a log of what is set, and refuses what is set twice"""

    def make():
        class Log(dict):
            def __init__(self):
                self.keys_set = []

            def __setitem__(self, key, value):
                if key in self:
                    raise KeyError(key)
                self.keys_set.append(key)
                super().__setitem__(key, value)

        log = Log()
        log["a"] = 1
        log["me"] = log
        return log

    def same(obj):
        assert obj.keys_set == ["a", "me"] and obj["a"] == 1 and obj["me"] is obj
        obj["b"] = 2
        assert obj.keys_set == ["a", "me", "b"]
        with raises(KeyError):
            obj["a"] = 3


class WatchedLists(Case):
    """A list and a deque that count what is appended, one by one or many at a time"""

    def make():
        class Counted(list):
            def extend(self, items):
                for item in items:
                    self.append(item)

            def append(self, item):
                self.appended = getattr(self, "appended", 0) + 1
                super().append(item)

        class Recent(collections.deque):
            __slots__ = ("seen",)

            def append(self, item):
                self.seen.append(item)
                super().append(item)

        counted = Counted()
        counted.extend([1, 2])
        list.append(counted, 3)
        recent = Recent(maxlen=2)
        recent.seen = []
        for item in "abc":
            recent.append(item)
        return counted, recent

    def same(obj):
        counted, recent = obj
        assert list(counted) == [1, 2, 3] and counted.appended == 2
        assert list(recent) == ["b", "c"] and recent.maxlen == 2 and recent.seen == ["a", "b", "c"]


class WatchedOrder(Case):
    """An OrderedDict that turns its keys into another form when they are set"""

    def make():
        class Upper(collections.OrderedDict):
            def __setitem__(self, key, value):
                super().__setitem__("<" + key + ">", value)

        order = Upper()
        order["b"] = 1
        order["a"] = 2
        return order

    def same(obj):
        assert list(obj.items()) == [("<b>", 1), ("<a>", 2)]
        obj["c"] = 3
        assert "<c>" in obj


class UserCollections(Case):
    """UserDict, UserList and UserString subclasses"""

    def make():
        class Upper(collections.UserDict):
            def __setitem__(self, key, value):
                super().__setitem__(key.upper(), value)

        class Twice(collections.UserList):
            def doubled(self):
                return self + self

        return Upper(a=1), Twice([1]), collections.UserString("ab")

    def same(obj):
        table, items, text = obj
        table["b"] = 2
        assert table.data == {"A": 1, "B": 2}
        assert items.doubled() == [1, 1] and type(items.doubled()) is type(items)
        assert text.upper() == "AB"


class Namespace(Case):
    """A SimpleNamespace in a cycle with a function"""

    def make():
        space = types.SimpleNamespace(n=1)
        space.get = lambda: space.n
        space.me = space
        return space

    def same(obj):
        obj.n = 5
        assert obj.get() == 5 and obj.me is obj


class DictOnly(Case):
    """An instance whose attributes are not identifiers and not strings"""

    def make():
        pair = Pair(1, 2)
        pair.__dict__["not a name"] = 3
        pair.__dict__[4] = "four"
        return pair

    def same(obj):
        assert getattr(obj, "not a name") == 3 and vars(obj)[4] == "four"


class Bare:
    pass


class Watched(dict):
    def doubled(self):
        return {name: value * 2 for name, value in self.items()}


class OwnKindOfDict(Case):
    """Instances whose __dict__ is of a subclass of dict: set from outside, shared, empty, beside a slot"""

    def make():
        class Slotted:
            __slots__ = ("__dict__", "slot")

        first, second, third, last = Bare(), Bare(), Bare(), Slotted()
        first.__dict__ = second.__dict__ = Watched(n=1)
        third.__dict__ = Watched()
        last.__dict__, last.slot = Watched(n=2), "slot"
        return first, second, third, last, Bare()

    def same(obj):
        first, second, third, last, plain = obj
        assert first.__dict__.doubled() == {"n": 2} and first.__dict__ is second.__dict__
        first.n = 3
        assert second.n == 3 and third.__dict__.doubled() == {} and type(plain.__dict__) is dict
        assert last.__dict__.doubled() == {"n": 4} and last.slot == "slot"
        first.n = 1


class ItsOwnDict(Case):
    """A dict whose items are its attributes, since it is its own __dict__"""

    def make():
        class Options(dict):
            def __init__(self, **items):
                super().__init__(items)
                self.__dict__ = self

        class Counting(Options):
            def __setitem__(self, name, value):
                super().__setitem__(name, value)
                self.count += 1

        return Options(depth=3, inner=Options(width=4), counting=Counting(count=1))

    def same(obj):
        assert obj.counting == {"count": 1}
        obj.counting["n"] = 2
        assert obj.counting.count == 2 and obj.counting.pop("n") == 2
        obj.counting.count = 1
        assert obj.depth == 3 and obj.inner["width"] == 4
        obj.more = 5
        assert obj.pop("more") == 5 and not hasattr(obj, "more") and obj.__dict__ is obj


class Borg:
    state: dict = {}

    def __init__(self):
        self.__dict__ = self.state


class SharedState(Case):
    """Instances that share their attributes, by a dict of the class that is the __dict__ of each"""

    def make():
        first, second = Borg(), Borg()
        first.n = 1
        return first, second

    def same(obj):
        first, second = obj
        assert second.n == 1
        first.n = 2
        assert second.n == type(first)().n == type(first).state["n"] == 2
        first.n = 1


class SharedStateOfTwo(Case):
    """Instances that share their attributes, given from one to the next"""

    def make():
        class View:
            def __init__(self, other=None):
                if other is not None:
                    setattr(self, "__dict__", other.__dict__)

        first = View()
        first.n = 1
        return first, View(first)

    def same(obj):
        first, second = obj
        first.n = 3
        assert second.n == 3
        first.n = 1


class AttributesAsAttribute(Case):
    """Instances one of whose attributes is the dict of all"""

    def make():
        class Direct:
            def __init__(self):
                self.n = 1
                self.all = self.__dict__

        class Asking:
            def __init__(self):
                self.n = 1
                self.all = vars(self)

        return Direct(), Asking()

    def same(obj):
        for each in obj:
            each.n = 2
            assert each.all["n"] == 2 and each.all is each.__dict__
            each.all["n"] = 1
            assert each.n == 1


class AttributesFromOutside(Case):
    """Instances that share their attributes, where code outside of their class has said so"""

    def make():
        first, second, alone = Bare(), Bare(), Bare()
        first.n = alone.n = 1
        second.__dict__ = first.__dict__
        return [first, alone, {"second": second}]

    def same(obj):
        first, alone, deep = obj
        first.n = 2
        assert deep["second"].n == 2 and alone.n == 1
        deep["second"].n = 1
        assert first.n == 1


class AttributesBeside(Case):
    """Instances beside the dicts of their attributes: before them, after them, a view of one, one that is in itself"""

    def make():
        class Restored:
            __slots__ = ("__dict__", "slot")

            def __setstate__(self, state):
                attributes, slots = state
                self.__dict__.update(attributes)
                self.slot = slots["slot"] + 1

        before, after, shown, inside, restored = Bare(), Bare(), Bare(), Bare(), Restored()
        for each in (before, after, shown, inside, restored):
            each.n = 1
        restored.slot = 4
        inside.__dict__["own"] = inside.__dict__
        return (
            vars(before),
            before,
            after,
            vars(after),
            shown,
            vars(shown).keys(),
            inside,
            restored,
            vars(restored),
        )

    def same(obj):
        of_before, before, after, of_after, shown, keys, inside, restored, of_restored = obj
        assert vars(before) is of_before and vars(after) is of_after and inside.own is vars(inside)
        assert vars(restored) is of_restored and restored.slot > 4
        shown.more = 2
        assert list(keys) == ["n", "more"]
        del shown.more

    def here(obj):
        assert obj[-2].slot == 4


class AttributesBesideStated(Case):
    """An instance that says itself what its state is, beside the dict of its attributes"""

    refused = True
    path = "[0]"

    def make():
        class Saved:
            def __getstate__(self):
                return {"n": self.n}

        saved = Saved()
        saved.n, saved.cache = 1, [2]
        return [saved, vars(saved)]

    def same(obj):
        assert vars(obj[0]) is obj[1]


class OwnKindOfDictHashed(Case):
    """Such instances in a set, with a hash or a __getattr__ that needs their attributes"""

    def make():
        class Key:
            def __getattr__(self, name):
                return self.inner[name]

            def __hash__(self):
                return hash(self.n)

            def __eq__(self, other):
                return self.n == other.n

        key = Key()
        key.__dict__ = Watched(n=1, inner={"a": 1})
        return {key}

    def same(obj):
        (key,) = obj
        assert key in obj and key.a == 1 and type(key.__dict__).__name__ == "Watched"


class AttributeOrder(Case):
    """An instance keeps the order of its attributes"""

    def make():
        pair = Pair(1, 2)
        del pair.left
        pair.left = pair.middle = 0
        return pair

    def same(obj):
        assert list(vars(obj)) == ["right", "left", "middle"]


class CopyAgain(Case):
    """An instance that copy and deepcopy can copy where it arrived"""

    def make():
        return Pair([1], Pair(None, None))

    def same(obj):
        import copy

        twin, deep = copy.copy(obj), copy.deepcopy(obj)
        assert twin.left is obj.left and deep.left == [1] and deep.left is not obj.left
        assert type(deep.right) is type(obj)


class Many(Case):
    """A thousand instances, some shared, carry their class once"""

    def make():
        pairs = [Pair(i, None) for i in range(1000)]
        for one, two in zip(pairs, pairs[1:]):
            one.right = two if one.left % 10 == 0 else None
        return pairs

    def same(obj):
        assert [p.left for p in obj] == list(range(1000)) and len({type(p) for p in obj}) == 1
        assert obj[20].right is obj[21] and obj[21].right is None

    def payload(data):
        assert len(data) < 40_000


class Mocks(Case):
    """unittest.mock objects, whose classes answer what they are asked by making more of them"""

    exempt = {"same_bytes_elsewhere": "mock gives a class its magic methods in the order of a set"}

    def make():
        magic = mock.MagicMock(return_value=4, side_effect=None)
        magic.__len__.return_value = 3
        magic.child.method.return_value = 5
        magic(1)
        return magic, mock.Mock(spec=Pair), mock.AsyncMock(return_value=6)

    def same(obj):
        import asyncio

        magic, plain, later = obj
        assert magic(2) == 4 and len(magic) == 3 and magic.child.method() == 5
        assert magic.call_args_list[0].args == (1,)
        assert isinstance(plain, plain._spec_class)
        with raises(AttributeError):
            plain.no_such_thing
        assert asyncio.run(later()) == 6


class LiesAboutClass(Case):
    """An instance that gives another class for its own when asked"""

    def make():
        class Liar:
            def __init__(self):
                self.truth = 1

            @property
            def __class__(self):
                return int

        return Liar()

    def same(obj):
        assert isinstance(obj, int) and type(obj).__name__ == "Liar" and obj.truth == 1


if __name__ == "__main__":
    drive()
