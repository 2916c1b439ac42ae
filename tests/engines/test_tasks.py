"""The same tasks on every engine: each feature works, or is refused as the engine's table says."""

import asyncio
import concurrent.futures
import contextlib
import json
import os
import pickle
import pickletools
import signal
import sys
import time
import traceback
import types

import pytest
from harness import loaf

from pickleloaf import engines
from pickleloaf.engines.cluster import EngineCluster
from pickleloaf.tasks import current

ENGINE = os.environ.get("PICKLELOAF_ENGINE", "processes")
SLOW_S = 60  # the longest that anything may take


class Turkey:
    """Its instances get methods of their own."""

    def hi(self):
        """Say hello."""
        return "hello"


class Burnt(Exception):  # noqa: N818 - a word of the kitchen's
    """An error that a constructor without arguments cannot make."""

    def __init__(self, minutes, *, degrees):
        super().__init__(f"{minutes} minutes at {degrees} degrees")
        self.minutes, self.degrees = minutes, degrees


def patched_turkey():
    """The bird of the story."""
    turkey = Turkey()
    turkey.hi = types.MethodType(lambda self: "SQUAWK", turkey)
    return turkey


def fail():
    """Raise what needs arguments to be made."""
    raise Burnt(90, degrees=250)


def result(future):
    """What a future holds, within a time."""
    return future.result(timeout=SLOW_S)


def test_it_runs_elsewhere(ex):
    """A lambda runs in another process."""
    assert result(ex.submit(lambda: os.getpid())) != os.getpid()  # noqa: PLW0108 - it is the lambda that travels


def test_what_is_said_stays_secret(ex):
    """With TLS, everybody who talks to Dask does so by it: scheduler, workers, and the client of a task."""
    if ENGINE != "dask-tls":
        pytest.skip("TLS is Dask's")
    scheduler = ex.engine._client.scheduler.address
    addresses = [scheduler, *ex.engine._addresses().values()]
    assert len(addresses) == 3
    assert all(address.startswith("tls://127.0.0.1:") for address in addresses)

    def address():
        with engines.here() as inner:
            return inner.engine._client.scheduler.address

    assert result(ex.submit(address)) == scheduler


def test_turkey_goes_and_comes_back(ex):
    """A patched instance of a class that is installed nowhere is used there, and is itself again here."""
    said, turkey = result(ex.submit(lambda bird: (bird.hi(), bird), patched_turkey()))
    assert said == turkey.hi() == "SQUAWK"
    assert type(turkey) is Turkey


def test_map(ex):
    """`map` is in order, and sends a closure."""
    offset = 5
    assert list(ex.map(lambda a, b: a * b + offset, range(10), range(10))) == [n * n + 5 for n in range(10)]


def test_futures_are_the_standard_librarys(ex):
    """`wait` and `as_completed` take them."""
    futures = [ex.submit(lambda n=n: n) for n in range(4)]
    assert not concurrent.futures.wait(futures, timeout=SLOW_S).not_done
    assert sorted(each.result() for each in concurrent.futures.as_completed(futures)) == [0, 1, 2, 3]


def test_nobody_waits(ex):
    """A future is done in time though nobody is in `result`: for who looks, is called, or waits for the first."""
    future = ex.submit(lambda: 1)
    deadline = time.monotonic() + SLOW_S
    while not future.done():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    called = concurrent.futures.Future()
    ex.submit(lambda: 2).add_done_callback(called.set_result)
    assert called.result(SLOW_S).result() == 2
    assert next(concurrent.futures.as_completed([ex.submit(lambda: 3)], timeout=SLOW_S)).exception() is None


def test_then(ex, lacks, gate):
    """Links of a chain run there, and the last result arrives; they are with the engine at once if it knows chains."""
    slow = ex.submit(gate.wait)
    link = slow.then(lambda _: 1)
    assert (link._job is None) is ("chain" in lacks)
    gate.open()
    assert result(link) == 1
    future = ex.submit(lambda: 1)
    for _ in range(10):
        future = future.then(lambda n: n + 1)
    assert result(future) == 11


def test_tasks_take_futures(ex):
    """Futures among the arguments, positional and by keyword, are replaced by their results."""
    one, two = ex.submit(lambda: 1), ex.submit(lambda: 2)
    assert result(ex.submit(lambda a, *, b: (a, b), one, b=two)) == (1, 2)


