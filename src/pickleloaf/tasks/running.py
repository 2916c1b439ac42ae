"""Runners: the threads of a worker that run tasks, one at a time unless all of them wait.

1. The main thread is the first runner. Only there can a signal interrupt what a task does.
2. A runner that waits for a promise steps aside (`waiting`): if no runner is left then another one is
   started, so that a task may wait for tasks of its own, however deep.
3. When it goes on, there may be two for a while; the additional one ends after the task that it has.
4. An asynchronous task goes to one event loop in a thread of its own, and leaves its runner at once.
5. A task is interrupted in its own code only. While it has this package write to the socket (`shielded`), where half a
   frame would be the end of its worker, an interrupt is noted, and raised when that is done.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any

from pickleloaf.tasks.shield import in_main_thread

if TYPE_CHECKING:
    import asyncio

__all__ = ["Interrupted", "LeftError", "Runners"]


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
        self._shielded: set[int] = set()  # threads that must not be interrupted now
        self._noted: set[int] = set()  # those of them that are to be, afterwards
        self._guard = threading.Lock()  # of these two, but for the main thread, which signals interrupt
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
            return
        import ctypes

        with self._guard:
            if thread in self._shielded:
                self._noted.add(thread)
            else:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(thread), ctypes.py_object(Interrupted)
                )

    _interrupted = 0

    def on_signal(self, *_: Any) -> None:
        """Handle SIGINT, which `interrupt` sends: only the task that is meant is hit."""
        ident, self._interrupted = self._interrupted, 0
        thread = threading.get_ident()
        if ident and self._threads.get(ident) == thread:
            if thread in self._shielded:
                self._noted.add(thread)
            else:
                raise Interrupted

    @contextlib.contextmanager
    def shielded(self) -> Iterator[None]:
        """Let nothing interrupt this thread meanwhile.

        Raises:
            Interrupted: it was to be interrupted; before or after what is shielded, never in between.
        """
        thread = threading.get_ident()
        if thread in self._shielded:
            yield
            return
        guard: Any = contextlib.nullcontext() if in_main_thread() else self._guard
        try:
            with guard:
                self._shielded.add(thread)
            _breathe()  # what was raised in this thread before, but has not come to it yet, comes now
            yield
        finally:
            with guard:
                self._shielded.discard(thread)
            is_noted = thread in self._noted
            self._noted.discard(thread)
        if is_noted and self.may_interrupt:
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

    @property
    def may_interrupt(self) -> bool:
        """Whether the calling thread runs a task that may be interrupted."""
        return threading.get_ident() in self._threads.values()

    @property
    def crowded(self) -> bool:
        """Whether another runner is at work, too."""
        return self._active > 1

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
            self._coroutines[ident] = task = loop.create_task(_contained(coroutine))
            task.add_done_callback(end)

        def end(task: asyncio.Task[Any]) -> None:
            self._coroutines.pop(ident, None)
            done(task)

        loop.call_soon_threadsafe(start)


def _breathe() -> None:
    """Do nothing, but where the interpreter looks for what is to be raised in a thread."""


class LeftError(Exception):
    """Stands for what would end the event loop, with it all other asynchronous tasks: SystemExit, KeyboardInterrupt."""


async def _contained(coroutine: Coroutine[Any, Any, Any]) -> Any:
    try:
        return await coroutine
    except (SystemExit, KeyboardInterrupt) as error:
        raise LeftError from error
