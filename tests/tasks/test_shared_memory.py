"""Shared memory: what is promised of a segment, with real descriptors and processes."""

import errno
import gc
import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap

import pytest
from tasks.leftovers import named_files, open_segments

from pickleloaf.tasks import room, shared_memory
from pickleloaf.tasks.shared_memory import Segment, places

linux = pytest.mark.skipif(sys.platform != "linux", reason="seals and memfd_create are Linux's")
DATA = bytes(range(256)) * 40


@pytest.fixture(params=["memory", "file"])
def place(request, monkeypatch):
    """Run a test with segments in memory, and with those that other systems have."""
    if request.param == "file":
        monkeypatch.setattr(shared_memory, "_memory", lambda: None)
    elif sys.platform != "linux":
        pytest.skip("no files in memory here")
    return request.param


def test_what_one_mapping_writes_another_reads(place):
    """All mappings of a segment show the same memory, and a new one is full of zeros."""
    with Segment.create(10_000) as segment:
        assert segment.in_memory == (place == "memory")
        reader, writer = segment.map(), segment.map(writable=True)
        assert reader.readonly
        assert not any(reader)
        writer[9_990:] = b"0123456789"
        assert bytes(reader[9_990:]) == b"0123456789"


def test_written_without_a_mapping(place):
    """`write` puts data where it was told to, and refuses what reaches over the end."""
    with Segment.create(len(DATA) + 8) as segment:
        segment.write(DATA, 8)
        assert segment.map() == bytes(8) + DATA
        for offset in (9, -1):
            with pytest.raises(ValueError, match="do not fit into"):
                segment.write(DATA, offset)


def test_written_from_an_array_of_other_items(place):
    """Data counts in bytes, whatever its items are."""
    items = memoryview(DATA).cast("d")
    with Segment.create(len(DATA)) as segment:
        segment.write(items)
        assert segment.map() == DATA


@linux
def test_sealed_memory_never_changes():
    """After `seal` neither a mapping for writing nor a write can be had, in any process that holds it."""
    with Segment.create(len(DATA)) as segment:
        segment.write(DATA)
        assert not segment.sealed
        segment.seal()
        assert segment.sealed
        with pytest.raises(PermissionError):
            segment.map(writable=True)
        with pytest.raises(PermissionError):
            segment.write(b"x")
        assert segment.map() == DATA


@linux
def test_memory_never_shrinks():
    """A segment cannot be cut under a mapping, which would be SIGBUS for its reader."""
    with Segment.create(8192) as segment:
        for nbytes in (0, 4096, 16384):
            with pytest.raises(PermissionError):
                os.ftruncate(segment.fd, nbytes)


@linux
def test_sealing_needs_the_writing_mappings_gone():
    """While somebody can still write, `seal` says so; afterwards it works."""
    with Segment.create(4096) as segment:
        view = segment.map(writable=True)
        with pytest.raises(OSError, match="still mapped for writing"):
            segment.seal()
        del view
        gc.collect()
        segment.seal()
        assert segment.sealed


def test_pieces_are_stored_one_by_one(place):
    """`holding` copies each piece to where it says, in step with the cache, and seals the whole."""
    pieces = [b"abc", memoryview(DATA).cast("d"), b"", bytearray(b"z")]
    offsets = places(pieces)
    with Segment.holding(pieces) as segment:
        view = segment.map()
        assert segment.sealed == (place == "memory")
        assert not any(offset % 64 for offset in offsets)
        assert segment.nbytes == offsets.pop()
        for piece, offset in zip(pieces, offsets, strict=True):
            data = bytes(piece)
            assert view[offset : offset + len(data)] == data


def test_no_pieces(place):
    """Nothing to hold is a segment of no bytes."""
    assert (Segment.holding([]).nbytes, places([])) == (0, [0])


def test_piece_that_does_not_lie_in_one_piece(place):
    """A view with gaps is refused, and nothing stays open."""
    before = open_segments()
    with pytest.raises(TypeError):
        Segment.holding([memoryview(DATA)[::2]])
    assert open_segments() == before


