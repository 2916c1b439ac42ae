"""One program for each framework; tests/integrations/test_frameworks.py puts turkey.py at its head."""

import ipyparallel

from pickleloaf import integrations

with ipyparallel.Cluster(n=1, log_level=40) as client:
    integrations.use_in_ipyparallel(client)
    check(client[:].apply_sync(lambda *args: use(*args), patched_turkey(), counter())[0])
