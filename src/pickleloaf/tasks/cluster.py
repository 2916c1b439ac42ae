"""A cluster: workers on this machine, what they are given to do, and what comes of it.

    caller's thread:  task(f) ─> pickled ─> Scheduler ─> written to an idle worker's socket at once
    driver thread:    sockets, exits, deadlines ─> Scheduler ─> sockets; futures
    who waits:        sockets ─> Scheduler ─> sockets; futures, its own among them

1. The scheduler and all that belongs to it is touched under one lock. Nobody waits while holding it: sockets
   are written as far as they take it, and futures are settled after it was given back, as their callbacks
   are the user's.
2. Nothing that users sent is unpickled here, but what somebody in the driver asks for.
3. Who waits for a result reads the sockets meanwhile, in place of the driver thread (see leading).
4. Workers are started by the driver thread, since a worker dies with the thread that started it.
5. A child that is forked has neither that thread nor the workers: there a cluster is closed from the beginning, and
   what it inherited of sockets is closed without a word to anybody.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from pickleloaf.policy.by_value import check_treatment
from pickleloaf.tasks.calls import Call
from pickleloaf.tasks.driver import Driver
from pickleloaf.tasks.futures import TaskFuture
from pickleloaf.tasks.instructions import DRIVER
from pickleloaf.tasks.parcels import Parcel, pack
from pickleloaf.tasks.promise import RUNTIMES, Promise
from pickleloaf.tasks.system import raise_descriptor_limit
from pickleloaf.tasks.tasking import Tasking

if TYPE_CHECKING:
    from pickleloaf.tasks.profiling import Profiling
    from pickleloaf.tasks.watching import Watch

__all__ = ["Cluster", "run"]


class Cluster(Tasking):
    """Worker processes of this machine, as a context manager."""

    def __init__(
        self,
        workers: int | Sequence[str] | None = None,
        *,
        initializer: Callable[..., Any] | None = None,
        initargs: Iterable[Any] = (),
        max_tasks_per_worker: int | None = None,
        memory_limit: int | None = None,
        grace_s: float = 3.0,
        deadline_s: float | None = None,
        patches: str = "carry",
    ) -> None:
        """Start the workers; they are ready soon after, and tasks may be submitted at once.

        Args:
            workers: how many, or their names; as many as there are processors by default.
            initializer: called in each worker before anything else.
            initargs: its arguments.
            max_tasks_per_worker: after so many tasks a worker is replaced by a fresh one.
            memory_limit: bytes of address space for each worker; a task that wants more gets a MemoryError.
            grace_s: seconds that a task has to end after it was interrupted, before its worker is killed.
            deadline_s: seconds without an answer after which a worker is replaced; by default it is reported
                to the log ``pickleloaf.tasks`` after 10 s, and left alone.
            patches: what becomes of patches of importable code that tasks refer to, see `pickleloaf.Pickler`;
                what is carried is in force while the task runs.

        Raises:
            ValueError: no workers, or two of one name, a number that makes no sense, or ``patches`` is another string.
            EncodeError: the initializer cannot travel.
        """
        super().__init__(0)
        check_treatment(patches)
        self.patches = patches
        names = _names(workers)
        for name, value, least in (
            ("max_tasks_per_worker", max_tasks_per_worker, 1),
            ("memory_limit", memory_limit, 1),
            ("grace_s", grace_s, 0),
            ("deadline_s", deadline_s, 0),
        ):
            if value is not None and not value >= least:
                raise ValueError(f"{name} is at least {least}, not {value!r}")
        raise_descriptor_limit()
        self.workers = names
        self.grace_s = grace_s
        self._watches: weakref.WeakSet[Watch] = weakref.WeakSet()
        self._driver = Driver(
            names,
            self,
            initializer=pack((initializer, tuple(initargs), patches), patches),
            max_tasks=max_tasks_per_worker or 0,
            memory_limit=memory_limit or 0,
            grace_s=grace_s,
            deadline_s=deadline_s,
        )
        self.lead, self.rouse = self._driver.lead, self._driver.rouse  # see leading
        RUNTIMES.append(self)
        _LIVING.add(self)

    # -- life ------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all workers and give back what they had; what has not ended is cancelled."""
        if self in RUNTIMES:
            RUNTIMES.remove(self)
        for watch in list(self._watches):
            watch.stop()
        self._driver.close()

    @property
    def is_called_back(self) -> bool:
        """Whether the calling thread is the driver's, which runs done callbacks, and must not wait for tasks."""
        return self._driver.is_own_thread

    def close_when_idle(self) -> None:
        """Wait until no task is left, and close."""
        self._driver.wait_until_idle()
        self.close()

    def cancel_pending(self) -> None:
        """Cancel all tasks that have not begun."""
        self._driver.cancel_pending()

    def wait_for_workers(self, n: int | None = None, timeout: float | None = None) -> None:
        """Block until so many workers are ready; by default all.

        Raises:
            TimeoutError: they are not.
            BrokenExecutor: the workers cannot be started.
        """
        wanted = len(self.workers) if n is None else n
        self._driver.wait_for(wanted, timeout)

    def statistics(self) -> dict[str, Any]:
        """Return what is going on, as plain data: workers, what each is running, how much is waiting."""
        return self._driver.statistics()

    def profile(self) -> Profiling:
        """Return a block, sync or async, that profiles what tasks do in all workers meanwhile.

        ``async with cluster.profile() as p``: then ``p.stats`` is one `pstats.Stats`, and ``p.save(path)`` writes
        a timeline that https://ui.perfetto.dev opens.
        """
        from pickleloaf.tasks.profiling import Profiling

        return Profiling(self._driver.start_profile, self._driver.stop_profile)

    def watch(self, period_s: float = 0.5, file: Any = None) -> Watch:
        """Show in the terminal what is going on, until the end of a ``with`` block, or `Watch.stop`.

        Args:
            period_s: seconds from one look to the next.
            file: where to; the standard error stream by default.
        """
        from pickleloaf.tasks.watching import Watch

        watch = Watch(self.statistics, period_s, file)
        self._watches.add(watch)
        return watch

    # -- what tasks ask for (see Tasking) ----------------------------------------------------------------

    def call(self, call: Call, future: Future[Any], *, to: str | None = None) -> None:
        """Make a call whose result goes to a future alone, as `Executor.submit` does."""
        ident = next(self._numbers)
        if isinstance(future, TaskFuture):
            future.belong(self, ident)
        self._driver.submit(ident, call, future, to=to, holder=None)

    def _submit(self, ident: int, call: Call, to: str | None, retries: int, timeout: float | None) -> None:
        if to is not None and to not in self.workers:
            raise LookupError(f"there is no worker {to!r}; there are {', '.join(self.workers)}")
        self._driver.submit(ident, call, None, to=to, retries=retries, timeout=timeout, holder=DRIVER)

    def _store(self, ident: int, parcel: Parcel) -> None:
        self._driver.store(ident, parcel, DRIVER)

    def _combine(self, ident: int, idents: tuple[int, ...], *, first: bool) -> None:
        self._driver.combine(ident, idents, DRIVER, first=first)

    def fetch(self, ident: int, *, copy: bool = False) -> Future[Any]:
        """Return a future of a value."""
        future: TaskFuture = TaskFuture(copy=copy)
        future.belong(self, ident)
        self._driver.fetch(ident, future)
        return future

    def wait(self, future: Future[Any], timeout_s: float | None) -> Any:
        """Block until a future is done, and return what it holds."""
        return future.result(timeout_s)

    def hold(self, ident: int) -> None:
        """Count a handle that has come out of a pickle."""
        self._driver.hold(ident)

    def drop(self, ident: int) -> None:
        """Give up a handle. It may be called anywhere, even under the driver's lock."""
        self._driver.drop(ident)

    def cancel(self, ident: int) -> None:
        """Let nobody work for a value any more."""
        self._driver.cancel(ident)


