"""Importing a library patches nothing, and ten kinds of real patches are found in it.

`make libraries` installs the most used ones; `make test-faults` and the full form try those that are there anyway.
"""

import importlib.util

import pytest
from travel import run_alone

pytestmark = pytest.mark.stress

#: Names to import, by distribution where that has another name.
LIBRARIES = (
    "IPython PIL aiohttp attrs bokeh boto3 bs4 cachetools cattrs click cloudpickle cryptography dask.dataframe dill "
    "distributed django fastapi flask httpx hypothesis jinja2 joblib loguru lxml.etree matplotlib.pyplot msgspec "
    "networkx numba numpy omegaconf pandas plotly polars psutil pyarrow pydantic pytest requests rich.console scipy "
    "seaborn setuptools sklearn sqlalchemy statsmodels.api structlog sympy tenacity toolz tqdm typer wrapt xarray yaml "
    "zope.interface"
).split()
INSTALLED = [name for name in LIBRARIES if importlib.util.find_spec(name.partition(".")[0]) is not None]

SCRIPT = '''
import functools, importlib, sys, types, unittest.mock, warnings
import pickleloaf

def silent(obj, name):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        plain = pickleloaf.dumps(obj, patches="warn")
        carried = pickleloaf.dumps(obj, patches="carry")
        pickleloaf.dumps(obj, patches="refuse")
    assert not told, f"{name}: {told[0].message}"
    assert len(carried) < len(plain) + 50, f"{name} carries {len(carried) - len(plain)} bytes"

class Odd:
    def __call__(self): return 1

class Behind:
    def __init__(self, made): self.made = made

def own_class(module):
    for value in vars(module).values():
        if isinstance(value, type) and value.__flags__ & 1 << 9 and not value.__flags__ & 1 << 8:
            home = sys.modules.get(value.__module__)
            if getattr(home, value.__qualname__, None) is value and type(value) is type:
                return home, value

def patches(module):
    """Ten kinds: where, what, and what stands there then."""
    def plain(*args): return args
    def wraps(function):
        return functools.wraps(function)(lambda *args: function(*args))
    function = next((v for v in vars(module).values() if type(v) is types.FunctionType), plain)
    yield module, "new_function", plain
    yield module, "new_class", Odd
    yield module, "new_object", Odd()
    yield module, "new_partial", functools.partial(plain, 1)
    yield module, "wrapped", wraps(function)
    yield module, "bound", types.MethodType(plain, 1)
    home, cls = own_class(module) or (None, None)
    if cls is not None:
        yield cls, "new_method", plain
        yield cls, "new_property", property(plain)
        yield cls, "new_static", staticmethod(plain)
        yield cls, "new_class_method", classmethod(plain)

def found():
    return [str(patch.place) for patch in pickleloaf.find_patches()]

names = sys.argv[1:]
modules = {}
for name in names:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        modules[name] = importlib.import_module(name)
for name, module in modules.items():
    silent(eval("lambda: module", {"__name__": "__main__", "module": module}), name)
assert found() == [], found()
for name, module in modules.items():
    for owner, attribute, value in patches(module):
        with unittest.mock.patch.object(owner, attribute, value, create=True):
            holder = owner.__name__ if owner is module else f"{owner.__module__}.{owner.__qualname__}"
            place = f"{holder}.{attribute}"
            assert place in found(), f"{place} is not found"
    assert found() == [], found()
'''


@pytest.mark.parametrize("name", INSTALLED)
def test_nothing_is_patched(name, tmp_path):
    """A library alone: no mode says anything, and real patches are found."""
    run_alone(SCRIPT, tmp_path, name, timeout_s=300)


def test_nothing_is_patched_together(tmp_path):
    """All libraries in one process: some patch others, on purpose, when they are imported."""
    run_alone(SCRIPT, tmp_path, *INSTALLED, timeout_s=300)
