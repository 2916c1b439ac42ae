"""Install those libraries of a dependency group that have a wheel.

    python ci/foreign.py install|download [OPTIONS OF PIP]
    python ci/foreign.py --group=engines install

By default the group is `foreign`: libraries whose objects pickleloaf serializes (numpy and its like). A new Python
is out months before all of them have wheels for it, nor can each be had everywhere. Nothing is compiled here: what
has no wheel is named and left out, and its tests skip themselves.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


def requirements_of(group: str) -> list[str]:
    """Read a group of pyproject.toml, with those that it includes."""
    found: list[str] = []
    for each in tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["dependency-groups"][group]:
        found += [each] if isinstance(each, str) else requirements_of(each["include-group"])
    return found


def pip(arguments: list[str], requirements: list[str]) -> bool:
    """Run this Python's pip on wheels only, and tell whether it succeeded."""
    command = [sys.executable, "-m", "pip", *arguments, "--only-binary=:all:", *requirements]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def main(arguments: list[str]) -> int:
    """Try all libraries at once, and one by one if that fails."""
    group = "foreign"
    if arguments[0].startswith("--group="):
        group = arguments.pop(0).removeprefix("--group=")
    requirements = requirements_of(group)
    if not pip(arguments, requirements):
        missing = [each for each in requirements if not pip(arguments, [each])]
        print("no wheel for:", ", ".join(missing) or "-", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
