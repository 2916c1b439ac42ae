"""Faults, with real processes: what must happen, and that the others go on.

After every test no worker is left and no shared memory is held (see conftest). `make test-faults` runs this
file many times in a row.
"""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import BrokenExecutor, CancelledError

import pytest

import pickleloaf as pl
from pickleloaf.tasks import pool
from pickleloaf.tasks.promise import current

pytestmark = [
    pytest.mark.timeout(40),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc"),
]


def double(number):
    """Be an innocent task."""
    return 2 * number


def die(signum=signal.SIGKILL):
    """Kill the own process."""
    os.kill(os.getpid(), signum)
    time.sleep(30)


def goes_on(ex):
    """Check that innocent tasks are run by all workers."""
    futures = [ex.submit(double, number) for number in range(20)]
    assert [future.result(20) for future in futures] == list(range(0, 40, 2))


def processes(ex):
    """Return the processes of the workers, which are to be the same afterwards."""
    ex.cluster.wait_for_workers(timeout=20)
    return {worker["pid"] for worker in ex.cluster.statistics()["workers"].values()}


# -- the process ends ------------------------------------------------------------------------------------


def segfault():
    """Read what is not there."""
    ctypes.string_at(0)


@pytest.mark.own_workers
@pytest.mark.parametrize(
    ("crash", "exitcode", "said"),
    [
        (die, -signal.SIGKILL, "SIGKILL"),
        (lambda: die(signal.SIGTERM), -signal.SIGTERM, "SIGTERM"),
        (segfault, -signal.SIGSEGV, "SIGSEGV"),
        (os.abort, -signal.SIGABRT, "SIGABRT"),
        (lambda: os._exit(3), 3, "3"),
        (lambda: os._exit(0), 0, "0"),
    ],
    ids=["SIGKILL", "SIGTERM", "segfault", "abort", "_exit(3)", "_exit(0)"],
)
def test_worker_ends_in_a_task(ex, crash, exitcode, said):
    """The task fails with what happened, those beside and behind it do not."""
    before = [ex.submit(double, number) for number in range(5)]
    bad = ex.submit(crash)
    after = [ex.submit(double, number) for number in range(5)]
    error = bad.exception(20)
    assert type(error) is pl.WorkerDied
    assert error.exitcode == exitcode
    assert said in str(error)
    assert error.worker in ex.cluster.workers
    assert error.worker in str(error)
    assert error.task
    assert error.task in str(error)
    assert [future.result(20) for future in (*before, *after)] == 2 * [0, 2, 4, 6, 8]
    goes_on(ex)


@pytest.mark.own_workers
def test_last_lines_of_a_dead_worker(ex):
    """What a worker printed last is part of the error."""

    def talk():
        print("almost there")
        print("now it goes wrong", file=sys.stderr)
        die()

    error = ex.submit(talk).exception(20)
    assert "almost there" in error.output
    assert "now it goes wrong" in str(error)


@pytest.mark.own_workers
def test_idle_worker_killed(ex, script, eventually):
    """A worker that had nothing to do is replaced, and nobody notices."""
    ex.cluster.wait_for_workers(timeout=20)
    pids = set(script.workers())
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: len(set(script.workers()) - pids) == 2, 10)
    goes_on(ex)


@pytest.mark.own_workers
@pytest.mark.parametrize("deaths", [4, pytest.param(40, marks=pytest.mark.stress)])
def test_every_worker_dies_again_and_again(ex, deaths):
    """Many deaths in a row are as many failures, and the pool is as it was."""
    futures = [ex.submit(die) for _ in range(deaths)]
    assert all(type(future.exception(30)) is pl.WorkerDied for future in futures)
    goes_on(ex)


@pytest.mark.own_workers
def test_killed_while_sending_much(ex):
    """A worker that dies while its result is on the way fails that task alone."""

    def send():
        threading.Timer(0.05, die).start()
        time.sleep(0.03)
        return [str(number) for number in range(3_000_000)]

    assert type(ex.submit(send).exception(30)) is pl.WorkerDied
    goes_on(ex)


