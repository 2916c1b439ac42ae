"""Objects of libraries that people ship: one row each of ``docs/libraries-table.md``.

An entry is text that runs in two processes. `source` is a script that leaves the object in ``it``. `check` runs where
the object has arrived, as ``obj``, and asserts that it works; it runs in the script as well, to see that it holds
there. Entries are chosen for what people ship, whether or not that succeeds with any serializer.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from travel import Situation


@dataclass(frozen=True)
class LibraryObject:
    """One row of the table."""

    #: The library by the name under which it is imported.
    library: str
    title: str
    source: str
    check: str
    #: A text in the error that refuses the object; empty where it is to arrive.
    refused: str = ""
    #: Other modules that have to be installed.
    needs: tuple[str, ...] = ()

    @property
    def situation(self) -> Situation:
        """The same as a situation that can be sent."""
        make = f"{self.source}\nobj = it\n"
        return Situation(self.title, make, self.check, {}, (self.library, *self.needs), self.library)


OBJECTS: list[LibraryObject] = []


def entry(
    library: str, title: str, source: str, check: str, *, refused: str = "", needs: tuple[str, ...] = ()
) -> None:
    """Add a row."""
    source, check = (textwrap.dedent(text).strip() + "\n" for text in (source, check))
    OBJECTS.append(LibraryObject(library, title, source, check, refused, needs))


# ---------------------------------------------------------------- numbers and tables


entry(
    "numpy",
    "a vectorized lambda",
    """
    import numpy as np
    limit = 10
    it = np.vectorize(lambda value: min(value, limit), otypes=[float], doc="clip")
    """,
    """
    import numpy as np
    assert obj(np.array([[3, 30]])).tolist() == [[3.0, 10.0]]
    assert obj.__doc__ == "clip"
    """,
)

entry(
    "numpy",
    "a subclass of ndarray with a unit",
    """
    import numpy as np
    class Quantity(np.ndarray):
        def __new__(cls, values, unit):
            made = np.asarray(values, float).view(cls)
            made.unit = unit
            return made
        def __array_finalize__(self, other):
            self.unit = getattr(other, "unit", None)
        def __reduce__(self):
            name, arguments, state = super().__reduce__()
            return name, arguments, (*state, self.unit)
        def __setstate__(self, state):
            super().__setstate__(state[:-1])
            self.unit = state[-1]
    it = Quantity([1, 2, 3], "kg")
    """,
    """
    assert obj.unit == "kg" and obj[1:].unit == "kg" and obj.sum() == 6
    """,
)

entry(
    "pandas",
    "a pipeline of closures over a table of prices",
    """
    import pandas as pd
    prices = pd.Series({"tea": 2.0, "rye": 3.5}, name="price")
    def at_least(column, limit):
        return lambda frame: frame[frame[column] >= limit]
    def priced(frame):
        return frame.assign(cost=frame["n"] * frame["item"].map(prices))
    steps = [at_least("n", 2), priced, lambda frame: frame.groupby("item")["cost"].sum()]
    def it(frame):
        for step in steps:
            frame = frame.pipe(step)
        return frame
    """,
    """
    import pandas as pd
    frame = pd.DataFrame({"item": ["tea", "rye", "tea"], "n": [1, 2, 4]})
    assert obj(frame).to_dict() == {"rye": 7.0, "tea": 8.0}
    """,
)

entry(
    "pandas",
    "a frame of a subclass with a categorical, time zones and attributes",
    """
    import pandas as pd
    class Ledger(pd.DataFrame):
        _metadata = ["owner"]
        @property
        def _constructor(self):
            return Ledger
        def total(self):
            return self["amount"].sum()
    it = Ledger({"amount": [1.5, 2.5], "kind": pd.Categorical(["a", "b"], categories=["b", "a"], ordered=True)},
                index=pd.date_range("2024-03-31", periods=2, tz="Europe/Berlin", name="day"))
    it.owner = "Ada"
    it.attrs["source"] = "script"
    """,
    """
    assert obj.total() == 4.0 and obj.owner == "Ada" and obj.attrs == {"source": "script"}
    assert obj["kind"].max() == "a" and str(obj.index.tz) == "Europe/Berlin"
    assert obj[obj["amount"] > 2].total() == 2.5
    """,
)

entry(
    "scipy",
    "a distribution of the script, frozen",
    """
    from scipy import stats
    class Tent(stats.rv_continuous):
        def _pdf(self, x, height):
            return height * (1 - abs(x))
        def _cdf(self, x, height):
            return 0.5 + x - x * abs(x) / 2
    it = Tent(a=-1, b=1, name="tent")(1)
    """,
    """
    assert obj.pdf(0) == 1 and obj.cdf(0) == 0.5
    assert abs(obj.ppf(0.5)) < 1e-9
    assert -1 <= obj.rvs(random_state=1) <= 1
    """,
)

entry(
    "scipy",
    "a function that minimizes over an interpolator and a sparse matrix",
    """
    import numpy as np
    from scipy import interpolate, optimize, sparse
    curve = interpolate.CubicSpline([0, 1, 2, 3], [4, 1, 0, 1])
    weights = sparse.csr_array(np.diag([1.0, 2.0]))
    def it(start):
        def loss(point):
            return float(curve(point[0]) + point @ weights @ point * 1e-9 + point[1] ** 2)
        return optimize.minimize(loss, start)
    """,
    """
    found = obj([1.0, 1.0])
    assert found.success and abs(found.x[0] - 2) < 0.1
    """,
)

entry(
    "sklearn",
    "a fitted pipeline with a FunctionTransformer of a lambda",
    """
    import numpy as np
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler
    x = np.arange(1.0, 9.0).reshape(-1, 1)
    it = make_pipeline(FunctionTransformer(lambda x: np.log(x)), StandardScaler(), LinearRegression())
    it.fit(x, 3 * np.log(x[:, 0]) + 1)
    """,
    """
    import numpy as np
    assert np.allclose(obj.predict([[20.0]]), 3 * np.log(20) + 1)
    """,
)

entry(
    "sklearn",
    "a fitted grid search over an estimator of the script with a scorer of the script",
    """
    import numpy as np
    from sklearn.base import BaseEstimator, RegressorMixin
    from sklearn.metrics import make_scorer
    from sklearn.model_selection import GridSearchCV
    class Shrunk(RegressorMixin, BaseEstimator):
        def __init__(self, factor=1.0):
            self.factor = factor
        def fit(self, x, y):
            self.mean_ = float(np.mean(y)) * self.factor
            return self
        def predict(self, x):
            return np.full(len(x), self.mean_)
    scorer = make_scorer(lambda y, guess: -abs(y - guess).max())
    it = GridSearchCV(Shrunk(), {"factor": [0.1, 1.0]}, scoring=scorer, cv=2)
    it.fit(np.zeros((8, 1)), np.full(8, 5.0))
    """,
    """
    import numpy as np
    from sklearn.base import clone
    assert obj.best_params_ == {"factor": 1.0} and obj.predict([[0]]).tolist() == [5.0]
    again = clone(obj).fit(np.zeros((8, 1)), np.full(8, 3.0))
    assert again.score(np.zeros((2, 1)), np.full(2, 3.0)) == 0
    """,
)

entry(
    "statsmodels",
    "a result fitted from arrays, with a function that forecasts from it",
    """
    import numpy as np
    import statsmodels.api as sm
    x = sm.add_constant(np.arange(10.0))
    fitted = sm.OLS(x @ [1.0, 2.0], x).fit()
    it = fitted, lambda day: fitted.predict([[1.0, day]])[0]
    """,
    """
    fitted, forecast = obj
    assert abs(forecast(100.0) - 201) < 1e-6 and fitted.rsquared > 0.999
    assert "OLS Regression Results" in str(fitted.summary(slim=True))
    """,
    needs=("numpy",),
)

entry(
    "statsmodels",
    "a result fitted by a formula that calls a function of the script",
    """
    import numpy as np
    import pandas as pd
    import statsmodels.formula.api as smf
    def squared(x):
        return x ** 2
    frame = pd.DataFrame({"x": np.arange(10.0)})
    frame["y"] = 2 * frame["x"] ** 2 + 1
    it = smf.ols("y ~ squared(x)", frame).fit()
    """,
    """
    import pandas as pd
    assert abs(obj.params["squared(x)"] - 2) < 1e-9
    assert abs(obj.predict(pd.DataFrame({"x": [100.0]}))[0] - 20001) < 1e-6
    """,
)

entry(
    "sympy",
    "a lambdified expression and its derivative",
    """
    import sympy as sp
    x, y = sp.symbols("x y", real=True)
    formula = sp.exp(x) * sp.sin(y) + x ** 2
    it = {"f": sp.lambdify((x, y), formula, "numpy"), "df": sp.lambdify((x, y), formula.diff(x), "math")}
    """,
    """
    import math
    import numpy as np
    assert np.allclose(obj["f"](np.array([1.0]), 0.0), 1.0)
    assert math.isclose(obj["df"](1.0, math.pi / 2), math.e + 2)
    """,
    needs=("numpy",),
)

entry(
    "sympy",
    "an expression with a function class of the script",
    """
    import sympy as sp
    class relu(sp.Function):
        @classmethod
        def eval(cls, x):
            if x.is_number:
                return sp.Max(x, 0)
        def fdiff(self, index=1):
            return sp.Heaviside(self.args[0])
    x = sp.Symbol("x")
    it = relu(3 * x) + sp.Integral(sp.cos(x), x)
    """,
    """
    import sympy as sp
    x = sp.Symbol("x")
    assert obj.subs(x, -2).doit().args and obj.has(sp.Integral)
    assert sp.diff(obj, x).subs(x, sp.Integer(1)) == 3 + sp.cos(1)
    """,
)

entry(
    "networkx",
    "a graph with functions on its edges, and a search that uses them",
    """
    import networkx as nx
    graph = nx.DiGraph(name="roads")
    for a, b, km in [("A", "B", 5), ("B", "C", 1), ("A", "C", 9)]:
        graph.add_edge(a, b, km=km, cost=lambda load, km=km: km + load)
    def route(start, end, load):
        return nx.shortest_path(graph, start, end, weight=lambda a, b, edge: edge["cost"](load))
    it = graph, route
    """,
    """
    graph, route = obj
    assert graph.name == "roads" and graph["A"]["B"]["cost"](1) == 6
    assert route("A", "C", 0) == ["A", "B", "C"] and route("A", "C", 10) == ["A", "C"]
    graph.remove_edge("A", "C")
    assert route("A", "C", 10) == ["A", "B", "C"]
    """,
)

entry(
    "numba",
    "compiled functions that call one another",
    """
    import numba
    scale = 3
    @numba.njit
    def inner(x):
        return x * scale
    @numba.njit
    def it(n):
        total = 0
        for i in range(n):
            total += inner(i)
        return total
    assert it(4) == 18
    """,
    """
    assert obj(5) == 30 and obj.signatures
    """,
)

entry(
    "numba",
    "a ufunc of the script",
    """
    import numba
    @numba.vectorize(["float64(float64, float64)"])
    def it(a, b):
        return a * 2 + b
    """,
    """
    import numpy as np
    assert obj(np.arange(3.0), 1.0).tolist() == [1.0, 3.0, 5.0]
    """,
)

entry(
    "numba",
    "a compiled class",
    """
    import numba
    @numba.experimental.jitclass([("total", numba.float64)])
    class Meter:
        def __init__(self):
            self.total = 0.0
        def add(self, value):
            self.total += value
            return self.total
    it = Meter
    """,
    """
    meter = obj()
    meter.add(2.0)
    assert meter.add(3.0) == 5.0
    """,
    refused="JitClassType",
)

entry(
    "polars",
    "a lazy query with an expression of the script and a mapped lambda",
    """
    import polars as pl
    bonus = {"a": 10, "b": 20}
    it = (
        pl.LazyFrame({"who": ["a", "b", "a"], "n": [1, 2, 3]})
        .with_columns(total=pl.col("n") + pl.col("who").map_elements(lambda who: bonus[who], return_dtype=pl.Int64))
        .group_by("who", maintain_order=True)
        .agg(pl.col("total").sum())
    )
    """,
    """
    assert obj.collect().rows() == [("a", 24), ("b", 22)]
    """,
)

entry(
    "polars",
    "a function that builds on expressions",
    """
    import polars as pl
    clean = [pl.col("n").fill_null(0).alias("n"), pl.col("name").str.to_uppercase()]
    def it(frame, *, least=1):
        return frame.with_columns(clean).filter(pl.col("n") >= least)
    """,
    """
    import polars as pl
    assert obj(pl.DataFrame({"n": [None, 2], "name": ["x", "y"]})).rows() == [(2, "Y")]
    """,
)

entry(
    "xarray",
    "a dataset and a function that is mapped over it",
    """
    import numpy as np
    import xarray as xr
    data = xr.Dataset(
        {"t": (("day", "place"), np.arange(6.0).reshape(3, 2), {"units": "K"})},
        coords={"day": [1, 2, 3], "place": ["here", "there"]}, attrs={"title": "temperatures"})
    offset = 273.0
    def celsius(array):
        return xr.apply_ufunc(lambda values: values - offset, array, keep_attrs=True)
    it = data, lambda dataset: dataset.map(celsius, keep_attrs=True)
    """,
    """
    data, convert = obj
    after = convert(data)
    assert after.attrs == {"title": "temperatures"} and float(after["t"].sel(day=2, place="there")) == 3 - 273
    assert after["t"].mean("day").dims == ("place",)
    """,
)

entry(
    "pyarrow",
    "a table with a column of an extension type of the script",
    """
    import pyarrow as pa
    class Money(pa.ExtensionType):
        def __init__(self, currency):
            self.currency = currency
            super().__init__(pa.int64(), "shop.money")
        def __arrow_ext_serialize__(self):
            return self.currency.encode()
        @classmethod
        def __arrow_ext_deserialize__(cls, storage, data):
            return cls(data.decode())
    column = pa.ExtensionArray.from_storage(Money("EUR"), pa.array([5, None, 7]))
    it = pa.table({"price": column}, metadata={"made": "by script"})
    """,
    """
    import pyarrow.compute
    assert obj["price"].type.currency == "EUR" and obj.schema.metadata == {b"made": b"by script"}
    assert pyarrow.compute.sum(obj["price"].combine_chunks().storage).as_py() == 12
    """,
)

entry(
    "numexpr",
    "a function that evaluates a formula over its closure",
    """
    import numexpr
    def formula(text, **constants):
        def apply(**columns):
            return numexpr.evaluate(text, local_dict={**constants, **columns})
        return apply
    it = formula("a * x + b", a=2, b=1)
    """,
    """
    import numpy as np
    assert obj(x=np.arange(3)).tolist() == [1, 3, 5]
    """,
)

entry(
    "shapely",
    "a prepared region and a function that asks it",
    """
    import shapely
    from shapely import prepared
    region = shapely.Point(0, 0).buffer(2).difference(shapely.box(-1, -1, 1, 1))
    def it(points):
        inside = prepared.prep(region)
        return [name for name, point in points.items() if inside.contains(shapely.Point(point))]
    """,
    """
    assert obj({"hole": (0, 0), "ring": (1.5, 0), "out": (3, 0)}) == ["ring"]
    """,
)

entry(
    "pint",
    "a quantity of a registry with a unit of the script",
    """
    import pint
    units = pint.UnitRegistry()
    units.define("dog_year = 52 * day = dy")
    age = 3 * units.dog_year
    it = lambda: (age + 1 * units.day).to("day").magnitude
    """,
    """
    assert abs(obj() - 157) < 1e-9
    """,
)

# ---------------------------------------------------------------- tasks and storage


entry(
    "dask",
    "a delayed graph of lambdas",
    """
    import dask
    load = dask.delayed(lambda n: list(range(n)), pure=True)
    total = dask.delayed(sum)
    it = dask.delayed(lambda parts: max(parts))([total(load(n)) for n in (3, 5)])
    """,
    """
    assert obj.compute(scheduler="sync") == 10
    """,
)

entry(
    "dask",
    "a bag with lambdas",
    """
    import dask.bag
    stop = {"the"}
    it = (dask.bag.from_sequence(["the cat", "the dog", "a cat"], npartitions=2)
          .map(str.split).flatten().filter(lambda word: word not in stop).frequencies())
    """,
    """
    assert dict(obj.compute(scheduler="sync")) == {"cat": 2, "dog": 1, "a": 1}
    """,
)

entry(
    "distributed",
    "a worker plugin with a function of the script",
    """
    from distributed import WorkerPlugin
    class Counting(WorkerPlugin):
        name = "counting"
        def __init__(self, say):
            self.say, self.seen = say, []
        def setup(self, worker):
            self.seen.append(self.say(worker))
        def transition(self, key, start, finish, **more):
            self.seen.append((key, finish))
    it = Counting(lambda worker: f"on {worker}")
    """,
    """
    from distributed import WorkerPlugin
    assert isinstance(obj, WorkerPlugin)
    obj.setup("w1")
    obj.transition("k", "executing", "memory")
    assert obj.seen == ["on w1", ("k", "memory")]
    """,
)

entry(
    "joblib",
    "a batch of delayed calls of lambdas",
    """
    from joblib import delayed
    power = lambda n: lambda x: x ** n
    it = [delayed(power(n))(3) for n in range(3)]
    """,
    """
    from joblib import Parallel
    assert Parallel(n_jobs=1)(obj) == [1, 3, 9]
    """,
)

entry(
    "joblib",
    "a function with a cache on disk",
    """
    import tempfile
    from joblib import Memory
    memory = Memory(tempfile.mkdtemp(), verbose=0)
    @memory.cache(ignore=["verbose"])
    def it(n, verbose=False):
        return n * 2
    assert it(4) == 8
    """,
    """
    assert obj(4, verbose=True) == 8 and obj(5) == 10
    assert obj.check_call_in_cache(5)
    """,
)

entry(
    "fsspec",
    "a file system of the script",
    """
    import io
    from fsspec.spec import AbstractFileSystem
    class Constant(AbstractFileSystem):
        protocol = "constant"
        def __init__(self, files, **more):
            super().__init__(**more)
            self.files = files
        def ls(self, path, detail=True, **more):
            found = [{"name": name, "size": len(data), "type": "file"} for name, data in self.files.items()]
            return found if detail else [each["name"] for each in found]
        def _open(self, path, mode="rb", **more):
            return io.BytesIO(self.files[path])
    it = Constant({"a.txt": b"hello", "b.txt": b"bye"})
    """,
    """
    assert obj.cat("a.txt") == b"hello" and obj.glob("*.txt") == ["a.txt", "b.txt"]
    assert obj is type(obj)(obj.files)
    """,
)

entry(
    "h5py",
    "a function that writes and reads a file in memory",
    """
    import h5py
    import numpy as np
    kind = h5py.string_dtype()
    def it(values, **attributes):
        with h5py.File.in_memory() as file:
            data = file.create_dataset("x", data=values, compression="gzip")
            data.attrs.update(attributes)
            file.create_dataset("who", data=["me"], dtype=kind)
            return data[::2].tolist(), dict(data.attrs), file["who"].asstr()[0]
    """,
    """
    assert obj([1, 2, 3], unit="m") == ([1, 3], {"unit": "m"}, "me")
    """,
)

entry(
    "zarr",
    "an array in memory with attributes",
    """
    import numpy as np
    import zarr
    it = zarr.array(np.arange(12).reshape(3, 4), chunks=(2, 2), attributes={"unit": "m"})
    """,
    """
    assert obj[2].tolist() == [8, 9, 10, 11] and obj.attrs["unit"] == "m" and obj.chunks == (2, 2)
    obj[0] = 7
    assert int(obj[:].sum()) == 28 + sum(range(4, 12))
    """,
)

entry(
    "duckdb",
    "a function that queries its argument with a function of the script",
    """
    import duckdb
    def double(x: int) -> int:
        return 2 * x
    def it(rows):
        with duckdb.connect() as connection:
            connection.create_function("double", double)
            connection.execute("create table t (n integer)")
            connection.executemany("insert into t values (?)", [[row] for row in rows])
            return connection.execute("select sum(double(n)) from t").fetchone()[0]
    """,
    """
    assert obj([1, 2, 3]) == 12
    """,
)

# ---------------------------------------------------------------- pictures


entry(
    "matplotlib",
    "a figure with a formatter of the script",
    """
    import matplotlib
    matplotlib.use("agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import FuncFormatter
    it, axes = plt.subplots()
    axes.plot([0, 1, 2], [0, 1000, 4000], label="height")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, place: f"{value / 1000:g} km"))
    axes.legend()
    """,
    """
    import io
    import matplotlib
    matplotlib.use("agg")
    axes = obj.axes[0]
    assert axes.yaxis.get_major_formatter()(2000, 0) == "2 km"
    assert axes.lines[0].get_label() == "height"
    file = io.BytesIO()
    obj.savefig(file, format="png")
    assert file.getvalue().startswith(bytes([0x89]) + b"PNG")
    """,
)

entry(
    "seaborn",
    "a plot of objects with a statistic of the script",
    """
    import matplotlib
    matplotlib.use("agg")
    from dataclasses import dataclass
    import pandas as pd
    import seaborn.objects as so
    @dataclass
    class Half(so.Stat):
        factor: float = 0.5
        def __call__(self, data, groupby, orient, scales):
            return data.assign(y=data["y"] * self.factor)
    frame = pd.DataFrame({"x": [1, 2, 3], "y": [2.0, 4.0, 8.0]})
    it = so.Plot(frame, x="x", y="y").add(so.Line(), Half()).label(x=str.upper)
    """,
    """
    import io
    import matplotlib
    matplotlib.use("agg")
    figure = obj.plot()._figure
    assert figure.axes[0].lines[0].get_ydata().tolist() == [1.0, 2.0, 4.0]
    assert figure.axes[0].get_xlabel() == "X"
    """,
)

entry(
    "plotly",
    "a figure and a function that adds to it",
    """
    import plotly.graph_objects as go
    base = go.Figure(go.Scatter(x=[1, 2], y=[3, 4], name="a"), layout={"title": "costs"})
    def it(*traces):
        figure = go.Figure(base)
        figure.add_traces([go.Bar(x=[1, 2], y=list(trace)) for trace in traces])
        return figure
    """,
    """
    figure = obj((5, 6))
    assert [type(each).__name__ for each in figure.data] == ["Scatter", "Bar"]
    assert figure.layout.title.text == "costs" and '"costs"' in figure.to_json()
    """,
)

entry(
    "bokeh",
    "a figure with a source of data and a callback",
    """
    from bokeh.models import ColumnDataSource, CustomJS
    from bokeh.plotting import figure
    source = ColumnDataSource({"x": [1, 2, 3], "y": [4, 5, 6]}, name="points")
    it = figure(title="dots", width=300)
    it.scatter("x", "y", source=source)
    source.js_on_change("data", CustomJS(args={"source": source}, code="console.log(source)"))
    """,
    """
    from bokeh.embed import file_html
    from bokeh.models import ColumnDataSource
    source = obj.select_one(ColumnDataSource)
    source.data["y"] = [7, 8, 9]
    page = file_html(obj, "cdn")
    assert "dots" in page and "console.log(source)" in page
    """,
)

entry(
    "altair",
    "a chart and a function that makes more of them",
    """
    import altair as alt
    rows = [{"a": "x", "b": 3}, {"a": "y", "b": 5}]
    chart = alt.Chart(alt.Data(values=rows)).mark_bar().encode(x="a:N", y="b:Q")
    it = lambda title: chart.properties(title=title).interactive()
    """,
    """
    described = obj("costs").to_dict()
    assert described["title"] == "costs" and described["mark"] == {"type": "bar"}
    """,
)

entry(
    "PIL",
    "an image and a filter of the script",
    """
    from PIL import Image, ImageFilter
    class Invert(ImageFilter.Filter):
        name = "invert"
        def filter(self, image):
            return image.point([255 - value for value in range(256)], None)
    image = Image.new("L", (4, 2), 200)
    image.putpixel((1, 1), 10)
    image.info["dpi"] = (72, 72)
    it = image, Invert()
    """,
    """
    image, invert = obj
    assert image.getpixel((1, 1)) == 10 and image.info["dpi"] == (72, 72)
    assert image.filter(invert).getpixel((0, 0)) == 55
    """,
)

# ---------------------------------------------------------------- the web


entry(
    "requests",
    "a session with headers, an authentication and a hook of the script",
    """
    import requests
    class Token(requests.auth.AuthBase):
        def __init__(self, token):
            self.token = token
        def __call__(self, request):
            request.headers["Authorization"] = f"Bearer {self.token}"
            return request
    it = requests.Session()
    it.headers["User-Agent"] = "birds/1"
    it.cookies.set("seen", "yes", domain="example.org")
    it.auth = Token("t0")
    it.hooks["response"].append(lambda response, **more: response.headers.update(checked="1"))
    """,
    """
    import requests
    request = obj.prepare_request(requests.Request("GET", "http://example.org/x", params={"q": 1}))
    assert request.headers["Authorization"] == "Bearer t0" and request.headers["User-Agent"] == "birds/1"
    assert request.headers["Cookie"] == "seen=yes" and request.url.endswith("?q=1")
    response = requests.Response()
    requests.hooks.dispatch_hook("response", request.hooks, response)
    assert response.headers["checked"] == "1"
    """,
)

entry(
    "urllib3",
    "rules for trying again, of a subclass of the script",
    """
    from urllib3.util import Retry
    class Patient(Retry):
        def get_backoff_time(self):
            return super().get_backoff_time() + 1
    it = Patient(total=3, backoff_factor=2, status_forcelist=[503])
    """,
    """
    later = obj.increment("GET", "/", error=ConnectionError())
    assert type(later).__name__ == "Patient" and later.total == 2
    assert obj.get_backoff_time() == 1 and obj.is_retry("GET", 503)
    """,
)

entry(
    "httpx",
    "a client whose transport is a function of the script",
    """
    import httpx
    counts = {"a": 1}
    def answer(request):
        return httpx.Response(200, json={"path": request.url.path, "counts": counts})
    it = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://birds", headers={"x-key": "k"},
                      event_hooks={"request": [lambda request: request.headers.update({"seen": "1"})]})
    """,
    """
    response = obj.get("/x")
    assert response.json() == {"path": "/x", "counts": {"a": 1}}
    assert response.request.headers["x-key"] == "k" and response.request.headers["seen"] == "1"
    """,
)

entry(
    "httpx",
    "settings of a client: timeouts, limits, and an authentication of the script",
    """
    import httpx
    class Signed(httpx.Auth):
        def __init__(self, key):
            self.key = key
        def auth_flow(self, request):
            request.headers["signature"] = f"{self.key}:{request.method}"
            yield request
    it = {"timeout": httpx.Timeout(5, connect=1), "limits": httpx.Limits(max_connections=4), "auth": Signed("k")}
    """,
    """
    import httpx
    transport = httpx.MockTransport(lambda request: httpx.Response(200, headers=dict(request.headers)))
    with httpx.Client(transport=transport, **obj) as client:
        assert client.get("http://x").headers["signature"] == "k:GET" and client.timeout.connect == 1
    """,
)

entry(
    "aiohttp",
    "a table of routes with handlers of the script",
    """
    from aiohttp import web
    routes = web.RouteTableDef()
    greeting = "hello"
    @routes.get("/{name}")
    async def greet(request):
        return web.json_response({"text": f"{greeting} {request.match_info['name']}"})
    def it():
        app = web.Application()
        app.add_routes(routes)
        return app
    """,
    """
    import asyncio
    from aiohttp.test_utils import make_mocked_request
    async def ask():
        app = obj()
        app.freeze()
        request = make_mocked_request("GET", "/tom", app=app)
        info = await app.router.resolve(request)
        request = make_mocked_request("GET", "/tom", match_info=info, app=app)
        return (await info.handler(request)).text
    assert asyncio.run(ask()) == '{"text": "hello tom"}'
    """,
)

entry(
    "flask",
    "a factory of apps",
    """
    from flask import Flask, jsonify, request
    prices = {"tea": 2}
    def it(**settings):
        app = Flask("shop")
        app.config.update(settings)
        @app.get("/price/<item>")
        def price(item):
            return jsonify(price=prices[item] * app.config.get("FACTOR", 1))
        @app.errorhandler(KeyError)
        def unknown(error):
            return jsonify(unknown=str(error)), 404
        return app
    """,
    """
    client = obj(FACTOR=3).test_client()
    assert client.get("/price/tea").json == {"price": 6}
    assert client.get("/price/rye").status_code == 404
    """,
)

entry(
    "flask",
    "an app of the script",
    """
    from flask import Flask, render_template_string
    it = Flask("shop")
    it.config["NAME"] = "birds"
    @it.template_filter()
    def loud(text):
        return text.upper()
    @it.get("/")
    def index():
        return render_template_string("{{ config.NAME | loud }}")
    """,
    """
    assert obj.test_client().get("/").text == "BIRDS"
    """,
)

entry(
    "werkzeug",
    "a map of addresses with a converter of the script",
    """
    from werkzeug.routing import BaseConverter, Map, Rule
    class List(BaseConverter):
        def to_python(self, value):
            return value.split("+")
        def to_url(self, values):
            return "+".join(values)
    it = Map([Rule("/tags/<list:tags>", endpoint="tags")], converters={"list": List})
    """,
    """
    urls = obj.bind("example.org")
    assert urls.match("/tags/a+b") == ("tags", {"tags": ["a", "b"]})
    assert urls.build("tags", {"tags": ["x", "y"]}) == "/tags/x+y"
    """,
)

entry(
    "fastapi",
    "an app with models and dependencies of the script",
    """
    from typing import Annotated
    from fastapi import Depends, FastAPI
    from pydantic import BaseModel
    class Order(BaseModel):
        item: str
        n: int = 1
    class Bill(BaseModel):
        total: float
    prices = {"tea": 2.0}
    def factor():
        return 10
    it = FastAPI(title="shop")
    @it.post("/orders")
    def order(order: Order, factor: Annotated[int, Depends(factor)]) -> Bill:
        return Bill(total=prices[order.item] * order.n * factor)
    """,
    """
    from fastapi.testclient import TestClient
    client = TestClient(obj)
    assert client.post("/orders", json={"item": "tea", "n": 3}).json() == {"total": 60.0}
    assert client.post("/orders", json={}).status_code == 422
    assert "Order" in client.get("/openapi.json").json()["components"]["schemas"]
    """,
    needs=("httpx",),
)

entry(
    "starlette",
    "an app with routes and a middleware of the script",
    """
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.responses import JSONResponse
    from starlette.routing import Route
    class Stamp:
        def __init__(self, app, mark):
            self.app, self.mark = app, mark
        async def __call__(self, scope, receive, send):
            scope["mark"] = self.mark
            await self.app(scope, receive, send)
    async def show(request):
        return JSONResponse({"mark": request.scope["mark"]})
    it = Starlette(routes=[Route("/", show)], middleware=[Middleware(Stamp, mark="m1")])
    """,
    """
    from starlette.testclient import TestClient
    assert TestClient(obj).get("/").json() == {"mark": "m1"}
    """,
    needs=("httpx",),
)

entry(
    "django",
    "a class of forms with a validator of the script",
    """
    from django.conf import settings
    settings.configure(USE_I18N=False)
    from django import forms
    def even(value):
        if value % 2:
            raise forms.ValidationError("odd")
    class Eggs(forms.Form):
        n = forms.IntegerField(validators=[even, lambda value: None], min_value=0)
        kind = forms.ChoiceField(choices=[("a", "A")], required=False)
        def clean_kind(self):
            return self.cleaned_data["kind"] or "none"
    it = Eggs
    """,
    """
    from django.conf import settings
    settings.configured or settings.configure(USE_I18N=False)
    form = obj({"n": "4"})
    assert form.is_valid() and form.cleaned_data == {"n": 4, "kind": "none"}
    assert obj({"n": "3"}).errors == {"n": ["odd"]}
    """,
)

entry(
    "tornado",
    "a handler class of the script",
    """
    from tornado.web import Application, RequestHandler
    class Greet(RequestHandler):
        def initialize(self, greeting):
            self.greeting = greeting
        def get(self, name):
            self.write({"text": f"{self.greeting} {name}"})
    it = lambda: Application([(r"/(.*)", Greet, {"greeting": "hello"})])
    """,
    """
    from tornado.testing import AsyncHTTPTestCase
    import unittest
    class Test(AsyncHTTPTestCase):
        def get_app(self):
            return obj()
        def test(self):
            self.assertEqual(self.fetch("/tom").body, b'{"text": "hello tom"}')
    result = unittest.TestResult()
    Test("test").run(result)
    assert result.wasSuccessful(), result
    """,
)

entry(
    "jinja2",
    "an environment with a filter and a loader of the script, and a template of it",
    """
    import jinja2
    pages = {"base": "<{% block body %}{% endblock %}>",
             "page": "{% extends 'base' %}{% block body %}{{ names | shout }}{% endblock %}"}
    it = jinja2.Environment(loader=jinja2.FunctionLoader(lambda name: pages.get(name)), autoescape=True)
    it.filters["shout"] = lambda names: ", ".join(name.upper() for name in names)
    it.globals["limit"] = 3
    """,
    """
    assert obj.get_template("page").render(names=["a", "<b"]) == "<A, &lt;B>"
    assert obj.from_string("{{ limit + 1 }}").render() == "4"
    """,
)

entry(
    "jinja2",
    "a compiled template",
    """
    import jinja2
    it = jinja2.Template("{% macro item(x) %}[{{ x }}]{% endmacro %}{% for x in xs %}{{ item(x) }}{% endfor %}")
    """,
    """
    assert obj.render(xs=[1, 2]) == "[1][2]"
    """,
)

entry(
    "boto3",
    "a factory of clients with settings",
    """
    import boto3
    from botocore.config import Config
    settings = Config(region_name="eu-central-1", retries={"max_attempts": 2}, signature_version="s3v4")
    def it(service, **more):
        return boto3.client(service, config=settings.merge(Config(**more)),
                            aws_access_key_id="id", aws_secret_access_key="key")
    """,
    """
    client = obj("s3", connect_timeout=3)
    assert client.meta.region_name == "eu-central-1" and client.meta.config.connect_timeout == 3
    address = client.generate_presigned_url("get_object", {"Bucket": "birds", "Key": "tom"})
    assert "tom" in address and "X-Amz-Signature" in address
    """,
)

entry(
    "yarl",
    "addresses, and a function that makes more",
    """
    from yarl import URL
    base = URL("https://example.org/a")
    it = base, lambda *parts, **query: base.joinpath(*parts).update_query(query)
    """,
    """
    base, make = obj
    assert base.host == "example.org" and str(make("b", "c", y=2)) == "https://example.org/a/b/c?y=2"
    """,
)

entry(
    "multidict",
    "headers of a subclass of the script",
    """
    from multidict import CIMultiDict
    class Headers(CIMultiDict):
        def first(self, name):
            return self.getall(name)[0]
    it = Headers([("Accept", "a"), ("accept", "b"), ("Host", "x")])
    """,
    """
    assert obj.first("ACCEPT") == "a" and obj.getall("accept") == ["a", "b"] and len(obj) == 3
    assert type(obj).__name__ == "Headers"
    """,
)

entry(
    "bs4",
    "a soup, and a function that searches it with a lambda",
    """
    from bs4 import BeautifulSoup
    soup = BeautifulSoup("<p class='a'>one<b>two</b></p><p>three</p>", "html.parser")
    tags = {"p"}
    def it(page=soup):
        return [tag.get_text() for tag in page.find_all(lambda tag: tag.name in tags and "a" in tag.get("class", []))]
    """,
    """
    from bs4 import BeautifulSoup
    assert obj() == ["onetwo"]
    assert obj(BeautifulSoup("<p class='a'>x</p>", "html.parser")) == ["x"]
    """,
)

entry(
    "lxml",
    "a function that transforms a document with an extension of the script",
    """
    from lxml import etree
    def shout(context, texts):
        return "".join(str(text) for text in texts).upper()
    def it(source):
        tree = etree.fromstring(source)
        space = etree.FunctionNamespace("urn:birds")
        space.prefix, space["shout"] = "b", shout
        return tree.xpath("b:shout(//name/text())")
    """,
    """
    assert obj("<r><name>tom</name><name>ann</name></r>") == "TOMANN"
    """,
)

entry(
    "lxml",
    "a function with a parsed style sheet",
    """
    from lxml import etree
    sheet = etree.fromstring(
        '<x:stylesheet version="1.0" xmlns:x="http://www.w3.org/1999/XSL/Transform">'
        '<x:output method="text"/><x:template match="/">n=<x:value-of select="count(//a)"/></x:template>'
        '</x:stylesheet>')
    it = lambda source: str(etree.XSLT(sheet)(etree.fromstring(source)))
    """,
    """
    assert obj("<r><a/><a/></r>") == "n=2"
    """,
    refused="_Element",
)

# ---------------------------------------------------------------- classes and data


entry(
    "pydantic",
    "a model class with validators of the script, and an instance",
    """
    from typing import Annotated, Generic, TypeVar
    from pydantic import AfterValidator, BaseModel, Field, computed_field, field_validator
    T = TypeVar("T")
    class Page(BaseModel, Generic[T]):
        items: list[T]
    Even = Annotated[int, AfterValidator(lambda n: n if n % 2 == 0 else n + 1)]
    class Bird(BaseModel):
        model_config = {"extra": "forbid"}
        name: str = Field(min_length=2, alias="n")
        eggs: Even = 0
        friends: "list[Bird]" = []
        @field_validator("name")
        @classmethod
        def title(cls, name):
            return name.title()
        @computed_field
        def label(self) -> str:
            return f"{self.name}:{self.eggs}"
    it = Bird, Bird(n="tom", eggs=3, friends=[{"n": "ann"}]), Page[Bird]
    """,
    """
    import pydantic
    Bird, tom, Page = obj
    assert isinstance(tom, Bird) and tom.label == "Tom:4" and tom.friends[0].name == "Ann"
    assert Bird.model_validate_json('{"n": "joe", "eggs": 1}').model_dump()["label"] == "Joe:2"
    assert Page(items=[{"n": "xy"}]).items[0].name == "Xy"
    try:
        Bird(n="x", colour="red")
    except pydantic.ValidationError as error:
        assert error.error_count() == 2
    else:
        assert False
    """,
)

entry(
    "attrs",
    "a class with slots, validators and converters, and an instance",
    """
    import attrs
    @attrs.define
    class Point:
        x: float = attrs.field(converter=float, validator=attrs.validators.ge(0))
        y: float = attrs.field(default=0.0, on_setattr=attrs.setters.frozen)
        tags: list = attrs.field(factory=list, eq=False, metadata={"note": "free"})
        @y.validator
        def _check(self, field, value):
            if value > 10:
                raise ValueError(f"{field.name} is large")
    it = Point("3", tags=["a"])
    """,
    """
    import attrs
    kind = type(obj)
    assert obj == kind(3) and obj.tags == ["a"] and attrs.fields(kind).tags.metadata == {"note": "free"}
    assert attrs.evolve(obj, y=2.0).y == 2.0
    for call in (lambda: kind(-1), lambda: kind(0, 11), lambda: setattr(obj, "y", 1.0)):
        try:
            call()
        except (ValueError, attrs.exceptions.FrozenAttributeError):
            continue
        assert False
    """,
)

entry(
    "cattrs",
    "a converter with hooks of the script",
    """
    import datetime
    import attrs
    import cattrs
    from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override
    @attrs.define
    class Event:
        name: str
        when: datetime.date
    it = cattrs.Converter(forbid_extra_keys=True)
    it.register_structure_hook(datetime.date, lambda text, kind: datetime.date.fromisoformat(text))
    it.register_unstructure_hook(datetime.date, lambda date: date.isoformat())
    it.register_unstructure_hook(Event, make_dict_unstructure_fn(Event, it, name=override(rename="n")))
    it.register_structure_hook(Event, make_dict_structure_fn(Event, it, name=override(rename="n")))
    it = it, Event
    """,
    """
    converter, Event = obj
    event = converter.structure({"n": "tea", "when": "2024-02-29"}, Event)
    assert event.when.day == 29
    assert converter.unstructure([event]) == [{"n": "tea", "when": "2024-02-29"}]
    """,
    needs=("attrs",),
)

entry(
    "msgspec",
    "a struct of the script",
    """
    import msgspec
    class Bird(msgspec.Struct, tag=True):
        name: str
        eggs: int = 0
    it = msgspec.json.encode, Bird("tom", 2)
    """,
    """
    encode, bird = obj
    assert encode(bird) == b'{"type":"Bird","name":"tom","eggs":2}'
    """,
    refused="msgspec",
)

entry(
    "sqlalchemy",
    "declarative models with a relationship",
    """
    from sqlalchemy import ForeignKey
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
    class Base(DeclarativeBase):
        pass
    class Author(Base):
        __tablename__ = "author"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]
        books: Mapped[list["Book"]] = relationship(back_populates="author")
    class Book(Base):
        __tablename__ = "book"
        id: Mapped[int] = mapped_column(primary_key=True)
        title: Mapped[str]
        author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
        author: Mapped[Author] = relationship(back_populates="books")
    it = Base, Author, Book
    """,
    """
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    Base, Author, Book = obj
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Author(name="Ada", books=[Book(title="a"), Book(title="b")]))
        session.commit()
        assert session.get(Book, 1).author.name == "Ada"
    """,
)

entry(
    "sqlalchemy",
    "a query over declarative models, and a function that runs it",
    """
    from sqlalchemy import ForeignKey, func, select
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
    class Base(DeclarativeBase):
        pass
    class Author(Base):
        __tablename__ = "author"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]
        books: Mapped[list["Book"]] = relationship()
    class Book(Base):
        __tablename__ = "book"
        id: Mapped[int] = mapped_column(primary_key=True)
        author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    query = select(Author.name, func.count(Book.id)).join(Author.books).group_by(Author.name)
    def it(engine):
        Base.metadata.create_all(engine)
        with Session(engine) as session:
            session.add(Author(name="Ada", books=[Book(), Book()]))
            session.flush()
            return session.execute(query).all()
    """,
    """
    from sqlalchemy import create_engine
    assert obj(create_engine("sqlite://")) == [("Ada", 2)]
    """,
)

entry(
    "sqlalchemy",
    "tables with a type of the script, and a statement over them",
    """
    import json
    import sqlalchemy as sa
    class Packed(sa.types.TypeDecorator):
        impl = sa.Text
        cache_ok = True
        def process_bind_param(self, value, dialect):
            return json.dumps(value)
        def process_result_value(self, value, dialect):
            return json.loads(value)
    metadata = sa.MetaData()
    notes = sa.Table("notes", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("data", Packed))
    it = notes, sa.select(notes.c.data).where(notes.c.id > sa.bindparam("least"))
    """,
    """
    import sqlalchemy as sa
    notes, query = obj
    with sa.create_engine("sqlite://").begin() as connection:
        notes.metadata.create_all(connection)
        connection.execute(notes.insert(), [{"data": {"a": n}} for n in range(3)])
        assert connection.execute(query, {"least": 2}).scalars().all() == [{"a": 2}]
    """,
)

entry(
    "sqlmodel",
    "a model that is a table, and an instance",
    """
    from sqlmodel import Field, SQLModel
    class Hero(SQLModel, table=True):
        id: int | None = Field(default=None, primary_key=True)
        name: str = Field(index=True)
    it = Hero, Hero(name="Ada")
    """,
    """
    from sqlmodel import Session, SQLModel, create_engine, select
    Hero, ada = obj
    engine = create_engine("sqlite://")
    Hero.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(ada)
        session.commit()
        assert session.exec(select(Hero).where(Hero.name == "Ada")).one().id == 1
    """,
    refused="mapped to a table",
)

entry(
    "peewee",
    "a model of the script",
    """
    import peewee
    class Person(peewee.Model):
        name = peewee.CharField(unique=True)
        age = peewee.IntegerField(default=lambda: 30)
        class Meta:
            table_name = "people"
    it = Person
    """,
    """
    import peewee
    database = peewee.SqliteDatabase(":memory:")
    with database.bind_ctx([obj]):
        database.create_tables([obj])
        obj.create(name="Ada")
        assert obj.select().where(obj.age > 20).get().name == "Ada"
    """,
)

entry(
    "marshmallow",
    "a schema with hooks of the script",
    """
    from marshmallow import Schema, ValidationError, fields, post_load, validates
    def positive(n):
        if n < 1:
            raise ValidationError("small")
    class Order(Schema):
        item = fields.Str(required=True)
        n = fields.Int(load_default=1, validate=positive)
        label = fields.Function(lambda order: f"{order['item']}x{order['n']}")
        @validates("item")
        def known(self, value, **more):
            if value != "tea":
                raise ValidationError("unknown")
        @post_load
        def make(self, data, **more):
            return data | {"made": True}
    it = Order
    """,
    """
    assert obj().load({"item": "tea"}) == {"item": "tea", "n": 1, "made": True}
    assert obj().validate({"item": "rye", "n": 0}).keys() == {"item", "n"}
    assert obj(many=True).dump([{"item": "tea", "n": 2}]) == [{"item": "tea", "n": 2, "label": "teax2"}]
    """,
)

entry(
    "traitlets",
    "a class with traits, an observer and a validator, and an instance",
    """
    import traitlets
    class Server(traitlets.HasTraits):
        port = traitlets.Int(80)
        seen = traitlets.List()
        name = traitlets.Unicode()
        @traitlets.default("name")
        def _name(self):
            return f"at {self.port}"
        @traitlets.validate("port")
        def _port(self, proposal):
            return min(proposal["value"], 9999)
        @traitlets.observe("port")
        def _changed(self, change):
            self.seen = [*self.seen, change["new"]]
    it = Server(port=8080)
    """,
    """
    obj.port = 123456
    assert obj.port == 9999 and obj.seen[-1] == 9999
    assert type(obj)(port=1).name == "at 1"
    """,
)

entry(
    "zope.interface",
    "an interface, a class that implements it, and an instance",
    """
    from zope.interface import Attribute, Interface, implementer, invariant
    class IBird(Interface):
        name = Attribute("what it is called")
        def sing(times):
            "Sing."
        @invariant
        def named(bird):
            if not bird.name:
                raise ValueError("no name")
    @implementer(IBird)
    class Robin:
        name = "robin"
        def sing(self, times):
            return "tweet" * times
    it = IBird, Robin()
    """,
    """
    from zope.interface.verify import verifyObject
    IBird, robin = obj
    assert IBird.providedBy(robin) and verifyObject(IBird, robin) and robin.sing(2) == "tweettweet"
    IBird.validateInvariants(robin)
    assert list(IBird) == ["name", "sing"]
    """,
)

entry(
    "omegaconf",
    "a configuration with a structure of the script and an interpolation",
    """
    from dataclasses import dataclass, field
    from omegaconf import OmegaConf
    @dataclass
    class Optimizer:
        rate: float = 0.1
        steps: int = 10
    @dataclass
    class Run:
        name: str = "test"
        optimizer: Optimizer = field(default_factory=Optimizer)
        path: str = "/runs/${name}"
    it = OmegaConf.merge(OmegaConf.structured(Run), {"optimizer": {"steps": 5}})
    """,
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import ValidationError
    assert obj.path == "/runs/test" and obj.optimizer.steps == 5
    assert type(OmegaConf.to_object(obj)).__name__ == "Run"
    try:
        obj.optimizer.rate = "fast"
    except ValidationError:
        pass
    else:
        assert False
    """,
)

