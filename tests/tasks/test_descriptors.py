"""File descriptors: each piece of shared memory that nobody has read yet holds one, and a process has only so many."""

import errno
import socket

import pytest

from pickleloaf.tasks.link import LOST, Kind, Link, encode_frame
from pickleloaf.tasks.parcels import Parcel, pack, unpack

pytest.importorskip("resource")
pytestmark = pytest.mark.timeout(60)

PROGRAM = """
import errno, resource, sys, time
from concurrent.futures import wait
import pickleloaf as pl

def large(n):
    return bytes([n % 256]) * 70_000

resource.setrlimit(resource.RLIMIT_NOFILE, (100, int(sys.argv[1])))
with pl.Executor(workers=2) as ex:
    futures = [ex.submit(large, n) for n in range(300)]
    wait(futures)  # and read none
    errors = [future.exception() for future in futures]
    for n, (future, error) in enumerate(zip(futures, errors)):
        if error is None:
            assert future.result() == large(n)
        else:
            assert isinstance(error, OSError) and error.errno == errno.EMFILE, error
    said = [str(error) for error in errors if error]
    print(len(said), len(set(said)), said[:1])
    del future, futures
    while ex.cluster.statistics()["values"]:  # they are dropped soon, not at once
        time.sleep(0.01)
    assert ex.submit(large, 7).result() == large(7)
"""


def test_limit_is_raised_as_far_as_it_goes(script):
    """Many results that nobody has read are no trouble where the limit is only a default."""
    code, output, errors = script.run(PROGRAM, "2000")
    assert (code, errors) == (0, "")
    assert output == "0 0 []\n"


def test_results_that_find_no_descriptor(script):
    """Where there is no more to be had, some results are errors that say so; the others arrive, and all goes on."""
    code, output, errors = script.run(PROGRAM, "100")
    assert (code, errors) == (0, "")
    assert int(output.split()[0]) > 100
    assert "no file descriptor left" in output
    assert "ulimit -n" in output


def test_lost_descriptor_is_of_its_own_frame():
    """A frame whose descriptor was kept back says so; the ones before and after it have theirs."""
    import resource

    here, there = socket.socketpair()
    sender, receiver = Link(here, blocking=True), Link(there, blocking=True)
    parcels = [pack(bytes([n]) * 70_000) for n in range(3)]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    received = []
    for n, parcel in enumerate(parcels):
        sender.send(encode_frame(Kind.VALUE, n, parcel.layout, with_fd=True), parcel.fd)
    for n in range(3):
        resource.setrlimit(resource.RLIMIT_NOFILE, (0 if n == 1 else soft, hard))
        try:
            received += receiver.receive()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    sender.close()
    assert receiver.receive() is None
    receiver.close()
    assert [frame.ident for frame in received] == [0, 1, 2]
    assert [frame.fd == LOST for frame in received] == [False, True, False]
    made = [Parcel.received(b"", frame.facts, frame.fd) for frame in received]
    assert unpack(made[0])[:1] == b"\0"
    assert unpack(made[2])[:1] == b"\2"
    with pytest.raises(OSError, match=r"70,0.. bytes of shared memory came while") as caught:
        unpack(made[1])
    assert caught.value.errno == errno.EMFILE
