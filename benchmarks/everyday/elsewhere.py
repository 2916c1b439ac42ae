"""Other processes: one that makes payloads of classes that are unknown here, one that uses copies."""

import pickle
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks.everyday.classes import CLASSES
from benchmarks.everyday.first import FIRST
from benchmarks.everyday.functions import FUNCTIONS
from benchmarks.everyday.many import THOUSAND
from benchmarks.processes import environment
from benchmarks.rivals import find_rivals

__all__ = ["Payloads", "first_payloads", "working"]

#: By row and rival.
Payloads = dict[tuple[str, str], list[bytes]]


def first_payloads(rows: Sequence[str], rivals: Sequence[str], count: int) -> Payloads:
    """Let a process run each script several times, and dump what it makes."""
    found: Payloads = _ask("make", (rows, rivals, count))
    return found


def working(payloads: Payloads) -> dict[tuple[str, str], bool]:
    """Let a process load payloads and use the copies; return which do what they should."""
    found: dict[tuple[str, str], bool] = _ask("use", payloads)
    return found


def _ask(what: str, job: Any) -> Any:
    program = f"import {__name__} as elsewhere; elsewhere.{what}()"
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(
        command, input=pickle.dumps(job), stdout=subprocess.PIPE, env=environment(), check=True
    )
    return pickle.loads(done.stdout)


def make() -> None:
    """Answer `first_payloads`, with numbers of runs that the asking process does not use."""
    names, rivals, count = pickle.load(sys.stdin.buffer)
    numbers = iter(range(1_000_000, 2_000_000))
    rows = {row.name: row for row in FIRST}
    known = find_rivals()
    found = {
        (name, rival): [known[rival].dumps(rows[name].run(next(numbers))) for _ in range(count)]
        for name in names
        for rival in rivals
    }
    pickle.dump(found, sys.stdout.buffer)


def use() -> None:
    """Answer `working`."""
    rows = {row.name: row for row in (*CLASSES, *FUNCTIONS, THOUSAND)}
    known = find_rivals()
    found = {}
    for (name, rival), payloads in pickle.load(sys.stdin.buffer).items():
        try:
            found[name, rival] = all(rows[name].works(known[rival].loads(payload)) for payload in payloads)
        except Exception as error:  # noqa: BLE001 - payloads fail in any way
            print(f"{rival} cannot load {name}: {error!r}", file=sys.stderr)
            found[name, rival] = False
    pickle.dump(found, sys.stdout.buffer)
