"""`map` of executors: in order, in chunks (see chunks), not too far ahead, and showing how far it has come."""

from __future__ import annotations

import importlib
import sys
import time
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from typing import Any

from pickleloaf.tasks.chunks import Chunks, count_of

__all__ = ["Maps"]

#: How often progress is shown.
_SHOWN_S = 0.1


class Maps(futures.Executor):
    """An executor as far as `map` goes, which asks for `submit` and for how many workers there are."""

    @abstractmethod
    def _width(self) -> int:
        """Return how many tasks may run at once."""

    def map(
        self,
        fn: Callable[..., Any],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int | str = 1,
        progress: bool = False,
        **kwargs: Any,
    ) -> Iterator[Any]:
        """Return an iterator of ``fn(*items)`` for the items of some iterables, in their order.

        Args:
            fn: called by the workers.
            iterables: read as far as the results are, and a little ahead.
            timeout: seconds from now after which the iterator raises `TimeoutError`.
            chunksize: how many calls make one task; ``"auto"`` measures how long they take.
            progress: show how far it has come (with tqdm or rich, where installed).
            kwargs: ``buffersize`` as in Python 3.14: how many results to be ahead at most.

        Raises:
            ValueError: the chunk size or ``buffersize`` is less than 1.
            TypeError: ``buffersize`` is no whole number.
        """
        if chunksize != "auto" and (not isinstance(chunksize, int) or chunksize < 1):
            raise ValueError("chunksize must be >= 1, or 'auto'")
        ahead = kwargs.pop("buffersize", None)
        if ahead is not None and not isinstance(ahead, int):
            raise TypeError(f"buffersize must be an integer or None, not {ahead!r}")
        if ahead is not None and ahead < 1:
            raise ValueError(f"buffersize must be >= 1 or None, not {ahead!r}")
        if kwargs:
            raise TypeError(f"map takes no argument {next(iter(kwargs))!r}")
        until_s = None if timeout is None else time.monotonic() + timeout
        results = Chunks(self.submit, fn, iterables, self._width, chunksize, until_s, ahead).run()
        return _shown(results, count_of(iterables)) if progress else results


def _shown(results: Iterator[Any], total: int | None) -> Iterator[Any]:
    """Show how far an iterator has come."""
    for module, name in (("tqdm.auto", "tqdm"), ("rich.progress", "track")):
        try:
            show = getattr(importlib.import_module(module), name)
        except ImportError:
            continue
        return iter(show(results, total=total))
    return _counted(results, total)


def _counted(results: Iterator[Any], total: int | None) -> Iterator[Any]:
    """Show how far an iterator has come where neither tqdm nor rich is installed: a line of text."""
    of_all = "" if total is None else f" of {total}"
    shown_s = 0.0
    for number, result in enumerate(results, start=1):
        if time.monotonic() - shown_s > _SHOWN_S or number == total:
            shown_s = time.monotonic()
            sys.stderr.write(f"\r{number}{of_all}")
        yield result
    sys.stderr.write("\n")