def test_await(ex):
    """A future can be awaited, and so can several."""

    async def main():
        return await asyncio.gather(*(ex.submit(lambda n=n: n).then(lambda n: n * n) for n in range(3)))

    assert asyncio.run(main()) == [0, 1, 4]


def test_functions_that_are_nothing_but_code(ex):
    """They are pickled once, and follow their changes nevertheless; what is no function is refused."""
    script = {"__name__": "__main__"}
    exec("def plus(n, *, by=1): return n + by\ndef minus(n): return n - 1", script)
    minus, plus = script["minus"], script["plus"]
    assert [result(ex.submit(minus, n)) for n in (1, 2)] == [0, 1]
    assert result(ex.submit(minus, n=[3][0])) == 2
    minus.__code__ = (lambda n: n - 10).__code__
    assert result(ex.submit(minus, 10)) == 0
    assert result(ex.submit(minus, ex.submit(plus, 10, by=2))) == 2
    with pytest.raises(TypeError, match="a function to be called, not 'bytes'"):
        ex.submit(pickle.dumps(minus.__name__))


def test_coroutine_functions(ex):
    """An async task is run to its end."""

    async def slowly(n):
        await asyncio.sleep(0)
        return n

    assert result(ex.submit(slowly, 3)) == 3


def test_put(ex, lacks):
    """A ref stands for its object in any number of tasks, a function too; a store has it from `put` on."""
    ref, double = ex.put(list(range(1000))), ex.put(lambda n: 2 * n)
    assert [result(ex.submit(sum, ref)) for _ in range(3)] == [499500] * 3
    assert result(ex.submit(double, 4)) == 8
    assert isinstance(ref._handle, bytes | engines.Payload) is ("store" in lacks)


def test_refs_stand_alone(ex):
    """A ref that is hidden inside of an argument is an error that says where."""
    with pytest.raises(loaf.EncodeError, match="a ref stands among the arguments") as caught:
        ex.submit(len, [ex.put(1)])
    assert "args" in caught.value.path or "[" in caught.value.path


def test_large_arrays(ex):
    """Large buffers travel beside the pickle, both ways."""
    numpy = pytest.importorskip("numpy")
    array = numpy.arange(1 << 20, dtype=float)
    total, back = result(ex.submit(lambda a: (a.sum(), a + 1), array))
    assert total == array.sum()
    assert (back == array + 1).all()


def test_arguments_may_change_afterwards(ex):
    """What is submitted is what the arguments were at that time."""
    numpy = pytest.importorskip("numpy")
    array = numpy.zeros(1 << 20)
    for value in range(3):
        array[:] = value
        futures = [ex.submit(lambda a: a.mean(), array) for _ in range(6)]
        array[:] = -1
        assert [result(each) for each in futures] == [value] * 6


def test_arguments_inside_may_change_afterwards(ex, lacks):
    """So it is where a task submits, whose worker is then the one that keeps them."""
    numpy = pytest.importorskip("numpy")
    if "nested" in lacks:
        pytest.skip(lacks["nested"])

    def outer(array):
        with engines.here() as inner:
            futures = [inner.submit(lambda a: a.mean(), array) for _ in range(3)]
            array[:] = 1
            return [each.result() for each in futures]

    assert result(ex.submit(lambda: outer(numpy.zeros(1 << 20)))) == [0, 0, 0]


def test_what_tasks_share_stays_as_it_is(ex):
    """A task that changes a large array that others are given as well fails, or changes its own."""
    numpy = pytest.importorskip("numpy")

    def change(array):
        with contextlib.suppress(ValueError):  # it is read-only
            array[:] = 1

    for shared in (ex.put(numpy.zeros(1 << 18)), ex.submit(lambda: numpy.zeros(1 << 18))):
        for _ in range(4):
            result(ex.submit(change, shared))
        assert result(ex.submit(numpy.mean, shared)) == 0


def test_exceptions_are_themselves(ex):
    """An exception arrives as its own type, with fields, and with the traceback of over there."""
    with pytest.raises(Burnt) as caught:
        result(ex.submit(fail))
    assert (caught.value.minutes, caught.value.degrees) == (90, 250)
    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
    assert frames[-1].f_code.co_name == "fail"
    between = {"pickleloaf.engines.calls", "pickleloaf.engines.running", "pickleloaf.tasks.standalone"}
    assert between.isdisjoint(frame.f_globals.get("__name__") for frame in frames)


