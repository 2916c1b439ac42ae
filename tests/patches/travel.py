"""Runs a situation: a script patches and dumps, another process loads and uses.

The processes come from `Processes`. Where a script is to find pickleloaf imported before it patches, `early` says so.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
from pathlib import Path

from processes import Processes
from situations import Situation

SOURCE = Path(__file__).parent.parent.parent / "src"
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
import os, sys
data = sys.stdin.buffer.read()
try:
    obj = __import__(os.environ["SERIALIZER"]).loads(data)
except BaseException as error:
    print(f"loads: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
    os._exit(3)
try:
    exec(compile(os.environ["USE"], "<use>", "exec"), {"obj": obj})
except BaseException as error:
    print(f"use: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
    os._exit(4)
os._exit(0)
"""


class Failed(Exception):
    """A situation came out wrong; the first argument says where."""


def missing(situation: Situation) -> list[str]:
    """Return the modules that a situation needs and that are not installed."""
    return [name for name in situation.needs if importlib.util.find_spec(name) is None]


def send(
    situation: Situation,
    serializer: str,
    folder: str,
    arguments: str = "{}",
    *,
    processes: Processes = INTERPRETERS,
    early: bool = False,
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
    process = _run(processes, script, folder, serializer, preload=("pickleloaf" if early else "os",), **more)
    if process.returncode:
        raise Failed("dumps", process.stderr.decode(errors="replace").strip().splitlines()[-1:])
    return out.read_bytes()


def receive(
    situation: Situation, serializer: str, folder: str, payload: bytes, *, processes: Processes = INTERPRETERS
) -> None:
    """Load a payload in a process that has not run the script, and use it.

    Raises:
        Failed: it could not be loaded, or does not behave as it did.
    """
    script = Path(folder) / "receiver.py"
    script.write_text(_RECEIVER)
    preload = ("pickleloaf",)
    process = _run(processes, script, folder, serializer, data=payload, preload=preload, USE=situation.use)
    if process.returncode:
        where, _, why = process.stderr.decode(errors="replace").partition(": ")
        raise Failed(where if where in ("loads", "use") else "crash", why)


def _run(processes, script, folder, serializer, *, data=b"", preload, **more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    fixed = {"PYTHONPATH": str(SOURCE), "PYTHONHASHSEED": os.environ.get("HASHSEED", "0")}
    return processes.run(
        script,
        env={**kept, **fixed, "SERIALIZER": serializer, **more},
        cwd=folder,
        path=[Path(folder) / "lib"],
        data=data,
        timeout_s=TIMEOUT_S,
        preload=preload,
    )


def outcome(situation: Situation, serializer: str, arguments: str = "{}") -> str:
    """Return "right", "wrong" (silently), "loads" or "dumps": what becomes of a situation, and where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            payload = send(situation, serializer, folder, arguments)
            if serializer != "control":
                receive(situation, serializer, folder, payload)
        except Failed as error:
            return "wrong" if error.args[0] == "use" else str(error.args[0])
    return "right"
