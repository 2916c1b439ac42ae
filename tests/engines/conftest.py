"""The engine that the tests of this folder run on: a pool of processes, or what ``PICKLELOAF_ENGINE`` says.

test_engines.py runs them on the other engines.
"""

import concurrent.futures
import contextlib
import multiprocessing
import os

import pytest
from tasks.gates import Gate

from pickleloaf import engines

ENGINE = os.environ.get("PICKLELOAF_ENGINE", "processes")


@contextlib.contextmanager
def start(name):
    """Yield what an executor is connected to: what the user has made, or the name of an engine."""
    if name == "processes":
        context = multiprocessing.get_context("spawn")
        yield concurrent.futures.ProcessPoolExecutor(2, mp_context=context)
    elif name == "dask-tls":
        with secured_dask() as client:
            yield client
    else:
        yield name


@contextlib.contextmanager
def secured_dask():
    """Start Dask's scheduler and workers with TLS on loopback, with a certificate made for the occasion."""
    import dask
    from distributed import Client, LocalCluster
    from distributed.security import Security

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            security=Security.temporary(),
            protocol="tls://",
            dashboard_address=None,
            worker_dashboard_address=None,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="session", params=[ENGINE])
def ex(request):
    """An executor on an engine."""
    with start(request.param) as engine, engines.connect(engine, workers=2) as executor:
        yield executor


@pytest.fixture
def gate(tmp_path):
    """A gate at which tasks wait until it is opened."""
    gate = Gate(tmp_path / "gate")
    yield gate
    gate.open()  # a test that fails keeps no worker


@pytest.fixture
def lacks(ex):
    """What the engine says that it cannot do."""
    return ex.engine.lacks
