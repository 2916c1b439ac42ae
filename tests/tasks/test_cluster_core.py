"""Clusters of real processes: what travels, what comes back, and what a death does."""

import asyncio
import io
import os
import signal
import time
from concurrent.futures import BrokenExecutor

import pytest

import pickleloaf as pl
from pickleloaf.tasks import current


def test_closure_runs_elsewhere(ex):
    """A lambda over a local variable, in another process."""
    k = 3
    here = os.getpid()
    assert ex.submit(lambda x: (x + k, os.getpid() != here), 4).result(20) == (7, True)


def test_map_keeps_the_order(ex):
    """Whatever the size of its chunks."""
    for chunksize in (1, 7, "auto"):
        assert list(ex.map(lambda x, y: x * y, range(100), range(100), chunksize=chunksize)) == [
            n * n for n in range(100)
        ]


def test_error_arrives_as_its_own_type(cluster):
    """With the line that raised it."""

    class BurntError(Exception):
        def __init__(self, loaf, minutes):
            super().__init__(f"{loaf} after {minutes}")
            self.minutes = minutes

    def bake():
        raise BurntError("rye", 90)

    with pytest.raises(BurntError) as caught:
        cluster.task(bake).result(20)
    assert caught.value.minutes == 90
    assert caught.traceback[-1].name == "bake"


def test_chain_to_workers_by_name(cluster):
    """`then` passes the value on, `next` does not."""
    here, there = cluster.workers
    promise = cluster.task(lambda: current().name, to=here).then(
        lambda name: (name, current().name), to=there
    )
    assert promise.result(20) == (here, there)
    assert promise.next(lambda: "done").result(20) == "done"


def test_promises_together(cluster, gate):
    """`when_all` in order; `when_any` the first."""
    squares = [cluster.task(lambda n=n: n * n) for n in range(5)]
    assert pl.when_all(squares).then(sum).result(20) == 30
    slow = cluster.task(gate.wait)
    assert pl.when_any([slow, cluster.task(lambda: "quick")]).result(20) == "quick"
    gate.open()
    slow.result(20)


def test_nested_tasks_do_not_deadlock(cluster):
    """A task waits for a task that waits for a task, deeper than there are workers."""

    def nest(depth):
        return depth if depth == 0 else 1 + current().task(nest, depth - 1).result()

    assert cluster.task(nest, 12).result(30) == 12


def test_promise_of_a_promise_is_unwrapped(cluster):
    """What a task returns may be a promise of its own."""
    assert cluster.task(lambda: current().task(lambda: current().task(lambda: 5))).result(20) == 5


def test_async_tasks_run_together(cluster, tmp_path):
    """Many of them wait on one worker at the same time, here for each other."""

    async def meet(n):
        (tmp_path / str(n)).touch()
        while len(list(tmp_path.iterdir())) < 20:
            await asyncio.sleep(0.005)
        return n

    async def main():
        return await asyncio.gather(*(cluster.task(meet, n, to=cluster.workers[0]) for n in range(20)))

    assert asyncio.run(main()) == list(range(20))


def test_refs_are_resolved(cluster):
    """An object that was put, and a function that was."""
    ref = cluster.put([1, 2, 3])
    assert cluster.task(sum, ref).result(20) == 6
    assert cluster.task(cluster.put(lambda xs: xs[-1]), ref).result(20) == 3
    assert ref.get_local() == [1, 2, 3]


def test_allocated_memory_is_shared(cluster):
    """What a task writes there is seen here."""
    ref = cluster.alloc(1 << 16)

    def write(buffer):
        buffer[:5] = b"gobble"[:5]

    cluster.task(write, ref).result(20)
    assert bytes(ref.get_local()[:5]) == b"gobbl"


def test_memory_is_forgotten_with_the_last_handle(cluster):
    """The driver counts; nothing is left when handles are gone."""
    refs = [cluster.put(bytes(1 << 17)) for _ in range(3)]
    assert cluster.statistics()["stored_bytes"] >= 3 << 17
    del refs
    until_s = time.monotonic() + 10
    while cluster.statistics()["stored_bytes"] >= 3 << 17 and time.monotonic() < until_s:
        time.sleep(0.01)
    assert cluster.statistics()["stored_bytes"] < 3 << 17


