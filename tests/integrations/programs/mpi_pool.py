"""One program for each framework; tests/integrations/test_frameworks.py puts turkey.py at its head."""

from mpi4py.futures import MPIPoolExecutor

from pickleloaf import integrations

if __name__ == "__main__":
    integrations.use_in_mpi4py()
    with MPIPoolExecutor(initializer=integrations.use_in_mpi4py) as pool:
        check(pool.submit(lambda *args: use(*args), patched_turkey(), counter()).result())
