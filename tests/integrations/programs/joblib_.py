"""One program for each framework; tests/integrations/test_frameworks.py puts turkey.py at its head."""

from joblib import Parallel, delayed

from pickleloaf import integrations

integrations.use_in_joblib()
for answer in Parallel(n_jobs=2)(delayed(use)(patched_turkey(), counter()) for _ in range(2)):
    check(answer)
