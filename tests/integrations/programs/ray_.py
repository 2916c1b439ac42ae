"""One program for each framework; tests/integrations/test_frameworks.py puts turkey.py at its head."""

import ray

from pickleloaf import integrations

SMALL = {
    "num_cpus": 1,
    "include_dashboard": False,
    "object_store_memory": 200 * 2**20,
    "logging_level": "ERROR",
    "log_to_driver": False,
}
ray.init(runtime_env=integrations.use_in_ray(), **SMALL)

remote = ray.remote(use)
check(ray.get(remote.remote(patched_turkey(), counter())))

ref = ray.put(patched_turkey())
nested = ray.remote(lambda refs: ray.get(refs[0]).hi())  # a ref inside of a list is Ray's to pickle
assert ray.get(nested.remote([ref])) == "SQUAWK"


@ray.remote
class Coop:
    def __init__(self, turkey):
        self.turkey = turkey

    def hi(self):
        return self.turkey.hi()


coop = Coop.remote(patched_turkey())
assert ray.get(ray.remote(lambda actor: ray.get(actor.hi.remote())).remote(coop)) == "SQUAWK"
ray.shutdown()
