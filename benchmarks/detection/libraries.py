"""What looking for patches costs where code names large libraries: dumps, the first dump of a process, local tasks.

Each row runs in processes of its own, which have imported the library. The first dump is measured in fresh processes,
in turns, one for each treatment; repeated dumps and tasks in one process, in turns.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import pickleloaf
from benchmarks.processes import figures_of

__all__ = ["LIBRARIES", "Row", "measure"]

#: What is imported, and a function that names it and does nothing with it, by the name of the row.
LIBRARIES = {
    "nothing": ("factor = 3", "lambda x: factor and x"),
    "numpy": ("import numpy as np", "lambda x: np.sqrt and x"),
    "pandas": ("import pandas as pd", "lambda x: pd.DataFrame and x"),
    "sklearn": ("from sklearn import linear_model", "lambda x: linear_model.LinearRegression and x"),
    "project of 300 modules": ("import shop", "lambda x: shop.m7.price and x"),
}

#: The libraries that are loaded besides, for the first dump with many modules.
MANY = "import numpy, pandas, sklearn.linear_model, sklearn.ensemble, scipy.stats, requests"

Row = dict[str, float]


def measure(name: str, *, runs: int) -> Row:
    """Return ratios: of repeated dumps, of tasks, and what the first dump takes more, in milliseconds."""
    firsts = {
        each: [figures_of(__spec__.name, "first", name, each)["s"] for _ in range(runs)]
        for each in ("ignore", "warn", "carry")
    }
    repeated = [figures_of(__spec__.name, "repeated", name) for _ in range(runs)]
    found = {key: median(each[key] for each in repeated) for key in repeated[0]}
    for each in ("warn", "carry"):
        found[f"first {each}, ms more"] = 1e3 * (min(firsts[each]) - min(firsts["ignore"]))
    return found


def _project(folder: Path) -> None:
    """Write a package of 300 modules, each of which imports another."""
    package = folder / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("from . import " + ", ".join(f"m{n}" for n in range(300)))
    for n in range(300):
        before = f"from . import m{n // 2}\n" if n else ""
        body = "".join(f"def f{k}(x): return x + {k}\n" for k in range(20))
        (package / f"m{n}.py").write_text(
            f"{before}{body}def price(x): return x * {n}\nclass Item:\n    def cost(self): return {n}\n"
        )


def _function(name: str) -> Callable[[Any], Any]:
    """Import what a row names, as a script does, and return its function."""
    imports, source = LIBRARIES[name]
    scope: dict[str, Any] = {"__name__": "__main__"}
    exec(imports, scope)  # noqa: S102 - one of the rows above
    made: Callable[[Any], Any] = eval(source, scope)  # noqa: S307 - one of the rows above
    return made


def _first(name: str, treatment: str) -> Row:
    exec(MANY, {})  # noqa: S102 - a constant
    function = _function(name)
    pickleloaf.dumps(lambda: 1, patches="ignore")  # loads what every dump needs
    began = time.process_time()
    pickleloaf.dumps(function, patches=treatment)
    return {"s": time.process_time() - began}


def _repeated(name: str) -> Row:
    function = _function(name)
    rate = {each: [] for each in ("ignore", "warn", "carry")}
    picklers = {each: _dumper(function, each) for each in rate}
    for _ in range(40):
        for each, dump in picklers.items():
            rate[each].append(_seconds(dump, 200, time.process_time))
    return {
        "warn / ignore": median(rate["warn"]) / median(rate["ignore"]),
        "carry / ignore": median(rate["carry"]) / median(rate["ignore"]),
        "task / plain task": _task_ratio(function),
    }


def _dumper(function: Any, treatment: str) -> Callable[[], None]:
    pickler = pickleloaf.Pickler(_Sink(), patches=treatment)

    def dump() -> None:
        pickler.dump(function)
        pickler.clear_memo()

    return dump


class _Sink:
    def write(self, data: bytes) -> None:
        pass


def _seconds(call: Callable[[], Any], times: int, clock: Callable[[], float] = time.perf_counter) -> float:
    began = clock()
    for _ in range(times):
        call()
    return (clock() - began) / times


def _task_ratio(function: Any) -> float:
    plain = _function("nothing")
    with pickleloaf.Executor(workers=1) as executor:
        calls = [lambda f=each: executor.submit(f, 2).result() for each in (function, plain)]
        for call in calls:
            _seconds(call, 20)
        times = [(_seconds(calls[0], 30), _seconds(calls[1], 30)) for _ in range(15)]
    return median(one for one, _ in times) / median(other for _, other in times)


def main() -> None:
    """Measure in this process, and write the figures."""
    with tempfile.TemporaryDirectory() as folder:
        _project(Path(folder))
        sys.path.insert(0, folder)
        kind, name, *rest = sys.argv[1:]
        print(json.dumps(_first(name, *rest) if kind == "first" else _repeated(name)))


if __name__ == "__main__":
    main()