def test_a_failure_is_passed_on(ex):
    """What takes the result of a failed task fails with the same, and does not run."""
    with pytest.raises(Burnt):
        result(ex.submit(fail).then(lambda _: "ran"))


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()], ids=["exit", "interrupt"])
def test_the_end_is_the_tasks_only(ex, error):
    """`sys.exit` in a task is an error of that task, and nobody ends."""

    def end():
        raise error

    with pytest.raises(loaf.TaskError, match=type(error).__name__):
        result(ex.submit(end))
    assert result(ex.submit(lambda: 1)) == 1


def test_what_cannot_travel(ex):
    """Arguments are refused here; results and exceptions there, and the task fails with that."""
    with pytest.raises(loaf.EncodeError, match="frame"):
        ex.submit(id, sys._getframe())
    with pytest.raises(loaf.EncodeError, match="frame"):
        result(ex.submit(lambda: [sys._getframe()]))

    def fail_with_a_frame():
        raise ValueError(sys._getframe())

    with pytest.raises(loaf.TaskError, match="ValueError, which cannot travel"):
        result(ex.submit(fail_with_a_frame))


@pytest.mark.parametrize(
    "made", [(int, ("x",)), (int, ("5",)), (sys.exit, ())], ids=["fails", "else", "ends"]
)
def test_what_cannot_be_raised(ex, made):
    """An exception that cannot be made again is told of, by its name and its text."""

    class Odd(Exception):  # noqa: N818 - as it is
        def __reduce__(self):
            return made

    def fail_oddly():
        raise Odd("at 250 degrees")

    with pytest.raises(loaf.TaskError, match=r"(?s)Odd, which .*at 250 degrees"):
        result(ex.submit(fail_oddly))


def test_what_cannot_be_made(ex):
    """An argument or a result that cannot be unpickled fails its task and nothing else."""

    class Mine:
        def __reduce__(self):
            return (json.loads, ("this is no JSON",))

    with pytest.raises(json.JSONDecodeError):
        result(ex.submit(id, Mine()))
    with pytest.raises(json.JSONDecodeError):
        result(ex.submit(lambda: Mine()))  # noqa: PLW0108 - it has to be made there

    class Last:
        def __reduce__(self):
            return (sys.exit, (7,))

    with pytest.raises(loaf.TaskError, match=r"SystemExit\(7\)"):
        result(ex.submit(lambda: Last()))  # noqa: PLW0108 - as above


def test_retries(ex, tmp_path):
    """A task that fails is tried again as often as it may be."""
    path = str(tmp_path / "tries")

    def sometimes():
        with open(path, "a+") as file:  # noqa: PTH123 - pathlib would travel along
            file.write("x")
            file.seek(0)
            tries = len(file.read())
        if tries < 3:
            raise ValueError(tries)
        return tries

    assert result(ex.task(sometimes, retries=2)) == 3
    os.unlink(path)  # noqa: PTH108
    ex.task(sometimes, retries=2)
    deadline = time.monotonic() + SLOW_S
    while not os.path.exists(path) or os.path.getsize(path) < 3:  # noqa: PTH110, PTH202 - nobody waits for it
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.unlink(path)  # noqa: PTH108
    with pytest.raises(ValueError, match="2"):
        result(ex.task(sometimes, retries=1))


def test_workers_have_names(ex, lacks):
    """`to=` chooses a worker, always the same process; an unknown name is an error that lists the known."""
    if "workers" in lacks:
        with pytest.raises(loaf.EngineError, match="workers with names"):
            ex.task(os.getpid, to="anybody")
        return
    assert len(ex.workers) == 2
    pids = {name: {result(ex.task(os.getpid, to=name)) for _ in range(4)} for name in ex.workers}
    assert [len(each) for each in pids.values()] == [1, 1]
    assert len(set.union(*pids.values())) == 2
    with pytest.raises(loaf.EngineError, match=ex.workers[0]):
        ex.task(os.getpid, to="nobody")


def test_from_worker_to_worker(ex, lacks):
    """A chain that names its workers runs on them."""
    if "workers" in lacks:
        pytest.skip(lacks["workers"])
    here, there = ex.workers
    future = ex.task(patched_turkey, to=here).then(lambda bird: bird.hi(), to=there)
    assert result(future.then(str.lower, to=here)) == "squawk"


def test_nested(ex, lacks):
    """A task submits a task and waits for it, more deeply than there are workers."""

    def count(n):
        with engines.here() as inner:
            return n if n == 0 else 1 + inner.submit(count, n - 1).result(timeout=SLOW_S)

    if "nested" in lacks:
        with pytest.raises(loaf.EngineError, match="tasks submit tasks"):
            result(ex.submit(count, 0))
        return
    assert result(ex.submit(count, 3)) == 3


