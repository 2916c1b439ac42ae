"""One program for each framework; tests/integrations/test_frameworks.py puts turkey.py at its head."""

import multiprocessing
import sys

from pickleloaf import integrations


def child(connection):
    connection.send(use(*connection.recv()))


if __name__ == "__main__":
    integrations.use_in_multiprocessing()
    context = multiprocessing.get_context(sys.argv[1])
    with context.Pool(1) as pool:
        check(pool.apply(lambda *args: use(*args), (patched_turkey(), counter())))
    ours, theirs = context.Pipe()
    process = context.Process(target=lambda: child(theirs))  # its closure holds a pipe, which is inherited
    process.start()
    ours.send((patched_turkey(), counter()))
    check(ours.recv())
    process.join()
    lock, queue = context.Lock(), context.SimpleQueue()
    process = context.Process(target=lambda: queue.put(lock.acquire(block=False)))
    with lock:
        process.start()
        assert queue.get() is False, "the lock is not shared"
    process.join()