@pytest.mark.own_workers
def test_retried_after_a_death(cluster, tmp_path):
    """A task with retries survives the deaths of its workers, and is run no more often than needed."""
    tries = tmp_path / "tries"

    def work():
        with tries.open("a") as file:
            file.write("x")
        if tries.stat().st_size < 3:
            die()
        return "done"

    assert cluster.task(work, retries=5).result(30) == "done"
    assert tries.read_text() == "xxx"


@pytest.mark.own_workers
def test_without_retries_run_once(ex, tmp_path):
    """A task that killed its worker is not run a second time."""
    tries = tmp_path / "tries"

    def work():
        with tries.open("a") as file:
            file.write("x")
        die()

    assert type(ex.submit(work).exception(20)) is pl.WorkerDied
    goes_on(ex)
    assert tries.read_text() == "x"


# -- exceptions of every kind ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ending",
    [lambda: sys.exit(3), lambda: (_ for _ in ()).throw(KeyboardInterrupt)],
    ids=["exit", "interrupt"],
)
def test_ending_exceptions(ex, ending):
    """What would end a process is an error of the task, in a form that ends nobody."""
    workers = processes(ex)
    error = ex.submit(ending).exception(20)
    assert isinstance(error, pl.TaskError)
    assert not isinstance(error, pl.WorkerDied)
    assert "SystemExit" in str(error) or "KeyboardInterrupt" in str(error)
    goes_on(ex)
    assert processes(ex) == workers


class Odd(BaseException):
    """Is no Exception."""


class Demanding(Exception):
    """Cannot be made from its args."""

    def __init__(self, code, reason):
        super().__init__(f"{code}: {reason}")
        self.code = code


class Unpicklable(Exception):
    """Has something in it that cannot travel."""

    def __init__(self, text):
        super().__init__(text)
        self.thread = threading.current_thread()
        self.lock = sys._getframe()


class Mute(Exception):
    """Cannot say what it is."""

    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


def fail(kind, *args):
    """Raise."""
    raise kind(*args)


def test_other_base_exceptions(ex):
    """A BaseException of the user's own is delivered as it is."""
    with pytest.raises(Odd, match="odd"):
        ex.submit(fail, Odd, "odd").result(20)
    goes_on(ex)


def test_exception_with_required_arguments(ex):
    """An exception that needs arguments arrives as its own type, with its fields."""
    error = ex.submit(fail, Demanding, 7, "because").exception(20)
    assert type(error) is Demanding
    assert (error.code, str(error)) == (7, "7: because")
    goes_on(ex)


def test_unpicklable_exception(ex):
    """A stand-in tells type, text and traceback of an exception that cannot travel."""
    error = ex.submit(fail, Unpicklable, "the reason").exception(20)
    assert isinstance(error, pl.TaskError)
    assert "Unpicklable" in str(error)
    assert "the reason" in str(error)
    assert "in fail" in str(error)
    goes_on(ex)


class Unmakeable(Exception):
    """Cannot be made of what it says that it is made of, or is something else then."""

    def __init__(self, text, made_of):
        super().__init__(text)
        self.made_of = made_of

    def __reduce__(self):
        return int, (self.made_of,)


@pytest.mark.parametrize("made_of", ["seven", "7"])
def test_exception_that_cannot_be_made(ex, made_of):
    """A stand-in tells of an exception that is found to be another thing, or none, when it is loaded."""
    error = ex.submit(fail, Unmakeable, "the reason", made_of).exception(20)
    assert isinstance(error, pl.TaskError)
    assert "Unmakeable" in str(error)
    assert "the reason" in str(error)
    assert "in fail" in str(error)
    goes_on(ex)


