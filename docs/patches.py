"""Writes ``docs/patches-table.md``: situations in which something is patched, sent with each serializer.

    python docs/patches.py           writes it
    python docs/patches.py --check   says what differs from what is written, and fails if anything does

Needs cloudpickle, dill, numpy, requests and wrapt. Each situation (``tests/patches/situations.py``) is a
script that patches something and dumps an object; a fresh process loads it and uses it.
"""

import sys

from outcomes import DILL, ROOT, WORDS, count_right, rows, versions, write

PAGE = ROOT / "docs" / "patches-table.md"

sys.path.insert(0, str(ROOT / "tests" / "patches"))

from situations import SITUATIONS  # noqa: E402 - found through the line above
from travel import missing  # noqa: E402

#: Serializers, each with the arguments to try: the best outcome counts.
SERIALIZERS = {
    "pickle": ["{}"],
    "cloudpickle": ["{}"],
    "dill": DILL,
    "pickleloaf": ["{'patches': 'carry'}"],
}

HEAD = """# Patches: what travels

Written by `python docs/patches.py` with Python {python}, cloudpickle {cloudpickle}, dill {dill}. In each
situation a script patches something importable and dumps an object; a fresh process loads it and uses it.
**lost** means that it was dumped and loaded without a word, and then behaved otherwise than in the
script. dill has been given its best of three settings, and pickleloaf `patches="carry"`; where a row says
"marked" or "tracked", pickleloaf was told of the patch as
[the how-to page](how-to/patches.md) describes.
"""


def page() -> str:
    """Send everything and return the page."""
    absent = sorted({name for situation in SITUATIONS for name in missing(situation)})
    if absent:
        sys.exit(f"not installed: {', '.join(absent)}")
    results = rows(SITUATIONS, SERIALIZERS)
    lines = [HEAD.format(**versions())]
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
    lines += [
        "",
        "## All",
        "",
        f"| | {' | '.join(SERIALIZERS)} |",
        f"| --- |{' --- |' * 4}",
        f"| right | {count_right(results, SERIALIZERS)} |",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    write(PAGE, page)