@pytest.mark.parametrize("way", ["leave", "exception"])
def test_nested_without_result(ex, lacks, way):
    """However a task waits for its tasks, more of them than there are workers do not keep the places from these."""
    if "nested" in lacks:
        pytest.skip(lacks["nested"])

    def outer(n):
        with engines.here() as inner:
            future = inner.submit(lambda: n)
            if way == "exception":
                assert future.exception() is None
        return future.result()

    assert [result(each) for each in [ex.submit(outer, n) for n in range(4)]] == [0, 1, 2, 3]


def test_a_failure_goes_down_a_long_chain(ex):
    """However long it is, and a chain that is done holds no more than its end."""
    future = ex.submit(lambda: time.sleep(0.5) or fail())
    for _ in range(400):
        future = future.then(lambda n: n)
    assert isinstance(future.exception(SLOW_S), Burnt)
    assert future._task.needs == []


def test_cancel_what_another_needs(ex, gate):
    """What takes the result of a task that is cancelled fails with that, though it has begun."""
    # More than run at once: a pool takes some beforehand, which cannot be cancelled any more.
    blocking = [ex.submit(gate.wait) for _ in range(8)]
    first = ex.submit(time.sleep, 0)
    second = first.then(lambda _: "ran")
    assert first.cancel()
    gate.open()
    with pytest.raises(concurrent.futures.CancelledError):
        result(second)
    concurrent.futures.wait(blocking, timeout=SLOW_S)


def test_cancel(ex, gate):
    """A task that has not begun can be taken back, and never runs."""
    blocking = [ex.submit(gate.wait) for _ in range(4)]
    futures = [ex.submit(time.sleep, 0) for _ in range(8)]
    assert futures[-1].cancel()
    assert futures[-1].cancelled()
    with pytest.raises(concurrent.futures.CancelledError):
        futures[-1].result()
    gate.open()
    assert not concurrent.futures.wait(blocking + futures, timeout=SLOW_S).not_done
    for each in blocking + futures[:-1]:
        result(each)


def test_patches_are_carried(ex, monkeypatch):
    """With `patches="carry"`, importable code is patched there while the task runs, and not after it."""
    script = {"__name__": "__main__"}  # pytest has patched too much for a function of this module
    exec("import json\ndef dumped(): return json.dumps(1)\ndef patch(obj): return 'patched'", script)
    carrying = engines.Executor(ex.engine, patches="carry")
    monkeypatch.setattr(json, "dumps", script["patch"])
    assert result(carrying.submit(script["dumped"])) == "patched"
    monkeypatch.undo()
    assert result(ex.submit(script["dumped"])) == "1"


def test_death(ex, lacks, tmp_path):
    """A worker that is killed is the `WorkerDied` of its task; others go on, and a task may be tried again."""
    if "death" in lacks:
        pytest.skip(lacks["death"])
    others = [ex.submit(lambda n=n: n) for n in range(4)]
    if "alone" in lacks:
        concurrent.futures.wait(others, timeout=SLOW_S)
    with pytest.raises(loaf.WorkerDied) as caught:
        result(ex.submit(die))
    assert caught.value.task == "die"
    assert [result(each) for each in others] == [0, 1, 2, 3]
    path = str(tmp_path / "died")

    def die_once():
        if os.path.exists(path):  # noqa: PTH110
            return "alive"
        open(path, "x").close()  # noqa: PTH123
        return die()

    assert result(ex.task(die_once, retries=1)) == "alive"


def test_what_a_dead_worker_kept(ex):
    """Dask's refs are gone with the worker that kept them, and the task that takes one says so."""
    if not ENGINE.startswith("dask"):
        pytest.skip("elsewhere the driver keeps them, or this machine")
    ref = ex.put(bytes(1 << 20))
    names = ex.workers
    for death in [ex.task(die, to=name) for name in names]:
        assert isinstance(death.exception(SLOW_S), loaf.WorkerDied)
    for name in names:
        wait_for_worker(ex, name)
    with pytest.raises(loaf.WorkerDied, match="died that kept what it takes"):
        result(ex.submit(len, ref))