def test_mute_exception(ex):
    """An exception that fails when it is asked for its text harms nobody."""
    assert isinstance(ex.submit(fail, Mute).exception(20), Exception)
    goes_on(ex)


def test_recursion_error(ex):
    """A task without end is a RecursionError."""

    def forever():
        return forever()

    assert type(ex.submit(forever).exception(20)) is RecursionError
    goes_on(ex)


# -- what cannot travel, and what harms who looks at it -------------------------------------------------


def test_unpicklable_argument(ex):
    """Submitting it raises at once, with the path."""
    with pytest.raises(pl.EncodeError) as caught:
        ex.submit(double, {"frames": [sys._getframe()]})
    assert "frames" in caught.value.path
    goes_on(ex)


def test_unpicklable_result(ex):
    """The error of the result says where in it the culprit sits; the worker lives on."""
    workers = processes(ex)
    error = ex.submit(lambda: {"frames": [sys._getframe()]}).exception(20)
    assert isinstance(error, pl.EncodeError)
    assert "frames" in error.path
    goes_on(ex)
    assert processes(ex) == workers


class DiesWhenPickled:
    """Kills who pickles it."""

    def __reduce__(self):
        os._exit(9)


class RaisesWhenLoaded:
    """Makes an error of being loaded."""

    def __reduce__(self):
        return fail, (ZeroDivisionError, "on arrival")


class KillsWhenLoaded:
    """Kills who loads it."""

    def __reduce__(self):
        return os._exit, (9,)


@pytest.mark.own_workers
def test_result_that_kills_when_pickled(ex):
    """Only its task fails."""
    error = ex.submit(DiesWhenPickled).exception(20)
    assert type(error) is pl.WorkerDied
    assert error.exitcode == 9
    goes_on(ex)


def test_result_that_raises_when_loaded(ex):
    """Only its future fails, and so does everybody who asks it."""
    future = ex.submit(RaisesWhenLoaded)
    for _ in range(2):
        with pytest.raises((ZeroDivisionError, pl.DecodeError), match="on arrival"):
            future.result(20)
    goes_on(ex)


class ExitsWhenLoaded:
    """Ends who loads it, politely."""

    def __reduce__(self):
        return sys.exit, (3,)


def test_result_that_exits_when_loaded(ex):
    """It does not end the driver."""
    with pytest.raises(pl.TaskError, match=r"SystemExit\(3\)"):
        ex.submit(ExitsWhenLoaded).result(20)
    goes_on(ex)


def test_argument_that_raises_when_loaded(ex):
    """The task fails with that error, the worker lives on."""
    workers = processes(ex)
    with pytest.raises((ZeroDivisionError, pl.DecodeError), match="on arrival"):
        ex.submit(double, RaisesWhenLoaded()).result(20)
    goes_on(ex)
    assert processes(ex) == workers


@pytest.mark.own_workers
def test_argument_that_kills_when_loaded(ex):
    """Its worker dies of it and nobody else: the driver only passes it on."""
    assert type(ex.submit(double, KillsWhenLoaded()).exception(20)) is pl.WorkerDied
    goes_on(ex)


@pytest.mark.own_workers
def test_result_passed_on_is_not_opened_by_the_driver(cluster):
    """What one task returns and the next takes never comes to life in the driver."""
    promise = cluster.task(KillsWhenLoaded).then(double)
    assert type(promise.exception(20)) is pl.WorkerDied
    assert cluster.task(double, 4).result(20) == 8


def test_deep_result(ex):
    """A result nested far deeper than the stack arrives."""

    def nest():
        nested = []
        for _ in range(50_000):
            nested = [nested]
        return nested

    result, depth = ex.submit(nest).result(20), 0
    while result:
        result, depth = result[0], depth + 1
    assert depth == 50_000
    goes_on(ex)


# -- what does not answer -------------------------------------------------------------------------------------


