"""Of how many functions the source is proved: over the standard library and installed packages.

    python ci/portable_share.py [PACKAGE ...]   by default two that the tests need anyway

Every module that can be imported without doing anything is imported, and every function that one defines, also
inside of its classes, is asked for its recipe. What is compiled from a mere string does not count as having source.
"""

import contextlib
import importlib
import io
import pkgutil
import sys
import time
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent / "src"))

from pickleloaf import EncodeError
from pickleloaf.code.portable import recipe_of

PACKAGES = ("_pytest", "hypothesis")
#: Modules that act when they are imported, or are for another system.
LEFT_OUT = frozenset(
    {"antigravity", "this", "idlelib", "test", "turtledemo", "lib2to3", "__main__", "tkinter"}
)


def modules(package: str | None) -> Iterator[types.ModuleType]:
    """Yield the modules of a package, or of the standard library, that can be imported here."""
    names = sorted(sys.stdlib_module_names - LEFT_OUT) if package is None else [package]
    for name in names:
        yield from _modules(name)


def _modules(name: str) -> Iterator[types.ModuleType]:
    if LEFT_OUT.intersection(name.split(".")):
        return
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            module = importlib.import_module(name)
    except BaseException:  # noqa: BLE001 - SystemExit, or whatever a module for another system raises
        return
    yield module
    for info in pkgutil.iter_modules(getattr(module, "__path__", ())):
        yield from _modules(f"{name}.{info.name}")


def functions(module: types.ModuleType) -> Iterator[types.FunctionType]:
    """Yield the functions that a module defines, also inside of its classes."""
    for value in list(vars(module).values()):
        is_own = isinstance(value, type) and value.__module__ == module.__name__
        for each in (value, *(vars(value).values() if is_own else ())):
            inner: Any = each
            if isinstance(each, staticmethod | classmethod):
                inner = each.__func__
            elif isinstance(each, property):
                inner = each.fget
            if isinstance(inner, types.FunctionType) and inner.__module__ == module.__name__:
                yield inner


def main() -> None:
    """Count, and print a line for each package."""
    warnings.simplefilter("ignore")
    for package in (None, *(sys.argv[1:] or PACKAGES)):
        found = {id(f.__code__): f.__code__ for module in modules(package) for f in functions(module)}
        codes = [code for code in found.values() if not code.co_filename.startswith("<")]
        began = time.perf_counter()
        refused = []
        for code in codes:
            try:
                recipe_of(code)
            except EncodeError:
                refused.append(f"{Path(code.co_filename).name}:{code.co_firstlineno} {code.co_qualname}")
        took = (time.perf_counter() - began) / max(len(codes), 1)
        proved = len(codes) - len(refused)
        share = 100 * proved / max(len(codes), 1)
        version = ".".join(map(str, sys.version_info[:3]))
        print(
            f"{version} {package or 'standard library'}: {proved} of {len(codes)} functions, {share:.2f} %,"
            f" {1000 * took:.2f} ms each; not: {', '.join(refused[:6])}",
            flush=True,
        )


if __name__ == "__main__":
    main()
