"""What the rivals have to carry.

A workload is source text that runs in ``__main__``, as a script or notebook would have it, and an
expression for the object. Both may have ``{n}`` in them, a number that makes each definition another one.
"""

import importlib
import importlib.util
import itertools
import linecache
import pkgutil
import sys
import textwrap
from dataclasses import dataclass
from types import ModuleType
from typing import Any

__all__ = ["Workload", "count_from", "find_workloads"]

#: Numbers of the definitions made in this process.
_numbers = itertools.count()


def count_from(start: int) -> None:
    """Give other numbers to definitions than another process does."""
    global _numbers  # noqa: PLW0603 - said once, at the start of a process
    _numbers = itertools.count(start)


@dataclass(frozen=True)
class Workload:
    """One kind of object.

    Attributes:
        name: what it is called in the tables.
        source: runs before the object is made.
        make: an expression for the object.
        check: an expression about ``it``, the copy, that is true when it works.
        fresh: whether there is something to be seen for the first time: code or classes by value.
        apart: whether its buffers travel out of band.
        by_value: modules that are registered to travel by value, as an expression for a list.
        needs: modules that have to be installed.
        per: elements in the object, for figures per element.
    """

    name: str
    source: str
    make: str
    check: str = "True"
    fresh: bool = False
    apart: bool = False
    by_value: str = "[]"
    needs: tuple[str, ...] = ()
    per: int = 1

    def build(self) -> Any:
        """Make the object, from definitions that nobody has seen before."""
        return self.build_with_modules()[0]

    def build_with_modules(self) -> tuple[Any, list[ModuleType]]:
        """Make the object; return it with the modules that are to travel by value."""
        number = next(_numbers)
        scope = sys.modules["__main__"].__dict__
        source = textwrap.dedent(self.source).replace("{n}", str(number))
        name = f"<benchmark {self.name} {number}>"
        # As a notebook does: whoever looks for the source of a function finds it.
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(compile(source, name, "exec", dont_inherit=True), scope)  # noqa: S102 - definitions at run time
        made, modules = (self.make, self.by_value)
        return tuple(
            eval(each.replace("{n}", str(number)), scope)  # noqa: S307 - our own expressions
            for each in (made, modules)
        )

    def works(self, copy: Any) -> bool:
        """Tell whether a copy does what it should."""
        scope = {**sys.modules["__main__"].__dict__, "it": copy}
        try:
            return bool(eval(self.check, scope))  # noqa: S307 - our own expressions
        except Exception:  # noqa: BLE001 - a copy that does not work may fail in any way
            return False

    def is_possible(self) -> bool:
        """Tell whether what it needs is installed."""
        return all(importlib.util.find_spec(name) for name in self.needs)


def find_workloads() -> dict[str, Workload]:
    """Return all workloads by name, in the order of their files and in these."""
    found = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: _ORDER.index(module.name)):
        for workload in getattr(importlib.import_module(f"{__name__}.{module.name}"), "WORKLOADS", ()):
            found[workload.name] = workload
    return {name: workload for name, workload in found.items() if workload.is_possible()}


_ORDER = ["functions", "classes", "instances", "data", "arrays", "foreign", "packages", "importable"]
