"""Writes ``docs/patches-table.md``: situations in which something is patched, sent with each serializer.

    python docs/patches.py           writes it
    python docs/patches.py --check   says what differs from what is written, and fails if anything does

Needs cloudpickle, dill, numpy, requests and wrapt. Each situation (``tests/patches/situations.py``) is a
script that patches something and dumps an object; a fresh process loads it and uses it.
"""

import importlib.metadata
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "patches-table.md"

sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "patches")]

from situations import SITUATIONS, Situation  # noqa: E402 - found through the line above
from travel import missing, outcome  # noqa: E402

#: Serializers, each with the arguments to try: the best outcome counts.
SERIALIZERS = {
    "pickle": ["{}"],
    "cloudpickle": ["{}"],
    "dill": ["{}", "{'recurse': True}", "{'byref': False, 'recurse': True}"],
    "pickleloaf": ["{'patches': 'carry'}"],
}

WORDS = {
    "right": "yes",
    "wrong": "**lost**",
    "dumps": "dumps fails",
    "loads": "loads fails",
    "crash": "crashes",
}
_ORDER = ["right", "dumps", "loads", "wrong", "crash"]

HEAD = """# Patches: what travels

Written by `python docs/patches.py` with Python {python}, cloudpickle {cloudpickle}, dill {dill}. In each
situation a script patches something importable and dumps an object; a fresh process loads it and uses it.
**lost** means that it was dumped and loaded without a word, and then behaved otherwise than in the
script. dill has been given its best of three settings, and pickleloaf `patches="carry"`; where a row says
"marked" or "tracked", pickleloaf was told of the patch as
[the how-to page](how-to/patches.md) describes.
"""


def row(situation: Situation) -> dict[str, str]:
    """Send one situation with each serializer."""
    if (control := outcome(situation, "control")) != "right":
        sys.exit(f"{situation.title}: does not hold in the script itself ({control})")
    return {
        name: min((outcome(situation, name, each) for each in arguments), key=_ORDER.index)
        for name, arguments in SERIALIZERS.items()
    }


def page() -> str:
    """Send everything and return the page."""
    absent = sorted({name for situation in SITUATIONS for name in missing(situation)})
    if absent:
        sys.exit(f"not installed: {', '.join(absent)}")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(row, SITUATIONS))
    versions = {name: importlib.metadata.version(name) for name in ("cloudpickle", "dill")}
    lines = [HEAD.format(python=".".join(map(str, sys.version_info[:2])), **versions)]
    group = ""
    for situation, result in zip(SITUATIONS, results, strict=True):
        if situation.group != group:
            group = situation.group
            lines += [
                "",
                f"## Patched: {group}",
                "",
                f"| what | {' | '.join(SERIALIZERS)} |",
                f"| --- |{' --- |' * 4}",
            ]
        lines.append(f"| {situation.title} | {' | '.join(WORDS[result[name]] for name in SERIALIZERS)} |")
    right = {name: sum(result[name] == "right" for result in results) for name in SERIALIZERS}
    total = " | ".join(f"{right[name]} of {len(SITUATIONS)}" for name in SERIALIZERS)
    lines += [
        "",
        "## All",
        "",
        f"| | {' | '.join(SERIALIZERS)} |",
        f"| --- |{' --- |' * 4}",
        f"| right | {total} |",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page, or compare it."""
    text = page()
    if sys.argv[1:] == ["--check"]:
        written = PAGE.read_text(encoding="utf-8")
        differing = [line for line in text.splitlines() if line not in written.splitlines()]
        sys.exit("\n".join(differing) if differing else 0)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