def die():
    """End this process at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_names_outlive_workers(ex, lacks):
    """After a named worker has died, its name leads to another process."""
    if "death" in lacks or "workers" in lacks:
        pytest.skip(lacks.get("death") or lacks["workers"])
    name = ex.workers[0]
    before = result(ex.task(os.getpid, to=name))
    with pytest.raises(loaf.WorkerDied) as caught:
        result(ex.task(die, to=name))
    assert caught.value.worker == name
    wait_for_worker(ex, name)
    assert result(ex.task(os.getpid, to=name)) != before


def wait_for_worker(ex, name):
    """Wait until a worker that has died is replaced."""
    deadline = time.monotonic() + SLOW_S
    while name not in ex.workers:
        assert time.monotonic() < deadline, "the worker was not replaced"
        time.sleep(0.05)


def test_engines_see_payloads_only(ex):
    """Where a class refuses every pickler but by our own policy, the engine does not notice."""

    class Shy:
        def __reduce__(self):
            return (dict, ()) if in_our_pickler() else pytest.fail("the engine pickled user code")

    assert result(ex.submit(type, Shy())) is dict


def in_our_pickler():
    """Whether pickleloaf is among the callers, with nothing of an engine's between it and `__reduce__`."""
    return "pickleloaf" in sys._getframe(2).f_globals["__name__"]


def test_payloads_survive_plain_pickle():
    """A payload may be pickled by any protocol that an engine uses, buffers and all."""
    numpy = pytest.importorskip("numpy")
    payload = engines.Payload.of(numpy.arange(100_000))
    for protocol in range(2, 6):
        again = pickle.loads(pickle.dumps(payload, protocol))
        assert (again.open() == numpy.arange(100_000)).all()
        assert again.nbytes == payload.nbytes


# -- the face of the local runtime: the same promises ------------------------------------------------------


def test_the_same_program(ex):
    """`then`, `next`, `when_all`, `when_any`, refs and nested awaiting, as `pickleloaf.run` has them."""

    async def main(cluster):
        squares = [cluster.task(lambda n: n * n, n) for n in range(4)]
        total = loaf.when_all(squares).then(sum)
        ref = cluster.put([1, 2])
        first = loaf.when_any([cluster.task(len, ref)]).then(lambda n: n + 1)
        unrelated = total.next(lambda: "next")
        return await total, await first, await unrelated, await ref.get(), ref.get_local()

    with_promises = asyncio.run(main(EngineCluster(Unclosed(ex.engine))))
    assert with_promises == (14, 3, "next", [1, 2], [1, 2])


def test_promises_fail_alike(ex):
    """A failure goes through `when_all` and `then`; what an engine has not is refused."""
    cluster = EngineCluster(Unclosed(ex.engine))
    with pytest.raises(Burnt):
        cluster.when_all([cluster.task(fail), cluster.task(len, "ab")]).then(len).result(SLOW_S)
    assert cluster.when_all([]).result(SLOW_S) == []
    for refused in (lambda: cluster.alloc(10), cluster.statistics, cluster.profile, cluster.watch):
        with pytest.raises(loaf.EngineError, match=f"{ex.engine.name} cannot do this"):
            refused()


class Unclosed(engines.Executor):
    """An executor on the session's engine, which stays open."""

    def shutdown(self, wait=True, *, cancel_futures=False):
        """Leave it open."""


def test_promises_as_arguments(ex):
    """A promise or ref that stands anywhere in the arguments arrives as itself, and knows its value or its failure."""
    cluster = EngineCluster(Unclosed(ex.engine))

    def look(promises, alone, *, burnt):
        try:
            burnt.result()
        except Burnt as error:
            return [each.result() for each in promises["all"]], alone.result(), error.minutes
        return "not burnt"

    squares = [cluster.task(lambda n: n * n, n) for n in range(3)]
    found = cluster.task(look, {"all": squares}, squares[2], burnt=cluster.task(fail))
    assert found.result(SLOW_S) == ([0, 1, 4], 4, 90)
    assert cluster.task(lambda refs: refs[0].get_local(), [cluster.put("kept")]).result(SLOW_S) == "kept"

    async def wait(promises):
        return [await each for each in promises]

    assert cluster.task(wait, squares).result(SLOW_S) == [0, 1, 4]
    with pytest.raises(loaf.EncodeError, match="promise"):
        cluster.task(lambda promises: promises, squares).result(SLOW_S)
    other = EngineCluster(Unclosed(ex.engine))
    with pytest.raises(loaf.EncodeError, match="another cluster"):
        other.task(len, squares)
    with pytest.raises(loaf.EngineError, match="another cluster"):
        other.task(len, cluster.put("kept"))


