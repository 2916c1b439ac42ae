"""The executor: as in concurrent.futures, for functions of every kind and programs of every shape."""

import asyncio
import itertools
import os
import subprocess
import sys
import textwrap
import threading
import time
import types
from concurrent.futures import FIRST_COMPLETED, as_completed, wait
from pathlib import Path

import pytest

import pickleloaf as pl
from pickleloaf.tasks.output import Output

pytestmark = pytest.mark.timeout(40)


class Turkey:
    """A bird with manners."""

    def hi(self):
        """Greet politely."""
        return "hello"


def double(number):
    """Be a task."""
    return 2 * number


def abort(_):
    """End the worker."""
    os.abort()


def test_patched_turkey(ex):
    """A lambda gets an instance with a method that was patched in."""
    turkey = Turkey()
    turkey.hi = types.MethodType(lambda self: f"SQUAWK, says {type(self).__name__}", turkey)
    assert ex.submit(lambda t: t.hi(), turkey).result(20) == "SQUAWK, says Turkey"


@pytest.mark.parametrize("chunksize", [1, 7, 1000, "auto"])
def test_map(ex, chunksize):
    """Results in order, however the arguments are grouped."""
    assert list(ex.map(lambda a, b: a * b, range(100), range(1, 101), chunksize=chunksize)) == [
        number * (number + 1) for number in range(100)
    ]


