"""Runs what the laws ask for, in as few processes and as early as possible.

A law names a *stage*; the outcome of a stage for a case is a dict with `error` (None, or a
text) and what else the stage found. There are two sorts of stages:

- a *driver* runs a family's file as a script, once for all its cases (`harness.STAGES`);
- a *receiver* is a process of its own for one case, fed with the payload of an earlier stage.

In the short form processes are children of zygotes (`processes`), and the receiver that uses an object dumps it before.
In the full form (`--fresh`) each has a new interpreter, and what dumps again uses nothing.

Which stages the selected tests need is known after collection, so all of them are queued
then, first in, first out: a job only ever waits for jobs queued before it, so a pool of any
size cannot lock up. Where pytest-xdist has several workers, each has a lab of its own, and queues
what it needs of a family when it gets the first test of that family.
"""

import atexit
import importlib
import os
import pickle
import shutil
import subprocess
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest
from harness import SERIALIZER, STAGES, Case, write_files
from processes import Processes

TESTS = Path(__file__).parent
FAMILIES = {path.stem: path for path in sorted(TESTS.glob("cases/*.py"))}
DRIVER_TIMEOUT_S = 300
RECEIVER_TIMEOUT_S = 120
WHOLE_RUN_S = 3600


class Driver(NamedTuple):
    """Where and how a family's script runs."""

    stage: str
    hash_seed: str = "1"
    folder: str = "script"
    backwards: bool = False


class Receiver(NamedTuple):
    """What a receiver gets, and what it does."""

    source: str
    loader: str = SERIALIZER
    use: bool = True
    redump: bool = False
    protocol: int | None = None


DRIVERS = {
    "identity": Driver("identity"),
    "sender": Driver("sender"),
    "roundtrip": Driver("roundtrip"),
    "asked": Driver("asked"),
    "elsewhere": Driver("elsewhere", hash_seed="77", folder="other/place", backwards=True),
}
RECEIVERS = {
    "fresh": Receiver("sender"),
    "plain": Receiver("sender", loader="pickle"),
    "relay": Receiver("sender", use=False, redump=True),
    "third": Receiver("relay"),
    "protocol2": Receiver("sender", protocol=2),
    "protocol3": Receiver("sender", protocol=3),
    "protocol4": Receiver("sender", protocol=4),
}
SHORT = {"fresh": Receiver("sender", redump=True), "third": Receiver("fresh")}
assert set(STAGES) == {driver.stage for driver in DRIVERS.values()}


def load_cases():
    """Every case, in the order of the families' names and of each file."""
    found = []
    for family in FAMILIES:
        importlib.import_module(f"cases.{family}")
        found += Case.known[f"cases.{family}"].values()
    for case in found:
        case.source()  # read now: an editor may change the file while the laws run
    return found


CASES = load_cases()


def law(stage, over=lambda case: not case.refused, *, sampled=False):
    """Check a test function against every case that `over` picks, given one stage's outcome.

    In the short form a sampled law is checked against the first case of each family.
    """

    def decorate(test):
        chosen = [pytest.param(case, id=case.id) for case in CASES if over(case)]
        patient = pytest.mark.timeout(WHOLE_RUN_S)  # it only waits: each process has a limit of its own
        staged = pytest.mark.stage(stage, sampled=sampled)
        return patient(staged(pytest.mark.parametrize("case", chosen)(test)))

    return decorate


def holds(error):
    """Fail with the text of another process's error."""
    if error:
        pytest.fail(str(error), pytrace=False)


