"""A real notebook: cells that run in a kernel, as people write them."""

import re
import textwrap
import warnings
from pathlib import Path

import pytest

import pickleloaf as pl

pytestmark = pytest.mark.timeout(100)
pytest.importorskip("ipykernel")
nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

CELLS = """
import pickleloaf as pl
ex = pl.Executor(workers=2)
LIMIT = 3
----
class Bird:
    sound = "gobble"

    def speak(self):
        return " ".join([self.sound] * LIMIT)

bird = Bird()
ex.submit(lambda: bird.speak()).result()
----
def scale(number):
    return LIMIT * number

list(ex.map(scale, range(5)))
----
LIMIT = 1                                            # cells are changed, and run again

class Bird:
    sound = "quack"

    def speak(self):
        return " ".join([self.sound] * LIMIT)

[ex.submit(lambda: Bird().speak()).result(), ex.submit(scale, 5).result()]
----
promise = ex.cluster.task(scale, 20)                 # a kernel has a running loop
await promise.then(lambda number: number + 2)
----
import asyncio

async def slow():
    await asyncio.sleep(0.01)
    return "slept"

await asyncio.wait_for(ex.cluster.task(slow), 20)
----
list(ex.map(scale, range(4), progress=True))
----
ex.submit(print, "said by a worker").result()
----
ex.submit(lambda: {}["missing"]).result()
----
ex.shutdown()
"the end"
"""

RESULTS = [
    None, "'gobble gobble gobble'", "[0, 3, 6, 9, 12]", "['quack', 5]", "22", "'slept'", "[0, 1, 2, 3]", None,
    None, "'the end'",
]  # fmt: skip


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """Run the notebook in a kernel of its own; return its cells, with what they gave."""
    sources = [textwrap.dedent(cell).strip() for cell in CELLS.split("----\n")]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    folder = tmp_path_factory.mktemp("notebook")
    client = nbclient.NotebookClient(
        book, timeout=60, allow_errors=True, resources={"metadata": {"path": str(folder)}}
    )
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Jupyter says of itself
        patch.setenv("PYTHONPATH", str(Path(pl.__file__).parents[1]))
        patch.setenv("IPYTHONDIR", str(folder))
        patch.setenv("JUPYTER_RUNTIME_DIR", str(folder))
        client.execute()
    return book.cells


@pytest.mark.parametrize(("number", "expected"), list(enumerate(RESULTS)))
def test_cell(cells, number, expected):
    """Each cell gives what it gives without workers, and nothing fails but what is to fail."""
    outputs = cells[number].outputs
    results = [output.data["text/plain"] for output in outputs if output.output_type == "execute_result"]
    assert results == ([] if expected is None else [expected]), outputs
    failed = [output.ename for output in outputs if output.output_type == "error"]
    assert failed == (["KeyError"] if "missing" in cells[number].source else []), outputs


def test_what_a_worker_prints(cells):
    """It is shown in the notebook, with the worker's name."""
    shown = "".join(
        output.text for cell in cells for output in cell.outputs if output.output_type == "stream"
    )
    assert "] said by a worker\n" in shown


def test_progress(cells):
    """A bar, or a line, comes to its end."""
    (cell,) = (cell for cell in cells if "progress" in cell.source)
    shown = str(cell.outputs)
    assert "4/4" in shown or "4 of 4" in shown or "100%" in shown


def test_traceback_of_a_task(cells):
    """The line of the cell that failed on a worker is in the traceback."""
    (error,) = (output for cell in cells for output in cell.outputs if output.output_type == "error")
    text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error.traceback))  # without its colours
    assert 'ex.submit(lambda: {}["missing"]).result()' in text
    assert re.search(r"in <lambda>", text)
