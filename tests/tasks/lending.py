"""One executor for many tests, each of which has to leave it as it was."""

import gc

import pytest
from tasks.leftovers import MARK, descendants, is_alive, memory_of, wait_until

import pickleloaf as pl


class Lent:
    """An executor of two workers, started when it is first needed, and anew after a test that has broken it.

    Attributes:
        memory: inodes of the shared memory that driver and workers hold while they have nothing to do.
    """

    def __init__(self):
        self._executor = None
        self._pids = []
        self.memory = set()

    def lend(self):
        """Return the executor, with both workers up."""
        if self._executor is None:
            with pytest.MonkeyPatch.context() as patch:
                patch.delenv(MARK, raising=False)  # the workers outlive the test that needs them first
                self._executor = pl.Executor(workers=2)
                self._executor.cluster.wait_for_workers(timeout=20)
            self._pids = self._processes()
            self.memory = memory_of("self").union(*map(memory_of, self._pids))
        return self._executor

    def take_back(self, patience_s=5):
        """Fail, and give the executor up, if it is not as it was before it was lent."""
        if wait_until(lambda: not self.left(), 0.03):  # what was given back may still be on its way
            return
        self._collect_garbage()
        if not wait_until(lambda: not self.left(), patience_s):
            left = self.left()
            self.close()
            pytest.fail(f"left in the executor that tests share: {left}")

    def left(self):
        """Name what was left: tasks, values, memory, processes, or workers other than before."""
        told = self._executor.cluster.statistics()
        pids = self._processes()
        found = {
            "tasks": [each for worker in told["workers"].values() for each in worker["running"]],
            "pending": told["pending"],
            "other workers": pids if pids != self._pids else [],
            "dead workers": [pid for pid in pids if not pid or not is_alive(pid)],
            "processes of workers": [child for pid in pids for child in descendants(pid)],
            "values": told["values"],
            "memory of workers": set().union(*map(memory_of, pids)) - self.memory,
        }
        return {name: value for name, value in found.items() if value}

    def _collect_garbage(self):
        """Collect what may hold values and memory, here and in workers that have nothing else to do."""
        gc.collect()
        if self.left().keys() <= {"values", "memory of workers"}:
            cluster = self._executor.cluster
            pl.when_all([cluster.task(gc.collect, to=name) for name in cluster.workers]).result(20)

    def close(self):
        """End the workers."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.cluster.close()
            executor.shutdown()
        self.memory = set()

    def _processes(self):
        return [worker["pid"] for worker in self._executor.cluster.statistics()["workers"].values()]
