"""The how-to about tasks: its programs run, and its table of multiprocessing.Pool is true."""

import re
from concurrent.futures import as_completed, wait
from pathlib import Path

import pytest

import pickleloaf as pl

PAGE = Path(__file__).parent.parent.parent / "docs" / "how-to" / "tasks.md"
PROGRAMS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
pytestmark = pytest.mark.timeout(40)


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_program(script, number):
    """It prints what its comments say."""
    promised = re.findall(r"print\(.*#\s*(.*)", PROGRAMS[number])
    code, output, errors = script.run(PROGRAMS[number])
    assert (code, errors) == (0, "")
    assert promised
    assert set(promised) <= set(output.splitlines())


@pytest.mark.own_workers
def test_table_of_pool(ex, cluster):
    """The right column of the table does what the left one does."""
    called = []

    def add(a, b=0):
        return a + b

    assert ex.submit(add, *(1,), b=2).result() == 3
    ex.submit(add, 1).add_done_callback(lambda future: called.append(future.result()))
    assert list(ex.map(add, range(5), chunksize="auto")) == [0, 1, 2, 3, 4]
    assert list(ex.map(add, range(5), chunksize=2)) == [0, 1, 2, 3, 4]
    assert {future.result() for future in as_completed([ex.submit(add, x) for x in range(5)])} == set(
        range(5)
    )
    pairs = [(1, 2), (3, 4)]
    assert list(ex.map(add, *zip(*pairs, strict=True), chunksize="auto")) == [3, 7]
    assert pl.when_all([cluster.task(add, x) for x in range(5)]).result() == [0, 1, 2, 3, 4]
    future = ex.submit(add, 1)
    wait([future], 10)
    assert future.done()
    ex.shutdown()
    assert called == [1]