@pytest.mark.own_workers
def test_death_fails_one_task(ex):
    """And says which worker, by what, and what it printed; others are served on."""

    def die():
        os.write(1, b"goodbye\n")
        os.kill(os.getpid(), signal.SIGKILL)

    doomed = ex.submit(die)
    others = [ex.submit(lambda n=n: n) for n in range(20)]
    with pytest.raises(pl.WorkerDied) as caught:
        doomed.result(20)
    assert caught.value.exitcode == -signal.SIGKILL
    assert "die" in caught.value.task
    assert "goodbye" in str(caught.value)
    assert [other.result(20) for other in others] == list(range(20))


@pytest.mark.own_workers
def test_retries(cluster, tmp_path):
    """A task whose worker died is tried again."""
    mark = tmp_path / "tried"

    def die_once():
        if not mark.exists():
            mark.touch()
            os._exit(1)
        return "lived"

    assert cluster.task(die_once, retries=1).result(20) == "lived"


def test_timeout_and_cancel_interrupt(cluster, begun):
    """A task that sleeps is woken, and its worker lives on."""
    pids = {cluster.task(os.getpid, to=name).result(20) for name in cluster.workers}
    with pytest.raises(TimeoutError):
        cluster.task(time.sleep, 60, timeout=0.1).result(20)
    promise = cluster.task(begun.open_and_run, time.sleep, 60)
    begun.wait()
    promise.cancel()
    assert {cluster.task(os.getpid, to=name).result(20) for name in cluster.workers} == pids


def test_initializer_that_fails_ends_it_all():
    """At once, and with the cause."""
    with (
        pl.Cluster(workers=1, initializer=lambda: 1 / 0) as cluster,
        pytest.raises(BrokenExecutor, match="division by zero") as caught,
    ):
        cluster.task(os.getpid).result(20)
    assert "initializer" in str(caught.value)


def test_profile(cluster, tmp_path):
    """What tasks did anywhere, as one pstats and one timeline."""

    def simmer(n):
        return sorted(range(n))

    with cluster.profile() as profile:
        for name in cluster.workers:
            cluster.task(simmer, 1000, to=name).result(20)
    assert sorted(span.worker for span in profile.spans) == sorted(cluster.workers)
    counts = {where[2]: entry[0] for where, entry in profile.stats.stats.items()}
    assert counts["simmer"] == 2
    profile.save(tmp_path / "trace.json")
    assert "simmer" in (tmp_path / "trace.json").read_text(encoding="utf-8")


def test_watch(cluster, gate, eventually):
    """The view names every worker and what it runs."""

    def simmer():
        gate.wait()

    shown = io.StringIO()
    with cluster.watch(0.01, shown):
        promise = cluster.task(simmer, to=cluster.workers[0])
        assert eventually(lambda: "simmer" in shown.getvalue(), 20)
        gate.open()
        promise.result(20)
    assert all(name in shown.getvalue() for name in cluster.workers)


def test_run():
    """A program is a function of its cluster."""

    async def main(cluster):
        return await cluster.task(lambda: 2).then(lambda x: x + 1)

    assert pl.run(main, workers=1) == 3


def test_nothing_is_left(script):
    """No process, no descriptor; in a program of its own, where nobody else opens some."""
    code, output, errors = script.run("""
        import os
        import pickleloaf as pl

        def descriptors():
            return len(os.listdir("/dev/fd"))

        pids = []
        for turn in range(2):  # the first may open what stays open, once for all clusters
            before = descriptors()
            with pl.Cluster(workers=2) as cluster:
                pids += [cluster.task(os.getpid, to=name).result(20) for name in cluster.workers]
                ref = cluster.put(bytes(1 << 20))
                cluster.task(len, ref).result(20)
            del ref
            print(descriptors() - before)
        for pid in pids:
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                print("ended")
    """)
    assert (code, errors) == (0, "")
    assert output.split() == ["0", "0"] + ["ended"] * 4
