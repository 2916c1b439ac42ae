"""loky: fresh workers, cloudpickle inside."""

import loky

from benchmarks.tasks.rivals._base import Futures

VERSION = loky.__version__
BY_NAME = False


class Workers(Futures):
    """An executor that does not time out."""

    def __init__(self, count: int) -> None:
        super().__init__(loky.ProcessPoolExecutor(count, timeout=None))