def test_stopped_worker_is_replaced_on_its_deadline():
    """A worker that is stopped (SIGSTOP) fails its task when a deadline is set."""
    with pl.Executor(workers=2, deadline_s=0.5) as ex:
        error = ex.submit(die, signal.SIGSTOP).exception(20)
        assert type(error) is pl.WorkerDied
        goes_on(ex)


def test_call_that_keeps_the_interpreter_is_replaced_on_its_deadline():
    """So does one whose task is in C code that never lets go."""
    with pl.Executor(workers=2, deadline_s=0.5) as ex:
        error = ex.submit(hog, 30).exception(20)
        assert type(error) is pl.WorkerDied
        goes_on(ex)


def hog(seconds):
    """Keep the interpreter busy in C for a long time, without a chance for other threads."""
    ctypes.PyDLL(None).usleep(int(seconds * 1_000_000))


def test_busy_worker_answers():
    """A worker that computes in Python is not taken for dead."""

    def compute():
        end = time.monotonic() + 1.8
        while time.monotonic() < end:
            sum(range(1000))
        return "done"

    with pl.Executor(workers=1, deadline_s=1.2) as ex:
        assert ex.submit(compute).result(20) == "done"


@pytest.mark.own_workers
def test_worker_that_cannot_read_any_more(ex, begun):
    """An error of our own in the thread that reads while a task runs ends the worker, visibly: nobody waits for it."""

    def damage():
        from pickleloaf.tasks.promise import RUNTIMES

        RUNTIMES[-1].heed = lambda frame: 1 / 0
        begun.open()
        time.sleep(20)

    future = ex.submit(damage)
    begun.wait()
    for _ in range(20):
        ex.submit(double, 1)
    error = future.exception(20)
    assert isinstance(error, pl.WorkerDied)
    assert "ZeroDivisionError" in str(error)
    goes_on(ex)


def test_stopped_worker_that_wakes_up(ex):
    """Without a deadline a worker may sleep; its tasks are done when it wakes up."""
    pid = ex.submit(os.getpid).result(20)
    os.kill(pid, signal.SIGSTOP)
    futures = [ex.submit(double, number) for number in range(6)]
    time.sleep(0.2)
    os.kill(pid, signal.SIGCONT)
    assert [future.result(20) for future in futures] == [0, 2, 4, 6, 8, 10]


# -- the beginning -----------------------------------------------------------------------------------------


def test_failing_initializer():
    """It fails what is submitted at once, with the cause, and is not tried for ever."""

    def initialize():
        raise ValueError("no licence")

    with pl.Executor(workers=2, initializer=initialize) as ex:
        error = ex.submit(double, 1).exception(20)
        assert "no licence" in "".join([str(error), str(error.__cause__), *getattr(error, "__notes__", [])])


def test_initializer_that_kills():
    """A worker that dies in its initializer is an error as well, not an endless row of workers."""
    with pl.Executor(workers=2, initializer=lambda: os._exit(4)) as ex:
        assert isinstance(ex.submit(double, 1).exception(30), Exception)


# -- much ----------------------------------------------------------------------------------------------------


def test_many_tiny_tasks(ex):
    """20,000 tasks at once all return what they should."""
    futures = [ex.submit(double, number) for number in range(20_000)]
    assert [future.result(30) for future in futures] == list(range(0, 40_000, 2))


@pytest.mark.parametrize("workers", [1, 2])
def test_nested_blocking_tasks(workers):
    """Tasks that wait for tasks of their own, far more deeply than there are workers, come to an end."""

    def descend(depth):
        return 0 if not depth else 1 + current().task(descend, depth - 1).result(20)

    with pl.Cluster(workers=workers) as cluster:
        assert cluster.task(descend, 40).result(30) == 40


@pytest.mark.own_workers
def test_flood_of_output(ex, capfd):
    """A task that prints megabytes is neither blocked nor does it block others."""

    def flood():
        for _ in range(50):
            print("x" * 100_000)
        return "done"

    flooded = ex.submit(flood)
    goes_on(ex)
    assert flooded.result(30) == "done"
    capfd.readouterr()


