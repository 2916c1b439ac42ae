"""An executor as in concurrent.futures, for whatever can travel."""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable, Iterable
from concurrent import futures
from types import TracebackType
from typing import Any

from pickleloaf.tasks.calls import Call
from pickleloaf.tasks.cluster import Cluster
from pickleloaf.tasks.futures import TaskFuture
from pickleloaf.tasks.mapping import Maps

__all__ = ["Executor"]


class Executor(Maps):
    """A drop-in for ``ProcessPoolExecutor`` that takes lambdas, closures and patched objects.

    Attributes:
        cluster: the cluster that it runs on.
    """

    def __init__(
        self, workers: Any = None, *, initializer: Any = None, initargs: Iterable[Any] = (), **options: Any
    ) -> None:
        """Start the workers.

        Args:
            workers: how many, or their names; by default as many as there are processors.
            initializer: called in each worker before anything else.
            initargs: its arguments.
            options: as for `Cluster`.

        Raises:
            ValueError: no workers.
            EncodeError: the initializer cannot travel.
        """
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        self.cluster = Cluster(workers, initializer=initializer, initargs=initargs, **options)
        self._shut = threading.Lock()
        self._closed = False
        self._ending = weakref.finalize(self, _end, self.cluster)
        self._ending.atexit = False
        _OPEN.add(self.cluster)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> futures.Future[Any]:
        """Let a worker call a function; return a future of what it returns.

        Raises:
            RuntimeError: the executor was shut down.
            EncodeError: a part of function or arguments cannot travel.
        """
        call = Call.of(fn, args, kwargs, self.cluster.patches)
        future = TaskFuture()
        future.nbytes = call.arguments.nbytes
        with self._shut:
            if self._closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            self.cluster.call(call, future)
        return future

    def _width(self) -> int:
        return len(self.cluster.workers)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers, when they have done everything.

        Args:
            wait: whether to return only then.
            cancel_futures: cancel what has not begun.

        Raises:
            RuntimeError: it is to wait, and is called by a done callback, on whose thread the tasks depend. They are
                finished all the same.
        """
        with self._shut:
            self._closed = True
        if cancel_futures:
            self.cluster.cancel_pending()
        self._ending.detach()
        if wait and self.cluster.is_called_back:
            _end(self.cluster)
            raise RuntimeError(
                "a done callback cannot wait for the tasks that are left: shutdown(wait=False)"
            )
        if wait:
            self.cluster.close_when_idle()
            _OPEN.discard(self.cluster)
        else:
            _end(self.cluster)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish everything; but end at once what is interrupted by Ctrl-C."""
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            self._closed = True
            self._ending.detach()
            self.cluster.close()
        else:
            self.shutdown()


#: Clusters of executors that may have work to do, which is finished before the interpreter ends.
_OPEN: weakref.WeakSet[Cluster] = weakref.WeakSet()


def _end(cluster: Cluster) -> None:
    """Close a cluster once it has done everything, in a thread that nobody waits for."""
    threading.Thread(target=cluster.close_when_idle, name="pickleloaf-shutdown", daemon=True).start()


def _finish() -> None:
    interrupted = getattr(sys, "last_type", None) is KeyboardInterrupt  # and so nobody wants to wait
    for cluster in list(_OPEN):
        if interrupted:
            cluster.close()
        else:
            cluster.close_when_idle()


# As concurrent.futures does: before the interpreter joins its threads, while tasks can still be submitted.
threading._register_atexit(_finish)  # type: ignore[attr-defined]
