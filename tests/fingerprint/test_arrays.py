"""Arrays count by dtype, shape and elements, not by how they lie in memory."""

import array
import pickle
import subprocess
import sys

import pytest

import pickleloaf
from pickleloaf import fingerprint


def test_buffers():
    """Bytes, memory views and arrays of the standard library."""
    assert fingerprint(memoryview(b"abcdef")[::2]) == fingerprint(memoryview(b"ace"))
    assert fingerprint(array.array("d", [1, 2])) == fingerprint(array.array("d", [1, 2]))
    assert fingerprint(array.array("d", [1, 2])) != fingerprint(array.array("f", [1, 2]))
    assert fingerprint(bytes(5000)) != fingerprint(bytearray(5000)) != fingerprint(bytes(5001))


def test_layout_does_not_count():
    """Strides and order in memory do not count; shape and dtype do."""
    np = pytest.importorskip("numpy")
    square = np.arange(24.0).reshape(4, 6)
    assert fingerprint(square) == fingerprint(np.asfortranarray(square)) == fingerprint(square[::-1][::-1])
    assert fingerprint(square.T) == fingerprint(square.T.copy()) != fingerprint(square)
    assert fingerprint(square[:, ::2]) == fingerprint(square[:, ::2].copy())
    large = np.arange(300_000).reshape(300, 1000)
    assert fingerprint(large[::2, 1:]) == fingerprint(large[::2, 1:].copy()) != fingerprint(large[1::2, 1:])
    prints = [
        fingerprint(each)
        for each in (square, square.reshape(6, 4), square.astype("f4"), square.astype(">f8"))
    ]
    assert len(set(prints)) == 4


def test_kinds():
    """Arrays of every kind of element, with equal copies and others."""
    np = pytest.importorskip("numpy")
    packed, aligned = (np.dtype([("a", "i1"), ("b", "f8")], align=align) for align in (False, True))
    arrays = [
        np.array([]), np.array([], "i4"), np.zeros((0, 3)), np.zeros((3, 0)), np.array(5), np.array([5]), np.float64(5),
        np.array(["2020"], "M8[D]"), np.array(["2020"], "M8[s]"), np.array([True]), np.array(["a"]), np.array([b"a"]),
        np.array([[1, "a"], [None, {2}]], object), np.array([[1, "a"], [None, {3}]], object), np.zeros(2, packed),
        np.array([(1, 2.0)], packed), np.ma.array([1, 2], mask=[0, 1]), np.ma.array([1, 2], mask=[1, 0]),
        np.dtype("f8"), np.dtype("f4"), np.sin, np.random.default_rng(1), np.random.default_rng(2),
    ]  # fmt: skip
    prints = [fingerprint(each) for each in arrays]
    assert len(set(prints)) == len(arrays)
    assert prints == [fingerprint(pickle.loads(pickle.dumps(each))) for each in arrays]
    assert prints == [fingerprint(pickleloaf.loads(pickleloaf.dumps(each))) for each in arrays]
    record = np.zeros(2, aligned)
    record.view("u1")[1:8] = 7  # between the fields
    assert fingerprint(record) == fingerprint(np.zeros(2, packed))


def test_array_in_a_closure():
    """An array that a function has closed over counts."""
    np = pytest.importorskip("numpy")

    def make(weights):
        return lambda x: x @ weights

    assert fingerprint(make(np.eye(3))) == fingerprint(make(np.eye(3))) != fingerprint(make(np.eye(3) * 2))


#: Prints the bytes of an array, and how many were in use beside it while it was hashed, for three arrays.
MEASURE = """
import tracemalloc
import numpy as np
from pickleloaf import fingerprint

square = np.ones((1500, 1500))
for each in (square, square.T, square[:, ::2]):
    fingerprint(each)
    tracemalloc.start()
    fingerprint(each)
    print(each.nbytes, tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
"""


def test_no_copy():
    """The buffer is hashed where it lies: no copy of the array is made, a few elements at a time at most.

    Measured in a process of its own: tracemalloc counts what every thread allocates, and here threads of the lab run
    the laws meanwhile, with payloads of a megabyte.
    """
    pytest.importorskip("numpy")
    done = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    measured = [[int(number) for number in line.split()] for line in done.stdout.splitlines()]
    assert len(measured) == 3
    for nbytes, peak in measured:  # straight, transposed, every other element
        assert peak < nbytes / 10


def test_tables():
    """Tables of pandas count by their columns, index and attributes, not by blocks in memory."""
    pd = pytest.importorskip("pandas")

    def table():
        return pd.DataFrame({
            "a": [1, 2], "b": ["x", "y"], "c": [1.0, None], "d": pd.Categorical(["u", "v"]),
            "e": pd.to_datetime(["2020", "2021"]), "f": pd.array([1, None], dtype="Int64"), 3: [True, None],
        })  # fmt: skip

    first, second = table()[["a", "b", "c"]], table()[["d", "e", "f", 3]]
    same = [table(), table().copy(), pickle.loads(pickle.dumps(table())), pd.concat([first, second], axis=1)]
    assert len({fingerprint(each) for each in same}) == 1
    others = [
        table().assign(a=[1, 3]), table().assign(f=table().f.astype(object)), table()[["b", "a"]], table()["a"],
        table()["b"], table().set_index("b"), table().index, table().columns, table().rename(columns={"a": "z"}),
    ]  # fmt: skip
    assert len({fingerprint(each) for each in [*same, *others]}) == len(others) + 1
