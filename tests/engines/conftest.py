"""The engine that the tests of this folder run on: a pool of processes, or what ``PICKLELOAF_ENGINE`` says.

test_engines.py runs them on the other engines.
"""

import concurrent.futures
import multiprocessing
import os

import pytest

from pickleloaf import engines

ENGINE = os.environ.get("PICKLELOAF_ENGINE", "processes")


def start(name):
    """Start an engine, with two workers."""
    if name == "processes":
        context = multiprocessing.get_context("spawn")
        return engines.connect(concurrent.futures.ProcessPoolExecutor(2, mp_context=context))
    return engines.connect(name, workers=2)


@pytest.fixture(scope="session", params=[ENGINE])
def ex(request):
    """An executor on an engine."""
    with start(request.param) as executor:
        yield executor


@pytest.fixture
def lacks(ex):
    """What the engine says that it cannot do."""
    return ex.engine.lacks