entry(
    "dynaconf",
    "settings with a validator of the script",
    """
    from dynaconf import Dynaconf, Validator
    it = Dynaconf(PORT=80, NAME="x", environments=False,
                  validators=[Validator("PORT", condition=lambda port: port < 100)])
    it.validators.validate()
    """,
    """
    import dynaconf
    assert obj.PORT == 80 and obj.get("name") == "x"
    obj.set("PORT", 1000)
    try:
        obj.validators.validate_all()
    except dynaconf.ValidationError:
        pass
    else:
        assert False
    """,
)

entry(
    "yaml",
    "a loader class with a constructor of the script",
    """
    import yaml
    class Point:
        def __init__(self, x, y):
            self.x, self.y = x, y
    class Loader(yaml.SafeLoader):
        pass
    Loader.add_constructor("!point", lambda loader, node: Point(*loader.construct_sequence(node)))
    Loader.add_constructor("!twice", lambda loader, node: 2 * int(loader.construct_scalar(node)))
    it = Loader
    """,
    """
    import yaml
    found = yaml.load("a: !point [1, 2]\\nb: !twice 4", obj)
    assert found["a"].y == 2 and found["b"] == 8
    """,
)

entry(
    "msgpack",
    "a pair of functions with hooks for types of the script",
    """
    import datetime
    import functools
    import msgpack
    def pack_date(value):
        if isinstance(value, datetime.date):
            return msgpack.ExtType(7, value.isoformat().encode())
        raise TypeError(value)
    pack = functools.partial(msgpack.packb, default=pack_date)
    unpack = functools.partial(msgpack.unpackb, strict_map_key=False, ext_hook=lambda code, data:
                               datetime.date.fromisoformat(data.decode()) if code == 7 else data)
    it = pack, unpack
    """,
    """
    import datetime
    pack, unpack = obj
    data = {1: datetime.date(2024, 2, 29)}
    assert unpack(pack(data)) == data
    """,
)

