"""One program on four engines: what is not known over there travels, results chain, errors are themselves.

python examples/engines/kitchen.py local             # or processes: any executor that you have
python examples/engines/kitchen.py dask              # a small cluster here, or dask://host:8786
python examples/engines/kitchen.py ray               # a small cluster here, or ray://host:10001
mpiexec -n 3 python -m mpi4py.futures examples/engines/kitchen.py mpi
"""

import concurrent.futures
import multiprocessing
import os
import sys
import types

from pickleloaf import engines


class Turkey:
    """Defined in a script: no worker has it."""

    def hi(self):
        """Say hello."""
        return "hello"


def hi2(self):
    """Say something else."""
    return f"SQUAWK from another process: {os.getpid() != HERE}"


class BurntError(Exception):
    """What happens to birds."""


def roast(turkey, minutes):
    """Fail, if it takes too long."""
    if minutes > 60:
        raise BurntError(f"{minutes} minutes")
    return f"{turkey.hi()}, after {minutes} minutes"


HERE = os.getpid()


def main(name):
    """Tell the story on an engine."""
    turkey = Turkey()
    turkey.hi = types.MethodType(hi2, turkey)
    with engines.connect(engine(name), workers=2) as ex:
        print("1.", ex.submit(lambda bird: bird.hi(), turkey).result())
        shared = ex.put(turkey)  # kept at the engine; a task that takes the ref gets the bird
        print("2.", sorted(ex.map(lambda n: double(n) + 1, range(5))))
        print("3.", ex.submit(roast, shared, 30).then(str.upper).then(len).result(), "letters")
        try:
            ex.submit(roast, shared, 90).then(str.upper).result()
        except BurntError as error:
            print("4. burnt:", error)
        try:
            names = ", ".join(ex.workers)
            print("5. workers:", names, "; on the first:", ex.task(lambda: 6 * 7, to=ex.workers[0]).result())
        except engines.EngineError as error:
            print("5.", error)


def double(n):
    """Be a helper that travels with the lambda that calls it."""
    return 2 * n


def engine(name):
    """Make the one engine that has no name: any executor that you have."""
    if name != "processes":
        return name
    return concurrent.futures.ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "processes")
