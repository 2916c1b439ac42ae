"""Errors say what happened, where, and what to do; and they can be sent on themselves."""

import contextlib
import copyreg
import datetime as dt
import gc
import pickle
import pickletools
import sys
import time
import weakref

import pytest
from harness import define, loaf


def suspended():
    """A generator in mid-run, which cannot travel."""
    gen = define("def gen():\n    yield 1\n    yield 2\n", "gen")()
    next(gen)
    return gen


@pytest.fixture
def error():
    """An error about something deep inside."""
    with pytest.raises(loaf.EncodeError) as caught:
        loaf.dumps({"jobs": [suspended()]})
    return caught.value


def test_tree():
    """Each error is one of ours and one of pickle's."""
    assert issubclass(loaf.EncodeError, (loaf.PickleloafError))
    assert issubclass(loaf.EncodeError, pickle.PicklingError)
    assert issubclass(loaf.DecodeError, loaf.PickleloafError)
    assert issubclass(loaf.DecodeError, pickle.UnpicklingError)


def test_text(error):
    """The text has the type, the path and the hint."""
    text = str(error)
    assert "generator" in text
    assert error.path in text
    assert error.hint in text
    assert error.path.endswith("['jobs'][0]")


@pytest.mark.parametrize("module", ["pickle", "copy"])
def test_error_travels(error, module):
    """An error can be pickled and copied, with its fields."""
    import copy

    twin = pickle.loads(pickle.dumps(error)) if module == "pickle" else copy.copy(error)
    assert type(twin) is type(error)
    assert str(twin) == str(error)
    assert (twin.path, twin.hint) == (error.path, error.hint)


class GoneError(LookupError):
    """An error that takes other arguments than its text."""

    def __init__(self, code, why):
        super().__init__(code, why)
        self.code = code


@pytest.mark.parametrize("hook", ["__reduce__", "__getstate__", "__getnewargs__", "property"])
def test_own_error(hook):
    """What a hook of the user's raises is what dumps raises, with the path as a note."""
    source = f"class K:\n    def {hook}(self): raise error\n"
    if hook == "property":
        source = "class K:\n    def __reduce__(self): return K, (), self.x\n    x = property(lambda self: fail())\n"

    def fail():
        raise error

    error = GoneError(7, "no backend")
    kind = define(source, "K", error=error, fail=fail)
    with pytest.raises(GoneError) as caught:
        loaf.dumps({"parts": [1, kind()]})
    assert caught.value.code == 7
    assert "obj['parts'][1]" in caught.value.__notes__[-1]


def test_own_error_below_one_made_up():
    """The path leads through what hooks have made up."""
    kinds = define(
        "class A:\n    def __getstate__(self): raise LookupError('gone')\n"
        "class B:\n    def __getstate__(self): return {'a': [A()]}\n",
        "A",
        "B",
    )
    with pytest.raises(LookupError) as caught:
        loaf.dumps([1, kinds[1]()])
    assert "obj[1]" in caught.value.__notes__[-1]


class Unfit:
    """Returns no reduction."""

    def __reduce__(self):
        return 3


def listed(part):
    """A part after many others, further than anybody would count."""
    return [*range(200_000), part], "obj[200000]"


def beside_dicts(part):
    """A part in the last of many dicts."""
    return [*({"a": i, "b": [i]} for i in range(20_000)), {"a": part}], "obj[20000]['a']"


def keyed(part):
    """A key of a dict, of many."""
    return dict.fromkeys([*range(20_000), part]), "obj.<key 20000>"


def in_instances(part):
    """A part of the last of many instances."""
    kind = define("class Kind:\n    def __init__(self, x):\n        self.x = x\n", "Kind")
    return [kind(i) for i in [*range(2000), part]], "obj[2000].x"


def reduced(part):
    """A part of the last of many objects that say themselves what they are made of."""
    source = """
        class Kind:
            def __init__(self, x): self.x = x
            def __reduce__(self): return Kind, (self.x,)
        """
    kind = define(source, "Kind")
    return [kind(i) for i in [*range(2000), part]], "obj[2000].x"


def many_ways(part):
    """A part behind lists that are met on more ways than anybody could go, some of which lead back."""
    top = part = [part]
    for _ in range(60):
        top = [top, top, part]
    part.append(top)
    return [0, top], "obj[1][2][0]"


