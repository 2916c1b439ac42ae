"""What the Pythons share: commands, the cache, and how an environment is filled.

An environment is named by a hash of the checkout's path and its pyproject.toml, so neither another
checkout nor a changed dependency ever meets a stale one.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pickleloaf"
KEY = hashlib.sha256(bytes(ROOT) + (ROOT / "pyproject.toml").read_bytes()).hexdigest()[:12]


class Unavailable(Exception):  # noqa: N818 - a finding, not an error
    """This Python cannot be had here; the text says why."""


def call(*command: str, env: dict[str, str] | None = None) -> str:
    """Run a command in the checkout and return what it printed, or raise CalledProcessError."""
    done = subprocess.run(
        command, check=True, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    return done.stdout.strip()


def explain(error: subprocess.CalledProcessError) -> str:
    """Put the end of what a failed command said, and the command, into one line."""
    said = (error.stderr.strip() or error.stdout.strip() or "nothing").splitlines()
    return f"{said[-1]} ({' '.join(error.cmd)})"


def note(text: str) -> None:
    """Tell the reader what takes so long."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def only_one_builder() -> Iterator[None]:
    """Let one process or thread at a time build in the cache."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def home_in(folder: Path) -> Path:
    """Give this checkout's place in `folder`, and drop those of checkouts that are gone or have changed."""
    home = folder / KEY
    home.mkdir(parents=True, exist_ok=True)
    (home / "made_for").write_text(str(ROOT), encoding="utf-8")
    for other in folder.iterdir():
        checkout = Path((other / "made_for").read_text(encoding="utf-8"))
        if other != home and (checkout == ROOT or not checkout.exists()):
            shutil.rmtree(other)
    return home


def fill_venv(prefix: Sequence[str], python: str, venv: str, *pip_options: str) -> None:
    """Make a venv with pickleloaf (editable) and its test libraries; each command follows `prefix`."""
    call(*prefix, python, "-m", "venv", "--clear", venv)
    within = (*prefix, f"{venv}/bin/python")
    install = (*within, "-m", "pip", "install", "--quiet", *pip_options)
    call(*install, "--upgrade", "pip>=25.1")  # the first that knows dependency groups
    call(*install, "--editable", ".", "--group", "test")
    call(*within, "ci/foreign.py", "install", *pip_options)
