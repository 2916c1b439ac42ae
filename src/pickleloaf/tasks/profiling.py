"""Profiles of all workers at once: recorded where tasks run, collected in the driver (see `trace`)."""

from __future__ import annotations

import cProfile
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from pickleloaf.tasks.parcels import Parcel, unpack
from pickleloaf.tasks.trace import Profile, ProfileTable, Span, table_of

__all__ = ["Profiling", "Recording"]

LOG = logging.getLogger("pickleloaf.tasks")

#: How long a worker has to hand over what it recorded.
_PATIENCE_S = 10.0


class _Profiler:
    """The profiler of one task, in the thread that runs it.

    From Python 3.12 on a process has one at a time. A task that waits lets others have it, so that those that it
    waits for are recorded, too; a task that finds it taken, say by the user's own code, is recorded as a span only.
    """

    def __init__(self) -> None:
        self.profile = cProfile.Profile()
        self._runs = False

    def start(self) -> None:
        try:
            self.profile.enable()
        except ValueError:  # it is taken
            return
        self._runs = True

    def stop(self) -> None:
        if self._runs:
            self._runs = False
            self.profile.disable()


class Recording:
    """What one worker records: in each thread a profiler for as long as a task runs, and a span for the task."""

    def __init__(self, worker: str) -> None:
        self._worker = worker
        self._profilers: dict[int, _Profiler] = {}  # by thread
        self.tables: list[ProfileTable] = []
        self.spans: list[tuple[str, str, float, float]] = []

    def record(self, run: Callable[[], Any], name: Callable[[], str]) -> Any:
        """Call a function that runs a task.

        Raises:
            BaseException: what it raises.
        """
        thread = threading.get_ident()
        profiler = self._profilers[thread] = _Profiler()
        start_s = time.monotonic()
        profiler.start()
        try:
            return run()
        finally:
            profiler.stop()
            del self._profilers[thread]
            self.spans.append((self._worker, name(), start_s, time.monotonic()))
            self.tables.append(table_of(profiler.profile))

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Record nothing of the task of this thread, which waits."""
        profiler = self._profilers.get(threading.get_ident())
        if profiler is None:
            yield
            return
        profiler.stop()
        try:
            yield
        finally:
            profiler.start()

    def taken(self) -> tuple[list[ProfileTable], list[tuple[str, str, float, float]]]:
        """Return what was recorded, as plain data."""
        return self.tables, self.spans


class Profiling:
    """The block of ``with cluster.profile() as p``, sync or async; `p` is complete at its end."""

    def __init__(self, start: Callable[[], None], stop: Callable[[], list[futures.Future[Any]]]) -> None:
        self._start = start
        self._stop = stop
        self._profile = Profile()

    def __enter__(self) -> Profile:
        self._start()
        return self._profile

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        done, missing = futures.wait(self._stop(), _PATIENCE_S)
        for future in done:
            parcel: Parcel = future.result()
            tables, spans = unpack(parcel)
            for table in tables:
                self._profile.add(table, ())
            self._profile.spans += [Span(*span) for span in spans]
        if missing:
            LOG.warning("%s workers did not hand over their profiles", len(missing))

    async def __aenter__(self) -> Profile:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)
