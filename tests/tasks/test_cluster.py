"""taskloaf's model: tasks on chosen workers, promises, refs, from the driver and from inside of tasks."""

import asyncio
import contextlib
import json
import os
import re
import tempfile
import threading
import time
import traceback
from pathlib import Path

import pytest

import pickleloaf as pl
from pickleloaf.tasks.promise import current
from pickleloaf.tasks.watching import view

pytestmark = pytest.mark.timeout(40)


def double(number):
    """Be a task."""
    return 2 * number


async def double_slowly(number):
    """Be an asynchronous one."""
    await asyncio.sleep(0.01)
    return 2 * number


class Refusal(Exception):
    """An exception of this script."""


def refuse(*_):
    """Fail."""
    raise Refusal("no")


# -- tasks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("f", [double, double_slowly, lambda n: 2 * n], ids=["sync", "async", "lambda"])
def test_task(cluster, f):
    """A task returns what the function returns, be it sync, async or a lambda."""
    assert cluster.task(f, 21).result(20) == 42


def test_arguments_by_name(cluster):
    """Keyword arguments are passed on."""
    assert cluster.task(lambda a, *, b: (a, b), 1, b=2).result(20) == (1, 2)


def test_chosen_worker(cluster):
    """`to` says which worker runs a task: always the same process for a name, another one for another."""
    pids = {name: {cluster.task(os.getpid, to=name).result(20) for _ in range(3)} for name in cluster.workers}
    assert all(len(each) == 1 for each in pids.values())
    assert len(set.union(*pids.values())) == len(cluster.workers) == 2
    with pytest.raises(LookupError, match="nobody"):
        cluster.task(double, 1, to="nobody")


def test_named_workers():
    """Workers bear the names that they were given."""
    with pl.Cluster(workers=["left", "right"]) as cluster:
        cluster.wait_for_workers(timeout=20)
        assert list(map(str, cluster.workers)) == ["left", "right"]
        assert cluster.task(os.getpid, to="left").result(20) != cluster.task(os.getpid, to="right").result(20)


@pytest.mark.parametrize("workers", [0, [], ["a", "a"]])
def test_impossible_workers(workers):
    """No workers, or two of one name, are refused."""
    with pytest.raises(ValueError, match="worker"):
        pl.Cluster(workers=workers)


def test_initializer():
    """Each worker calls the initializer once, before its tasks."""

    def initialize(value):
        import builtins

        builtins.told = [*getattr(builtins, "told", []), value]

    def told():
        import builtins

        return builtins.told

    with pl.Cluster(workers=2, initializer=initialize, initargs=["x"]) as cluster:
        assert [cluster.task(told, to=each).result(20) for each in cluster.workers] == [["x"], ["x"]]


def test_nested_tasks(cluster):
    """A task starts tasks of its own, on any worker, its own included, and waits for them."""

    def outer():
        here = current()
        return [here.task(os.getpid, to=name).result(20) for name in here.workers]

    expected = [cluster.task(os.getpid, to=name).result(20) for name in cluster.workers]
    for name in cluster.workers:
        assert cluster.task(outer, to=name).result(20) == expected


def test_nested_tasks_in_async_ones(cluster):
    """An asynchronous task awaits tasks of its own."""

    async def outer():
        here = current()
        return await here.task(double, 4) + await here.task(double_slowly, 5)

    assert cluster.task(outer).result(20) == 18


def test_async_tasks_run_side_by_side(cluster):
    """Asynchronous tasks of one worker meet each other, since none keeps the others waiting."""

    async def meet(path, number):
        (path / str(number)).touch()
        while len(list(path.iterdir())) < 5:
            await asyncio.sleep(0.005)
        return number

    with tempfile.TemporaryDirectory() as folder:
        meeting = [cluster.task(meet, Path(folder), number, to=cluster.workers[0]) for number in range(5)]
        assert pl.when_all(meeting).result(20) == [0, 1, 2, 3, 4]


def test_sync_tasks_run_in_the_main_thread(cluster):
    """A library that wants the main thread, for signals or for a display, has it."""

    def is_main():
        return threading.current_thread() is threading.main_thread()

    assert cluster.task(is_main).result(20)


