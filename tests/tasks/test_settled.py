"""Every task settles once and soon: after a close, an interrupt at a bad moment, an exit, a start that fails."""

import asyncio
import gc
import io
import os
import signal
import sys
import threading
import time
from concurrent.futures import BrokenExecutor

import pytest

import pickleloaf as pl
from pickleloaf import tasks


def test_values_after_close():
    """What was settled can be read after the close; what was not is a clear error, at once."""
    with pl.Cluster(2) as cluster:
        number, ref = cluster.task(lambda: 42), cluster.put({"a": 1})
        both = pl.when_all([cluster.task(lambda: 1), cluster.task(lambda: 2)])
        failing = cluster.task(lambda: 1 / 0)
        while cluster.statistics()["pending"]:
            time.sleep(0.01)
        unfinished = cluster.task(time.sleep, 30)
    assert (number.result(1), ref.get_local(), both.result(1)) == (42, {"a": 1}, [1, 2])
    with pytest.raises(ZeroDivisionError):
        failing.result(1)
    with pytest.raises(pl.TaskError, match="closed before"):
        unfinished.result(1)


def test_interrupted_while_it_sends():
    """A timeout in the midst of handing data over tears no frame: the worker answers the next task."""

    def chatty():
        while True:
            tasks.current().put(bytes(60_000))

    with pl.Cluster(1, grace_s=20) as cluster:
        pid = cluster.task(os.getpid).result(20)
        for _ in range(4):
            with pytest.raises(TimeoutError):
                cluster.task(chatty, timeout=0.2).result(20)
            assert cluster.task(os.getpid).result(20) == pid


def test_exit_of_an_async_task():
    """SystemExit fails the task that raises it, and no other."""

    async def leave():
        await asyncio.sleep(0.01)
        sys.exit(3)

    async def fine(n):
        await asyncio.sleep(0.01)
        return n

    with pl.Cluster(1) as cluster:
        with pytest.raises(pl.TaskError, match="SystemExit"):
            cluster.task(leave).result(20)
        assert [cluster.task(fine, n).result(20) for n in range(3)] == [0, 1, 2]


@pytest.mark.parametrize(
    "options",
    [{"max_tasks_per_worker": 0}, {"max_tasks_per_worker": -1}, {"grace_s": -1}, {"memory_limit": 0}],
)
def test_options_out_of_range(options):
    """Numbers that make no sense are refused before anything is started."""
    with pytest.raises(ValueError, match=next(iter(options))):
        pl.Cluster(1, **options)


def test_task_options_out_of_range(cluster):
    """So are those of a task."""
    for options in ({"retries": -1}, {"retries": 1.5}, {"timeout": -1}):
        with pytest.raises(ValueError, match=next(iter(options))):
            cluster.task(int, **options)
    assert cluster.task(int).result(20) == 0


def test_timeout_beside_another_runner():
    """A task that begins while another one runs beside it has its timeout from its begin on."""

    def parent():
        tasks.current().task(time.sleep, 0.4, to="b").result()

    with pl.Cluster(["a", "b"], grace_s=0.5) as cluster:
        cluster.wait_for_workers()
        waits = cluster.task(parent, to="a")
        time.sleep(0.2)
        cluster.task(time.sleep, 3, to="a")  # begins while the first one waits
        limited = cluster.task(time.sleep, 9, to="a", timeout=0.5)
        began = time.monotonic()
        waits.result(20)
        with pytest.raises(TimeoutError):
            limited.result(20)
        assert time.monotonic() - began < 2.5


def test_each_attempt_has_its_timeout(cluster, tmp_path):
    """Retries begin with as much time as the first attempt had."""

    def attempt():
        number = len(list(tmp_path.iterdir()))
        (tmp_path / str(number)).touch()
        time.sleep(0.4)
        if number < 3:
            raise ValueError(number)
        return number

    assert cluster.task(attempt, retries=3, timeout=1.0).result(20) == 3


def test_timers_go_with_their_tasks(cluster):
    """A long timeout of a short task is forgotten with it."""
    pool = cluster._driver._pool
    for _ in range(400):
        cluster.task(abs, -1, timeout=3600).result(20)
    gc.collect()
    assert len(pool._timers) < 200
    assert not cluster._driver._expiries