@pytest.mark.own_workers
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_closed_stream(ex, stream):
    """A task that closes or removes a standard stream harms nobody."""
    ex.submit(lambda: getattr(sys, stream).close()).exception(20)
    ex.submit(lambda: setattr(sys, stream, None)).exception(20)
    goes_on(ex)


def test_no_room_for_an_argument(ex, monkeypatch):
    """What fits neither into memory nor on the disk is an error for who sends it; the others go on."""
    from pickleloaf.tasks import shared_memory

    def full(fd, nbytes, *, in_memory):
        raise OSError(28, "No space left on device")

    ex.cluster.wait_for_workers(timeout=20)  # they need a little room themselves
    monkeypatch.setattr(shared_memory, "check_room", full)
    with pytest.raises(OSError, match="no room for"):
        ex.submit(len, bytearray(1 << 20))
    monkeypatch.undo()
    goes_on(ex)


def test_workers_cannot_be_started(monkeypatch):
    """Where no process can be had, everybody who waits is told so, with the cause."""

    def refuse(*_):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(pool, "Member", refuse)
    with pl.Executor(workers=2) as ex, pytest.raises(BrokenExecutor, match="cannot be started") as caught:
        ex.submit(double, 1).result(20)
    assert isinstance(caught.value.__cause__, BlockingIOError)


def test_system_refuses_large_files(script):
    """The system's own refusal (here a limit of file sizes) is an error of who sends, or of the task that returns."""
    code, output, errors = script.run(
        """
        import resource
        import pickleloaf as pl

        def limit(nbytes):
            resource.setrlimit(resource.RLIMIT_FSIZE, (nbytes, resource.RLIM_INFINITY))

        def large(n):
            return bytes(n)

        with pl.Executor(workers=1) as ex:
            assert len(ex.submit(large, 1 << 20).result()) == 1 << 20
            ex.submit(limit, 100_000).result()
            error = ex.submit(large, 1 << 20).exception()
            print(type(error).__name__, "no room for 1,048," in str(error))
            limit(100_000)
            try:
                ex.submit(len, bytearray(1 << 20))
            except OSError as error:
                print("no room for 1,048," in str(error))
            limit(resource.RLIM_INFINITY)
            ex.submit(limit, resource.RLIM_INFINITY).result()
            print(ex.submit(len, bytearray(1 << 20)).result(), len(ex.submit(large, 1 << 20).result()))
        """
    )
    assert (code, errors) == (0, "")
    assert output == "OSError True\nTrue\n1048576 1048576\n"


@pytest.mark.own_workers
def test_memory_is_full_over_there(ex):
    """A result that finds no room is an error of its task, no SIGBUS, and the worker lives on."""

    def full():
        from pickleloaf.tasks import shared_memory

        def check(fd, nbytes, *, in_memory):
            raise OSError(28, "No space left on device")

        shared_memory.check_room = check
        return bytearray(1 << 20)

    assert isinstance(ex.submit(full).exception(20), OSError)
    goes_on(ex)


def test_memory_limit():
    """A task that wants more than its worker may have gets a MemoryError, and the worker lives on."""
    with pl.Executor(workers=1, memory_limit=2 << 30) as ex:
        pid = ex.submit(os.getpid).result(20)
        assert type(ex.submit(bytearray, 4 << 30).exception(20)) is MemoryError
        assert ex.submit(os.getpid).result(20) == pid