def test_loop_runs_while_a_task_computes(cluster):
    """An asynchronous task goes on while a sync one computes in the main thread of the same worker."""

    async def answer(path):
        while not (path / "question").exists():
            await asyncio.sleep(0.005)
        (path / "answer").touch()

    def compute(path):
        (path / "question").touch()
        end = time.monotonic() + 20
        while not (path / "answer").exists() and time.monotonic() < end:
            sum(range(100))
        return (path / "answer").exists()

    with tempfile.TemporaryDirectory() as folder:
        answered = cluster.task(answer, Path(folder), to=cluster.workers[0])
        assert cluster.task(compute, Path(folder), to=cluster.workers[0]).result(20)
        answered.result(20)


# -- promises ----------------------------------------------------------------------------------------------------


def test_then_and_next(cluster):
    """`then` takes the value, `next` only waits for it, and both say where."""
    here, there = cluster.workers
    assert cluster.task(double, 1, to=here).then(double, to=there).then(double_slowly).result(20) == 8
    assert cluster.task(double, 1).next(lambda: "after", to=there).result(20) == "after"
    pid = cluster.task(os.getpid, to=there).result(20)
    assert cluster.task(double, 1, to=here).then(lambda _: os.getpid(), to=there).result(20) == pid


def test_promise_of_a_promise(cluster):
    """A promise that a task returns is replaced by what it stands for, however often."""

    def outer(depth):
        return current().task(outer, depth - 1) if depth else "inner"

    assert cluster.task(outer, 5).result(20) == "inner"
    assert cluster.task(outer, 2).then(lambda text: text.upper()).result(20) == "INNER"


def test_promise_as_an_argument(cluster):
    """A promise travels to another worker, which waits for it there."""

    async def wait_for(promises):
        return [await promise for promise in promises]

    def block_for(promises):
        return [promise.result(20) for promise in promises]

    here, there = cluster.workers
    for f in (wait_for, block_for):
        promises = [cluster.task(double, number, to=here) for number in range(3)]
        assert cluster.task(f, promises, to=there).result(20) == [0, 2, 4]


@pytest.mark.parametrize("queued", [False, True], ids=["running", "queued"])
def test_one_who_gives_up_waiting(gate, queued):
    """`asyncio.wait_for` ends the waiting of one, in the driver; all others get the value, also the same one later."""

    async def main(cluster):
        if queued:
            cluster.task(gate.wait)
        promise = cluster.task(gate.wait, "done")
        others = [asyncio.ensure_future(asyncio.wait_for(promise, 20)) for _ in range(2)]
        chained = promise.then(str.upper)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(promise, 0.05)
        gives_up = asyncio.ensure_future(asyncio.wait_for(promise, 20))
        await asyncio.sleep(0)
        gives_up.cancel()
        gate.open()
        return [*await asyncio.gather(*others), await chained, await promise, promise.result(20)]

    assert pl.run(main, workers=1) == ["done", "done", "DONE", "done", "done"]


def test_one_who_gives_up_waiting_in_a_task(cluster, gate):
    """There it is the same, and the worker goes on to answer."""

    async def give_up(promises):
        promise = promises[0]
        other = asyncio.ensure_future(asyncio.wait_for(promise, 20))
        try:
            await asyncio.wait_for(promise, 0.05)
        except TimeoutError:
            gate.open()
            return [await promise, await other]

    here, there = cluster.workers
    promise = cluster.task(gate.wait, "done", to=there)
    assert cluster.task(give_up, [promise], to=here).result(20) == ["done", "done"]
    assert promise.result(20) == "done"
    pid = cluster.task(os.getpid, to=here).result(20)
    assert cluster.statistics()["workers"][here]["pid"] == pid


def test_one_who_gives_up_waiting_for_a_ref(cluster):
    """A stored value stays, too."""

    async def look(refs):
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(refs[0].get(), 0)
        return await refs[0].get()

    ref = cluster.put("value")
    assert asyncio.run(look([ref])) == "value"
    assert cluster.task(look, [ref]).result(20) == "value"


