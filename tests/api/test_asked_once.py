"""No hook is called more often than pickle calls it, also where a payload is written more than once."""

import functools
import io
import pickle
import sys
import types
from collections import Counter

import pytest
from harness import define, loaf

ASKED = """
    class Asked:
        def __getstate__(self):
            asked["state"] += 1
            return {"n": asked["state"]}

    class Reduced:
        def __init__(self, n=0):
            self.n = n
        def __reduce__(self):
            asked["reduced"] += 1
            return Reduced, (asked["reduced"],)

    class Items(list):
        def __reduce__(self):
            asked["items"] += 1
            return Items, (), {"n": asked["items"]}, iter([1, 2])

    class Broken(Exception):
        def __getstate__(self):
            asked["broken"] += 1
            return {"n": asked["broken"]}
    """


def held_attributes():
    """An instance of which others have the attributes, too."""
    bare = define("class Bare: pass", "Bare")()
    bare.x = 1
    return [bare, vars(bare)]


def shared_memory():
    """Views of one buffer."""
    memory = bytearray(b"abcdef")
    return [memory, memoryview(memory)[2:4]]


def keys():
    """A view of the keys of a dict that travels as well."""
    mapping = {"a": 1}
    return [mapping, mapping.keys()]


def scope():
    """A function beside the dict of its globals."""
    names = {"__name__": "made"}
    exec("def f(): return x\nx = 1", names)
    return [names, names["f"]]


def own_kind_of_dict():
    """An instance whose attributes are in a dict of another kind."""
    kinds = define("class Watched(dict): pass\nclass Bare: pass\n", "Watched", "Bare")
    bare = kinds[1]()
    bare.__dict__ = kinds[0](n=1)
    return bare


def deep():
    """A list that is too deep for the C stack."""
    value = []
    for _ in range(60_000):
        value = [value]
    return value


def module_made_here():
    """A function whose body imports a module that only this process has."""
    sys.modules["made_here"] = module = types.ModuleType("made_here")
    module.x = 1
    return define("def f():\n    import made_here\n    return made_here.x\n", "f")


@pytest.fixture(
    params=[held_attributes, shared_memory, keys, scope, own_kind_of_dict, deep, module_made_here],
    ids=lambda make: make.__name__,
)
def beside(request):
    """Return what makes a pickler look twice."""
    yield request.param()
    sys.modules.pop("made_here", None)


def test_objects(beside):
    """Each object is asked once."""
    asked = Counter()
    kinds = define(ASKED, "Asked", "Reduced", "Items", "Broken", asked=asked)
    payload = loaf.dumps([*(kind() for kind in kinds), beside])
    assert asked == dict.fromkeys(("state", "reduced", "items", "broken"), 1)
    *loaded, _ = pickle.loads(payload)
    assert [each.n for each in loaded] == [1, 1, 1, 1]
    assert loaded[2] == [1, 2]


def test_hooks_of_picklers(beside):
    """``persistent_id``, ``reducer_override`` and the buffer callback are called as often as by pickle."""
    tokens = [define("class Token: pass", "Token")() for _ in range(2)]
    asked, stored, buffers = [], [], []

    class Store(loaf.Pickler):
        def persistent_id(self, obj):
            if any(obj is each for each in tokens):
                stored.append(obj)
                return len(stored)
            return None

        def reducer_override(self, obj):
            if type(obj) is complex:
                asked.append(obj)
                return complex, (obj.real, len(asked))
            return super().reducer_override(obj)

    file = io.BytesIO()
    first = pickle.PickleBuffer(bytearray(b"abc"))
    last = pickle.PickleBuffer(bytearray(b"xyz"))
    obj = [first, *tokens, 1j, tokens[0], beside, last]
    Store(file, buffer_callback=buffers.append).dump(obj)
    assert stored == [*tokens, tokens[0]]
    assert asked == [1j]
    assert buffers[0] is first
    assert buffers[-1] is last

    class Restore(pickle.Unpickler):
        def persistent_load(self, number):
            return f"token {number}"

    file.seek(0)
    loaded = Restore(file, buffers=buffers).load()
    assert loaded[1:5] == ["token 1", "token 2", 0 + 1j, "token 3"]


@pytest.mark.parametrize(
    "bind", [staticmethod, lambda hook: staticmethod(functools.partial(hook))], ids=["function", "partial"]
)
def test_hooks_that_are_no_methods(bind):
    """A hook may be whatever can be called with the object."""
    asked = []

    def hook(obj):
        asked.append(obj)
        return NotImplemented

    class Overridden(loaf.Pickler):
        reducer_override = bind(hook)

    class Stored(loaf.Pickler):
        persistent_id = bind(lambda obj: "one" if obj == 1j else None)

    file = io.BytesIO()
    Overridden(file).dump([1j])
    assert asked == [1j, complex]
    assert pickle.loads(file.getvalue()) == [1j]
    file = io.BytesIO()
    Stored(file).dump([1j])
    assert b"one" in file.getvalue()


def test_again_with_one_pickler():
    """A second dump with one pickler asks anew."""
    asked = Counter()
    kind = define(ASKED, "Asked", asked=asked)
    file = io.BytesIO()
    pickler = loaf.Pickler(file)
    one = kind()
    pickler.dump([one, held_attributes()])
    pickler.clear_memo()
    pickler.dump([one, held_attributes()])
    assert asked["state"] == 2