def test_passed_over_a_socket(place):
    """A descriptor that arrives over a socket is the same memory."""
    here, there = socket.socketpair()
    with here, there, Segment.create(len(DATA)) as segment:
        segment.write(DATA)
        socket.send_fds(here, [b"x"], [segment.fd])
        _, fds, _, _ = socket.recv_fds(there, 1, 1)
        with Segment.attach(fds[0], len(DATA)) as received:
            assert received.in_memory == segment.in_memory
            assert received.map() == DATA


def test_less_than_announced_is_refused(place):
    """A descriptor of something smaller, or of no memory at all, is refused and closed."""
    before = open_segments()
    with Segment.create(100) as segment:
        fd = os.dup(segment.fd)
        with pytest.raises(ValueError, match=r"expected a segment of 101 bytes, received one of 100"):
            Segment.attach(fd, 101)
    reader, writer = os.pipe()
    os.close(writer)
    with pytest.raises(ValueError, match="expected a segment"):
        Segment.attach(reader, 0)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(reader)
    assert open_segments() == before


def test_views_outlive_their_segment(place):
    """Closing gives back the descriptor, not the memory; dropping the last view gives back that, too."""
    before = open_segments()
    segment = Segment.create(len(DATA))
    segment.write(DATA)
    view = segment.map()
    segment.close()
    segment.close()
    assert view[-1] == DATA[-1]
    del view
    assert open_segments() == before


def test_forgotten_segment_gives_back_its_descriptor(place):
    """What nobody refers to any more is closed."""
    before = open_segments()
    for _ in range(100):
        Segment.create(100)
    assert open_segments() == before


def test_closed_segment_cannot_be_mapped(place):
    """A closed segment says so; new memory full of zeros in its place would be a silent error."""
    with Segment.create(100) as segment:
        pass
    for writable in (False, True):
        with pytest.raises(ValueError, match="the segment is closed"):
            segment.map(writable=writable)


def test_empty(place):
    """A segment of no bytes has empty views, though the kernel maps no such thing."""
    with Segment.create(0) as segment:
        assert not segment.map().nbytes
        assert not segment.map(writable=True).nbytes
        segment.write(b"")
        segment.seal()


def test_negative_size():
    """A size below zero is a mistake of the caller's."""
    with pytest.raises(ValueError, match="at least 0 bytes"):
        Segment.create(-1)


def test_full_memory_falls_back_to_a_file(monkeypatch):
    """Where memory is full the segment is in a file without a name, and works alike."""
    reserve, asked = os.posix_fallocate, []

    def full_at_first(fd, offset, nbytes):
        asked.append(fd)
        if len(asked) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        reserve(fd, offset, nbytes)

    monkeypatch.setattr(os, "posix_fallocate", full_at_first)
    before = open_segments()
    with Segment.create(len(DATA)) as segment:
        assert not segment.in_memory
        segment.write(DATA)
        segment.seal()  # as far as that goes for a file
        assert not segment.sealed
        assert segment.map() == DATA
    assert open_segments() == before


def test_pieces_go_to_a_file_when_memory_is_full(monkeypatch):
    """A write that finds memory full halfway begins anew in a file."""
    write, asked = os.pwrite, []

    def full_at_third(fd, data, offset):
        asked.append(fd)
        if len(asked) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, data, offset)

    monkeypatch.setattr(os, "pwrite", full_at_third)
    pieces = [b"one", b"two", b"three"]
    with Segment.holding(pieces) as segment:
        assert not segment.in_memory
        last = places(pieces)[2]
        assert bytes(segment.map()[last : last + 5]) == b"three"


@linux
def test_container_with_little_memory(monkeypatch, tmp_path):
    """What a container may use counts, not what its machine has: beyond it a segment goes to a file."""
    (tmp_path / "max").write_text(f"{200 << 20}\n", encoding="ascii")
    (tmp_path / "current").write_text(f"{180 << 20}\n", encoding="ascii")
    monkeypatch.setattr(room, "_CONTAINER", [(tmp_path / "max", tmp_path / "current")])
    with Segment.create(18 << 20) as small, Segment.create(22 << 20) as large:
        assert (small.in_memory, large.in_memory) == (True, False)
    (tmp_path / "max").write_text("max\n", encoding="ascii")
    with Segment.create(22 << 20) as large:
        assert large.in_memory


