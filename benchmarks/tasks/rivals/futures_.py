"""The standard library's ``ProcessPoolExecutor``, with workers that are forked."""

import multiprocessing
import platform
from concurrent.futures import ProcessPoolExecutor

from benchmarks.tasks.rivals._base import Futures

VERSION = platform.python_version()
BY_NAME = True


class Workers(Futures):
    """Forked, so that functions of ``__main__`` are known by name."""

    def __init__(self, count: int) -> None:
        super().__init__(ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("fork")))
