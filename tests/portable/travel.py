"""Dumps every case on the Python that runs this, or loads and uses what other Pythons have dumped.

    python tests/portable/travel.py dump [FAMILY ...]   what became of each case, pickled, to standard output
    python tests/portable/travel.py load                takes `Job`s from standard input, answers with outcomes

Each family is dumped, and each payload loaded, in a process of its own that is forked off here: a crash of the
interpreter ends that one and is reported. Plain tuples and dicts pass through the pipes, which any Python reads.
"""

import contextlib
import os
import pickle
import runpy
import signal
import sys
import tempfile
import textwrap
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path.append(str(TESTS))

import harness  # noqa: E402 - found by the line above
import receiver  # noqa: E402

import pickleloaf  # noqa: E402

PATIENCE_S = 300


def apart(work):
    """Call a function in a process of its own; return its answer, or how that process ended."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        status = 1
        with contextlib.suppress(BaseException):
            signal.alarm(PATIENCE_S)
            answer = pickle.dumps(work())
            with os.fdopen(write, "wb") as pipe:
                pipe.write(answer)
            status = 0
        os._exit(status)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        answer = pipe.read()
    _, ended = os.waitpid(child, 0)
    if ended or not answer:
        return "crash", f"the process ended with status {ended}"
    return pickle.loads(answer)


# ---------------------------------------------------------------- dumping


def dump_case(case):
    """Dump one case for every Python, and once more for this one alone."""
    found = {"error": None}
    obj = case.make()
    try:
        for mode, options in (("portable", {"portable": True}), ("plain", {})):
            try:
                found[mode] = ("bytes", pickleloaf.dumps(obj, **{**case.arguments, **options}))
            except pickleloaf.EncodeError as error:
                found[mode] = ("refused", str(error))
    finally:
        case.close(obj)
    return found


def dump_family(path):
    """Run a family's file as a script; return what became of each of its cases."""
    sys.argv = [str(path), "job", "out"]
    found = []

    def drive():
        for name, case in harness.Case.known.pop("__main__").items():
            case.id = f"{path.stem}-{name}"
            if case.refused or case.why_skipped():
                continue
            folder = tempfile.mkdtemp()
            if case.files:
                sys.path.insert(0, harness.write_files(case, folder))
            outcome = apart(lambda case=case, folder=folder: harness._run(dump_case, case, folder))
            outcome = {"error": outcome[1]} if type(outcome) is tuple else outcome
            check = (case.source(), case.id, case.python, case.files if case.files_there else {})
            found.append((case.id, case.title, check, outcome))

    harness.drive = drive
    runpy.run_path(str(path), run_name="__main__")
    return found


def dump(families):
    """Dump all cases of some families."""
    with tempfile.TemporaryFile() as silent:
        answer = os.fdopen(os.dup(1), "wb")
        os.dup2(silent.fileno(), 1)  # cases may print
        found = []
        for path in sorted(TESTS.glob("cases/*.py")):
            if not families or path.stem in families:
                done = apart(lambda path=path: dump_family(path))
                found += [(path.stem, path.stem, None, {"error": done[1]})] if type(done) is tuple else done
        pickle.dump(found, answer)
        answer.close()


# ---------------------------------------------------------------- loading


def load_one(payload, source, name, files):
    """Load and use one payload: "right", or what went wrong, with the error's text."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            file = Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(textwrap.dedent(text))
        sys.path.insert(0, folder)
        try:
            obj = pickleloaf.loads(payload)
        except pickleloaf.DecodeError as error:
            return "refused", f"{type(error).__name__}: {error}"
        except BaseException as error:
            return "wrong", receiver.describe("loads", error)
        try:
            receiver.compile_check(source, name)(obj)
        except pickleloaf.DecodeError as error:
            return "refused", f"{type(error).__name__}: {error}"
        except BaseException as error:
            return "wrong", receiver.describe("use", error)
    return "right", ""


def load():
    """Answer for each job on standard input."""
    jobs = pickle.load(sys.stdin.buffer)
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    pickle.dump([apart(lambda job=job: load_one(*job)) for job in jobs], answer)
    answer.close()


if __name__ == "__main__":
    if sys.argv[1] == "dump":
        dump(sys.argv[2:])
    else:
        load()