entry(
    "sortedcontainers",
    "a sorted dict and a sorted list with keys of the script",
    """
    from sortedcontainers import SortedDict, SortedKeyList
    order = {"low": 0, "mid": 1, "high": 2}
    it = (SortedDict(lambda level: order[level], high=3, low=1),
          SortedKeyList(["bb", "a", "ccc"], key=lambda text: -len(text)))
    """,
    """
    levels, texts = obj
    levels["mid"] = 2
    assert list(levels) == ["low", "mid", "high"] and levels.peekitem(0) == ("low", 1)
    texts.add("dddd")
    assert list(texts) == ["dddd", "ccc", "bb", "a"]
    """,
)

entry(
    "multidict",
    "a plain one, beside a view of it",
    """
    from multidict import MultiDict, MultiDictProxy
    plain = MultiDict(a=1)
    plain.add("a", 2)
    it = plain, MultiDictProxy(plain)
    """,
    """
    plain, view = obj
    plain.add("b", 3)
    assert view.getall("a") == [1, 2] and view["b"] == 3
    """,
    refused="MultiDictProxy",
)

entry(
    "cachetools",
    "a class with a cached method, and an instance",
    """
    import operator
    import cachetools
    class Prices:
        def __init__(self, factor):
            self.factor, self.calls = factor, 0
            self.cache = cachetools.LRUCache(maxsize=2, getsizeof=lambda value: 1)
        @cachetools.cachedmethod(operator.attrgetter("cache"), key=lambda self, item: item.lower())
        def price(self, item):
            self.calls += 1
            return len(item) * self.factor
    it = Prices(10)
    it.price("tea")
    """,
    """
    assert obj.price("TEA") == 30 and obj.calls == 1
    assert [obj.price(item) for item in ("rice", "barley")] == [40, 60] and len(obj.cache) == 2
    """,
)

