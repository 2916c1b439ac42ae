"""`map` of executors: in order, in chunks, not too far ahead, and showing how far it has come."""

from __future__ import annotations

import importlib
import itertools
import sys
import time
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent import futures
from typing import Any

__all__ = ["Maps"]

#: With ``chunksize="auto"``, how long a chunk should take a worker, and its largest size.
_CHUNK_S = 0.02
_LARGEST = 1 << 15
#: Chunks that are on their way for each worker.
_AHEAD = 4
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
            ValueError: the chunk size is less than 1.
        """
        if chunksize != "auto" and (not isinstance(chunksize, int) or chunksize < 1):
            raise ValueError("chunksize must be >= 1, or 'auto'")
        until_s = None if timeout is None else time.monotonic() + timeout
        items = zip(*iterables, strict=False)
        ahead = kwargs.pop("buffersize", None)
        if kwargs:
            raise TypeError(f"map takes no argument {next(iter(kwargs))!r}")
        if chunksize == "auto" and not ahead:
            ahead = self._width() * _AHEAD
        results = _Map(self, fn, items, chunksize, until_s, ahead)
        return _shown(results.run(), iterables) if progress else results.run()


class _Map:
    """One call of `Executor.map`: chunks on their way, the oldest first."""

    def __init__(
        self,
        executor: futures.Executor,
        fn: Any,
        items: Iterator[Any],
        chunksize: int | str,
        until_s: float | None,
        ahead: int | None,
    ) -> None:
        self._executor = executor
        self._fn = fn
        self._items = items
        self._auto = chunksize == "auto"
        self._size = 1 if isinstance(chunksize, str) else chunksize
        self._until_s = until_s
        self._most = ahead or None
        self._chunks: deque[futures.Future[Any]] = deque()
        self._submit()

    def _submit(self) -> None:
        while self._most is None or len(self._chunks) < self._most:
            chunk = list(itertools.islice(self._items, self._size))
            if not chunk:
                return
            if self._auto:
                self._chunks.append(self._executor.submit(_run_timed, self._fn, chunk))
            elif self._size == 1:
                self._chunks.append(self._executor.submit(self._fn, *chunk[0]))
            else:
                self._chunks.append(self._executor.submit(_run_chunk, self._fn, chunk))

    def run(self) -> Iterator[Any]:
        """Return the iterator of results, which keeps none of them."""
        try:
            while self._chunks:
                left_s = None if self._until_s is None else self._until_s - time.monotonic()
                results, error = self._read(self._chunks[0].result(left_s))
                self._chunks.popleft()
                if self._most is not None:
                    self._submit()
                results.reverse()
                while results:
                    yield results.pop()
                if error is not None:
                    raise error
        finally:
            for future in self._chunks:
                future.cancel()

    def _read(self, result: Any) -> tuple[list[Any], BaseException | None]:
        """Return the results in a chunk, and what was raised after them."""
        if not self._auto:
            return ([result] if self._size == 1 else result), None
        results, error, took_s = result
        each_s = took_s / max(len(results), 1)  # the next chunks have a size by how long this one took
        self._size = max(1, min(int(_CHUNK_S / max(each_s, 1e-9)), self._size * 8, _LARGEST))
        return results, error


def _run_chunk(fn: Callable[..., Any], chunk: list[tuple[Any, ...]]) -> list[Any]:
    return [fn(*args) for args in chunk]


def _run_timed(
    fn: Callable[..., Any], chunk: list[tuple[Any, ...]]
) -> tuple[list[Any], BaseException | None, float]:
    """Call a function for a chunk; return results, what it raised, and how long it took."""
    start_s = time.perf_counter()
    results: list[Any] = []
    try:
        for args in chunk:
            results.append(fn(*args))  # noqa: PERF401 - what came before an error counts
    except Exception as error:  # noqa: BLE001 - raised where the results are read, after those before it
        return results, error, time.perf_counter() - start_s
    return results, None, time.perf_counter() - start_s


def _shown(results: Iterator[Any], iterables: tuple[Iterable[Any], ...]) -> Iterator[Any]:
    """Show how far an iterator has come."""
    sizes = [len(each) for each in iterables if isinstance(each, Sized)]
    total = min(sizes) if sizes else None
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
