"""The chunks of one call of `map`: so many that no worker waits, so large that their number costs little.

1. A chunk is one task: its results come in one message. So does an error with those before it, if chunks are timed.
2. With ``chunksize="auto"`` a chunk is to take a worker some hundredths of a second. How long a call takes is known
   from those that were made; after so many a chunk is at most `_TRUST` times as large. Nor is it larger than `_BYTES`,
   by what the last one took, so that no more is read ahead than a few of these for each worker.
3. The last chunks are small enough for all workers to end at about the same time, if it is known how many items
   there are.

Workers import this file, too.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from itertools import islice
from typing import Any

from pickleloaf.wire import verb

__all__ = ["Chunked", "Chunks", "count_of", "rebuild_chunked"]

#: With ``chunksize="auto"``, how long a chunk should take a worker, the last ones at least, and its largest size.
_CHUNK_S = 0.02
_LEAST_S = 0.001
_LARGEST = 1 << 15
_BYTES = 1 << 22
#: A chunk has at most so many times as many items as calls have been timed.
_TRUST = 64
#: Chunks that are on their way for each worker, and parts that each worker's share of what is left is cut into.
_AHEAD = 4


class Chunks:
    """Chunks on their way, the oldest first."""

    def __init__(
        self,
        submit: Callable[..., Any],
        fn: Callable[..., Any],
        iterables: tuple[Iterable[Any], ...],
        width: Callable[[], int],
        chunksize: int | str,
        until_s: float | None,
        ahead: int | None,
    ) -> None:
        """Submit as many chunks as may be on their way.

        Args:
            submit: as `Executor.submit`.
            fn: called by the workers.
            iterables: of its arguments.
            width: returns how many tasks may run at once; it is only asked where the size is "auto".
            chunksize: how many calls make one task, or ``"auto"``.
            until_s: when results are no longer waited for, by the monotonic clock.
            ahead: how many chunks are on their way at most; None for all of them.
        """
        self._submit = submit
        self._fn = fn
        self._is_single = len(iterables) == 1
        self._items: Iterator[Any] = iter(iterables[0]) if self._is_single else zip(*iterables, strict=False)
        self._auto = chunksize == "auto"
        self._run = Chunked(fn, self._is_single, self._auto)
        self._size = 1 if isinstance(chunksize, str) else chunksize
        self._until_s = until_s
        self._width = width() if self._auto else 0
        self._most = ahead or (self._width * _AHEAD if self._auto else None)
        self._left = count_of(iterables)
        self._timed = 0
        self._sent = 0, 0  # items, and bytes
        self._is_early = self._auto
        self._chunks: deque[Any] = deque()
        self._submit_more()

    def run(self) -> Iterator[Any]:
        """Return the iterator of results, which keeps none of them."""
        try:
            while self._chunks:
                left_s = None if self._until_s is None else self._until_s - time.monotonic()
                results, error = self._read(self._chunks[0].result(left_s))
                self._chunks.popleft()
                if self._most is not None:
                    self._submit_more()
                results.reverse()
                while results:
                    yield results.pop()
                if error is not None:
                    raise error
        finally:
            for future in self._chunks:
                future.cancel()

    def _submit_more(self) -> None:
        """Submit chunks, as many as may be on their way: a few, as long as the next may be much larger."""
        most = min(self._width, self._most or 0) if self._is_early else self._most
        while most is None or len(self._chunks) < most:
            chunk = list(islice(self._items, self._size))
            if not chunk:
                return
            if self._left is not None:
                self._left -= len(chunk)
            if self._auto or self._size > 1:
                future = self._submit(self._run, chunk)
                self._sent = len(chunk), getattr(future, "nbytes", 0)
                self._chunks.append(future)
                if self._auto and self._sent[1] > _BYTES:
                    self._size = min(self._size, self._fitting())
            else:
                self._chunks.append(self._submit(self._fn, *(chunk if self._is_single else chunk[0])))

    def _read(self, result: Any) -> tuple[list[Any], BaseException | None]:
        """Return the results in a chunk, and what was raised after them."""
        if not self._auto:
            return ([result] if self._size == 1 else result), None
        results, error, took_s = result
        self._timed += len(results)
        each_s = max(took_s, 1e-9) / max(len(results), 1)
        largest = min(int(_CHUNK_S / each_s), _LARGEST)
        share = largest if self._left is None else self._left // (self._width * _AHEAD)
        size = max(1, min(max(share, int(_LEAST_S / each_s)), largest))
        self._is_early = size > self._timed * _TRUST
        self._size = min(size, max(self._timed * _TRUST, 1), self._fitting())
        return results, error

    def _fitting(self) -> int:
        """Return how many items make a chunk of as many bytes as may be."""
        items, nbytes = self._sent
        return max(1, items * _BYTES // nbytes) if nbytes else _LARGEST


def count_of(iterables: Iterable[Iterable[Any]]) -> int | None:
    """Return how many items some iterables have together, if that is known."""
    sizes = [len(each) for each in iterables if isinstance(each, Sized)]
    return min(sizes) if sizes else None


class Chunked:
    """Calls a function for all items of a chunk.

    Attributes:
        pickle: its pickle, once it has been sent: within one `map` all chunks get the same function.
    """

    pickle: bytes | None = None

    def __init__(self, fn: Callable[..., Any], is_single: bool, is_timed: bool) -> None:
        """Wrap a function.

        Args:
            fn: the function.
            is_single: whether an item is the only argument, rather than a tuple of all.
            is_timed: whether to return the results, what was raised after them, and the seconds that it took.
        """
        self._parts = (fn, is_single, is_timed)
        self.__qualname__ = getattr(fn, "__qualname__", type(fn).__qualname__)  # for whoever tells of it

    def __call__(self, chunk: list[Any]) -> Any:
        """Call it for these.

        Raises:
            BaseException: what it raises, unless it is timed.
        """
        fn, is_single, is_timed = self._parts
        if not is_timed:  # a StopIteration of the function's would end `map` without a word
            return [fn(each) for each in chunk] if is_single else [fn(*each) for each in chunk]
        results: list[Any] = []
        start_s = time.perf_counter()
        try:
            for each in chunk:
                results.append(fn(each) if is_single else fn(*each))  # noqa: PERF401 - keeps what came before an error
        except Exception as error:  # noqa: BLE001 - raised where the results are read, after those before it
            return results, error, time.perf_counter() - start_s
        return results, None, time.perf_counter() - start_s

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild_chunked, self._parts


@verb
def rebuild_chunked(fn: Callable[..., Any], is_single: bool, is_timed: bool) -> Chunked:
    """Make what calls a function for a chunk."""
    return Chunked(fn, is_single, is_timed)
