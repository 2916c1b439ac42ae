"""The public names are cloudpickle's, and they are called the same way."""

import inspect
import io
import pickle

import pytest
from harness import loaf

FUNCTIONS = [
    "dumps",
    "dump",
    "loads",
    "load",
    "register_pickle_by_value",
    "unregister_pickle_by_value",
]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_parameters(name):
    """Each function takes at least cloudpickle's parameters, in its order and by its names."""
    cloudpickle = pytest.importorskip("cloudpickle")
    ours, theirs = (inspect.signature(getattr(module, name)) for module in (loaf, cloudpickle))
    if name in ("load", "loads"):
        assert "buffers" in ours.parameters
        return
    wanted = list(theirs.parameters)
    assert list(ours.parameters)[: len(wanted)] == wanted


def test_names():
    """Every name of cloudpickle's documentation exists."""
    assert loaf.Pickler is loaf.CloudPickler
    assert issubclass(loaf.Pickler, pickle.Pickler)
    assert loaf.DEFAULT_PROTOCOL == pickle.HIGHEST_PROTOCOL
    assert loaf.list_registry_pickle_by_value() == set()
    assert isinstance(loaf.__version__, str)


def test_files():
    """`dump` and `load` take files, several objects one after the other."""
    file = io.BytesIO()
    loaf.dump(lambda: 1, file)
    loaf.dump([2], file, protocol=4)
    file.seek(0)
    assert loaf.load(file)() == 1
    assert pickle.load(file) == [2]
    with pytest.raises(EOFError):
        loaf.load(file)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5, -1, None])
def test_protocol(protocol):
    """The payload is of the protocol that was asked for."""
    data = loaf.dumps([lambda: 1], protocol=protocol)
    assert data[:1] == b"\x80"
    assert data[1] == (protocol if protocol and protocol > 0 else 5)
    assert loaf.dumps([1], 3)[1] == 3


def test_protocol_too_high():
    """A protocol that does not exist is an error, as in pickle."""
    with pytest.raises(ValueError, match="protocol"):
        loaf.dumps(1, protocol=99)


def test_plain_data():
    """Plain data gives the very bytes that pickle gives."""
    data = {"a": [1, 2.5, None], "b": (True, b"x"), "c": "text"}
    assert loaf.dumps(data) == pickle.dumps(data, protocol=5)
