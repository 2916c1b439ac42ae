"""What the tables of outcomes have in common: serializers, words, and how a page is written or compared."""

import importlib.metadata
import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent

sys.path.insert(0, str(ROOT / "tests"))

from travel import TIMEOUT_S, Situation, outcome  # noqa: E402 - found through the line above

#: Settings of dill: the best outcome counts.
DILL = ["{}", "{'recurse': True}", "{'byref': False, 'recurse': True}"]

WORDS = {
    "right": "yes",
    "wrong": "**lost**",
    "dumps": "dumps fails",
    "loads": "loads fails",
    "crash": "crashes",
}
_ORDER = ["right", "dumps", "loads", "wrong", "crash"]


def rows(
    situations: Iterable[Situation], serializers: dict[str, list[str]], *, timeout_s: float = TIMEOUT_S
) -> list[dict[str, str]]:
    """Send each situation with each serializer; return its best outcomes."""

    def row(situation: Situation) -> dict[str, str]:
        if (control := outcome(situation, "control", timeout_s=timeout_s)) != "right":
            sys.exit(f"{situation.title}: does not hold in the script itself ({control})")
        return {name: best(situation, name, arguments) for name, arguments in serializers.items()}

    def best(situation: Situation, name: str, arguments: list[str]) -> str:
        found = []
        for each in arguments:
            found.append(outcome(situation, name, each, timeout_s=timeout_s))
            if found[-1] == "right":
                break
        return min(found, key=_ORDER.index)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(row, situations))


def count_right(results: list[dict[str, str]], serializers: Iterable[str]) -> str:
    """Return the cells of a row that counts what came out right."""
    counts = (sum(result[name] == "right" for result in results) for name in serializers)
    return " | ".join(f"{count} of {len(results)}" for count in counts)


def versions() -> dict[str, Any]:
    """Return the versions that a page was written with."""
    rivals = {name: importlib.metadata.version(name) for name in ("cloudpickle", "dill")}
    return {"python": ".".join(map(str, sys.version_info[:2])), **rivals}


def write(path: Path, page: Callable[[], str]) -> None:
    """Write a page, or with ``--check`` compare it."""
    text = page()
    if sys.argv[1:] == ["--check"]:
        written = path.read_text(encoding="utf-8")
        differing = [line for line in text.splitlines() if line not in written.splitlines()]
        sys.exit("\n".join(differing) if differing else 0)
    path.write_text(text, encoding="utf-8")
