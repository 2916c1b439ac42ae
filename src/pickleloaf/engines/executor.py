"""One way to submit tasks, whatever the engine: a `concurrent.futures.Executor` with refs, names and retries.

submit --> Call, pickled by us --> Engine.run --> future of a payload --> opened here --> TaskFuture
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any, NamedTuple

from pickleloaf.engines.base import Engine, Job
from pickleloaf.engines.calls import Call, name_of
from pickleloaf.engines.payload import Packing, Payload
from pickleloaf.errors import EncodeError, EngineError

__all__ = ["EngineRef", "Executor", "TaskFuture"]


class EngineRef:
    """An object that an engine keeps; as an argument of a task it is replaced by the object."""

    __slots__ = ("_handle", "_owner", "nbytes")

    def __init__(self, owner: Executor, handle: Any, nbytes: int) -> None:
        self._owner = owner
        self._handle = handle
        self.nbytes = nbytes

    def __reduce__(self) -> Any:
        raise EncodeError("a ref stands among the arguments of a task", hint="not inside of another argument")


class Task(NamedTuple):
    """A task, as often as it is tried."""

    name: str
    payload: Payload
    #: What takes its result, and what else it takes: refs and futures, in order.
    needs: list[Any]
    to: str | None


class TaskFuture(Future[Any]):
    """A `concurrent.futures.Future` that can be awaited, chained, and given to other tasks as an argument."""

    def __init__(self, owner: Executor, task: Task, retries: int) -> None:
        super().__init__()
        self._owner = owner
        self._task = task
        self._retries = retries
        self._job: Job | None = None

    def then(self, function: Callable[..., Any], *, to: str | None = None, retries: int = 0) -> TaskFuture:
        """Call a function with the result, on a worker, once it is there; a failure is passed on instead.

        Raises:
            EncodeError: the function cannot travel.
            EngineError: the engine cannot do that.
        """
        return self._owner.task(function, self, to=to, retries=retries)

    def result(self, timeout: float | None = None) -> Any:
        """Wait for what the task returned; it may be a task itself that waits.

        Raises:
            BaseException: what the task raised; `WorkerDied`; `EngineError`.
            TimeoutError: it is not done yet.
        """
        if self._job is not None and not self.done():
            self._owner.engine.wait(self._job, timeout)
        return super().result(timeout)

    def cancel(self) -> bool:
        """Give the task up, and tell whether that was possible; see the table of engines for what has begun."""
        if self.done():
            return self.cancelled()
        if self._job is not None and not self._owner.engine.cancel(self._job):
            return False
        return self._cancel()

    def _cancel(self) -> bool:
        """Become cancelled, once, and wake whoever waits."""
        cancelled = super().cancel()
        with self._condition:
            if self._state == "CANCELLED":
                self.set_running_or_notify_cancel()
        return cancelled

    def __await__(self) -> Generator[Any, None, Any]:
        return asyncio.wrap_future(self).__await__()


class Executor(concurrent.futures.Executor):
    """Runs functions on an engine: Dask, Ray, MPI, any executor."""

    def __init__(self, engine: Engine, *, by_value: Any = "local", patches: str | None = None) -> None:
        """Use an engine, and close it in the end; see `pickleloaf.engines.connect`.

        Args:
            engine: what runs the tasks.
            by_value: as in `pickleloaf.dumps`; by default your own project travels, and need not be installed there.
            patches: as in `pickleloaf.dumps`; what is carried is in force while the task runs.
        """
        self.engine = engine
        said = {"by_value": by_value, "patches": patches}
        self._policy = tuple((name, value) for name, value in said.items() if value is not None)
        self.packing = Packing(self._policy)
        self._open: set[TaskFuture] = set()
        self._lock = threading.Lock()
        self._closed = False

    @property
    def workers(self) -> tuple[str, ...]:
        """Names of the workers.

        Raises:
            EngineError: this engine has none.
        """
        return self.engine.workers()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> TaskFuture:
        """Let a function be called on a worker; as `concurrent.futures` has it.

        Raises:
            EncodeError: function or arguments cannot travel; says what and where.
            RuntimeError: after `shutdown`.
        """
        return self._submit(fn, args, kwargs, None, 0)

    def task(
        self, fn: Callable[..., Any], /, *args: Any, to: str | None = None, retries: int = 0, **kwargs: Any
    ) -> TaskFuture:
        """Let a function be called on a worker, a certain one, or more than once.

        Args:
            fn: the function, or a ref of one.
            args: futures of this executor and refs are replaced by what they stand for.
            to: name of the worker.
            retries: how often it is tried again when it fails or its worker dies.
            kwargs: as args.

        Raises:
            EncodeError: function or arguments cannot travel; says what and where.
            EngineError: there is no such worker, or this engine cannot choose one.
            RuntimeError: after `shutdown`.
        """
        if to is not None and to not in self.engine.workers():
            raise EngineError(f"no worker {to!r} here; there are {', '.join(self.engine.workers())}")
        return self._submit(fn, args, kwargs, to, retries)

    def put(self, obj: Any) -> EngineRef:
        """Keep an object at the engine, for any number of tasks.

        Raises:
            EncodeError: it cannot travel; says what and where.
        """
        payload = self.packing.pack(obj)
        return EngineRef(self, self.engine.hold(payload), payload.nbytes)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more tasks, and close the engine once all are done."""
        with self._lock:
            self._closed = True
            left = list(self._open)
        if cancel_futures:
            for future in left:
                future.cancel()
        if wait:
            concurrent.futures.wait(left)
            self.engine.close()
        else:
            threading.Thread(target=self._close_later, args=(left,), name="pickleloaf-close").start()

    def _close_later(self, left: list[TaskFuture]) -> None:
        concurrent.futures.wait(left)
        self.engine.close()

    # -- a task's way ----------------------------------------------------------------------------------

    def _submit(self, fn: Any, args: Any, kwargs: Any, to: str | None, retries: int) -> TaskFuture:
        future = TaskFuture(self, self._pack(fn, args, kwargs, to), retries)
        with self._lock:
            if self._closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            self._open.add(future)
        future.add_done_callback(self._open.discard)
        self._when_ready(future)
        return future

    def _pack(self, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any], to: str | None) -> Task:
        """Pickle a call, with what stands for other objects taken out of it."""
        needs: list[Any] = []
        places: list[Any] = []

        def taken(place: Any, value: Any) -> Any:
            if not isinstance(value, _STANDING):
                return value
            if value._owner is not self:
                raise EngineError(f"a {type(value).__name__} of another executor; get its value first")
            needs.append(value)
            places.append(place)
            return None

        name = name_of(fn)
        call = Call(
            taken(None, fn),
            [taken(index, value) for index, value in enumerate(args)],
            {key: taken(key, value) for key, value in kwargs.items()},
            places,
            self._policy,
        )
        return Task(name, self.packing.pack(tuple(call)), needs, to)

    def _when_ready(self, future: TaskFuture) -> None:
        """Start a task, now or when the futures that it needs and the engine does not chain are done."""
        for need in future._task.needs:
            if self._must_wait(need):
                need.add_done_callback(lambda _: self._when_ready(future))
                return
        self._start(future)

    def _must_wait(self, need: Any) -> bool:
        if not isinstance(need, TaskFuture) or need.done():
            return False
        return "chain" in self.engine.lacks or need._job is None or need._retries > 0

    def _start(self, future: TaskFuture) -> None:
        """Hand a task to the engine, or fail it with what it needs."""
        task = future._task
        if future.cancelled():
            return
        try:
            held = [_handle_of(need, self.engine) for need in task.needs]
            job = future._job = self.engine.run(task.name, task.payload, held, task.to)
        except BaseException as error:  # noqa: BLE001 - it is the task's: nobody else is there to see it
            _settle(future, error=error)
            return
        job.future.add_done_callback(lambda done: self._finished(future, done))

    def _finished(self, future: TaskFuture, done: Any) -> None:
        """Open what came of a task, or try again."""
        try:
            sent = done.result()
        except self.engine.cancelled:
            future._cancel()
            return
        except BaseException as error:  # noqa: BLE001 - whatever the engine has to say
            failed, value = True, self.engine.failure(error, future._task.name, future._task.to)
        else:
            failed, value = _opened(Payload.received(sent))
        if failed and future._retries > 0 and not future.done():
            future._retries -= 1
            self._start(future)
        elif failed:
            _settle(future, error=value)
        else:
            _settle(future, value)


#: What stands among arguments for something else.
_STANDING = (EngineRef, TaskFuture)


def _handle_of(need: Any, engine: Engine) -> Any:
    """Return what an engine understands as a ref or a future.

    Raises:
        BaseException: what the future failed with.
    """
    if isinstance(need, EngineRef):
        return need._handle
    if need.done() and need.exception() is not None:
        raise need.exception()
    if need._job is None:  # decided here, as when_any is
        return engine.hold(need._owner.packing.pack(need.result()))
    return need._job.future.result() if "chain" in engine.lacks else need._job.handle


def _opened(payload: Payload) -> tuple[bool, Any]:
    """Return whether a task has failed, and what with or what it has returned."""
    try:
        return payload.failed, payload.open()
    except BaseException as error:  # noqa: BLE001 - a payload that cannot be opened fails its task, no more
        return True, error


def _settle(future: TaskFuture, value: Any = None, error: BaseException | None = None) -> None:
    """Set what a future holds, unless it was cancelled meanwhile."""
    try:
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(value)
    except concurrent.futures.InvalidStateError:
        if not future.cancelled():
            raise