def test_tasks_inside_of_tasks(ex, lacks):
    """`current` in a task is the engine's: a task starts tasks, uses what it was given, and may return a promise."""
    cluster = EngineCluster(Unclosed(ex.engine))

    def spread(given):
        here = current()
        tasks = [here.task(lambda n: n * 2, n) for n in range(3)]
        return here.when_all([*tasks, given[0]]).then(sum)

    promise = cluster.task(spread, [cluster.task(lambda: 1)])
    if "nested" in lacks:
        with pytest.raises(loaf.EngineError, match="tasks submit tasks"):
            promise.result(SLOW_S)
    else:
        assert promise.result(SLOW_S) == 7


def test_async_tasks_await_tasks(ex, lacks):
    """More async tasks than there are workers await tasks of their own, and none keeps a place from these."""
    if "nested" in lacks:
        pytest.skip(lacks["nested"])
    cluster = EngineCluster(Unclosed(ex.engine))

    async def outer(n):
        with engines.here() as inner:
            return await current().task(lambda: n) + await inner.submit(lambda: n)

    promises = [cluster.task(outer, n) for n in range(4)]
    assert cluster.when_all(promises).result(SLOW_S) == [0, 2, 4, 6]


def test_timeout(ex):
    """A task that takes longer than it may fails with a TimeoutError, and the worker goes on."""

    def never():
        while True:
            time.sleep(0.01)

    with pytest.raises(TimeoutError, match=r"never took longer than its timeout of 0\.2 s"):
        result(ex.task(never, timeout=0.2))
    cluster = EngineCluster(Unclosed(ex.engine))
    with pytest.raises(TimeoutError):
        cluster.task(never, timeout=0.2).result(SLOW_S)
    assert result(ex.task(len, "ab", timeout=SLOW_S)) == 2


def test_map_shows_progress(ex, capfd, monkeypatch):
    """`map` shows how far it has come; it sends chunks, and raises after its timeout."""
    for module in ("tqdm.auto", "rich.progress"):
        monkeypatch.setitem(sys.modules, module, None)
    assert list(ex.map(abs, range(-7, 0), chunksize=3, progress=True)) == [7, 6, 5, 4, 3, 2, 1]
    assert "7 of 7" in capfd.readouterr().err
    assert list(ex.map(lambda n: n + 1, range(100), chunksize="auto")) == list(range(1, 101))
    with pytest.raises(TimeoutError):
        list(ex.map(time.sleep, [1.0], timeout=0.1))


def test_policies(ex, lacks):
    """What `dumps` may be told, an executor may be told: of tasks and of what they return."""
    with pytest.raises(ValueError, match="patches is one of"):
        engines.connect("local", patches="perhaps")
    portable = engines.Executor(ex.engine, portable=True)
    with_source = loaf.dumps(double, by_value="local", portable=True)
    for each, expected in ((portable, True), (ex, False)):
        future = each.submit(lambda: double)
        assert result(future)(5) == 10
        sent, returned = future._task.payload, engines.Payload.received(future._job.future.result())
        assert (code_in(with_source) in sent.data) is expected
        assert (code_in(with_source) in returned.data) is expected
    handles = loaf.policy.handles.Handles()
    assert engines.Executor(ex.engine, handles=handles).submit(len, "ab").result(SLOW_S) == 2


def code_in(payload):
    """The longest piece of bytes in a payload: the code, with its source where it is portable."""
    return max((arg for _, arg, _ in pickletools.genops(payload) if type(arg) is bytes), key=len)


def double(n):
    """Travel with whoever calls it."""
    return 2 * n


#: Every row of the table of engines, and the test that shows it to work or to be refused.
SHOWN = {
    "workers": test_workers_have_names,
    "store": test_put,
    "chain": test_then,
    "death": test_death,
    "alone": test_death,
    "cancel": test_cancel,
    "nested": test_tasks_inside_of_tasks,
    "given": test_promises_as_arguments,
    "returned": test_promises_as_arguments,
    "timeout": test_timeout,
    "policy": test_policies,
    "progress": test_map_shows_progress,
    "alloc": test_promises_fail_alike,
    "seen": test_promises_fail_alike,
}


def test_every_row_is_shown(lacks):
    """No row of the table is without a test, and no engine lacks what is no row."""
    assert SHOWN.keys() == engines.FEATURES.keys()
    assert lacks.keys() <= engines.FEATURES.keys()