@pytest.mark.parametrize(("workers", "limit", "depth"), [(1, 1, 1), (2, 1, 3), (2, 5, 3)])
def test_nested_tasks_beyond_the_limit(workers, limit, depth):
    """A worker that has done its share still does what its own tasks wait for, if nobody else can."""

    def child(depth):
        return 0 if depth == 0 else 1 + tasks.current().task(child, depth - 1).result()

    with pl.Cluster(workers, max_tasks_per_worker=limit) as cluster:
        assert cluster.task(child, depth).result(20) == depth


def test_shutdown_in_a_callback():
    """It says that it cannot wait there, and all tasks end nevertheless."""
    ex = pl.Executor(workers=2)
    told, raised = threading.Event(), []

    def callback(_):
        try:
            ex.shutdown()
        except RuntimeError as error:
            raised.append(str(error))
        told.set()

    futures = [ex.submit(time.sleep, 0.1) for _ in range(6)]
    futures[0].add_done_callback(callback)
    assert told.wait(20)
    assert [future.result(20) for future in futures] == [None] * 6
    assert "done callback" in raised[0]


def test_nested_deep(cluster):
    """Promises of promises, as deep as one likes, sent to a task, too."""
    promise, first = cluster.task(abs, -1), cluster.task(abs, -2)
    for _ in range(3000):
        promise, first = pl.when_all([promise]), pl.when_any([first])
    value, depth = promise.result(20), 0
    while isinstance(value, list):
        (value,), depth = value, depth + 1
    assert (value, depth, first.result(20)) == (1, 3000, 2)


def test_watch_ends_with_its_cluster():
    """Nothing is shown after the close."""
    shown = io.StringIO()
    with pl.Cluster(1) as cluster:
        cluster.watch(period_s=0.05, file=shown)
        cluster.task(time.sleep, 0.2).result(20)
    before = shown.getvalue()
    time.sleep(0.3)
    assert "worker-1" in before
    assert shown.getvalue() == before


@pytest.mark.parametrize("chunksize", [1, 2, "auto"])
def test_stop_iteration_ends_no_map(ex, chunksize):
    """StopIteration in a function is an error of the map, not its end."""
    with pytest.raises(RuntimeError, match="StopIteration"):
        list(ex.map(lambda items: next(iter(items)), [[1], [2], [], [4]], chunksize=chunksize))


def test_buffersize(ex):
    """As in Python 3.14."""
    for size, error in ((0, ValueError), (-1, ValueError), (2.5, TypeError), ("3", TypeError)):
        with pytest.raises(error, match="buffersize"):
            ex.map(abs, [1], buffersize=size)
    assert list(ex.map(abs, range(-5, 0), buffersize=2)) == [5, 4, 3, 2, 1]


def test_map_reads_ahead_by_bytes(ex):
    """With sizes that are chosen, large items are read ahead by some megabytes."""
    read = got = ahead = 0

    def items():
        nonlocal read
        for _ in range(8000):
            read += 1
            yield bytes(10_000)

    for size in ex.map(len, items(), chunksize="auto"):
        got += 1
        ahead = max(ahead, read - got)
        assert size == 10_000
    assert got == 8000
    assert ahead * 10_000 < 60_000_000


def test_a_worker_that_cannot_be_replaced(tmp_path):
    """The others go on, and what is for it alone fails with the reason."""
    flag = tmp_path / "gone"

    def initialize():
        if flag.exists():
            raise RuntimeError("the licence server is gone")

    with pl.Cluster(2, initializer=initialize) as cluster:
        cluster.wait_for_workers()
        victim = cluster.task(os.getpid, to="worker-2").result(20)
        promises = [cluster.task(lambda n: n, n) for n in range(20)]
        flag.touch()
        os.kill(victim, signal.SIGKILL)
        for n, promise in enumerate(promises):
            try:
                assert promise.result(20) == n
            except pl.WorkerDied:
                continue
        while cluster.statistics()["workers"]["worker-2"]["pid"] is not None:
            time.sleep(0.05)
        assert cluster.task(abs, -3).result(20) == 3
        with pytest.raises(pl.TaskError, match="not there"):
            cluster.task(abs, -3, to="worker-2").result(20)


