"""Whoever waits for a result reads the sockets meanwhile: nobody is forgotten, whoever leads, leaves or is stopped."""

import selectors
import signal
import socket
import threading
import time
from concurrent.futures import Future

import pytest

import pickleloaf as pl
from pickleloaf.tasks.futures import is_inert
from pickleloaf.tasks.leading import Sockets

pytestmark = pytest.mark.timeout(40)


def slowly(seconds):
    """Be a task that takes a while."""
    time.sleep(seconds)
    return seconds


def leader_of(ex):
    """Return the thread that leads, or 0."""
    return ex.cluster._driver._pool._sockets._leader


def wait_for_leader(ex, thread):
    """Wait until a thread leads."""
    while leader_of(ex) != thread:
        time.sleep(0.001)


def test_who_waits_leads(ex):
    """While a thread waits for its result, it reads; afterwards the driver thread does, and callbacks come."""
    future = ex.submit(slowly, 0.5)
    waiter = threading.Thread(target=future.result)
    waiter.start()
    wait_for_leader(ex, waiter.ident)
    waiter.join()
    assert leader_of(ex) == 0
    heard = threading.Event()
    ex.submit(slowly, 0.1).add_done_callback(lambda _: heard.set())
    assert heard.wait(10)


def test_others_wait_as_well(ex):
    """Threads that wait while somebody else leads get their results from the leader, or after it has left."""
    results = []
    futures = [ex.submit(slowly, 0.05 * number) for number in (4, 1, 3, 2, 6, 5)]
    threads = [threading.Thread(target=lambda each=each: results.append(each.result(20))) for each in futures]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [0.05 * number for number in range(1, 7)]


def test_leader_is_roused(ex):
    """A leader whose future somebody else cancels does not wait on."""
    blockers = [ex.submit(slowly, 1) for _ in range(2 * len(ex.cluster.workers) + 20)]
    last = blockers.pop()
    ended = []
    waiter = threading.Thread(target=lambda: _note_end(last, ended))
    waiter.start()
    wait_for_leader(ex, waiter.ident)
    assert last.cancel()
    waiter.join(5)
    assert ended == ["CancelledError"]
    for each in blockers:
        each.cancel()


def _note_end(future, ended):
    try:
        future.result()
    except BaseException as error:
        ended.append(type(error).__name__)


def test_timeout_of_a_leader(ex):
    """A leader leaves in time, and its task is still carried out."""
    future = ex.submit(slowly, 0.4)
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        future.result(0.1)
    assert time.monotonic() - began < 0.35
    assert future.result(10) == 0.4


def test_callbacks_do_not_run_in_the_leader(ex):
    """A callback that never ends holds up no leader: it is the driver thread's."""
    threads = []
    first, second = ex.submit(slowly, 0.3), ex.submit(slowly, 0.5)
    first.add_done_callback(lambda _: threads.append(threading.current_thread()))
    assert not is_inert(first)
    assert is_inert(second)
    assert second.result(10) == 0.5
    assert first.result(10) == 0.3
    while not threads:
        time.sleep(0.001)
    assert threads[0].name == "pickleloaf-driver"


def test_leader_that_comes_late_to_a_dead_worker(ex):
    """A socket may be ready, and closed before the leader gets to it: the driver thread has buried the worker."""
    pool = ex.cluster._driver._pool
    ex.cluster.wait_for_workers(timeout=20)
    member = pool.members()[0]
    member.kill()
    while not member.ended or pool.member(member.name) in (member, None):
        time.sleep(0.01)
    pool._heed(member, selectors.EVENT_READ | selectors.EVENT_WRITE, leads=True)
    assert ex.submit(slowly, 0).result(20) == 0


def test_waiting_while_workers_are_killed(ex):
    """Whoever leads, and whatever dies meanwhile, everybody gets a result or is told of the death."""

    def wait_for_some():
        for _ in range(60):
            try:
                ended.append(ex.submit(slowly, 0.002).result(20))
            except pl.WorkerDied:
                ended.append(0.002)

    ended = []
    threads = [threading.Thread(target=wait_for_some) for _ in range(3)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(0.1)
        for member in ex.cluster._driver._pool.members()[:1]:
            if member.up:  # one that is only starting would count as one that cannot be started
                member.kill()
    assert ended == [0.002] * 180


def test_interrupted_leader(ex):
    """Ctrl-C reaches a leader that waits, and whatever it has read meanwhile is not lost."""
    futures = [ex.submit(slowly, 0.01) for _ in range(20)]
    last = ex.submit(slowly, 30)
    main = threading.get_ident()
    timer = threading.Timer(0.5, signal.pthread_kill, (main, signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        last.result()
    assert [each.result(10) for each in futures] == [0.01] * 20
    ex.cluster.cancel(last._ident)
    assert ex.submit(slowly, 0).result(20) == 0
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_no_interrupt_within_a_frame():
    """Ctrl-C that comes while a frame is heeded is raised after it, and nothing of the frame is lost."""
    here, there = socket.socketpair()
    heeded = []

    def heed(data, events, leads):
        here.recv(1)
        signal.raise_signal(signal.SIGINT)
        heeded.append((data, leads))

    sockets = Sockets(heed)
    sockets.add(here, "data")
    there.send(b"!")
    with pytest.raises(KeyboardInterrupt):
        sockets.lead(Future(), None)
    assert heeded == [("data", True)]
    sockets.close()
    here.close()
    there.close()
