"""Errors say what happened, where, and what to do; and they can be sent on themselves."""

import pickle
import pickletools

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


def test_cause_is_kept():
    """What a `__reduce__` raised is the cause of the error."""
    kind = define("class K:\n    def __reduce__(self):\n        raise KeyError('why')\n", "K")
    with pytest.raises(loaf.EncodeError) as caught:
        loaf.dumps([kind()])
    causes = [caught.value.__cause__, caught.value.__context__]
    assert any(type(cause) is KeyError for cause in causes)
    assert "why" in str(caught.value)


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
    import sys

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
    import sys

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
def test_without_end(how):
    """What makes a new object each time it is pickled is refused, and its class is named."""
    kind = define(f"class K:\n    def __init__(self, *args): pass\n{ENDLESS[how]}\n", "K")
    with pytest.raises(
        loaf.EncodeError, match=r"nested deeper than 20,000 levels, and without end.* __main__\.K"
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
