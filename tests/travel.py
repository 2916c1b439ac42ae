"""Runs a situation: a script makes an object and dumps it, another process loads and uses it.

The processes come from `Processes`. Where a script is to find pickleloaf imported before it runs, `early` says so.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from processes import Processes

SOURCE = Path(__file__).parent.parent / "src"
TIMEOUT_S = 100
INTERPRETERS = Processes(fresh=True)

#: What the script does after it has made its object: use it as a control, or dump it.
_SCRIPT = """
import os as _os, sys as _sys

def mark(target, *names):
    if _os.environ["SERIALIZER"] == "pickleloaf":
        import pickleloaf
        pickleloaf.mark_patched(target, *names)

def find():
    if _os.environ["SERIALIZER"] == "pickleloaf":
        import pickleloaf
        pickleloaf.find_patches()

def track(module):
    if _os.environ["SERIALIZER"] == "pickleloaf":
        import pickleloaf
        pickleloaf.track_patches(module)

{make}

def _dump():
    name = _os.environ["SERIALIZER"]
    if name == "control":
        exec(compile(_os.environ["USE"], "<use>", "exec"), {{"obj": obj}})
        return b""
    arguments = eval(_os.environ["ARGUMENTS"])
    return __import__(name).dumps(obj, **arguments)

_out = _os.fdopen(_os.open(_os.environ["OUT"], _os.O_WRONLY | _os.O_CREAT), "wb")
_out.write(_dump())
_out.close()
_os._exit(0)
"""

_RECEIVER = """
import os, sys, traceback

def fail(code):
    try:
        traceback.print_exc()  # which asks foreign objects
        sys.stderr.flush()
    finally:
        os._exit(code)

data = sys.stdin.buffer.read()
try:
    obj = __import__(os.environ["SERIALIZER"]).loads(data)
except BaseException:
    fail(3)
try:
    exec(compile(os.environ["USE"], "<use>", "exec"), {"obj": obj})
except BaseException:
    fail(4)
os._exit(0)
"""

_EXITS = {3: "loads", 4: "use"}


def run_alone(source: str, folder: Path, *arguments: str, timeout_s: float) -> str:
    """Run the text of a script in an interpreter of its own that can import pickleloaf; return what it prints.

    Raises:
        AssertionError: it fails.
    """
    script = folder / "script.py"
    script.write_text(source)
    done = INTERPRETERS.run(
        script, *arguments, env=dict(os.environ), cwd=folder, path=[SOURCE], timeout_s=timeout_s
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    return str(done.stdout.decode())


class Situation(NamedTuple):
    """A script that makes an object, and how another process uses that."""

    title: str
    #: Source of the script; leaves the object in ``obj``.
    make: str
    #: Statements that use ``obj`` and assert that it behaves as it does in the script.
    use: str
    #: Files that both processes can import.
    files: dict[str, str]
    #: Modules that have to be installed.
    needs: tuple[str, ...]
    #: Heading in the table.
    group: str


class Failed(Exception):
    """A situation came out wrong; the arguments say where, and the traceback."""


def missing(situation: Situation) -> list[str]:
    """Return the modules that a situation needs and that are not installed."""
    return [name for name in situation.needs if not _installed(name)]


def _installed(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # the package that it is in
        return False


def send(
    situation: Situation,
    serializer: str,
    folder: str,
    arguments: str = "{}",
    *,
    processes: Processes = INTERPRETERS,
    early: bool = False,
    timeout_s: float = TIMEOUT_S,
) -> bytes:
    """Run the script of a situation; return what it dumped.

    Raises:
        Failed: it could not be dumped, or as a control, does not hold where it was made.
    """
    root = Path(folder)
    for name, source in situation.files.items():
        file = root / "lib" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
    script, out = root / "script.py", root / "payload"
    script.write_text(_SCRIPT.format(make=situation.make))
    out.unlink(missing_ok=True)
    more = {"USE": situation.use, "ARGUMENTS": arguments, "OUT": str(out)}
    preload = ("pickleloaf" if early else "os",)
    process = _run(processes, script, folder, serializer, preload=preload, timeout_s=timeout_s, **more)
    if process.returncode:
        where = "dumps" if process.returncode > 0 else "crash"
        raise Failed(where, process.stderr.decode(errors="replace").strip())
    return out.read_bytes()


def receive(
    situation: Situation,
    serializer: str,
    folder: str,
    payload: bytes,
    *,
    processes: Processes = INTERPRETERS,
    timeout_s: float = TIMEOUT_S,
) -> None:
    """Load a payload in a process that has not run the script, and use it.

    Raises:
        Failed: it could not be loaded, or does not behave as it did.
    """
    script = Path(folder) / "receiver.py"
    script.write_text(_RECEIVER)
    process = _run(
        processes,
        script,
        folder,
        serializer,
        data=payload,
        preload=("pickleloaf",),
        timeout_s=timeout_s,
        USE=situation.use,
    )
    if process.returncode:
        why = process.stderr.decode(errors="replace").strip()
        raise Failed(_EXITS.get(process.returncode, "crash"), why)


def _run(processes, script, folder, serializer, *, data=b"", preload, timeout_s, **more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    fixed = {"PYTHONPATH": str(SOURCE), "PYTHONHASHSEED": os.environ.get("HASHSEED", "0")}
    try:
        return processes.run(
            script,
            env={**kept, **fixed, "SERIALIZER": serializer, **more},
            cwd=folder,
            path=[Path(folder) / "lib"],
            data=data,
            timeout_s=timeout_s,
            preload=preload,
        )
    except subprocess.TimeoutExpired:
        raise Failed("crash", f"killed after {timeout_s} s") from None


def trip(
    situation: Situation, serializer: str, arguments: str = "{}", *, timeout_s: float = TIMEOUT_S
) -> tuple[str, str]:
    """Send a situation, or run it as a control; return its outcome and, if that is not "right", the traceback.

    Outcomes are "right", "wrong" (silently), "dumps" or "loads" (where it failed), "crash" (a process was killed), and
    "skip" where a library is not installed.
    """
    if absent := missing(situation):
        return "skip", f"needs {', '.join(absent)}"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            payload = send(situation, serializer, folder, arguments, timeout_s=timeout_s)
            if serializer != "control":
                receive(situation, serializer, folder, payload, timeout_s=timeout_s)
        except Failed as error:
            where, why = error.args
            return "wrong" if where == "use" else where, why
    return "right", ""


def outcome(
    situation: Situation, serializer: str, arguments: str = "{}", *, timeout_s: float = TIMEOUT_S
) -> str:
    """Return the outcome alone of a trip."""
    return trip(situation, serializer, arguments, timeout_s=timeout_s)[0]
