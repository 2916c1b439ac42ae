"""What counts as data, which no patch travels because of, and what does not."""

import pickle

import pytest

import pickleloaf as pl
from pickleloaf.tasks.parcels import pack, unpack
from pickleloaf.tasks.plain import is_data

numpy = pytest.importorskip("numpy")

DATA = {
    "int": 1,
    "text": "text",
    "none": None,
    "floats": numpy.arange(6.0),
    "columns": numpy.asfortranarray(numpy.arange(6).reshape(2, 3)),
    "gaps": numpy.arange(10)[::3],
    "empty": numpy.zeros((0, 3), dtype="i2"),
    "texts": numpy.array(["a", "bcd"]),
    "bytes": numpy.array([b"a", b"bcd"]),
    "dates": numpy.array(["2020-02-02"], dtype="M8[D]"),
    "other byte order": numpy.arange(3, dtype=">u4"),
    "complex": numpy.array([1 + 2j]),
    "scalar": numpy.float32(1.5),
    "date": numpy.datetime64("2020-02-02"),
    "large": numpy.arange(100_000),
}


class Measured(numpy.ndarray):
    """An array with a class of its own."""


OTHER = {
    "objects": numpy.array([1, None], dtype=object),
    "records": numpy.zeros(2, dtype=[("a", "i4")]),
    "subclass": numpy.arange(3).view(Measured),
    "record": numpy.zeros(2, dtype=[("a", "i4")])[0],
    "type of data": numpy.dtype("f8"),
    "class": numpy.ndarray,
    "function": numpy.sum,
    "list": [1],
    "object": object(),
}


def same(one, other):
    """Compare arrays with what else counts, or anything else."""
    if not hasattr(one, "dtype"):
        return one == other
    return type(one) is type(other) and one.dtype == other.dtype and bool(numpy.array_equal(one, other))


@pytest.mark.parametrize("obj", DATA.values(), ids=DATA)
def test_data_travels_as_by_pickle(obj):
    """Data is the same after the trip, alone and among others, and its pickle is no other than pickle's own."""
    assert is_data(obj)
    assert same(unpack(pack(obj)), obj)
    assert same(unpack(pack((obj, 1)))[0], obj)
    if getattr(obj, "nbytes", 0) < 1000:
        assert pack(obj).data == pickle.dumps(obj, 5)


@pytest.mark.parametrize("obj", OTHER.values(), ids=OTHER)
def test_what_may_be_more_than_data(obj):
    """All else is left to the pickler, which looks at what it refers to."""
    assert not is_data(obj)


def test_array_of_functions(ex):
    """What an array of objects holds travels by value, as everywhere."""
    array = numpy.array([lambda: 1, lambda: 2])
    assert ex.submit(lambda array: [f() for f in array], array).result(20) == [1, 2]


def test_what_the_user_says_of_arrays():
    """A policy for arrays is obeyed."""
    pl.handle(numpy.ndarray, lambda array: (list, (array.tolist(),)))
    try:
        assert unpack(pack(numpy.arange(3))) == [0, 1, 2]
        assert unpack(pack((numpy.arange(3), 1))) == ([0, 1, 2], 1)
    finally:
        pl.handle(numpy.ndarray, None)
    assert same(unpack(pack(numpy.arange(3))), numpy.arange(3))


def test_patch_of_numpy_is_in_force_where_a_task_uses_it(ex, monkeypatch):
    """The function takes the patch along, whatever becomes of its arguments."""
    monkeypatch.setattr(numpy.linalg, "norm", lambda array: "patched")
    assert ex.submit(lambda array: [numpy.linalg.norm(array)], numpy.ones(3)).result(20) == ["patched"]