entry(
    "cachetools",
    "a function with a cache whose entries expire",
    """
    import cachetools
    @cachetools.cached(cachetools.TTLCache(maxsize=10, ttl=600))
    def it(n):
        return [n]
    it(1)
    """,
    """
    assert obj(2) == [2] and obj(2) is obj(2) and obj.__wrapped__(3) == [3]
    """,
)

# ---------------------------------------------------------------- functions


entry(
    "click",
    "a group of commands",
    """
    import click
    class Pair(click.ParamType):
        name = "pair"
        def convert(self, value, param, context):
            return tuple(value.split(":", 1))
    @click.group()
    @click.option("--loud", is_flag=True)
    @click.pass_context
    def it(context, loud):
        context.obj = str.upper if loud else str
    @it.command()
    @click.argument("pairs", nargs=-1, type=Pair())
    @click.pass_obj
    def show(style, pairs):
        click.echo(style(",".join(f"{a}={b}" for a, b in pairs)))
    """,
    """
    from click.testing import CliRunner
    assert CliRunner().invoke(obj, ["--loud", "show", "a:1", "b:2"]).output == "A=1,B=2\\n"
    assert "show" in CliRunner().invoke(obj, ["--help"]).output
    """,
)

entry(
    "typer",
    "an app with commands",
    """
    from enum import Enum
    from typing import Annotated
    import typer
    class Style(str, Enum):
        plain = "plain"
        loud = "loud"
    it = typer.Typer()
    @it.command()
    def greet(name: str, style: Annotated[Style, typer.Option(help="how")] = Style.plain):
        typer.echo(name.upper() if style is Style.loud else name)
    @it.command()
    def leave():
        raise typer.Exit(3)
    """,
    """
    from typer.testing import CliRunner
    assert CliRunner().invoke(obj, ["greet", "tom", "--style", "loud"]).output == "TOM\\n"
    assert CliRunner().invoke(obj, ["leave"]).exit_code == 3
    """,
)