def test_workers_that_die_at_once():
    """Workers that end right after they were ready are not started for ever."""
    with (
        pl.Cluster(1, memory_limit=20 << 20) as cluster,
        pytest.raises((pl.WorkerDied, BrokenExecutor, MemoryError)),
    ):
        cluster.task(lambda: 5).result(30)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_fork_with_tasks_pending(script):
    """A child of the driver ends at once, drops what it has inherited, and takes nothing from the parent."""
    code, output, errors = script.run("""
        import gc, os, sys, time, warnings
        import pickleloaf as pl

        warnings.simplefilter("ignore")
        ex = pl.Executor(workers=2)
        ref = ex.cluster.put([1] * 30_000)
        futures = [ex.submit(lambda n=n: (time.sleep(0.5), n)[1]) for n in range(4)]
        time.sleep(0.2)
        child = os.fork()
        if child == 0:
            try:
                futures[3].result(1)
            except RuntimeError as error:
                assert "forked" in str(error)
            try:
                ex.submit(int)
            except RuntimeError:
                del ref
                gc.collect()
                sys.exit(3)
        began = time.monotonic()
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), time.monotonic() - began < 0.5)
        print([future.result(20) for future in futures], len(ref.get_local()))
        ex.shutdown()
    """)
    assert (code, errors) == (0, "")
    assert output.splitlines() == ["3 True", "[0, 1, 2, 3] 30000"]


@pytest.mark.parametrize(("end", "code"), [(lambda: sys.exit(7), 7), (lambda: 1 / 0, 1), (int, 0)])
def test_fork_in_a_task(ex, end, code):
    """The child of a task is no worker: the task's own result is what the parent returns."""

    def forking():
        child = os.fork()
        if child == 0:
            os.close(2)
            end()
            return "the child's"
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    assert ex.submit(forking).result(20) == code
    assert list(ex.map(abs, range(-20, 0))) == list(range(20, 0, -1))


def test_slow_signal_handler(script):
    """While the main thread is in a handler of the program's, others get their results, and no worker is given up."""
    code, output, errors = script.run("""
        import signal, threading, time
        import pickleloaf as pl

        ex = pl.Executor(workers=2, deadline_s=0.5)
        [future.result() for future in [ex.submit(time.sleep, 0.1) for _ in range(2)]]
        signal.signal(signal.SIGALRM, lambda *_: time.sleep(1.5))

        def other():
            time.sleep(0.4)
            began = time.monotonic()
            ex.submit(abs, 1).result()
            print(time.monotonic() - began < 0.7)

        thread = threading.Thread(target=other)
        long = ex.submit(time.sleep, 2)
        thread.start()
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        print(long.exception())
        thread.join()
        ex.shutdown()
    """)
    assert (code, errors) == (0, "")
    assert output.split() == ["True", "None"]


def test_interrupted_submits(script):
    """Ctrl-C during submits leaves nothing half done: what was submitted ends, and so does the program."""
    code, output, errors = script.run("""
        import os, random, signal, threading
        import pickleloaf as pl

        random.seed(3)
        ex = pl.Executor(workers=2)
        ex.submit(int).result()
        armed = False

        def handler(*_):
            if armed:
                raise KeyboardInterrupt

        signal.signal(signal.SIGINT, handler)
        for _ in range(60):
            futures = []
            threading.Timer(random.uniform(0.0005, 0.01), os.kill, (os.getpid(), signal.SIGINT)).start()
            try:
                armed = True
                for n in range(60):
                    futures.append((n, ex.submit(lambda n, data: (n, len(data)), n, b"x" * 40_000)))
                armed = False
            except KeyboardInterrupt:
                pass
            armed = False
            for n, future in futures:
                assert future.result(20) == (n, 40_000)
        ex.shutdown()
        print("all")
    """)
    assert (code, errors, output) == (0, "", "all\n")