def in_function(part):
    """A part in a closure, after many functions."""
    make = define("def make(i, x):\n    return lambda: (i, x)\n", "make")
    return [make(i, i) for i in range(500)] + [make(0, part)], "obj[500].__closure__['x']"


def in_own_dict(part):
    """A part of the last of many objects that give pickle their own dict, of which 3.13 shows the collector nothing."""
    source = """
        class Kind:
            def __init__(self, x): self.x = x
            def __getstate__(self): return self.__dict__
        """
    kind = define(source, "Kind")
    return [kind(i) for i in [*range(2000), part]], "obj[2000].x"


def in_time_zone(part):
    """A part of a time zone, which the garbage collector does not know of."""
    kind = define("import datetime\nclass Kind(datetime.tzinfo):\n    pass\n", "Kind")
    zones = [kind() for _ in range(200)]
    zones[-1].x = part
    return [dt.datetime(2000, 1, 1, tzinfo=each) for each in zones], "obj[199].tzinfo.x"


LARGE = [
    listed,
    beside_dicts,
    keyed,
    in_instances,
    reduced,
    many_ways,
    in_function,
    in_own_dict,
    in_time_zone,
]


@pytest.mark.parametrize("place", LARGE)
@pytest.mark.parametrize("make", [suspended, sys._getframe, Unfit], ids=["generator", "frame", "own"])
def test_one_walk(place, make, monkeypatch):
    """Where the culprit sits is found in one walk at C speed, which runs few lines of Python for each object met."""
    monkeypatch.setattr("pickleloaf.flat.FlatPickler.dump", None)
    obj, path = place(make())
    lines = 0

    def count(frame, event, _):
        nonlocal lines
        lines += event == "line" and frame.f_code.co_filename.endswith(SEARCHING)
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        with pytest.raises(loaf.EncodeError) as caught:
            loaf.dumps(obj)
    finally:
        sys.settrace(before)
    assert caught.value.path == path
    assert lines < 20_000  # that is ten for each object


#: Files that explain an error.
SEARCHING = ("trails.py", "paths.py", "rescue.py", "flat.py")


def test_path_to_one_that_is_not_counted():
    """A part whose references Python does not count, since it lives for ever, is found as well."""
    import io

    class Stored(loaf.Pickler):
        def persistent_id(self, obj):
            if obj == "some":
                raise GoneError(1, "full")

    with pytest.raises(GoneError) as caught:
        Stored(io.BytesIO()).dump({"a": [*range(1000), sys.intern("some")]})
    assert "obj['a'][1000]" in caught.value.__notes__[-1]


def test_path_beside_unhashable_classes():
    """Classes that cannot be hashed are no obstacle on the way to the culprit."""
    source = """
        class Meta(type):
            __hash__ = None
            def __eq__(cls, other): return cls is other
        class Kind(metaclass=Meta):
            def __init__(self, x): self.x = x
            def __reduce__(self): return Kind, (self.x,)
        """
    kind = define(source, "Kind")
    with pytest.raises(loaf.EncodeError, match="generator") as caught:
        loaf.dumps([kind(1), kind({"a": suspended()})])
    assert caught.value.path.endswith("['a']")


NO_REDUCTIONS = ["3", "(3, ())", "(int, 3)", "(int,)", "(int, (), 1, 2, 3, 4, 5)"]


@pytest.mark.parametrize("answer", NO_REDUCTIONS)
def test_no_reduction(answer, monkeypatch):
    """What answers pickle with something else than a reduction is found without another pass."""
    monkeypatch.setattr("pickleloaf.trails._asked_again", None)
    kinds = define(
        f"class Bad:\n    def __reduce__(self): return {answer}\n"
        "class Good:\n    def __reduce__(self): return Good, ()\n",
        "Bad",
        "Good",
    )
    with pytest.raises(loaf.EncodeError, match="__reduce__") as caught:
        loaf.dumps([kinds[1](), {"bad": kinds[0]()}, kinds[1]()])
    assert caught.value.path == "obj[1]['bad']"