# -- the end ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("busy", ["time.sleep(60)", "hog()", "1"], ids=["sleeping", "in C", "idle"])
def test_driver_killed(script, eventually, busy):
    """When the driver is killed its workers end within two seconds, whatever they are doing."""
    with script.start(f"""
        import ctypes, time
        import pickleloaf as pl

        def hog():
            ctypes.PyDLL(None).usleep(60_000_000)

        ex = pl.Executor(workers=2)
        held = ex.cluster.put(bytearray(1 << 20))
        ex.submit(lambda: 1).result()
        futures = [ex.submit(lambda: {busy}) for _ in range(4)]
        time.sleep(0.2)
        print("ready", flush=True)
        time.sleep(60)
    """) as process:
        assert process.stdout.readline() == "ready\n"
        assert len(script.workers()) == 2
        process.kill()
        process.wait()
        assert eventually(lambda: not script.workers(), 2)


def test_ctrl_c(script, eventually):
    """Ctrl-C ends a program with long tasks at once, with one traceback."""
    with script.start(
        """
        import time
        import pickleloaf as pl

        with pl.Executor(workers=2) as ex:
            futures = [ex.submit(time.sleep, 30) for _ in range(6)]
            print("ready", flush=True)
            for future in futures:
                future.result()
        """,
        process_group=0,
    ) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.3)
        start = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=15)
        assert time.monotonic() - start < 6
        assert "KeyboardInterrupt" in errors
        assert errors.count("Traceback") <= 2
        assert eventually(lambda: not script.workers(), 2)


def test_second_ctrl_c(script, eventually):
    """A second Ctrl-C ends it, though its tasks do not heed the first."""
    with script.start(
        """
        import time
        import pickleloaf as pl

        def stubborn():
            while True:
                try:
                    time.sleep(30)
                except BaseException:
                    pass

        with pl.Executor(workers=2, grace_s=30) as ex:
            futures = [ex.submit(stubborn) for _ in range(2)]
            print("ready", flush=True)
            try:
                futures[0].result()
            finally:
                print("interrupted", flush=True)
        """,
        process_group=0,
    ) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.3)
        os.killpg(process.pid, signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        time.sleep(0.3)  # until it waits for its workers to end
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=15)
        assert eventually(lambda: not script.workers(), 2)


def test_forgotten_executor(script):
    """A program that never shuts its executor down ends nevertheless, with its tasks done."""
    code, output, errors = script.run("""
        import pickleloaf as pl
        ex = pl.Executor(workers=2)
        print(ex.submit(lambda: "done").result())
    """)
    assert (code, output.strip()) == (0, "done"), errors
    assert not errors


def test_children_of_a_task(alive, eventually):
    """Processes that a task has started and left end with its worker."""

    def leave():
        return subprocess.Popen(["sleep", "60"]).pid

    with pl.Executor(workers=1) as ex:
        pid = ex.submit(leave).result(20)
        assert alive(pid)
    assert eventually(lambda: not alive(pid), 10)


def test_children_of_a_killed_worker(alive, eventually):
    """They end as well when the worker is killed."""

    def leave(path):
        with path.open("w") as file:
            file.write(str(subprocess.Popen(["sleep", "60"]).pid))
        die()

    import pathlib
    import tempfile

    with tempfile.TemporaryDirectory() as folder, pl.Executor(workers=1) as ex:
        path = pathlib.Path(folder) / "pid"
        assert type(ex.submit(leave, path).exception(20)) is pl.WorkerDied
        pid = int(path.read_text())
        assert eventually(lambda: not alive(pid), 10)


def test_threads_of_a_task():
    """Threads that a task has left, daemons or not, do not keep the worker from ending."""

    def leave():
        for daemon in (True, False):
            threading.Thread(target=time.sleep, args=[60], daemon=daemon).start()

    with pl.Executor(workers=1) as ex:
        ex.submit(leave).result(20)
        start = time.monotonic()
    assert time.monotonic() - start < 10


# -- time runs out, or the wish has passed ----------------------------------------------------------------------


def test_timeout(cluster):
    """A task that takes longer than it may is interrupted, and its worker lives on."""
    pids = {cluster.task(os.getpid, to=worker).result(20) for worker in cluster.workers}
    with pytest.raises(TimeoutError):
        cluster.task(time.sleep, 30, timeout=0.2).result(20)
    assert {cluster.task(os.getpid, to=worker).result(20) for worker in cluster.workers} == pids


