"""Scripts: source text that runs as the `__main__` of its own and leaves the object in `it`."""

import linecache
import sys
import tempfile
import textwrap
import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Script"]

_FOLDER = tempfile.TemporaryDirectory(prefix="everyday-")


@dataclass
class Script:
    """One kind of object, as a script makes it.

    Attributes:
        name: row in the tables.
        source: the script; ``{n}`` becomes the number of the run, which makes each definition another one, and so
            does ``{k}``, unless the code is to be that of the last run.
        check: an expression about ``it``, the copy, that is true when it works.
        speed: how many times faster than cloudpickle repeated dumps have to be.
        python: the first Python that can run it.
        needs: a module that has to be installed.
    """

    name: str
    source: str
    check: str = "True"
    speed: float = 2
    python: tuple[int, int] = (3, 11)
    needs: str = "sys"
    main: types.ModuleType = field(default_factory=lambda: types.ModuleType("__main__"))

    def run(self, number: int = 0, *, equal_code: bool = False) -> Any:
        """Run the script in its `__main__`; return the object. The file is on disk and has been read."""
        path = Path(_FOLDER.name, f"{self.name.replace(' ', '_').replace('/', '_')}_{number}.py")
        source = textwrap.dedent(self.source).replace("{n}", str(number)).lstrip()
        source = source.replace("{k}", str(0 if equal_code else number))
        path.write_text(source, encoding="utf-8")
        linecache.getlines(str(path))
        sys.modules["__main__"] = self.main
        self.main.__file__ = str(path)
        exec(compile(source, path, "exec", dont_inherit=True), vars(self.main))  # noqa: S102 - a user's script
        return self.main.it

    def works(self, copy: Any) -> bool:
        """Tell whether a copy does what it should, in a process that has not run the script."""
        try:
            return bool(eval(self.check, {"it": copy}))  # noqa: S307 - our own expressions
        except Exception:  # noqa: BLE001 - a copy that does not work may fail in any way
            return False