@pytest.mark.parametrize("answer", NO_REDUCTIONS)
def test_no_reduction_in_the_deep(answer):
    """Far below the root, where the C pickler of some Pythons gives up, such an answer is refused as well."""
    obj = define(f"class Bad:\n    def __reduce__(self): return {answer}\n", "Bad")()
    for _ in range(20_000):
        obj = [obj]
    with pytest.raises(loaf.EncodeError, match="__reduce__") as caught:
        loaf.dumps(obj)
    assert caught.value.path.endswith("[0][0]")


@pytest.mark.parametrize("kind", [TypeError, pickle.PicklingError])
def test_hook_refuses(kind):
    """A TypeError or PicklingError of a hook says that an object cannot be pickled."""
    cls = define("class K:\n    def __reduce__(self):\n        raise error\n", "K", error=kind("I am local"))
    with pytest.raises(loaf.EncodeError, match="I am local") as caught:
        loaf.dumps([cls()])
    assert type(caught.value.__cause__) is kind
    assert caught.value.path == "obj[0]"


def test_own_error_of_callbacks():
    """What a buffer callback, persistent_id or reducer_override raises is what dump raises; each is called once."""
    import io

    asked = []

    def fail(*args):
        asked.append(args)
        raise GoneError(1, "full")

    class Stored(loaf.Pickler):
        persistent_id = fail

    class Overridden(loaf.Pickler):
        reducer_override = fail

    for pickler, obj in (
        (loaf.Pickler(io.BytesIO(), buffer_callback=fail), [pickle.PickleBuffer(b"abc")]),
        (Stored(io.BytesIO()), ["some"]),
        (Overridden(io.BytesIO()), [suspended]),
    ):
        asked.clear()
        with pytest.raises(GoneError):
            pickler.dump(obj)
        assert len(asked) == 1


class Failing:
    """Raises an error of its own."""

    def __getstate__(self):
        raise GoneError(1, "gone")


@pytest.mark.parametrize(
    "make", [suspended, Unfit, Failing, sys._getframe, lambda: pickle.PickleBuffer(memoryview(bytes(8))[::2])]
)
def test_no_cycle_left_behind(make):
    """Nothing keeps the objects of a failed dump alive, once its error is gone."""
    obj = [define("class Bare: pass", "Bare")(), make()]
    alive = weakref.ref(obj[0])
    gc.collect()
    gc.disable()
    try:
        with contextlib.suppress(loaf.EncodeError, GoneError):
            loaf.dumps(obj)
        del obj
        assert alive() is None
    finally:
        gc.enable()


def test_registered_reducer_that_fails_once(monkeypatch):
    """What copyreg has for a type and fails once fails the dump, too."""
    tries = []
    kind = define("class K: pass", "K")

    def reduce(_):
        tries.append(1)
        if len(tries) == 1:
            raise TypeError
        return int, ()

    monkeypatch.setitem(copyreg.dispatch_table, kind, reduce)
    with pytest.raises(loaf.EncodeError):
        loaf.dumps([kind()])


def test_error_is_no_success():
    """A hook that fails once fails the dump."""
    source = """
        class Flaky:
            tries = 0
            def __getstate__(self):
                Flaky.tries += 1
                if Flaky.tries == 1:
                    raise OSError("busy")
        """
    kind = define(source, "Flaky")
    with pytest.raises(OSError, match="busy"):
        loaf.dumps([kind()])
    assert kind.tries == 1


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_stops_pass(stop):
    """What ends a process is not turned into an error about an object."""
    kind = define("class K:\n    def __reduce__(self):\n        raise stop\n", "K", stop=stop)
    with pytest.raises(stop):
        loaf.dumps([kind()])


def test_user_error_while_loading():
    """An error of the user's own `__setstate__` arrives as it is."""
    kind = define(
        "class K:\n    x = 1\n    def __getstate__(self):\n        return 1\n"
        "    def __setstate__(self, state):\n        raise LookupError('mine')\n",
        "K",
    )
    with pytest.raises(LookupError, match="mine"):
        loaf.loads(loaf.dumps(kind()))


@pytest.mark.parametrize("end", [0, 1, 2, 10, -1])
def test_cut_short(end):
    """A payload that was cut short is a DecodeError, or for nothing at all an EOFError."""
    payload = loaf.dumps([lambda: 1, suspended])
    with pytest.raises((loaf.DecodeError, EOFError)) as caught:
        loaf.loads(payload[:end])
    assert end == 0 or isinstance(caught.value, loaf.DecodeError)


