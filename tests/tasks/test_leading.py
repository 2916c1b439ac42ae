"""Whoever waits for a result reads the sockets meanwhile: nobody is forgotten, whoever leads, leaves or is stopped."""

import contextlib
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


def test_who_waits_leads(ex, gate):
    """While a thread waits for its result, it reads; afterwards the driver thread does, and callbacks come."""
    future = ex.submit(gate.wait)
    waiter = threading.Thread(target=future.result)
    waiter.start()
    wait_for_leader(ex, waiter.ident)
    gate.open()
    waiter.join()
    assert leader_of(ex) == 0
    heard = threading.Event()
    ex.submit(slowly, 0.05).add_done_callback(lambda _: heard.set())
    assert heard.wait(20)


def test_others_wait_as_well(ex):
    """Threads that wait while somebody else leads get their results from the leader, or after it has left."""
    results = []
    futures = [ex.submit(slowly, 0.02 * number) for number in (4, 1, 3, 2, 6, 5)]
    threads = [threading.Thread(target=lambda each=each: results.append(each.result(20))) for each in futures]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [0.02 * number for number in range(1, 7)]


def test_leader_is_roused(ex, gate):
    """A leader whose future somebody else cancels does not wait on."""
    for _ in ex.cluster.workers:
        ex.submit(gate.wait)
    last = [ex.submit(slowly, 0) for _ in range(20)].pop()
    ended = []
    waiter = threading.Thread(target=lambda: _note_end(last, ended))
    waiter.start()
    wait_for_leader(ex, waiter.ident)
    assert last.cancel()
    waiter.join(20)
    assert ended == ["CancelledError"]
    gate.open()


def _note_end(future, ended):
    try:
        future.result()
    except BaseException as error:
        ended.append(type(error).__name__)


def test_timeout_of_a_leader(ex, gate):
    """A leader leaves in time, though nothing is read, and its task is still carried out."""
    future = ex.submit(gate.wait, "done")
    with pytest.raises(TimeoutError):
        future.result(0.05)
    gate.open()
    assert future.result(20) == "done"


def test_callbacks_do_not_run_in_the_leader(ex, gate, begun):
    """A callback that never ends holds up no leader: it is the driver thread's."""
    threads = []

    def call_back(_):
        threads.append(threading.current_thread())
        gate.open()

    first, second = ex.submit(begun.wait, "first"), ex.submit(gate.wait, "second")
    first.add_done_callback(call_back)
    assert not is_inert(first)
    assert is_inert(second)
    with when_leading(ex, begun.open):
        assert second.result(20) == "second"
    assert first.result(20) == "first"
    assert [thread.name for thread in threads] == ["pickleloaf-driver"]


@contextlib.contextmanager
def when_leading(ex, act):
    """Let another thread act as soon as this one leads."""
    this = threading.get_ident()
    thread = threading.Thread(target=lambda: (wait_for_leader(ex, this), act()))
    thread.start()
    yield
    thread.join()


@pytest.mark.own_workers
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


@pytest.mark.own_workers
@pytest.mark.parametrize("deaths", [4, pytest.param(60, marks=pytest.mark.stress)])
def test_waiting_while_workers_are_killed(ex, deaths):
    """Whoever leads, and whatever dies meanwhile, everybody gets a result or is told of the death."""
    ntasks = 15 * deaths

    def wait_for_some():
        for _ in range(ntasks):
            try:
                ended.append(ex.submit(slowly, 0.002).result(20))
            except pl.WorkerDied:
                ended.append(0.002)

    ended = []
    threads = [threading.Thread(target=wait_for_some) for _ in range(3)]
    for thread in threads:
        thread.start()
    for death in range(deaths):
        while len(ended) < 40 * death:  # however slow it is: some get a result between two deaths
            time.sleep(0.001)
        member = next(each for each in endlessly(ex.cluster._driver._pool.members) if each.up)
        member.kill()  # it was up: one that is only starting would count as one that cannot be started
    for thread in threads:
        thread.join()
    assert ended == [0.002] * 3 * ntasks


def endlessly(members):
    """Yield the workers over and over."""
    while True:
        yield from members()
        time.sleep(0.001)


def test_interrupted_leader(ex, eventually):
    """Ctrl-C reaches a leader that waits, and whatever it has read meanwhile is not lost."""
    futures = [ex.submit(slowly, 0.01) for _ in range(20)]
    last = ex.submit(slowly, 30)
    main = threading.get_ident()

    def interrupt():
        assert eventually(lambda: all(each.done() for each in futures), 20)
        signal.pthread_kill(main, signal.SIGINT)

    with when_leading(ex, interrupt), pytest.raises(KeyboardInterrupt):
        last.result()
    assert [each.result(20) for each in futures] == [0.01] * 20
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