def test_copy_in_a_task(cluster):
    """A task that wants to write gets an array of its own, sync or async; what is stored stays as it was."""
    numpy = pytest.importorskip("numpy")

    def fill(refs):
        array = refs[0].get_local(copy=True)
        array[:] = 7
        return float(array.sum()), refs[0].get_local().flags.writeable

    async def fill_later(refs):
        array = await refs[0].get(copy=True)
        array[:] = 8
        return float(array.sum()), (await refs[0].get()).flags.writeable

    ref = cluster.put(numpy.ones(1 << 15))
    for _ in range(2):
        assert cluster.task(fill, [ref]).result(20) == (7 << 15, True)
        assert cluster.task(fill_later, [ref]).result(20) == (8 << 15, True)
    assert cluster.task(lambda array: float(array.sum()), ref).result(20) == 1 << 15


def test_profile_from_an_async_program(tmp_path):
    """The block is async as well; nested, failing and asynchronous tasks are in it, those before and after are not."""

    def before():
        return 1

    def nested(depth):
        return current().task(nested, depth - 1).result(20) if depth else "inner"

    async def later():
        return double(4)

    async def main(cluster):
        await cluster.task(before)
        async with cluster.profile() as profile:
            assert await cluster.task(nested, 2) == "inner"
            assert await cluster.task(later) == 8
            with pytest.raises(ZeroDivisionError):
                await cluster.task(lambda: 1 / 0)
        await cluster.task(before)
        return profile

    profile = pl.run(main, workers=2)
    names = [span.name.rpartition(".")[2] for span in profile.spans]
    assert names.count("nested") == 3
    assert "<lambda>" in names
    assert "before" not in names
    called = {function[2]: counts[0] for function, counts in profile.stats.stats.items()}
    assert called["nested"] == 3
    assert "before" not in called
    profile.save(tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text(encoding="utf-8"))
    assert "nested" in json.dumps(events)


@pytest.mark.own_workers
def test_view_of_a_cluster(cluster):
    """What `watch` shows: workers, what they run, what waits, was done and failed, how much is stored."""
    ref = cluster.put(bytes(3_000_000))
    cluster.task(double, 2).result(20)
    cluster.task(refuse).exception(20)
    shown = view(cluster.statistics())
    assert all(name in shown for name in cluster.workers)
    assert re.search(r"0 waiting, 0 not ended, 1 done, 1 failed; \d values, 3.0 MB", shown)
    starting = {"pid": None, "up": False, "rss_bytes": 0, "queued": 0, "running": []}
    running = {"pid": 12, "up": True, "rss_bytes": 5_000_000, "queued": 3, "running": ["brew", "taste"]}
    told = view({**cluster.statistics(), "workers": {"a": starting, "b": running}})
    assert [line.split() for line in told.splitlines()[1:3]] == [
        ["a", "-", "0", "MB", "0", "(starting)"],
        ["b", "12", "5", "MB", "3", "brew,", "taste"],
    ]
    del ref


def test_exception_of_a_task(cluster):
    """It arrives as its own type, with the remote traceback."""
    with pytest.raises(Refusal, match="no") as caught:
        cluster.task(refuse).result(20)
    text = "".join(traceback.format_exception(caught.value))
    assert "in refuse" in text
    assert 'raise Refusal("no")' in text


def test_exception_passes_through_a_chain(cluster):
    """What follows a failed task is not called, and fails likewise."""
    promise = cluster.task(refuse).then(double).next(os.abort)
    assert type(promise.exception(20)) is Refusal
    assert promise.done()


def test_exception_can_be_caught_in_a_task(cluster):
    """A task that waits for a failing one may go on."""

    async def outer():
        try:
            await current().task(refuse)
        except Exception as error:
            return type(error).__name__, str(error)

    assert cluster.task(outer).result(20) == ("Refusal", "no")


def test_when_all(cluster):
    """The list of all values, in the order in which they were asked for."""
    promises = [cluster.task(double, number) for number in range(10)]
    assert pl.when_all(promises).result(20) == list(range(0, 20, 2))
    assert pl.when_all(promises).then(sum).result(20) == 90
    assert cluster.when_all([]).result(20) == []
    assert type(pl.when_all([*promises, cluster.task(refuse)]).exception(20)) is Refusal


def test_when_any(cluster, gate):
    """The first value there is."""
    here, there = cluster.workers
    slow, fast = cluster.task(gate.wait, to=here), cluster.task(double, 4, to=there)
    assert pl.when_any([slow, fast]).result(20) == 8
    gate.open()
    slow.result(20)
    with pytest.raises(ValueError, match="at least one"):
        pl.when_any([])