def test_not_a_payload():
    """Bytes that are no pickle are a DecodeError."""
    with pytest.raises(loaf.DecodeError):
        loaf.loads(b"\x80\x05this is no pickle.")


def test_missing_module(tmp_path, monkeypatch, receive):
    """A missing module is named, and so is the function that wanted it."""
    (tmp_path / "only_here.py").write_text("def helper(): pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    import only_here

    task = define("def my_task():\n    return helper()\n", "my_task", helper=only_here.helper)
    payload = loaf.dumps(task)
    sys.modules.pop("only_here")

    def check(objects):
        with raises(loaf.DecodeError, "only_here") as caught:  # noqa: F821 - the receiver's
            next(objects)
        assert isinstance(caught.value, ModuleNotFoundError)
        assert "my_task" in str(caught.value)

    receive(check, payload)


def test_missing_name(tmp_path, monkeypatch, receive):
    """A name that a module there lacks is named."""
    (tmp_path / "versioned.py").write_text("def new_name(): pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    import versioned

    payload = loaf.dumps([versioned.new_name])
    sys.modules.pop("versioned")
    older = tmp_path / "older"
    older.mkdir()
    (older / "versioned.py").write_text("def old_name(): pass\n")

    def check(objects):
        with raises(loaf.DecodeError, "new_name") as caught:  # noqa: F821
            next(objects)
        assert isinstance(caught.value, AttributeError)

    receive(check, payload, path=[older])


@pytest.mark.parametrize("depth", [40_000, 400_000])
def test_explained_in_linear_time(depth):
    """The error about a name that is missing behind deep nesting takes about a microsecond an opcode to explain."""
    payload = (
        b"\x80\x04](" + b"](K\x01" * depth + b"]" + b"e" * depth + b"cno_such_module_here\nGone\n)\x81e."
    )
    start = time.process_time()
    with pytest.raises(loaf.MissingModuleError, match="no_such_module_here"):
        loaf.loads(payload)
    assert time.process_time() - start < 20


@pytest.mark.parametrize("later", ["del K.told", "K.told = 5"])
def test_method_that_has_gone(later):
    """A payload that refers to a method of a class which is here without it says so."""
    cls = define("class K:\n    def told(self): return 1\n", "K")
    payload = loaf.dumps((cls, cls.told))
    exec(later, {"K": cls})
    with pytest.raises(loaf.DecodeError, match=r"function K\.told.*not have here any more"):
        loaf.loads(payload)


def test_explained_in_linear_time_with_shared_arguments():
    """Arguments that many calls have in common are not read once for each."""
    from pickleloaf.blame import wanted_by

    count = 20_000
    calls = b"(" + b"K\x01" * count + b"t\x94" + b"cbuiltins\nmax\n\x94h\x00R" * count
    payload = b"\x80\x04(" + calls + b"cno_such_module_here\nGone\nt."
    start = time.process_time()
    assert wanted_by(payload, "no_such_module_here") == []
    assert time.process_time() - start < 4


def test_wanted_by_many():
    """Of many functions that wanted a missing module, the innermost ten are named."""
    from pickleloaf.blame import wanted_by

    shells = []
    for i in range(12):
        blob = pickletools.genops(loaf.dumps(define(f"def f{i}(): pass", f"f{i}")))
        code = max((arg for _, arg, _ in blob if isinstance(arg, bytes)), key=len)
        shells.append(b"cpickleloaf.wire\nfunction\n(B" + len(code).to_bytes(4, "little") + code + b"tR")
    payload = b"\x80\x04(" + b"".join(shells) + b"cno_such_module_here\nGone\nt."
    names = [f"f{i}" for i in range(11, 1, -1)]
    assert wanted_by(payload, "no_such_module_here") == [*names, "others"]


def test_damaged_code():
    """Damage inside a function's code is noticed before the code is built."""
    function = define("def f(n):\n    text = 'CANARY'\n    return [text * i for i in range(n)]\n", "f")
    payload = loaf.dumps(function)
    blob = max((arg for _, arg, _ in pickletools.genops(payload) if isinstance(arg, bytes)), key=len)
    start = payload.index(blob)
    for at in range(start, start + len(blob)):
        damaged = bytearray(payload)
        damaged[at] ^= 0x20
        with pytest.raises(loaf.DecodeError):
            loaf.loads(bytes(damaged))


def test_error_path_of_names():
    """A path is Python that leads to the culprit from the root."""
    gen = suspended()
    job = define("class Job:\n    pass\n", "Job")()
    job.callbacks = [1, 2, lambda: next(gen)]
    with pytest.raises(loaf.EncodeError) as caught:
        loaf.dumps(job)
    assert caught.value.path.endswith(".callbacks[2].__closure__['gen']")


ENDLESS = {
    "an argument": "    def __reduce__(self): return K, (K(),)",
    "its state": "    def __getstate__(self): return {'more': [K()]}",
    "an element": "    def __reduce__(self): return list, (), None, iter([K()])",
    "a method": (
        "    def __getattr__(self, name): return K()\n"
        "    def __call__(self): return self\n"
        "    def __reduce_ex__(self, _): return self.made, ()"
    ),
}


@pytest.mark.parametrize("how", ENDLESS)
def test_without_end(how, monkeypatch):
    """What makes a new object each time it is pickled is refused, and its class is named."""
    monkeypatch.setattr("pickleloaf.flat._BUDGET", 20_000)
    kind = define(f"class K:\n    def __init__(self, *args): pass\n{ENDLESS[how]}\n", "K")
    with pytest.raises(
        loaf.EncodeError, match=r"more than 20,000 objects nested in each other, the last a __main__\.K"
    ):
        loaf.dumps({"job": kind()})


@pytest.mark.parametrize(
    ("rest", "count"), [("self.rest", 15_000), ("Node(self.rest.n, self.rest.rest)", 8_000)]
)
def test_deep_but_not_without_end(rest, count):
    """What says itself how it is pickled travels, however deep; also where it makes up its parts, but ends."""
    source = f"""
        class Node:
            def __init__(self, n, rest): self.n, self.rest = n, rest
            def __reduce__(self):
                return Node, (self.n, self.rest and {rest})
        """
    node = None
    kind = define(source, "Node")
    for i in range(count):
        node = kind(i, node)
    node = loaf.loads(loaf.dumps(node))
    for i in range(count):
        assert node.n == count - 1 - i
        node = node.rest
    assert node is None


DAMAGE = """
    import collections, dataclasses, enum, random, resource, warnings
    import pickleloaf

    # A damaged number may make pickle ask for any amount of memory.
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, resource.getrlimit(resource.RLIMIT_AS)[1]))
    warnings.simplefilter("ignore")

    @dataclasses.dataclass
    class Data:
        a: int = 1
        b: list = dataclasses.field(default_factory=list)
        def total(self): return self.a + len(self.b)

    class Color(enum.Enum):
        RED = 1
        BLUE = 2

    def outer(n):
        def inner(x, *, y=2): return Data(x).total() + n + y
        return inner

    class Registered:
        items = []
        def __init__(self): Registered.items.append(self)
        @property
        def data(self): return Data(3), outer(2)

    chance = random.Random(SEED)
    objects = outer(4), Registered(), Data(2, [1]), Color.RED, [Registered, Data, Color], lambda: collections.Counter()
    payloads = [pickleloaf.dumps(each) for each in objects]
    wrong = []
    for _ in range(1500):
        data = bytearray(chance.choice(payloads))
        at = chance.randrange(len(data))
        if chance.random() < 0.7:
            data[at] ^= 1 << chance.randrange(8)
        elif chance.random() < 0.5:
            del data[at : at + chance.randrange(1, 9)]
        else:
            data[at:at] = chance.randbytes(3)
        try:
            pickleloaf.loads(bytes(data))
        except (pickleloaf.DecodeError, MemoryError):
            pass
        except Exception as error:
            wrong.append(repr(error))
    obj = wrong
    """


@pytest.mark.parametrize("seed", [1, 2])
def test_damaged_payloads(script, seed):
    """Whatever is wrong with a payload, and wherever it shows, is a DecodeError."""
    assert loaf.loads(script(DAMAGE.replace("SEED", str(seed)))) == []
