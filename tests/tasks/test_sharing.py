"""What lies in shared memory already is found again, if and only if it is the same."""

import os
import threading

import pytest
from tasks.leftovers import open_segments

import pickleloaf as pl
from pickleloaf.tasks import shared_memory, sharing
from pickleloaf.tasks.shared_memory import Segment
from pickleloaf.tasks.sharing import received, shared

SIZE = 300_000


@pytest.fixture(params=["memory", "file"])
def place(request, monkeypatch):
    """Run a test with segments in memory, and with those that other systems have."""
    if request.param == "file":
        monkeypatch.setattr(shared_memory, "_memory", lambda: None)


def test_equal_bytes_are_stored_once(place):
    """The same buffer, and an equal one elsewhere, are in one segment for as long as that is in use."""
    data = os.urandom(SIZE)
    segment = shared([data, b"tail"])
    assert shared([data, b"tail"]) is segment
    assert shared([bytearray(data), memoryview(b"tail")]) is segment
    assert shared([data]) is not segment
    assert shared([data + b"tail"]) is not segment


@pytest.mark.parametrize("at", [0, 1, SIZE // 3, SIZE // 2, SIZE - 100, SIZE - 1])
def test_one_byte_that_differs(place, at):
    """A buffer that was written meanwhile, wherever, is stored anew; what was stored stays as it was."""
    data = bytearray(os.urandom(SIZE))
    before = shared([data])
    kept = bytes(data)
    data[at] ^= 1
    after = shared([data])
    assert after is not before
    assert after.map()[:SIZE] == data
    assert before.map()[:SIZE] == kept


def test_items_of_other_sizes(place):
    """Bytes count, not what they are taken for."""
    data = os.urandom(SIZE)
    assert shared([data]) is shared([memoryview(data).cast("d")])


def test_nothing_is_kept(place):
    """What nobody uses any more is given back, and is not found again."""
    before = open_segments()
    data = os.urandom(SIZE)
    for _ in range(20):
        made = shared([data])
        segment = received(os.dup(made.fd), SIZE)
        assert segment.map()[:SIZE] == data
        del made, segment
    assert open_segments() == before


def test_received_twice_is_one_segment(place):
    """Two descriptors of one segment lead to one object; the second is closed."""
    made, other = shared([os.urandom(SIZE)]), shared([os.urandom(SIZE)])
    segment = received(os.dup(made.fd), made.nbytes)
    second = os.dup(made.fd)
    assert received(second, made.nbytes) is segment
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(second)
    assert received(os.dup(other.fd), other.nbytes) is not segment
    with pytest.raises(ValueError, match="expected a segment"):
        received(os.dup(made.fd), made.nbytes + 1_000_000)


def test_segment_that_is_being_given_back_is_not_found(place, monkeypatch):
    """Who asks while another thread is closing it gets a segment that works, not the one that is going."""
    made = shared([b"x" * SIZE])
    going = received(os.dup(made.fd), SIZE)
    close, found = os.close, []

    def close_slowly(fd):
        monkeypatch.undo()
        found.append(received(os.dup(made.fd), SIZE))
        close(fd)

    monkeypatch.setattr(os, "close", close_slowly)
    del going
    assert bytes(found[0].map()[:SIZE]) == b"x" * SIZE


def test_asked_for_by_many_threads(place):
    """Threads that take and drop the same few segments all the time read what they asked for."""
    data = [bytes([n]) * SIZE for n in range(3)]
    made = [shared([each]) for each in data]
    wrong = []

    def take(n):
        for turn in range(200):
            at = (n + turn) % 3
            if (
                received(os.dup(made[at].fd), SIZE).map()[SIZE // 2] != at
                or shared([data[at]]) is not made[at]
            ):
                wrong.append((n, turn))

    threads = [threading.Thread(target=take, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_view_that_is_written_while_its_segment_lives():
    """A segment that anybody may write is never taken for one that holds something."""
    data = b"y" * SIZE
    with Segment.create(SIZE) as segment:
        segment.write(data)
        assert shared([data]) is not segment
        assert segment not in set(sharing._made.values())


def test_argument_of_many_tasks_is_stored_once():
    """One array in twenty tasks that wait is one segment in the driver, with no ref and no `put`."""
    numpy = pytest.importorskip("numpy")
    array = numpy.arange(1 << 17, dtype="f8")
    with pl.Executor(workers=1) as ex:
        ex.submit(int).result()
        before = open_segments()
        futures = [ex.submit(lambda array, n: float(array[n]), array, n) for n in range(20)]
        assert open_segments() <= before + 2
        assert [future.result(20) for future in futures] == list(range(20))


def test_array_that_changes_between_tasks():
    """Each task gets the array as it was when the task was submitted."""
    numpy = pytest.importorskip("numpy")
    array = numpy.zeros(1 << 17)
    futures = []
    with pl.Executor(workers=2) as ex:
        for n in range(20):
            array[n * 1000 + 7] = 1 if n % 3 else 0
            futures.append((float(array.sum()), ex.submit(lambda array: float(array.sum()), array)))
        array[:] = -1
        assert [future.result(20) for _, future in futures] == [expected for expected, _ in futures]