def test_map_with_an_error(ex):
    """An error comes where its result would have been."""
    results = ex.map(lambda number: 6 // number, [1, 2, 0, 3], chunksize="auto")
    assert [next(results), next(results)] == [6, 3]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_map_of_nothing(ex):
    """No arguments, no results."""
    assert list(ex.map(double, [], chunksize="auto")) == []


@pytest.mark.parametrize("chunksize", [1, 7, "auto"])
def test_map_of_what_has_no_length(ex, chunksize):
    """Results come in order from generators, from iterables of several lengths, and from those without an end."""
    assert list(ex.map(double, (n for n in range(3000)), chunksize=chunksize)) == list(range(0, 6000, 2))
    assert list(ex.map(lambda a, b: (a, b), "ab", itertools.repeat(1), chunksize=chunksize)) == [
        ("a", 1),
        ("b", 1),
    ]
    if chunksize == "auto":
        assert list(itertools.islice(ex.map(double, itertools.count(), chunksize="auto"), 5000))[-1] == 9998


def test_map_makes_large_chunks_of_cheap_calls(ex, monkeypatch):
    """Thousands of cheap calls are a few tasks, and slow ones are a task each."""
    sizes = []
    submit = ex.submit
    monkeypatch.setattr(ex, "submit", lambda fn, chunk: sizes.append(len(chunk)) or submit(fn, chunk))
    assert list(ex.map(double, range(20_000), chunksize="auto")) == list(range(0, 40_000, 2))
    assert len(sizes) < 40
    sizes.clear()
    list(ex.map(time.sleep, [0.03] * 10, chunksize="auto"))
    assert sizes == [1] * 10


@pytest.mark.own_workers
def test_map_tells_whose_worker_died(ex):
    """An error of a chunk names the function, and its traceback begins there."""
    with pytest.raises(pl.WorkerDied, match="abort"):
        list(ex.map(abort, [1, 2], chunksize=2))
    with pytest.raises(ZeroDivisionError) as caught:
        list(ex.map(lambda n: 1 // n, [0, 1], chunksize=2))
    assert "__call__" not in [each.name for each in caught.traceback]


def test_map_is_timed(ex, gate):
    """A limit for the whole."""
    with pytest.raises(TimeoutError):
        list(ex.map(gate.wait, [1], timeout=0.05))
    gate.open()


def test_wait_and_as_completed(ex, gate):
    """The functions of concurrent.futures take our futures."""
    futures = [ex.submit(double, number) for number in range(10)]
    assert {future.result() for future in as_completed(futures, timeout=20)} == set(range(0, 20, 2))
    slow, fast = ex.submit(gate.wait), ex.submit(double, 1)
    assert wait([slow, fast], 20, FIRST_COMPLETED) == ({fast}, {slow})
    gate.open()
    assert slow.result(20) is None


def test_in_asyncio(ex):
    """As an executor of an event loop, and with `wrap_future`."""

    async def main():
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(ex, double, 4), await asyncio.wrap_future(ex.submit(double, 5))

    assert asyncio.run(main()) == (8, 10)


def test_callbacks(ex):
    """A callback is called with its future, when it is done already, too."""
    called = []
    future = ex.submit(double, 3)
    future.add_done_callback(lambda future: called.append(future.result()))
    future.result(20)
    future.add_done_callback(lambda future: called.append(future.result()))
    end = time.monotonic() + 5
    while len(called) < 2 and time.monotonic() < end:
        time.sleep(0.01)
    assert called == [6, 6]


@pytest.mark.own_workers
def test_whoever_closes_second_waits_as_well(ex):
    """So a program that ends does not end before what its workers have printed is written."""
    ex.submit(double, 1).result(20)
    driver = ex.cluster._driver
    closing = threading.Thread(target=ex.cluster.close)
    closing.start()
    while not driver._closed:
        time.sleep(0.0001)
    ex.cluster.close()
    assert not driver._pool._thread.is_alive()
    closing.join()


def test_output_may_be_read_to_its_end_before_it_is_closed(monkeypatch):
    """The thread that reads it may see that it is over, and go, before it is woken for that."""
    output = Output()
    pipe, end = os.pipe()
    output.add(pipe, "worker", "stdout")
    write = os.write

    def write_late(fd, data):
        if data == b"-":
            os.close(end)
            output._thread.join(20)
        return write(fd, data)

    monkeypatch.setattr(os, "write", write_late)
    output.close()
    assert not output._thread.is_alive()


@pytest.mark.own_workers
def test_shutdown(ex):
    """What was submitted is done, what comes later is refused."""
    futures = [ex.submit(lambda n: time.sleep(0.02) or n, number) for number in range(10)]
    ex.shutdown()
    assert [future.result(0) for future in futures] == list(range(10))
    with pytest.raises(RuntimeError, match="after shutdown"):
        ex.submit(double, 1)


@pytest.mark.own_workers
def test_shutdown_that_cancels(ex, gate, eventually):
    """`cancel_futures` leaves what is running and gives up the rest."""
    ex.cluster.wait_for_workers(timeout=20)
    running = [ex.submit(gate.wait, "done") for _ in range(2)]
    waiting = [ex.submit(double, number) for number in range(50)]
    assert eventually(lambda: all(future.running() for future in running), 20)
    waiting[-1].add_done_callback(lambda _: gate.open())
    ex.shutdown(cancel_futures=True)
    assert [future.result(0) for future in running] == ["done", "done"]
    assert all(future.cancelled() for future in waiting)


def test_shutdown_that_does_not_wait(gate):
    """`wait=False` returns at once, and the tasks are done nevertheless."""
    ex = pl.Executor(workers=1)
    future = ex.submit(gate.wait, "done")
    ex.shutdown(wait=False)
    assert not future.done()
    gate.open()
    assert future.result(20) == "done"


def test_from_many_threads(ex):
    """Threads share an executor."""
    results = {}

    def use(number):
        results[number] = [ex.submit(double, number).result(20) for _ in range(20)]

    threads = [threading.Thread(target=use, args=[number]) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: [2 * number] * 20 for number in range(5)}


def test_max_tasks_per_worker():
    """A worker is replaced by a fresh one after so many tasks."""
    with pl.Executor(workers=1, max_tasks_per_worker=3) as ex:
        pids = [ex.submit(os.getpid).result(20) for _ in range(9)]
    assert len(set(pids)) >= 3
    assert all(pids.count(pid) <= 3 for pid in pids)


@pytest.mark.own_workers
def test_labelled_output(ex, capfd):
    """What a task prints appears here, with its worker's name in front."""
    ex.submit(lambda: print("out") or print("err", file=sys.stderr)).result(20)
    ex.shutdown()
    output, errors = capfd.readouterr()
    assert "[worker-" in output
    assert output.endswith("] out\n")
    assert errors.endswith("] err\n")


# -- programs ----------------------------------------------------------------------------------------------------

PROGRAM = """
    import pickleloaf as pl

    LIMIT = 3

    class Bird:
        sound = "gobble"

        def speak(self):
            return (self.sound + " ") * LIMIT

    ex = pl.Executor(workers=2)
    print(ex.submit(lambda bird: bird.speak(), Bird()).result())
    ex.shutdown()
"""


def test_script_without_a_guard(script):
    """A script needs no ``if __name__ == "__main__"``: what it defines travels, and it is run once."""
    code, output, errors = script.run(PROGRAM)
    assert (code, output, errors) == (0, "gobble gobble gobble \n", "")


@pytest.mark.parametrize(
    "flags", [["-"], [], ["-c", textwrap.dedent(PROGRAM)]], ids=["dash", "pipe", "option c"]
)
def test_program_without_a_file(flags, mark):
    """So does a program that Python reads from its input, or from the command line."""
    done = subprocess.run(
        [sys.executable, *flags],
        input=textwrap.dedent(PROGRAM),
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
        env={**os.environ, "PYTHONPATH": str(Path(pl.__file__).parents[1])},
    )
    assert (done.stdout, done.stderr) == ("gobble gobble gobble \n", "")


def test_interactive_redefinition(ex):
    """A function that was changed, or whose globals were, is never an old one at the worker."""
    namespace = {"factor": 2}
    exec("def scale(number):\n    return factor * number", namespace)
    assert ex.submit(namespace["scale"], 10).result(20) == 20
    namespace["factor"] = 5
    assert ex.submit(namespace["scale"], 10).result(20) == 50
    exec("def scale(number):\n    return -factor * number", namespace)
    assert ex.submit(namespace["scale"], 10).result(20) == -50


def test_changed_closure(ex):
    """A closure is sent as it is at the time."""
    count = 0

    def read():
        return count

    assert ex.submit(read).result(20) == 0
    count = 7
    assert ex.submit(read).result(20) == 7


def test_changed_class(ex):
    """A class that workers have is for each task what it was when that was submitted."""
    namespace = {"__name__": "__main__", "limit": 1}
    exec("class Bird:\n    sound = 'a'\n    def speak(self): return self.sound * limit", namespace)
    bird = namespace["Bird"]()
    for change, said in (("", "a"), ("limit = 2", "aa"), ("Bird.sound = 'b'", "bb"), ("limit = 1", "b")):
        exec(change, namespace)
        assert list(ex.map(lambda _: bird.speak(), range(8), chunksize=1)) == [said] * 8


def test_patched_module_is_patched_for_the_task_only(ex):
    """A task sees the patches of its driver; the next one, without them, does not."""
    import json

    original, json.dumps = json.dumps, lambda obj: "patched"
    try:
        assert ex.submit(lambda: json.dumps([1])).result(20) == "patched"
    finally:
        json.dumps = original
    assert {ex.submit(lambda: json.dumps([1])).result(20) for _ in range(4)} == {"[1]"}


def test_main_of_a_worker_is_its_own(ex):
    """A task that looks at ``__main__`` there finds the worker's, not a second run of the script."""
    assert ex.submit(lambda: getattr(sys.modules["__main__"], "__file__", None)).result(20) != sys.argv[0]


def test_progress(ex, capsys):
    """`progress=True` changes nothing but what is shown."""
    assert list(ex.map(double, range(5), chunksize="auto", progress=True)) == [0, 2, 4, 6, 8]