@pytest.fixture
def small_disk(tmp_path, monkeypatch):
    """A file system of a megabyte as the place for temporary files, and no other place for segments."""
    if sys.platform != "linux" or os.geteuid():
        pytest.skip("only root of a Linux mounts a file system")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path], check=False).returncode:
        pytest.skip("this root may not mount")
    monkeypatch.setattr(shared_memory, "_memory", lambda: None)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def test_disk_that_is_really_full(small_disk):
    """What fits is stored, what does not is an error, however it is asked for, and never a SIGBUS of who maps it."""
    with Segment.create(600_000) as segment:
        view = segment.map(writable=True)
        view[:] = b"x" * len(view)
        for make in (Segment.create, lambda nbytes: Segment.holding([b"y" * nbytes])):
            with pytest.raises(OSError, match="no room for 600,") as caught:
                make(600_000)
            assert caught.value.errno == errno.ENOSPC
        with Segment.holding([b"z" * 300_000]) as small:
            assert bytes(small.map()[:300_000]) == b"z" * 300_000
        assert bytes(view[-3:]) == b"xxx"
        del view
    with Segment.create(900_000) as segment:  # all was given back
        assert not list(small_disk.iterdir())


def test_nowhere_any_room():
    """What fits nowhere is an error that says how much was wanted and what to do, and leaves nothing open."""
    before = open_segments()
    with pytest.raises(OSError, match=r"no room for 1,152,921,504,606,846,976 bytes.*TMPDIR") as caught:
        Segment.create(1 << 60)
    assert caught.value.errno == errno.ENOSPC
    assert open_segments() == before


def test_other_errors_are_not_taken_for_shortage(monkeypatch):
    """An error that is no shortage is raised as it is."""

    def fail(fd, offset, nbytes):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "posix_fallocate", fail)
    before = open_segments()
    with pytest.raises(OSError, match="Input/output error"):
        Segment.create(1)
    assert open_segments() == before


def test_system_without_fallocate(monkeypatch):
    """Where blocks cannot be reserved at once (macOS) they are written."""
    monkeypatch.delattr(os, "posix_fallocate")
    with Segment.create(3 << 20) as segment:
        assert os.fstat(segment.fd).st_blocks * 512 >= 3 << 20
        assert not any(segment.map()[:: 1 << 12])


def test_killed_process_leaves_nothing(place, tmp_path):
    """A process that is killed while it holds segments leaves no file: none that it holds has a name."""
    program = textwrap.dedent(f"""
        import sys
        from pickleloaf.tasks import shared_memory
        if {place!r} == "file":
            shared_memory._memory = lambda: None
        held = [shared_memory.Segment.create(1 << 20) for _ in range(4)]
        views = [segment.map(writable=True) for segment in held]
        print("ready", flush=True)
        sys.stdin.read()
    """)
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    ) as process:
        assert process.stdout.readline() == "ready\n"
        named = named_files(process.pid)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert not [name for name in named if name.startswith(("/dev/shm/", str(tmp_path)))]  # noqa: S108
    assert not list(tmp_path.iterdir())


@linux
def test_not_inherited_by_other_programs():
    """A program that is started meanwhile does not hold the memory."""
    with Segment.create(1) as segment:
        assert not os.get_inheritable(segment.fd)


def test_array_shares_the_memory(place):
    """A numpy array over a view is no copy, and cannot be written where the view cannot."""
    numpy = pytest.importorskip("numpy")
    with Segment.create(8 * 1000) as segment:
        written = numpy.frombuffer(segment.map(writable=True), dtype="f8")
        written[:] = range(1000)
        array = numpy.frombuffer(segment.map(), dtype="f8")
        assert array.sum() == 499_500
        assert not array.flags.writeable
