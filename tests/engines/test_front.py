"""`pickleloaf.Executor` and `pickleloaf.run` take an engine."""

import concurrent.futures
import multiprocessing
import os

import pytest
from harness import loaf

from pickleloaf import engines


def test_executor_on_an_engine():
    """With `engine=`, an executor runs on what it is given, and leaves it running."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with loaf.Executor(engine=pool) as ex:
            assert isinstance(ex, engines.Executor)
            assert ex.submit(lambda n: n + 1, 1).result() == 2
        assert pool.submit(len, "ab").result() == 2


def test_executor_here():
    """Without, it is the local runtime's."""
    with loaf.Executor(workers=1) as ex:
        assert ex.submit(lambda n: n + 1, 1).result() == 2
        assert ex.cluster.workers == ["worker-1"]


@pytest.mark.parametrize("engine", [None, "local"])
def test_run(engine):
    """The same `main` runs here and on an engine, sync and async."""

    async def later(cluster):
        return await loaf.when_all([cluster.task(lambda n: n * n, n) for n in range(3)]).then(sum)

    assert loaf.run(later, engine=engine, workers=2) == 5
    assert loaf.run(lambda cluster: cluster.task(len, "abc"), engine=engine, workers=2) == 3


def test_shutdown_refuses_and_cancels():
    """After `shutdown` nothing is taken; `cancel_futures` takes back what has not begun."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        ex = engines.connect(pool)
        started, finish = concurrent.futures.Future(), concurrent.futures.Future()
        pool.submit(lambda: (started.set_result(None), finish.result()))
        started.result()
        waiting = ex.submit(len, "ab")
        ex.shutdown(wait=False, cancel_futures=True)
        finish.set_result(None)
        assert waiting.cancelled()
        with pytest.raises(RuntimeError, match="after shutdown"):
            ex.submit(len, "ab")


@pytest.mark.parametrize("engine", ["spark", "mpi://somewhere", 3])
def test_no_engine(engine):
    """What is no engine is refused, with what there is."""
    with pytest.raises(loaf.EngineError, match="'dask'"):
        engines.connect(engine)


def test_policies_go_through():
    """`Executor` and `run` hand on how things are pickled; what is about processes here is refused."""
    with (
        concurrent.futures.ThreadPoolExecutor(1) as pool,
        loaf.Executor(engine=pool, portable=True, patches="carry", by_value=None) as ex,
    ):
        assert dict(ex._policy) == {"portable": True, "patches": "carry"}
        assert ex.submit(lambda n: n + 1, 1).result() == 2
        assert loaf.run(lambda cluster: cluster.task(len, "ab"), engine=pool, patches="ignore") == 2
        for option in ({"initializer": print}, {"memory_limit": 1}):
            with pytest.raises(loaf.EngineError, match="of workers that are started here"):
                loaf.Executor(engine=pool, **option)


def test_values_of_another_executor():
    """A future of one executor is no argument of another's task."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        one, two = engines.connect(pool), engines.connect(pool)
        with pytest.raises(loaf.EngineError, match="another executor"):
            two.submit(len, one.submit(len, "ab"))


def test_a_pool_dies_with_its_worker():
    """In a pool, the death of a worker is the `WorkerDied` of all tasks, as the table says."""
    context = multiprocessing.get_context("spawn")
    ex = engines.connect(concurrent.futures.ProcessPoolExecutor(1, mp_context=context))
    futures = [ex.submit(os._exit, 1), ex.submit(len, "ab")]
    for each in futures:
        with pytest.raises(loaf.WorkerDied):
            each.result(60)


def test_not_inside_a_task():
    """`here` outside of a task is an error that says so."""
    with pytest.raises(loaf.EngineError, match="runs here"):
        engines.here()


class Bare(concurrent.futures.Executor):
    """A pool that does not say how many tasks it runs at once."""

    submit = concurrent.futures.ThreadPoolExecutor.submit


@pytest.mark.parametrize(
    ("pool", "width"), [(concurrent.futures.ThreadPoolExecutor(3), 3), (Bare(), os.cpu_count())]
)
def test_width(pool, width):
    """As many tasks are sent ahead as the pool says that it runs at once, or as there are processors."""
    with pool:
        assert engines.connect(pool).engine.width() == width
