"""One program for each framework; tests/integrations/test_frameworks.py puts turkey.py at its head."""

from mpi4py import MPI

from pickleloaf import integrations

integrations.use_in_mpi4py()
world = MPI.COMM_WORLD
if world.rank == 0:
    for rank in range(1, world.size):
        world.send((use, patched_turkey(), counter()), dest=rank)
    for rank in range(1, world.size):
        check(world.recv(source=rank))
else:
    function, *args = world.recv(source=0)
    world.send(function(*args), dest=0)
