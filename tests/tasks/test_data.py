"""How data travels: what is large lies in shared memory, once, and is not copied."""

import os
import textwrap

import pytest

import pickleloaf as pl

pytestmark = pytest.mark.timeout(60)
numpy = pytest.importorskip("numpy")


def total(array):
    """Read all of it."""
    return float(array.sum())


def memory_held():
    """Count the bytes of all segments that this process has mapped, each once."""
    found = {}
    with open("/proc/self/maps", encoding="utf-8") as lines:  # noqa: PTH123 - runs on a worker, as users write
        for line in lines:
            if "memfd:pickleloaf" in line:
                span, _, _, _, inode, *_ = line.split()
                low, high = (int(part, 16) for part in span.split("-"))
                found[inode] = high - low
    return sum(found.values())


def test_array_arrives_as_a_view(ex):
    """A large array is there without a copy: writable, over shared memory."""
    array = numpy.arange(1 << 17, dtype="f8")

    def look(array):
        return float(array.sum()), array.flags.writeable, array.flags.owndata, memory_held() >= array.nbytes

    assert ex.submit(look, array).result(20) == (array.sum(), True, False, True)


def test_returned_array_is_a_view(ex):
    """So is a result."""
    before = memory_held()
    array = ex.submit(numpy.ones, 1 << 17).result(20)
    assert array.sum() == 1 << 17
    assert memory_held() >= before + array.nbytes
    array[:10] = 2
    assert array.sum() == (1 << 17) + 10
    del array


def test_who_writes_has_a_copy(cluster):
    """What a task, the driver or a result's reader writes is seen by nobody else, also not by a later task."""

    def fill(array, value):
        array[:] = value
        return array

    array = numpy.zeros(1 << 17)
    assert cluster.task(fill, array, 1).result(20).sum() == 1 << 17
    assert array.sum() == 0
    ref = cluster.put(array)
    first, second = cluster.task(fill, ref, 2).result(20), ref.get_local()
    assert (first[0], second[0]) == (2, 0)
    second[:] = 3
    assert ref.get_local()[0] == 0
    assert cluster.task(lambda array: float(array.sum()), ref).result(20) == 0
    promise = cluster.task(fill, second, 4)
    assert promise.then(lambda array: float(fill(array, 5)[0])).result(20) == 5
    assert promise.result(20)[0] == 4


def test_what_was_read_only_stays_so(ex):
    """An array that may not be written, and one on bytes, arrive like that."""
    array = numpy.arange(1 << 17)
    array.flags.writeable = False
    on_bytes = numpy.frombuffer(bytes(1 << 17), dtype="u1")
    for each in (array, on_bytes):
        assert ex.submit(lambda a: (a.flags.writeable, len(a)), each).result(20) == (False, len(each))
        assert not ex.submit(lambda a: a, each).result(20).flags.writeable


def test_table_may_be_written(ex):
    """A table of pandas can be changed in a task, and as a result."""
    pandas = pytest.importorskip("pandas")

    def change(table):
        table.loc[0, "b"] = 5
        return table

    table = ex.submit(change, pandas.DataFrame({"a": range(1 << 16), "b": range(1 << 16)})).result(20)
    table.loc[1, "b"] = 6
    assert list(table["b"][:3]) == [5, 6, 2]


def test_small_array_is_a_copy(ex):
    """What is small travels within its message, and may be written."""
    array = ex.submit(numpy.ones, 10).result(20)
    array += 1
    assert array.sum() == 20


def test_copy_on_demand(cluster):
    """`copy=True` gives an array that may be written."""
    ref = cluster.put(numpy.ones(1 << 17))
    array = ref.get_local(copy=True)
    array += 1
    assert array.sum() == 2 << 17
    assert ref.get_local().sum() == 1 << 17


@pytest.mark.parametrize("make", [bytes, bytearray], ids=["bytes", "bytearray"])
def test_large_bytes(ex, make):
    """Plain bytes of any size arrive as what they were."""
    data = make(os.urandom(300_000))
    assert ex.submit(lambda data: data, data).result(20) == data


@pytest.mark.parametrize("nbytes", [10, 100_000, 20 << 20])
def test_patch_beside_a_large_argument(ex, monkeypatch, nbytes):
    """A patch that an argument takes along is in force while the task runs, however long the pickle, and no longer."""
    monkeypatch.setattr(textwrap, "dedent", lambda text: "patched")

    class Bird:
        def __init__(self, text):
            self.text = text

        def speak(self):
            return textwrap.dedent(self.text[:2]), len(self.text)

    birds = [Bird(" a" * (nbytes // 2)) for _ in range(4)]
    assert list(ex.map(lambda bird: bird.speak(), birds)) == [("patched", nbytes)] * 4
    assert list(ex.map(eval, ["__import__('textwrap').dedent(' a')"] * 4)) == ["a"] * 4


def test_odd_arrays(ex):
    """Arrays with gaps, of no size, of objects, and in Fortran's order arrive equal."""
    base = numpy.arange(200_000, dtype="f8").reshape(400, 500)
    for array in (base[::2, ::3], base[:0], base.T, numpy.asfortranarray(base), base.astype(object)[:10]):
        back = ex.submit(lambda array: array, array).result(20)
        assert back.shape == array.shape
        assert (back == array).all()


def test_big_argument_of_many_tasks_is_stored_once(cluster):
    """Ten tasks of one ref share one piece of memory, in driver and workers."""
    ref = cluster.put(numpy.ones(1 << 20))
    held = memory_held
    look = [cluster.task(lambda array: (total(array), held()), ref) for _ in range(10)]
    for result, nbytes in pl.when_all(look).result(20):
        assert result == 1 << 20
        assert nbytes < 2 * 8 * (1 << 20)


def test_many_large_results_give_their_memory_back(ex):
    """Many results, dropped one by one, use up neither memory nor descriptors."""
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - only counted
    for array in ex.map(lambda _: numpy.ones(1 << 14), range(100)):
        assert array[-1] == 1
    assert len(os.listdir("/proc/self/fd")) < before + 50  # noqa: PTH208 - likewise
    assert memory_held() < 20 << 17


def test_function_with_much_in_its_closure(ex):
    """A function over a large array takes it along, out of band."""
    array = numpy.ones(1 << 17)
    assert ex.submit(lambda: total(array)).result(20) == 1 << 17


@pytest.mark.skipif(not os.environ.get("PICKLELOAF_LARGE"), reason="needs 10 GB: PICKLELOAF_LARGE=1")
def test_messages_over_2_gib(ex):
    """Arguments and results over 2 GiB arrive, in shared memory and as one long pickle."""
    array = ex.submit(lambda array: array + 1, numpy.zeros((2 << 30) + 16, dtype="u1")).result(50)
    assert array[-1] == 1
    assert len(ex.submit(bytes, (2 << 30) + 16).result(50)) == (2 << 30) + 16