def test_awaited_by_the_driver():
    """`run` gives the cluster to an async function, whose result it returns; also a promise."""

    async def main(cluster):
        first = await cluster.task(double, 1)
        return await pl.when_all([cluster.task(double, first), cluster.task(double_slowly, 5)])

    assert pl.run(main, workers=2) == [4, 10]
    assert pl.run(lambda cluster: cluster.task(double, 3), workers=1) == 6


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_one_program_under_several_workers(workers):
    """The same program gives the same result, whatever the number of its workers."""

    async def main(cluster):
        parts = [cluster.task(double, number).then(double_slowly) for number in range(8)]
        return await pl.when_all(parts).then(sum)

    assert pl.run(main, workers=workers) == 112


def test_timeout_of_a_wait(cluster, gate):
    """Waiting has a limit of its own; the task goes on."""
    promise = cluster.task(gate.wait, "done")
    with pytest.raises(TimeoutError):
        promise.result(0.01)
    gate.open()
    assert promise.result(20) == "done"


def test_statistics(cluster):
    """They are plain data and name all workers."""
    cluster.wait_for_workers(timeout=20)
    text = str(cluster.statistics())
    assert all(str(name) in text for name in cluster.workers)


@pytest.mark.own_workers
def test_after_the_end(cluster):
    """A closed cluster refuses tasks instead of keeping them for ever."""
    cluster.close()
    with pytest.raises(RuntimeError):
        cluster.task(double, 1)


# -- refs --------------------------------------------------------------------------------------------------------


def test_ref_as_an_argument(cluster):
    """A ref is replaced by what it refers to where the task runs."""
    ref = cluster.put({"a": [1, 2, 3]})
    assert cluster.task(lambda d, key: sum(d[key]), ref, "a").result(20) == 6
    assert cluster.task(lambda *, d: len(d), d=ref).result(20) == 1
    assert ref.get_local() == {"a": [1, 2, 3]}


def test_ref_inside_of_an_argument(cluster):
    """A ref within a list stays one, and its holder asks for the value."""

    async def ask(refs):
        return [await ref.get() for ref in refs]

    def ask_locally(refs):
        return [ref.get_local() for ref in refs]

    refs = [cluster.put(number) for number in range(3)]
    assert cluster.task(ask, refs).result(20) == [0, 1, 2]
    assert cluster.task(ask_locally, refs).result(20) == [0, 1, 2]


def test_ref_of_a_function(cluster):
    """A function can be stored once and called often."""
    factor = 3
    ref = cluster.put(lambda number: factor * number)
    assert [cluster.task(ref, number).result(20) for number in range(4)] == [0, 3, 6, 9]


def test_ref_from_a_task(cluster):
    """A ref that a task made and returned is good after the task, on all workers and here."""
    here, there = cluster.workers
    ref = cluster.task(lambda: [current().put("made there")], to=here).result(20)[0]
    assert ref.get_local() == "made there"
    assert cluster.task(str.upper, ref, to=there).result(20) == "MADE THERE"


def test_alloc(cluster):
    """All tasks write into one buffer, which the driver reads without a copy."""
    numpy = pytest.importorskip("numpy")

    def fill(buffer, index, n):
        numpy.frombuffer(buffer, dtype="f8")[index::n] = index

    ref = cluster.alloc(8 * 1000)
    pl.when_all([cluster.task(fill, ref, index, 4) for index in range(4)]).result(20)
    assert numpy.frombuffer(ref.get_local(), dtype="f8").sum() == 250 * (1 + 2 + 3)


def test_memory_of_a_ref_is_freed(cluster, eventually):
    """With the last ref, here and in the workers, the memory is gone; the fixture looks for what is left."""
    data = os.urandom(1 << 20)
    ref = cluster.put(bytearray(data))
    assert segments_of(1 << 20)
    keeper = cluster.task(lambda refs: len(refs[0].get_local()), [ref])
    assert keeper.result(20) == 1 << 20
    del ref, keeper

    assert eventually(lambda: not segments_of(1 << 20), 5), segments_of(1 << 20)


def segments_of(nbytes):
    """List the descriptors of memory of at least this size that this process has open."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            if "memfd:pickleloaf" in str(entry.readlink()) and entry.stat().st_size >= nbytes:
                found.append(entry)
        except OSError:  # closed meanwhile
            continue
    return found
