"""One program for each framework; tests/integrations/test_frameworks.py puts turkey.py at its head."""

import concurrent.futures
import multiprocessing
import sys

from pickleloaf import integrations

if __name__ == "__main__":
    integrations.use_in_multiprocessing()
    context = multiprocessing.get_context(sys.argv[1])
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        check(pool.submit(lambda *args: use(*args), patched_turkey(), counter()).result())