entry(
    "tenacity",
    "a function that is tried again",
    """
    import tenacity
    attempts = []
    @tenacity.retry(stop=tenacity.stop_after_attempt(4), wait=tenacity.wait_none(),
                    retry=tenacity.retry_if_exception(lambda error: "later" in str(error)),
                    before=lambda state: attempts.append(state.attempt_number), reraise=True)
    def it(fails):
        if len(attempts) <= fails:
            raise ValueError("later")
        return list(attempts)
    """,
    """
    assert obj(2) == [1, 2, 3] and obj.statistics["attempt_number"] == 3
    assert obj.retry_with(stop=lambda state: True)(0)
    """,
)

entry(
    "toolz",
    "a pipe of curried functions",
    """
    import toolz
    from toolz import curried
    @toolz.curry
    def scale(factor, offset, x):
        return factor * x + offset
    it = toolz.compose_left(curried.map(scale(2, 1)), curried.filter(lambda x: x > 3), list,
                            curried.groupby(lambda x: x % 3), toolz.juxt(len, curried.valmap(sum)))
    """,
    """
    assert obj([1, 2, 3, 4]) == (3, {2: 5, 1: 7, 0: 9})
    """,
)

entry(
    "funcy",
    "functions that funcy has decorated",
    """
    import funcy
    seen = []
    @funcy.decorator
    def noted(call, tag):
        seen.append((tag, call.x))
        return call()
    @noted("square")
    @funcy.memoize(key_func=lambda x: abs(x))
    def square(x):
        return x * x
    it = funcy.rcompose(funcy.partial(map, square), set), seen
    """,
    """
    squares, seen = obj
    assert squares([1, -1, 2]) == {1, 4} and seen[0] == ("square", 1)
    """,
)

