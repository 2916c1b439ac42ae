"""Whatever plain pickle restores of what modules hold, we restore to the same."""

import importlib.util
import sys

import pytest
from travel import run_alone

#: Modules of the standard library that do something when they are imported, or need a display.
LOUD = {"antigravity", "idlelib", "this", "tkinter", "turtle", "turtledemo"}
STANDARD = sorted(name for name in sys.stdlib_module_names - LOUD if not name.startswith("_"))
LIBRARIES = (
    "PIL attrs bokeh boto3 bs4 cachetools cattrs click dask.dataframe django fastapi flask httpx hypothesis.strategies "
    "jinja2 lxml.etree matplotlib.cm msgspec networkx numba numpy numpy.linalg numpy.random pandas "
    "pandas.tseries.offsets plotly polars pyarrow pydantic requests rich.text scipy.special scipy.stats sklearn "
    "sqlalchemy statsmodels.api structlog sympy sympy.abc sympy.core.numbers sympy.physics.units tenacity toolz tqdm "
    "typer wrapt xarray yaml zope.interface"
).split()
INSTALLED = [name for name in LIBRARIES if importlib.util.find_spec(name.partition(".")[0]) is not None]

SCRIPT = '''
import importlib, io, pickle, sys, warnings
import pickleloaf

def written(obj):
    """Pickle without a memo, so that what is shared by chance does not count."""
    file = io.BytesIO()
    pickler = pickle.Pickler(file)
    pickler.fast = True
    try:
        pickler.dump(obj)
    except (RecursionError, ValueError):  # it leads back to itself
        return pickle.dumps(pickle.loads(pickle.dumps(obj)))
    return file.getvalue()

warnings.simplefilter("ignore")
count, wrong, seen = 0, [], set()
for name in sys.argv[1:]:
    try:
        module = importlib.import_module(name)
    except ImportError:
        continue
    for key, value in list(vars(module).items()):
        if key[0] == "_" or type(value) is type(sys) or id(value) in seen:
            continue  # a cache of the module's changes while we look
        seen.add(id(value))
        try:
            copy = pickle.loads(pickle.dumps(value))
            expected = written(copy)
        except Exception:
            continue
        count += 1
        try:
            ours = pickleloaf.loads(pickleloaf.dumps(value))
            if not (ours is value and copy is not value) and written(ours) != expected:
                wrong.append(f"{name}.{key}: {ours!r:.80} is not {copy!r:.80}")
        except Exception as error:
            wrong.append(f"{name}.{key}: {error!r:.200}")
print(count, *wrong, sep="\\n")
'''


def compare(names, tmp_path):
    """Dump and load what modules hold in an interpreter of its own; return how much, and what differs."""
    count, *wrong = run_alone(SCRIPT, tmp_path, *names, timeout_s=110).splitlines()
    return int(count), wrong


def test_standard_library(tmp_path):
    """What the modules of the standard library hold."""
    count, wrong = compare(STANDARD, tmp_path)
    assert wrong == []
    assert count > 4000


@pytest.mark.stress
@pytest.mark.parametrize("name", INSTALLED)
def test_library(name, tmp_path):
    """What a library's module holds."""
    _, wrong = compare([name], tmp_path)
    assert wrong == []