#: All clusters of this process.
_LIVING: weakref.WeakSet[Cluster] = weakref.WeakSet()


def _forsake() -> None:
    """After a fork, in the child: leave the clusters to the parent."""
    for cluster in list(_LIVING):
        if cluster in RUNTIMES:
            RUNTIMES.remove(cluster)
        cluster._driver.forsake()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forsake)


def _names(workers: int | Sequence[str] | None) -> list[str]:
    if workers is None:
        workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    names = (
        [f"worker-{n}" for n in range(1, workers + 1)]
        if isinstance(workers, int)
        else list(map(str, workers))
    )
    if not names or len(set(names)) < len(names) or "" in names:
        raise ValueError(
            f"a cluster has at least one worker, and each has a name of its own; not {workers!r}"
        )
    return names


def run(main: Callable[[Cluster], Any], *, workers: int | Sequence[str] | None = None, **options: Any) -> Any:
    """Open a cluster, call ``main(cluster)``, close the cluster, and return the result.

    Args:
        main: a function, sync or async; a promise that it returns is awaited.
        workers: how many, or their names.
        options: as for `Cluster`.

    Raises:
        BaseException: what ``main`` raises.
    """
    import asyncio
    import inspect

    with Cluster(workers, **options) as cluster:
        result = main(cluster)
        if inspect.iscoroutine(result):
            result = asyncio.run(result)
        return result.result() if isinstance(result, Promise) else result
