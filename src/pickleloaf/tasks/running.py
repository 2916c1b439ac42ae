"""Runners: the threads of a worker that run tasks, one at a time unless all of them wait.

1. The main thread is the first runner. Only there can a signal interrupt what a task does.
2. A runner that waits for a promise steps aside (`waiting`): if no runner is left then another one is
   started, so that a task may wait for tasks of its own, however deep.
3. When it goes on, there may be two for a while; the additional one ends after the task that it has.
4. An asynchronous task goes to one event loop in a thread of its own, and leaves its runner at once.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

__all__ = ["Interrupted", "Runners"]


class Interrupted(BaseException):
    """Raised in a task that is to end."""


class Runners:
    """The runners of a worker, and the tasks that have not begun."""

    def __init__(self, run: Callable[[int, Any], None]) -> None:
        """Set up; `run_main` makes the main thread the first runner.

        Args:
            run: runs a task, given its number and what `add` was given.
        """
        self._run = run
        self._line: deque[int] = deque()
        self._tasks: dict[int, Any] = {}
        self._ready = threading.Condition(threading.Lock())
        self._active = 1  # runners that do not wait for a promise
        self._idle_others = 0
        self._threads: dict[int, int] = {}  # what runs: task to thread
        self._loop: asyncio.AbstractEventLoop | None = None
        self._coroutines: dict[int, asyncio.Task[Any]] = {}
        self.main_waits = False  # for `wake`
        self._woken = threading.Semaphore(0)
        self.stopped = False

    # -- for whoever reads the socket ---------------------------------------------------------------

    def add(self, ident: int, task: Any) -> None:
        """Take in a task."""
        self._tasks[ident] = task
        self._line.append(ident)
        if self._idle_others:
            with self._ready:
                self._ready.notify()

    def take_back(self, idents: tuple[int, ...]) -> list[int]:
        """Give up tasks that have not begun; return which."""
        return [ident for ident in idents if self._tasks.pop(ident, None) is not None]

    @property
    def unbegun(self) -> bool:
        """Whether there is something to do."""
        return bool(self._tasks)

    def wake(self) -> None:
        """Let the main thread look for a task."""
        self._woken.release()

    def wait_for_wake(self) -> None:
        """Block until `wake` is called."""
        self._woken.acquire()

    def interrupt(self, ident: int) -> None:
        """Raise `Interrupted` in a task, wherever it runs."""
        coroutine = self._coroutines.get(ident)
        if coroutine is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(coroutine.cancel)
            return
        thread = self._threads.get(ident)
        if thread is None:
            return
        if thread == threading.main_thread().ident:
            self._interrupted = ident
            signal.pthread_kill(thread, signal.SIGINT)
        else:
            import ctypes

            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(Interrupted))

    _interrupted = 0

    def on_signal(self, *_: Any) -> None:
        """Handle SIGINT, which `interrupt` sends: only the task that is meant is hit."""
        ident, self._interrupted = self._interrupted, 0
        if ident and self._threads.get(ident) == threading.main_thread().ident:
            raise Interrupted

    # -- for the runners ---------------------------------------------------------------------------

    def run_next(self) -> bool:
        """Run a task, if there is one; tell whether there was."""
        while self._line:
            try:
                ident = self._line.popleft()
            except IndexError:
                return False
            task = self._tasks.pop(ident, None)
            if task is not None:
                self._threads[ident] = threading.get_ident()
                try:
                    self._run(ident, task)
                except Interrupted:  # it came when the task had just ended
                    pass
                finally:
                    self._threads.pop(ident, None)
                return True
        return False

    def of_this_thread(self) -> list[int]:
        """Return the task that the calling thread runs, if it runs one."""
        thread = threading.get_ident()
        return [ident for ident, each in list(self._threads.items()) if each == thread]

    def ended(self, ident: int) -> None:
        """A task has come to its end, and can no longer be interrupted."""
        self._threads.pop(ident, None)

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Let another runner go on while this one waits for a promise."""
        with self._ready:
            self._active -= 1
            if self._active == 0 and not self.stopped:
                self._active += 1
                threading.Thread(target=self._run_others, name="pickleloaf-runner", daemon=True).start()
        try:
            yield
        finally:
            with self._ready:
                self._active += 1
                self._ready.notify_all()

    def _run_others(self) -> None:
        while True:
            with self._ready:
                while not self._line and self._active == 1 and not self.stopped:
                    self._idle_others += 1
                    self._ready.wait()
                    self._idle_others -= 1
                if self._active > 1 or self.stopped:
                    self._active -= 1
                    return
            self.run_next()

    def start_coroutine(
        self, ident: int, coroutine: Coroutine[Any, Any, Any], done: Callable[[asyncio.Task[Any]], None]
    ) -> None:
        """Let a coroutine run on the event loop; `done` is called there at its end."""
        import asyncio  # takes longer than all else that a worker imports

        with self._ready:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="pickleloaf-loop", daemon=True).start()
        loop = self._loop

        def start() -> None:
            self._coroutines[ident] = task = loop.create_task(coroutine)
            task.add_done_callback(end)

        def end(task: asyncio.Task[Any]) -> None:
            self._coroutines.pop(ident, None)
            done(task)

        loop.call_soon_threadsafe(start)
