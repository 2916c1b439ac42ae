"""CPython's own tests of executors, from the installed Python, against ours.

The mixins of ``test.test_concurrent_futures`` are run as they are, on an executor that takes the arguments of
``ProcessPoolExecutor``. Three differences are translated, since they are meant:

1. A worker that dies fails its task with `WorkerDied`, and the others go on; ``ProcessPoolExecutor`` fails
   them all with ``BrokenProcessPool``. So it is with what cannot be unpickled.
2. ``SystemExit`` in a task arrives as a `TaskError`, which ends nobody.
3. A program that CPython's tests start imports our executor instead, and what its tasks print has the name
   of a worker in front.

What is left out has its reason in `EXCEPTIONS`.
"""

import importlib.util
import re
import unittest
import unittest.mock
from pathlib import Path
from pickle import PicklingError, UnpicklingError

import pytest

import pickleloaf as pl

PACKAGE = "test.test_concurrent_futures"


def is_there():
    """Tell whether this Python has its tests with it, as a package (from 3.12 on)."""
    found = importlib.util.find_spec("test") and importlib.util.find_spec(PACKAGE)
    return bool(found and found.submodule_search_locations)


if not is_there():
    pytest.skip("this Python comes without its tests, or with mixins in one file", allow_module_level=True)

from test.test_concurrent_futures import (  # noqa: E402 - where it is there
    executor,
    test_as_completed,
    test_deadlock,
    test_init,
    test_shutdown,
    test_wait,
    util,
)

pytestmark = pytest.mark.timeout(90)

#: Tests that are not run: why.
EXCEPTIONS = {
    "test_shutdown_deadlock_pickle": "ours raises the PicklingError in submit, where the culprit is at hand",
    "test_gh105829_should_not_deadlock_if_wakeup_pipe_full": "replaces a private part of ProcessPoolExecutor",
    "test_submit_after_interpreter_shutdown": "the RuntimeError says that the cluster is closed, in those words",
}

#: What stands for BrokenProcessPool here.
BROKEN = (pl.WorkerDied, pl.TaskError, PicklingError, UnpicklingError)


class Executor(pl.Executor):
    """Ours, with the arguments of ``ProcessPoolExecutor``."""

    def __init__(self, max_workers=None, mp_context=None, initializer=None, initargs=()):
        if max_workers is not None and max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        super().__init__(max_workers, initializer=initializer, initargs=initargs)


class LoafMixin(util.ExecutorMixin):
    """Where CPython's mixins get their executors from."""

    executor_type = Executor

    def get_context(self):
        """Return no context: there is one way to start a worker."""
        return


#: What stands for ``from concurrent.futures import Executor`` in a program.
PRELUDE = (
    f"import sys; sys.path.insert(0, {str(Path(pl.__file__).parents[1])!r}); import pickleloaf; "
    "Executor = lambda max_workers=None: pickleloaf.Executor(max_workers)"
)


def python_with_ours(run):
    """Wrap the function that starts programs."""

    def start(flag, source):
        assert "from concurrent.futures import Executor" in source
        code, output, errors = run(flag, source.replace("from concurrent.futures import Executor", PRELUDE))
        return code, re.sub(rb"\[worker-\d\] ", b"", output), errors

    return start


class ExecutorTest(LoafMixin, executor.ExecutorTest, util.BaseTestCase):
    """Submitting and mapping."""


class WaitTest(LoafMixin, test_wait.WaitTests, util.BaseTestCase):
    """``concurrent.futures.wait``."""


class AsCompletedTest(LoafMixin, test_as_completed.AsCompletedTests, util.BaseTestCase):
    """``concurrent.futures.as_completed``."""


class ShutdownTest(LoafMixin, test_shutdown.ExecutorShutdownTest, util.BaseTestCase):
    """Shutting down, also with the interpreter."""

    def setUp(self):
        """Let the programs that are started use our executor."""
        ours = python_with_ours(test_shutdown.assert_python_ok)
        patch = unittest.mock.patch.object(test_shutdown, "assert_python_ok", ours)
        patch.start()
        self.addCleanup(patch.stop)
        super().setUp()


class DeadlockTest(LoafMixin, test_deadlock.ExecutorDeadlockTest, util.BaseTestCase):
    """Workers that die, exit and raise at every moment."""

    def setUp(self):
        """Translate what is raised when a worker dies."""
        patch = unittest.mock.patch.object(test_deadlock, "BrokenProcessPool", BROKEN)
        patch.start()
        self.addCleanup(patch.stop)
        super().setUp()

    def _check_crash(self, error, func, *args, ignore_stderr=False):
        if error is PicklingError and func is id:  # ours is raised by submit itself
            with pytest.raises(error):
                self.executor.submit(func, *args)
            return
        super()._check_crash(
            pl.TaskError if error is SystemExit else error, func, *args, ignore_stderr=ignore_stderr
        )


class InitializerTest(LoafMixin, test_init.InitializerMixin, util.BaseTestCase):
    """Initializers."""


#: What was collected, and is not to be collected as it stands in CPython's modules.
CASES = (ExecutorTest, WaitTest, AsCompletedTest, ShutdownTest, DeadlockTest, InitializerTest)
for case in CASES:
    for name in set(dir(case)) & EXCEPTIONS.keys():
        setattr(case, name, unittest.skip(EXCEPTIONS[name])(getattr(case, name)))


def test_exceptions_exist():
    """An exception that CPython no longer has is dropped from the list."""
    names = {name for case in CASES for name in dir(case)}
    assert names >= EXCEPTIONS.keys()
