"""Copies of buffers, in memory that is used again when nobody reads it."""

import concurrent.futures
import mmap
import threading

import pytest

from pickleloaf import engines
from pickleloaf.engines.copies import Copies

NBYTES = 1 << 20


@pytest.mark.skipif(not hasattr(mmap, "MADV_HUGEPAGE"), reason="copies are bytearrays here")
def test_memory_is_used_again():
    """When the last who reads a copy is gone, its memory is the next one's, which is as long as what it is of."""
    numpy = pytest.importorskip("numpy")
    copy = Copies()
    first = copy(b"a" * NBYTES)
    where = address(first)
    read = numpy.frombuffer(memoryview(first), numpy.uint8)[5:]
    del first
    second = copy(b"b" * NBYTES)
    assert address(second) != where
    assert (read == ord("a")).all()
    del read
    third = copy(b"c" * (NBYTES // 2))
    assert address(third) == where
    assert bytes(third) == b"c" * (NBYTES // 2)
    assert bytes(second) == b"b" * NBYTES


def address(buffer):
    """Where a buffer lies."""
    return pytest.importorskip("numpy").frombuffer(buffer, "u1").__array_interface__["data"][0]


def test_threads_do_not_meet():
    """Threads that copy at once get memory of their own."""
    copy = Copies()
    start = threading.Barrier(4)

    def work(number):
        start.wait()
        for _ in range(50):
            mine = copy(bytes([number]) * (1 << 16))
            if set(bytes(mine)) != {number}:
                return False
        return True

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(4)))


def test_results_of_threads_stay():
    """Where workers are threads, a result may lie in the copy that was sent, which is then not used again."""
    numpy = pytest.importorskip("numpy")
    with concurrent.futures.ThreadPoolExecutor(1) as pool, engines.connect(pool) as ex:
        results = [ex.submit(lambda a: a, numpy.full(NBYTES, number)).result() for number in range(8)]
    assert [set(each.tolist()) for each in results] == [{number} for number in range(8)]