entry(
    "glom",
    "a specification with lambdas",
    """
    from glom import Coalesce, T
    it = {"names": ("birds", [("name", lambda name: name.title())]),
          "eggs": ("birds", [Coalesce("eggs", default=0)], sum),
          "first": T["birds"][0]["name"].upper()}
    """,
    """
    from glom import glom
    found = glom({"birds": [{"name": "tom", "eggs": 2}, {"name": "ann"}]}, obj)
    assert found == {"names": ["Tom", "Ann"], "eggs": 2, "first": "TOM"}
    """,
)

entry(
    "wrapt",
    "a class with methods under a decorator of the script",
    """
    import wrapt
    def counted(label):
        @wrapt.decorator
        def wrapper(wrapped, instance, args, kwargs):
            owner = type(instance).__name__ if instance is not None else "-"
            return label, owner, wrapped(*args, **kwargs)
        return wrapper
    @counted("f")
    def double(x):
        return 2 * x
    class Bird:
        @counted("m")
        def sing(self, n):
            return "la" * n
        @counted("c")
        @classmethod
        def kind(cls):
            return cls.__name__
    it = double, Bird()
    """,
    """
    import inspect
    double, bird = obj
    assert double(4) == ("f", "-", 8) and bird.sing(2) == ("m", "Bird", "lala")
    assert type(bird).kind()[2] == "Bird" and str(inspect.signature(double)) == "(x)"
    """,
)

entry(
    "more_itertools",
    "an iterator that can be looked into, half used",
    """
    import more_itertools
    it = more_itertools.peekable(more_itertools.windowed([1, 2, 3, 4], 2))
    next(it)
    it.peek()
    """,
    """
    assert obj.peek() == (2, 3) and list(obj) == [(2, 3), (3, 4)]
    """,
    refused="it has begun",
)

entry(
    "returns",
    "a pipeline of results",
    """
    from returns.pipeline import flow
    from returns.pointfree import bind
    from returns.result import Failure, Result, Success, safe
    @safe(exceptions=(ValueError,))
    def parse(text: str) -> int:
        return int(text)
    def positive(n: int) -> Result[int, str]:
        return Success(n) if n > 0 else Failure("small")
    it = lambda text: flow(text, parse, bind(positive))
    """,
    """
    assert obj("4").unwrap() == 4 and obj("-1").failure() == "small"
    assert isinstance(obj("x").failure(), ValueError)
    """,
)

entry(
    "structlog",
    "a bound logger with processors of the script",
    """
    import structlog
    class Counter:
        def __init__(self):
            self.n = 0
        def __call__(self, logger, name, event):
            self.n += 1
            return event | {"n": self.n}
    processors = [Counter(), lambda logger, name, event: event | {"level": name}]
    logger = structlog.testing.CapturingLogger()
    it = structlog.wrap_logger(logger, processors, wrapper_class=structlog.BoundLogger).bind(user="ada")
    """,
    """
    obj.info("hi")
    obj.bind(more=1).error("oh")
    assert [call.kwargs for call in obj._logger.calls] == [
        {"user": "ada", "event": "hi", "n": 1, "level": "info"},
        {"user": "ada", "more": 1, "event": "oh", "n": 2, "level": "error"},
    ]
    """,
)

entry(
    "loguru",
    "a function that logs",
    """
    from loguru import logger
    def it(n):
        logger.bind(n=n).info("n is {}", n)
        return n
    """,
    """
    from loguru import logger
    said = []
    logger.remove()
    logger.add(said.append, format="{level} {extra[n]} {message}")
    assert obj(4) == 4 and said == ["INFO 4 n is 4\\n"]
    """,
)

entry(
    "loguru",
    "a function that logs to a logger of the script",
    """
    from loguru import logger
    log = logger.bind(job="j1").patch(lambda record: record["extra"].update(double=2 * record["extra"]["n"]))
    def it(n):
        log.bind(n=n).info("n is {}", n)
        return n
    """,
    """
    from loguru import logger
    said = []
    logger.remove()
    logger.add(said.append, format="{extra[job]} {extra[double]} {message}")
    assert obj(4) == 4 and said == ["j1 8 n is 4\\n"]
    """,
)

