"""One program for each framework; tests/integrations/test_frameworks.py puts turkey.py at its head."""

from loky import get_reusable_executor

from pickleloaf import integrations

integrations.use_in_loky()
executor = get_reusable_executor(max_workers=1)
check(executor.submit(use, patched_turkey(), counter()).result())
executor.shutdown()