def test_timeout_of_a_stubborn_task():
    """One that does not heed the interruption is killed after its grace."""
    with pl.Cluster(workers=1, grace_s=0.3) as cluster:
        promise = cluster.task(stubborn, timeout=0.2)
        assert isinstance(promise.exception(20), (TimeoutError, pl.WorkerDied))
        assert cluster.task(double, 2).result(20) == 4


def stubborn():
    """Ignore every interruption."""
    while True:
        try:
            time.sleep(30)
        except BaseException:  # noqa: S110 - that is the point
            pass


@pytest.mark.parametrize("kind", ["sleeping", "computing", "stubborn"])
def test_cancel_a_running_task(begun, kind):
    """A running task is interrupted, or killed when that does not help; the next one is run."""

    def compute():
        while True:
            sum(range(1000))

    work = {"sleeping": lambda: time.sleep(30), "computing": compute, "stubborn": stubborn}[kind]
    with pl.Cluster(workers=1, grace_s=0.5) as cluster:
        promise = cluster.task(begun.open_and_run, work)
        begun.wait()
        promise.cancel()
        with pytest.raises(CancelledError):
            promise.result(20)
        assert cluster.task(double, 3).result(20) == 6


def test_cancel_a_waiting_task(cluster, gate, eventually):
    """A task that has not begun is never run, once its worker has given it back."""
    blockers = [cluster.task(gate.wait, to=worker) for worker in cluster.workers]
    waiting = [cluster.task(die, to=worker) for worker in cluster.workers]
    for promise in waiting:
        promise.cancel()
    assert eventually(
        lambda: not any(each["queued"] for each in cluster.statistics()["workers"].values()), 20
    )
    gate.open()
    for promise in blockers:
        promise.result(20)
    for promise in waiting:
        with pytest.raises(CancelledError):
            promise.result(20)
    assert cluster.statistics()


# -- odd tasks ---------------------------------------------------------------------------------------------------


@pytest.mark.own_workers
def test_task_that_closes_all_descriptors(ex):
    """A worker that cuts its own line counts as dead, and is replaced."""
    assert type(ex.submit(os.closerange, 0, 1000).exception(20)) is pl.WorkerDied
    goes_on(ex)


@pytest.mark.own_workers
def test_task_that_takes_over_signals(ex):
    """A task that ignores SIGINT and SIGTERM does not keep its worker from ending."""

    def ignore():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    try:
        ex.submit(ignore).result(20)
    except ValueError:
        pytest.skip("it was not run in the main thread")
    goes_on(ex)


def test_task_that_forks(ex):
    """A child that a task forks and that returns from the task's own code does not answer in its place."""

    def fork():
        pid = os.fork()
        if not pid:
            os._exit(0)
        os.waitpid(pid, 0)
        return "parent"

    assert ex.submit(fork).result(20) == "parent"
    goes_on(ex)


@pytest.mark.own_workers
def test_quiet_by_default(ex, capfd):
    """A fault is told to who asked for the result, and not printed besides."""
    assert type(ex.submit(die).exception(20)) is pl.WorkerDied
    ex.submit(fail, ValueError, "x").exception(20)
    goes_on(ex)
    assert capfd.readouterr() == ("", "")


def test_silence_is_logged(caplog):
    """A worker that does not answer, and what becomes of it, is told to the log ``pickleloaf.tasks``."""
    with (
        caplog.at_level(logging.DEBUG, logger="pickleloaf.tasks"),
        pl.Executor(workers=1, deadline_s=0.5) as ex,
    ):
        assert type(ex.submit(die, signal.SIGSTOP).exception(20)) is pl.WorkerDied
    assert any("worker-1" in record.getMessage() for record in caplog.records)