class Lab:
    """Queue of the processes that the selected laws need, and their outcomes."""

    def __init__(self, fresh=False, compiled=None):
        self.receivers = RECEIVERS if fresh else RECEIVERS | SHORT
        self.scratch = Path(tempfile.mkdtemp(prefix="loaf-"))
        atexit.register(shutil.rmtree, self.scratch, True)
        self.snapshot = self._snapshot()
        self.pool = ThreadPoolExecutor((os.cpu_count() or 2) + 1)  # one may wait for another
        self.outcomes = {}
        self.older = set()
        self.planned = {}
        self.bytecode = compiled or str(self.scratch / "compiled")
        self.processes = Processes(self.scratch, fresh=fresh)
        self.given = dict(os.environ)  # read once, since pytest writes into it while threads start processes
        self.environment = {
            **self.given,
            "PYTHONPATH": os.pathsep.join(filter(None, [str(self.snapshot), self.given.get("PYTHONPATH")])),
            **self.compiled(),
            "TMPDIR": tempfile.mkdtemp(dir=self.scratch),
        }

    def compiled(self):
        """Where the processes keep bytecode: each module is compiled once a run, and not here."""
        return {"PYTHONPYCACHEPREFIX": self.bytecode, "PYTHONDONTWRITEBYTECODE": ""}

    def _snapshot(self):
        """Folder with what the processes run, so that nobody edits it under their hands."""
        folder = self.scratch / "tests"
        (folder / "cases").mkdir(parents=True)
        for name in ("harness.py", "receiver.py"):
            shutil.copy(TESTS / name, folder)
        for family, path in FAMILIES.items():
            shutil.copy(path, folder / "cases" / f"{family}.py")
        return folder

    def plan(self, wanted):
        """Remember every (stage, case) that will be asked for, to be queued when its family begins."""
        for stage, case in wanted:
            self.planned.setdefault(case.family, []).append((stage, case))

    def begin(self, family):
        """Queue what is planned of a family."""
        self.prefetch(self.planned.pop(family, []))

    def prefetch(self, wanted):
        """Queue every (stage, case): the drivers that they need, then the receivers, which wait for drivers."""
        wanted = [(stage, case) for stage, case in wanted if not case.why_skipped()]
        self.older |= {case.id for stage, case in wanted if stage in RECEIVERS and RECEIVERS[stage].protocol}
        scripts = {}
        for stage, case in wanted:
            script = self._first(stage), case.family, case.alone and case.id
            scripts.setdefault(script, {})[case.id] = case
        for (stage, family, _), cases in scripts.items():
            self._queue_driver(family, stage, list(cases.values()))
        for stage, case in wanted:
            self.ask(stage, case)

    def ask(self, stage, case):
        """The future outcome of a stage for a case, queued if it is not yet."""
        if (stage, case.id) not in self.outcomes:
            if stage in DRIVERS:
                self._queue_driver(case.family, stage, [case])
            else:
                receiver = self.receivers[stage]
                if receiver.protocol:
                    self.older.add(case.id)
                source = self.ask(receiver.source, case)
                self.outcomes[stage, case.id] = self.pool.submit(self._receive, receiver, case, source)
        return self.outcomes[stage, case.id]

    def close(self):
        """Drop what is still queued and remove every file."""
        self.pool.shutdown(cancel_futures=True)
        self.processes.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    # ------------------------------------------------------------ drivers

    def _queue_driver(self, family, stage, cases):
        cases = [case for case in cases if (stage, case.id) not in self.outcomes]
        for case in cases:
            self.outcomes[stage, case.id] = Future()
        if cases:
            self.pool.submit(self._drive, family, DRIVERS[stage], stage, cases)

    def _drive(self, family, driver, stage, cases):
        """Run the family's script, again after a crash, until every case has an outcome."""
        left = {case.__name__: self.outcomes[stage, case.id] for case in cases}
        try:
            while left:
                self._drive_once(family, driver, left)
        except BaseException as error:
            for outcome in left.values():
                outcome.set_exception(error)

    def _drive_once(self, family, driver, left):
        folder = Path(tempfile.mkdtemp(dir=self.scratch), driver.folder)
        folder.mkdir(parents=True)
        script = Path(shutil.copy(self.snapshot / "cases" / f"{family}.py", folder))
        names = list(reversed(left) if driver.backwards else left)
        job = {
            "stage": driver.stage,
            "cases": names,
            "older": [name for name in names if f"{family}-{name}" in self.older],
            "folder": str(folder / "files"),
        }
        (folder / "job").write_bytes(pickle.dumps(job))
        ended = self._run(
            script,
            folder / "job",
            folder / "out",
            name=f"driver {driver.stage} of {family}, {len(names)} cases",
            timeout_s=DRIVER_TIMEOUT_S,
            cwd=folder,
            env={**self.environment, "PYTHONHASHSEED": driver.hash_seed},
            preload=["harness"],
        )
        self._settle(folder / "out", left, ended)

    def _settle(self, file, left, ended):
        started = None
        for name, outcome in _read_records(file):
            started = None if outcome else name
            if outcome:
                left.pop(name).set_result(outcome)
        if left and (started is None or started not in left):
            raise RuntimeError(f"the driver did not run: {ended!s}")
        if left:
            left.pop(started).set_result({"error": f"driver died: {ended}"})

    # ------------------------------------------------------------ receivers

    def _receive(self, receiver, case, source):
        came = source.result()
        payload = came.get("payload")
        if receiver.protocol and isinstance(payload, bytes):
            payload = came["older"].get(receiver.protocol, "nobody asked for this protocol in time")
        if not isinstance(payload, bytes):
            return {"error": payload or came["error"] or "there is no payload"}
        job = {
            "loader": receiver.loader,
            "payload": payload,
            "check": case.source() if receiver.use else None,
            "name": f"same of {case.id}",
            "redump": SERIALIZER if receiver.redump else None,
            "arguments": case.arguments,
            "path": [self.importable(case)] if case.files and case.files_there else [],
        }
        return self.receive(job, preload=[SERIALIZER] if receiver.loader == SERIALIZER else [])

    def receive(self, job, preload=()):
        """Let a process that has not run the sender's script do a job, see `receiver`."""
        folder = tempfile.mkdtemp(dir=self.scratch)
        ended = self._run(
            self.snapshot / "receiver.py",
            name=job["name"],
            timeout_s=RECEIVER_TIMEOUT_S,
            cwd=folder,
            data=pickle.dumps(job),
            env=self._bare(folder),
            preload=preload,
        )
        shutil.rmtree(folder)
        if isinstance(ended, str):
            return {"error": f"receiver: {ended}"}
        return pickle.loads(ended)

    def _bare(self, home):
        """Environment of a receiver: what the tests were given, and nothing of the sender's."""
        return {**self.given, **self.compiled(), "PYTHONHASHSEED": "5", "HOME": home}

    def importable(self, case):
        """Folder with the importable files of a case."""
        return write_files(case, self.scratch / "importable")

    def _run(self, script, *argv, timeout_s, **options):
        """Standard output of a process that ended well, or a text about how it ended."""
        try:
            ended = self.processes.run(script, *argv, timeout_s=timeout_s, **options)
        except subprocess.TimeoutExpired:
            return f"no answer after {timeout_s} s"
        if ended.returncode == 0:
            return ended.stdout
        last_words = ended.stderr.decode(errors="replace")[-2000:]
        return f"ended with {ended.returncode}\n{last_words}"

    def _first(self, stage):
        """The driver's stage that a stage gets its payload from, or itself."""
        while stage in self.receivers:
            stage = self.receivers[stage].source
        return stage


def _read_records(file):
    if not file.exists():
        return
    with file.open("rb") as stream:
        while True:
            try:
                yield pickle.load(stream)
            except EOFError:
                return
