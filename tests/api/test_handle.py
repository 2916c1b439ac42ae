"""`handle` lets a user say what becomes of the objects of a type."""

import copyreg
import sys
import threading

import pytest
from harness import define, loaf


@pytest.fixture
def said():
    """Call `said(type, policy)`; taken back at the end."""
    types = []

    def say(cls, policy):
        loaf.handle(cls, policy)
        types.append(cls)

    yield say
    for cls in types:
        loaf.handle(cls, None)


@pytest.fixture
def connection():
    """A class of a script that holds something that cannot travel."""
    return define(
        """
        class Connection:
            def __init__(self, host="local"):
                self.host = host
                self.stream = (i for i in "abc")
                next(self.stream)
        """,
        "Connection",
    )


def test_skip(said, connection):
    """The policy "skip": None arrives in its place."""
    said(connection, "skip")
    assert loaf.loads(loaf.dumps([connection(), 1])) == [None, 1]


def test_refuse(said):
    """The policy "refuse": an EncodeError with a path, for a type that travels otherwise."""
    said(type(threading.Lock()), "refuse")
    with pytest.raises(loaf.EncodeError) as caught:
        loaf.dumps({"guard": threading.Lock()})
    assert "['guard']" in caught.value.path
    assert caught.value.hint


def test_recreate(said, connection):
    """The policy "recreate": a new one, made by calling the type."""
    said(connection, "recreate")
    made = connection("far")
    loaded = loaf.loads(loaf.dumps(made))
    assert type(loaded) is connection
    assert loaded is not made
    assert loaded.host == "local"
    assert next(loaded.stream) == "b"


def test_by_name(said, tmp_path, monkeypatch):
    """The policy "by_name": the one that the same module holds there under the same name."""
    (tmp_path / "pool_lib.py").write_text("class Pool:\n    pass\nPOOL = Pool()\n")
    monkeypatch.syspath_prepend(tmp_path)
    import pool_lib

    said(pool_lib.Pool, "by_name")
    assert loaf.loads(loaf.dumps([pool_lib.POOL]))[0] is pool_lib.POOL
    with pytest.raises(loaf.EncodeError):
        loaf.dumps(pool_lib.Pool())
    sys.modules.pop("pool_lib")


def test_function(said, connection):
    """A function: called with the object, answers as `__reduce__` does."""
    said(connection, lambda made: (str.upper, (made.host,)))
    loaded = loaf.loads(loaf.dumps([connection("far"), lambda: connection]))
    assert loaded[0] == "FAR"
    assert loaded[1]() is connection


def test_subclasses(said, connection):
    """What is said about a type holds for its subclasses."""
    child = type("Child", (connection,), {"__module__": "__main__"})
    said(connection, "skip")
    assert loaf.loads(loaf.dumps([child()])) == [None]


def test_before_reduce_and_copyreg(said):
    """What is said comes before the type's own `__reduce__` and before copyreg."""
    kind = define("class K:\n    def __reduce__(self):\n        return str, ('own',)\n", "K")
    copyreg.pickle(kind, lambda made: (str, ("copyreg",)))
    try:
        said(kind, lambda made: (str, ("said",)))
        assert loaf.loads(loaf.dumps(kind())) == "said"
    finally:
        del copyreg.dispatch_table[kind]


def test_taken_back(connection):
    """None takes back what was said, at once."""
    loaf.handle(connection, "skip")
    assert loaf.loads(loaf.dumps(connection())) is None
    loaf.handle(connection, None)
    with pytest.raises(loaf.EncodeError):
        loaf.dumps(connection())


def test_arrives_elsewhere(said, connection, receive):
    """What was said at the sender needs nothing at the receiver."""
    said(connection, "recreate")

    def check(objects):
        made = next(objects)
        assert made.host == "local"
        assert next(made.stream) == "b"

    receive(check, loaf.dumps(connection("far")))


def test_mistakes(connection):
    """A policy that does not exist is a ValueError, a thing that is no type a TypeError."""
    with pytest.raises(ValueError, match="policy"):
        loaf.handle(connection, "mail")
    with pytest.raises(TypeError):
        loaf.handle(connection(), "skip")
