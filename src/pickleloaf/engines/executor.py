"""One way to submit tasks, whatever the engine: a `concurrent.futures.Executor` with refs, names and retries.

submit --> Call, pickled by us --> Engine.run --> future of a payload --> opened here --> TaskFuture
"""

from __future__ import annotations

import collections
import contextlib
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any

from pickleloaf.engines.base import Engine
from pickleloaf.engines.calls import Call, failure, pickled
from pickleloaf.engines.payload import Packing, Payload, policy_of
from pickleloaf.engines.values import Asked, EngineRef, Known, Mentioned, Task, TaskFuture
from pickleloaf.errors import EngineError, TaskError
from pickleloaf.tasks.calls import name_of
from pickleloaf.tasks.mapping import Maps
from pickleloaf.tasks.parcels import MENTIONS
from pickleloaf.tasks.plain import ATOMS

__all__ = ["EngineRef", "Executor", "TaskFuture"]


class Executor(Maps):
    """Runs functions on an engine: Dask, Ray, MPI, any executor."""

    def __init__(self, engine: Engine, **policy: Any) -> None:
        """Use an engine, and close it in the end; see `pickleloaf.engines.connect`.

        Args:
            engine: what runs the tasks.
            policy: see `pickleloaf.engines.payload.policy_of`.

        Raises:
            ValueError: the policy is none.
        """
        self.engine = engine
        self._policy = policy_of(**policy)
        self.packing = Packing(self._policy)
        self._open: set[TaskFuture] = set()
        self._lock = threading.Lock()
        self._turns = threading.local()
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
        return self.call(fn, args, kwargs)

    def task(
        self,
        fn: Callable[..., Any],
        /,
        *args: Any,
        to: str | None = None,
        retries: int = 0,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> TaskFuture:
        """Let a function be called on a worker, a certain one, or more than once.

        Args:
            fn: the function, or a ref of one.
            args: futures of this executor and refs are replaced by what they stand for.
            to: name of the worker.
            retries: how often it is tried again when it fails or its worker dies.
            timeout: seconds after which it is interrupted and fails with a `TimeoutError`; see engines/limits.
            kwargs: as args.

        Raises:
            EncodeError: function or arguments cannot travel; says what and where.
            EngineError: there is no such worker, or this engine cannot choose one.
            RuntimeError: after `shutdown`.
        """
        return self.call(fn, args, kwargs, to=to, retries=retries, timeout_s=timeout)

    def _width(self) -> int:
        return self.engine.width()

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
            self._close_when_done(left)
        else:
            threading.Thread(target=self._close_when_done, args=(left,), name="pickleloaf-close").start()

    def _close_when_done(self, left: list[TaskFuture]) -> None:
        for future in left:
            with contextlib.suppress(CancelledError):
                future.exception()  # as who waits for it: this may be a task, that lets others have its place
        self.engine.close()

    # -- a task's way ----------------------------------------------------------------------------------

    def call(
        self,
        fn: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        to: str | None = None,
        retries: int = 0,
        timeout_s: float | None = None,
        known: Known | None = None,
    ) -> TaskFuture:
        """Do as `task` does; with ``known``, promises and refs may stand anywhere in the arguments."""
        if to is not None and to not in self.engine.workers():
            raise EngineError(f"no worker {to!r} here; there are {', '.join(self.engine.workers())}")
        future = TaskFuture(self, self._pack(fn, args, kwargs, to, timeout_s, known), retries)
        with self._lock:
            if self._closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            self._open.add(future)
        Future.add_done_callback(future, self._open.discard)  # nobody asks
        self._when_ready(future)
        return future

    def _pack(
        self,
        fn: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        to: str | None,
        timeout_s: float | None = None,
        known: Known | None = None,
    ) -> Task:
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

        if not callable(fn) and not isinstance(fn, _STANDING):
            raise TypeError(f"a task is a function to be called, not {type(fn).__name__!r}")
        name = name_of(fn)
        alone = pickled(fn) if self.packing.is_plain else None
        if alone is not None:
            fn, args = alone[0], alone[1] + args
            if not kwargs and ATOMS.issuperset(map(type, args)):
                call = Call(fn, args, kwargs, places, self._policy, timeout_s)
                return Task(name, Payload(pickle.dumps(tuple(call), 5)), needs, to)
        call = Call(
            taken(None, fn),
            [taken(index, value) for index, value in enumerate(args)],
            {key: taken(key, value) for key, value in kwargs.items()},
            places,  # pickled after the arguments, and so with the places of all promises in these
            self._policy,
            timeout_s,
        )
        before, MENTIONS.into = MENTIONS.into, None if known is None else Mentioned(needs, places, known)
        try:
            return Task(name, self.packing.pack(tuple(call)), needs, to)
        finally:
            MENTIONS.into = before

    def _when_ready(self, future: TaskFuture) -> None:
        """Start a task, now or when the futures that it needs and the engine does not chain are done."""
        for need in future._task.needs:
            if self._must_wait(need):
                (need.value if type(need) is Asked else need).add_done_callback(lambda _: self._go_on(future))
                return
        self._start(future)

    def _go_on(self, future: TaskFuture) -> None:
        """Do as `_when_ready`, in turn: a failure goes down a chain of any length without recursion."""
        if (turns := getattr(self._turns, "futures", None)) is not None:
            turns.append(future)
            return
        turns = self._turns.futures = collections.deque([future])
        try:
            while turns:
                self._when_ready(turns.popleft())
        finally:
            self._turns.futures = None

    def _must_wait(self, need: Any) -> bool:
        if type(need) is Asked:
            need = need.value
        if not isinstance(need, TaskFuture) or need.done():
            return False
        return "chain" in self.engine.lacks or need._job is None or need._retries > 0

    def _start(self, future: TaskFuture) -> None:
        """Hand a task to the engine, or fail it with what it needs."""
        task = future._task
        if future.cancelled():
            return
        for need in task.needs:
            if isinstance(need, TaskFuture) and need.done() and (error := need._failure()) is not None:
                future._settle(error=error)
                return
        try:
            held = [self._handle_of(need) for need in task.needs]
            job = future._job = self.engine.run(task.name, task.payload, held, task.to)
        except BaseException as error:  # noqa: BLE001 - it is the task's: nobody else is there to see it
            future._settle(error=error)
            return
        job.future.add_done_callback(lambda done: self._finished(future, done))
        if future._asked:
            self.engine.attend(job)
        if future.cancelled():  # meanwhile
            self.engine.cancel(job)

    def _handle_of(self, need: Any) -> Any:
        """Return what the engine understands as a ref or a future, with what it failed with if a task asks for that."""
        if type(need) is Asked:
            need = need.value
        if isinstance(need, EngineRef):
            return need._handle
        if need.done() and (error := need._failure()) is not None:
            return self.engine.hold(failure(error, need._task.name, self._policy))
        if need._job is None:  # decided here, as when_any is
            return self.engine.hold(self.packing.pack(need.result()))
        return need._job.future.result() if "chain" in self.engine.lacks else need._job.handle

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
        if failed and any(isinstance(need, TaskFuture) and need.cancelled() for need in future._task.needs):
            value = CancelledError()  # whatever has become of that where it ran
        if failed and future._retries > 0 and not future.done():
            future._retries -= 1
            self._start(future)
        elif failed:
            future._settle(error=value)
        else:
            future._settle(value)


#: What stands among arguments for something else.
_STANDING = (EngineRef, TaskFuture)


def _opened(payload: Payload) -> tuple[bool, Any]:
    """Return whether a task has failed, and what with or what it has returned."""
    try:
        return payload.failed, payload.open()
    except SystemExit as error:
        return True, TaskError(f"what a task returned raises SystemExit({error.code!r}) when it is loaded")
    except BaseException as error:  # noqa: BLE001 - a payload that cannot be opened fails its task, no more
        return True, error
