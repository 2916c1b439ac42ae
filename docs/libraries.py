"""Writes ``docs/libraries-table.md``: objects of libraries that people ship, sent with each serializer.

    python docs/libraries.py           writes it
    python docs/libraries.py --check   says what differs from what is written, and fails if anything does

Needs what `make libraries` installs. Each object (``tests/libraries/objects.py``) is made by a script, which
dumps it; a fresh process loads it and uses it.
"""

import importlib.metadata
import sys

from outcomes import DILL, ROOT, WORDS, count_right, rows, versions, write

PAGE = ROOT / "docs" / "libraries-table.md"

sys.path.insert(0, str(ROOT / "tests" / "libraries"))

from objects import OBJECTS  # noqa: E402 - found through the line above
from travel import missing  # noqa: E402

TIMEOUT_S = 60

#: Serializers, each with the arguments to try: the best outcome counts.
SERIALIZERS = {"pickleloaf": ["{}"], "cloudpickle": ["{}"], "dill": DILL}

HEAD = """# Objects of libraries: what arrives

Written by `python docs/libraries.py` with Python {python}, cloudpickle {cloudpickle}, dill {dill}.
{objects} objects of {libraries} libraries: each is made and dumped by a script, and a fresh process loads it and
uses it. **lost** means that it was dumped and loaded without a word, and then did not work as in the script;
"dumps fails" that the serializer refused it. dill has been given its best of three settings. The objects are in
`tests/libraries/objects.py`, chosen for what people ship; `tests/libraries/test_objects.py` gives the reason
for each that pickleloaf loses.
"""


def page() -> str:
    """Send everything and return the page."""
    absent = sorted({name for each in OBJECTS for name in missing(each.situation)})
    if absent:
        sys.exit(f"not installed: {', '.join(absent)}")
    results = rows([each.situation for each in OBJECTS], SERIALIZERS, timeout_s=TIMEOUT_S)
    libraries = {each.library for each in OBJECTS}
    names = " | ".join(SERIALIZERS)
    lines = [
        HEAD.format(objects=len(OBJECTS), libraries=len(libraries), **versions()),
        f"| | {names} |",
        f"| --- |{' --- |' * 3}",
        f"| right | {count_right(results, SERIALIZERS)} |",
        "",
        f"| library | object | {names} |",
        f"| --- | --- |{' --- |' * 3}",
    ]
    for each, result in zip(OBJECTS, results, strict=True):
        words = " | ".join(WORDS[result[name]] for name in SERIALIZERS)
        lines.append(f"| {each.library} | {each.title} | {words} |")
    lines += ["", "## Versions", "", ", ".join(map(_version, sorted(libraries, key=str.casefold))) + "."]
    return "\n".join(lines) + "\n"


def _version(library: str) -> str:
    distributions = importlib.metadata.packages_distributions()
    name = distributions.get(library.partition(".")[0], [library.replace(".", "-")])[0]
    if "." in library:
        name = library
    return f"{library} {importlib.metadata.version(name)}"


if __name__ == "__main__":
    write(PAGE, page)