entry(
    "tqdm",
    "a function that shows its progress with a bar of the script",
    """
    from tqdm import tqdm
    class Bar(tqdm):
        def update(self, n=1):
            self.updates = getattr(self, "updates", 0) + n
            return super().update(n)
    def it(values, file):
        with Bar(values, file=file, desc="work", mininterval=0) as bar:
            return sum(bar)
    """,
    """
    import io
    file = io.StringIO()
    assert obj([1, 2, 3], file) == 6 and "work" in file.getvalue() and "3/3" in file.getvalue()
    """,
)

entry(
    "rich",
    "a table and a renderable class of the script",
    """
    from rich.table import Table
    from rich.text import Text
    class Level:
        def __init__(self, n):
            self.n = n
        def __rich_console__(self, console, options):
            yield Text("#" * self.n, style="bold red")
    it = Table(title="levels")
    it.add_column("who", style="cyan")
    it.add_column("level")
    it.add_row("ada", Level(3))
    """,
    """
    from rich.console import Console
    console = Console(record=True, width=40, file=open("/dev/null", "w"))
    console.print(obj)
    text = console.export_text()
    assert "levels" in text and "###" in text
    """,
)

entry(
    "hypothesis",
    "strategies with functions and classes of the script",
    """
    from dataclasses import dataclass
    from hypothesis import strategies as st
    @dataclass
    class Point:
        x: int
        y: int
    @st.composite
    def ordered(draw, most=10):
        low = draw(st.integers(0, most))
        return low, draw(st.integers(low, most))
    it = {"points": st.builds(Point, x=st.integers(0, 3), y=st.just(1)).map(lambda point: point.x + point.y),
          "ordered": ordered(5),
          "texts": st.lists(st.sampled_from("ab"), min_size=1).filter(lambda found: found[0] == "a")}
    """,
    """
    from hypothesis import given, settings
    seen = []
    @settings(max_examples=20, database=None, deadline=None, derandomize=True)
    @given(**obj)
    def check(points, ordered, texts):
        seen.append(points)
        assert 1 <= points <= 4 and 0 <= ordered[0] <= ordered[1] <= 5 and texts[0] == "a"
    check()
    assert seen
    """,
)

entry(
    "pluggy",
    "a manager with a plugin of the script",
    """
    import pluggy
    spec, impl = pluggy.HookspecMarker("birds"), pluggy.HookimplMarker("birds")
    class Spec:
        @spec(firstresult=True)
        def feed(self, bird): ...
    class Seeds:
        @impl
        def feed(self, bird):
            return f"{bird} eats seeds"
    it = pluggy.PluginManager("birds")
    it.add_hookspecs(Spec)
    it.register(Seeds(), "seeds")
    """,
    """
    assert obj.hook.feed(bird="tom") == "tom eats seeds"
    assert obj.unregister(name="seeds") and obj.hook.feed(bird="tom") is None
    """,
)

entry(
    "blinker",
    "a namespace of signals with receivers of the script",
    """
    import blinker
    signals = blinker.Namespace()
    saved = signals.signal("saved")
    log = []
    @saved.connect
    def note(sender, **more):
        log.append((sender, more))
    def it(name):
        saved.send(name, n=len(log))
        return log
    """,
    """
    assert obj("tom") == [("tom", {"n": 0})]
    """,
)

entry(
    "injector",
    "an injector with a module of the script",
    """
    from injector import Injector, Module, provider, singleton
    class Database:
        def __init__(self, url):
            self.url = url
    class App(Module):
        @singleton
        @provider
        def database(self) -> Database:
            return Database("sqlite://")
    it = Injector([App()]), Database
    """,
    """
    injector, Database = obj
    assert injector.get(Database).url == "sqlite://" and injector.get(Database) is injector.get(Database)
    """,
)

entry(
    "simpy",
    "a function that simulates with processes of the script",
    """
    import simpy
    def customer(env, counter, log, name):
        with counter.request() as turn:
            yield turn
            yield env.timeout(5)
            log.append((name, env.now))
    def it(names):
        env, log = simpy.Environment(), []
        counter = simpy.Resource(env, capacity=1)
        for name in names:
            env.process(customer(env, counter, log, name))
        env.run()
        return log
    """,
    """
    assert obj(["a", "b"]) == [("a", 5), ("b", 10)]
    """,
)

entry(
    "gymnasium",
    "an environment of the script with a wrapper",
    """
    import gymnasium as gym
    import numpy as np
    class Walk(gym.Env):
        action_space = gym.spaces.Discrete(2)
        observation_space = gym.spaces.Box(-5, 5, (1,), np.float32)
        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            self.place = 0
            return np.array([self.place], np.float32), {}
        def step(self, action):
            self.place += 2 * action - 1
            return np.array([self.place], np.float32), float(self.place), self.place >= 2, False, {}
    it = gym.wrappers.TransformReward(Walk(), lambda reward: reward * 10)
    it.reset(seed=1)
    """,
    """
    observation, reward, done, *_ = obj.step(1)
    assert reward == 10 and not done and obj.step(1)[2]
    obj.reset(seed=2)
    assert obj.unwrapped.place == 0 and obj.action_space.contains(1)
    """,
)

# ---------------------------------------------------------------- texts and times


entry(
    "dateutil",
    "a rule of repetition and a zone, in a function",
    """
    import datetime
    from dateutil import relativedelta, rrule, tz
    start = datetime.datetime(2024, 1, 31, 9, tzinfo=tz.gettz("Europe/Berlin"))
    rule = rrule.rrule(rrule.MONTHLY, dtstart=start, bymonthday=-1, count=3)
    it = rule, lambda months: start + relativedelta.relativedelta(months=+months, day=1)
    """,
    """
    rule, later = obj
    assert [day.day for day in rule] == [31, 29, 31] and rule[2].utcoffset().seconds == 7200
    assert later(2).month == 3 and later(2).tzinfo is not None
    """,
)

entry(
    "pendulum",
    "a period and a function that formats",
    """
    import pendulum
    start = pendulum.datetime(2024, 3, 30, 12, tz="Europe/Berlin")
    it = start.diff(start.add(days=2)), lambda days: start.add(days=days).to_iso8601_string()
    """,
    """
    period, later = obj
    assert period.in_days() == 2 and len(list(period.range("days"))) == 3
    assert later(2) == "2024-04-01T12:00:00+02:00"
    """,
)

entry(
    "arrow",
    "a time and a function that shifts it",
    """
    import arrow
    start = arrow.get("2024-02-28T10:00:00+01:00")
    it = start, lambda **more: start.shift(**more).format("YYYY-MM-DD")
    """,
    """
    start, shifted = obj
    assert start.utcoffset().seconds == 3600 and shifted(days=2) == "2024-03-01"
    """,
)

entry(
    "packaging",
    "a set of specifiers and a version of a subclass of the script",
    """
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version
    class Tagged(Version):
        def __init__(self, text):
            text, _, self.tag = text.partition("@")
            super().__init__(text)
    allowed = SpecifierSet(">=1.2,!=1.5.*", prereleases=True)
    it = Tagged("1.10@edge"), lambda versions: max(allowed.filter(versions), key=Version)
    """,
    """
    from packaging.version import Version
    version, best = obj
    assert version > Version("1.9") and version.tag == "edge"
    assert best(["1.0", "1.5.1", "1.4", "2.0b1"]) == "2.0b1"
    """,
)

entry(
    "pyparsing",
    "a grammar with actions of the script",
    """
    import pyparsing as pp
    names = {"x": 5}
    number = pp.pyparsing_common.integer
    name = pp.Word(pp.alphas).set_parse_action(lambda tokens: names[tokens[0]])
    expression = pp.Forward()
    atom = number | name | pp.Suppress("(") + expression + pp.Suppress(")")
    product = (atom + pp.ZeroOrMore(pp.Suppress("*") + atom)).set_parse_action(
        lambda tokens: __import__("math").prod(tokens))
    expression <<= (product + pp.ZeroOrMore(pp.Suppress("+") + product)).set_parse_action(sum)
    it = expression
    """,
    """
    assert obj.parse_string("2 * (x + 1) + 3", parse_all=True)[0] == 15
    """,
)

entry(
    "lark",
    "a parser with a transformer of the script",
    """
    import lark
    class Sum(lark.Transformer):
        NUMBER = int
        def start(self, numbers):
            return sum(numbers)
    grammar = 'start: NUMBER ("+" NUMBER)*' + chr(10) + "%import common.NUMBER" + chr(10) + '%ignore " "'
    it = lark.Lark(grammar, parser="lalr", transformer=Sum())
    """,
    """
    assert obj.parse("1 + 2 + 39") == 42
    """,
)

entry(
    "parsy",
    "a parser that is combined of lambdas",
    """
    import parsy
    number = parsy.regex(r"[0-9]+").map(lambda text: int(text))
    @parsy.generate
    def pair():
        first = yield number
        yield parsy.string(",")
        second = yield number
        return first * second
    it = pair.sep_by(parsy.string(";"))
    """,
    """
    assert obj.parse("2,3;4,5") == [6, 20]
    """,
)

entry(
    "sqlparse",
    "a function with a filter of the script",
    """
    import sqlparse
    class Upper:
        def process(self, stream):
            for kind, value in stream:
                yield kind, value.upper() if kind in sqlparse.tokens.Name else value
    def it(text):
        stack = sqlparse.engine.FilterStack()
        stack.preprocess.append(Upper())
        stack.postprocess.append(sqlparse.filters.SerializerUnicode())
        return "".join(stack.run(text))
    """,
    """
    assert obj("select a from b") == "select A from B"
    """,
)

entry(
    "pygments",
    "a lexer and a style of the script",
    """
    from pygments.lexer import RegexLexer, bygroups
    from pygments.style import Style
    from pygments.token import Keyword, Name, Number, Text
    class Birds(RegexLexer):
        name = "Birds"
        tokens = {"root": [(r"(feed)( )", bygroups(Keyword, Text), "who"), (r"[0-9]+", Number), (r"[ ]+", Text)],
                  "who": [(r"[a-z]+", Name, "#pop")]}
    class Night(Style):
        styles = {Keyword: "bold #ff0000"}
    it = Birds, Night
    """,
    """
    from pygments import highlight, lex
    from pygments.formatters import HtmlFormatter
    from pygments.token import Keyword, Name, Number
    Birds, Night = obj
    assert [kind for kind, text in lex("feed tom 3", Birds()) if text.strip()] == [Keyword, Name, Number]
    assert "#F00" in HtmlFormatter(style=Night).get_style_defs().upper()
    """,
)

