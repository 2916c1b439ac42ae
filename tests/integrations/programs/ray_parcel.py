"""One program for each framework; tests/integrations/test_frameworks.py puts turkey.py at its head."""

import ray

from pickleloaf.integrations import parcel

ray.init(
    num_cpus=1,
    include_dashboard=False,
    object_store_memory=200 * 2**20,
    logging_level="ERROR",
    log_to_driver=False,
)
task = parcel(use, returns=True)
remote = ray.remote(lambda *args: task(*args))  # Ray wants a function
check(ray.get(remote.remote(parcel(patched_turkey()), parcel(counter()))))
ray.shutdown()