entry(
    "markdown",
    "a converter with an extension of the script",
    """
    import markdown
    from markdown.extensions import Extension
    from markdown.inlinepatterns import SimpleTagInlineProcessor
    class Strike(Extension):
        def extendMarkdown(self, md):
            md.inlinePatterns.register(SimpleTagInlineProcessor(r"(~~)(.*?)~~", "del"), "del", 175)
    it = markdown.Markdown(extensions=[Strike(), "tables"])
    """,
    """
    assert obj.reset().convert("a ~~b~~ *c*") == "<p>a <del>b</del> <em>c</em></p>"
    """,
)

entry(
    "IPython",
    "a class that shows itself, and a page of it",
    """
    from IPython.display import HTML, Markdown
    class Bird:
        def __init__(self, name):
            self.name = name
        def _repr_html_(self):
            return f"<b>{self.name}</b>"
        def _ipython_display_(self):
            raise NotImplementedError
    it = [Bird("tom"), HTML("<i>x</i>", metadata={"a": 1}), Markdown("# hi")]
    """,
    """
    from IPython.core.formatters import HTMLFormatter, MarkdownFormatter
    bird, page, text = obj
    assert HTMLFormatter()(bird) == "<b>tom</b>"
    assert page._repr_html_() == ("<i>x</i>", {"a": 1}) and MarkdownFormatter()(text) == "# hi"
    """,
)

entry(
    "tblib",
    "an exception of the script with its traceback",
    """
    from tblib import Traceback
    class Refused(Exception):
        def __init__(self, who, *, why):
            super().__init__(who)
            self.why = why
    def ask(who):
        raise Refused(who, why="late")
    try:
        ask("tom")
    except Refused as error:
        it = error, Traceback(error.__traceback__)
    """,
    """
    import traceback
    error, trace = obj
    assert error.why == "late" and error.args == ("tom",)
    frames = traceback.extract_tb(trace.as_traceback())
    assert frames[-1].name == "ask"
    """,
)

entry(
    "patsy",
    "the design of a formula with a transformation of the script",
    """
    import patsy
    class Shift:
        def __init__(self):
            self.seen = []
        def memorize_chunk(self, x):
            self.seen.append(min(x))
        def memorize_finish(self):
            self.low = min(self.seen)
        def transform(self, x):
            return x - self.low
    shift = patsy.stateful_transform(Shift)
    it = patsy.dmatrix("shift(x) - 1", {"x": __import__("numpy").array([4.0, 6.0])}).design_info
    """,
    """
    import numpy as np
    import patsy
    assert patsy.build_design_matrices([obj], {"x": np.array([10.0])})[0].tolist() == [[6.0]]
    """,
    refused="not yet supported",
)

entry(
    "formulaic",
    "the specification of a model with a function of the script",
    """
    import pandas as pd
    from formulaic import model_matrix
    def squared(x):
        return x ** 2
    it = model_matrix("squared(a) + C(k)", pd.DataFrame({"a": [1.0, 2.0], "k": ["u", "v"]})).model_spec, squared
    """,
    """
    import pandas as pd
    spec, squared = obj
    matrix = spec.get_model_matrix(pd.DataFrame({"a": [3.0], "k": ["v"]}), context={"squared": squared})
    assert matrix.to_numpy().tolist() == [[1.0, 9.0, 1.0]]
    """,
)

entry(
    "narwhals",
    "a function for frames of any library",
    """
    import narwhals as nw
    limit = 1
    @nw.narwhalify
    def it(frame):
        return frame.filter(nw.col("n") > limit).with_columns(double=nw.col("n") * 2)
    """,
    """
    import pandas as pd
    found = obj(pd.DataFrame({"n": [1, 2, 3]}))
    assert type(found) is pd.DataFrame and found["double"].tolist() == [4, 6]
    """,
    needs=("pandas",),
)

# ---------------------------------------------------------------- the machine, secrets, models


entry(
    "psutil",
    "a function that watches processes",
    """
    import psutil
    def it(*names):
        me = psutil.Process()
        with me.oneshot():
            return {name: getattr(me, name)() for name in names}
    """,
    """
    import os
    found = obj("ppid", "num_threads")
    assert found["ppid"] == os.getppid() and found["num_threads"] >= 1
    """,
)

entry(
    "cryptography",
    "functions that seal and open with a key",
    """
    from cryptography.fernet import Fernet, MultiFernet
    keys = [Fernet.generate_key() for _ in range(2)]
    def box():
        return MultiFernet([Fernet(key) for key in keys])
    it = keys, lambda data: box().encrypt(data), lambda token: box().decrypt(token, ttl=600)
    """,
    """
    from cryptography.fernet import Fernet
    keys, seal, unseal = obj
    assert unseal(seal(b"secret")) == b"secret" == Fernet(keys[0]).decrypt(seal(b"secret"))
    """,
)

entry(
    "cryptography",
    "a private key",
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    it = Ed25519PrivateKey.generate()
    """,
    """
    obj.public_key().verify(obj.sign(b"x"), b"x")
    """,
    refused="PrivateKey",
)

entry(
    "itsdangerous",
    "a serializer of tokens with a signer of the script",
    """
    import itsdangerous
    class Loud(itsdangerous.Signer):
        default_digest_method = staticmethod(__import__("hashlib").sha256)
    it = itsdangerous.URLSafeSerializer(["old", "new"], salt="birds", signer=Loud)
    """,
    """
    import itsdangerous
    token = obj.dumps({"user": 3})
    assert obj.loads(token) == {"user": 3}
    assert not obj.loads_unsafe(token + "x")[0]
    assert type(obj.make_signer("x")).__name__ == "Loud"
    """,
)

entry(
    "filelock",
    "a function that works under a lock on a file",
    """
    import os
    import tempfile
    from filelock import FileLock
    lock = FileLock(os.path.join(tempfile.gettempdir(), f"birds-{os.getpid()}.lock"))
    def it(value):
        with lock.acquire(timeout=5):
            return lock.is_locked, value
    """,
    """
    assert obj(3) == (True, 3)
    """,
)

entry(
    "redis",
    "a client with settings, and a function that uses it",
    """
    import redis
    from redis.backoff import ExponentialBackoff
    from redis.retry import Retry
    client = redis.Redis("db.example.org", 6380, db=2, decode_responses=True, retry=Retry(ExponentialBackoff(), 3))
    it = lambda: client.get_connection_kwargs()
    """,
    """
    found = obj()
    assert found["host"] == "db.example.org" and found["port"] == 6380 and found["db"] == 2
    """,
)

entry(
    "lightgbm",
    "a model trained with an objective of the script",
    """
    import lightgbm
    import numpy as np
    def squared(target, guess):
        return guess - target, np.ones_like(target)
    x = np.arange(40.0).reshape(-1, 1)
    it = lightgbm.LGBMRegressor(objective=squared, n_estimators=40, min_child_samples=2, verbose=-1, n_jobs=1)
    it.fit(x, 2 * x[:, 0])
    """,
    """
    import numpy as np
    assert abs(obj.predict(np.array([[20.0]]))[0] - 40) < 5
    x = np.arange(40.0).reshape(-1, 1)
    assert abs(obj.fit(x, 3 * x[:, 0]).predict(np.array([[20.0]]))[0] - 60) < 8
    """,
)

entry(
    "deepdiff",
    "a comparison with an operator of the script",
    """
    from deepdiff import DeepDiff
    from deepdiff.operator import BaseOperator
    class Near(BaseOperator):
        def give_up_diffing(self, level, diff_instance):
            return abs(level.t1 - level.t2) < 0.1
    near = Near(types=[float])
    it = lambda a, b: DeepDiff(a, b, custom_operators=[near])
    """,
    """
    assert obj({"a": [1.0, 2.0]}, {"a": [1.01, 2.0]}) == {}
    assert "values_changed" in obj({"a": 1.0}, {"a": 5.0})
    """,
)

entry(
    "rapidfuzz",
    "a function that matches with a processor of the script",
    """
    from rapidfuzz import fuzz, process
    names = ["Tom Thumb", "Ann Bird"]
    plain = lambda text: text.lower().replace("-", " ")
    it = lambda text: process.extractOne(text, names, scorer=fuzz.ratio, processor=plain, score_cutoff=60)
    """,
    """
    assert obj("tom-thumb")[0] == "Tom Thumb" and obj("xyz") is None
    """,
)

entry(
    "boltons",
    "a cached property and a priority queue",
    """
    from boltons.cacheutils import LRU, cachedproperty
    from boltons.dictutils import OneToOne
    class Bird:
        calls = 0
        @cachedproperty
        def song(self):
            self.calls += 1
            return "la"
    it = Bird(), LRU(max_size=2, on_miss=lambda key: key * 2), OneToOne(a=1)
    """,
    """
    bird, lru, pairs = obj
    assert bird.song == bird.song == "la" and bird.calls == 1
    assert [lru[n] for n in (1, 2, 3)] == [2, 4, 6] and len(lru) == 2
    assert pairs.inv[1] == "a"
    """,
)

entry(
    "voluptuous",
    "a schema with functions of the script",
    """
    import voluptuous as v
    def even(n):
        if n % 2:
            raise v.Invalid("odd")
        return n
    it = v.Schema({v.Required("n"): v.All(v.Coerce(int), even), v.Optional("tag", default=lambda: "x"): str})
    """,
    """
    import voluptuous
    assert obj({"n": "4"}) == {"n": 4, "tag": "x"}
    try:
        obj({"n": 3})
    except voluptuous.MultipleInvalid as error:
        assert error.path == ["n"]
    else:
        assert False
    """,
)
