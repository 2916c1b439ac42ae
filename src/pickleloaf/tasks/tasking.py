"""What a program may ask of its cluster, in the driver and in every task alike."""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from pickleloaf.tasks.calls import Call
from pickleloaf.tasks.parcels import Parcel, pack
from pickleloaf.tasks.promise import Promise, when_all, when_any
from pickleloaf.tasks.refs import Ref
from pickleloaf.tasks.shared_memory import Segment

if TYPE_CHECKING:
    from concurrent.futures import Future

__all__ = ["Tasking"]


class Tasking:
    """Tasks, refs and promises; how they are sent is the subclass's."""

    #: What becomes of patches that tasks and what they return refer to: see `pickleloaf.Pickler`.
    patches = "carry"

    def __init__(self, origin: int) -> None:
        self._numbers = itertools.count((origin << 40) + 1)

    def task(
        self,
        f: Callable[..., Any] | Ref,
        /,
        *args: Any,
        to: Any = None,
        retries: int = 0,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> Promise:
        """Let a worker call a function, sync or async; return a promise of what it returns.

        Args:
            f: the function, or a ref of one.
            args: its arguments; a ref is replaced by what it refers to.
            to: the worker that is to call it; any by default.
            retries: how often it is tried again when it raises or its worker dies.
            timeout: seconds after which it is interrupted and fails with a `TimeoutError`.
            kwargs: its arguments by name.

        Raises:
            EncodeError: a part of function or arguments cannot travel.
            LookupError: there is no such worker.
            ValueError: ``retries`` or ``timeout`` is less than nothing.
        """
        return self.submit((f, args, kwargs), to=to, retries=retries, timeout=timeout)

    def submit(
        self,
        call: tuple[Any, tuple[Any, ...], dict[str, Any]],
        *,
        to: Any = None,
        retries: int = 0,
        timeout: float | None = None,
    ) -> Promise:
        """Let a call be made; see `task`."""
        if type(retries) is not int or retries < 0:
            raise ValueError(f"retries is a number of attempts from 0 on, not {retries!r}")
        if timeout is not None and not timeout >= 0:
            raise ValueError(f"timeout is a number of seconds from 0 on, not {timeout!r}")
        ident = next(self._numbers)
        name = None if to is None else str(to)
        self._submit(ident, Call.of(*call, self.patches), name, retries, timeout)
        return Promise(self, ident)

    def put(self, obj: Any) -> Ref:
        """Store an object in the cluster, once; return a ref to it.

        Raises:
            EncodeError: a part of it cannot travel.
            OSError: there is no room for it.
        """
        ident = next(self._numbers)
        self._store(ident, pack(obj, self.patches))
        return Ref(self, ident)

    def alloc(self, nbytes: int) -> Ref:
        """Store a buffer of zeros that every task may write, at its own risk; return a ref to it.

        Raises:
            ValueError: the size is negative.
            OSError: there is no room for it.
        """
        ident = next(self._numbers)
        segment = Segment.create(nbytes)
        self._store(ident, Parcel(b"", segment, (nbytes, (), 0, True)))
        return Ref(self, ident)

    def combine(self, idents: tuple[int, ...], *, first: bool) -> Promise:
        """Return a promise of several values, or of the first of them."""
        ident = next(self._numbers)
        self._combine(ident, idents, first=first)
        return Promise(self, ident)

    def when_all(self, promises: Iterable[Promise]) -> Promise:
        """See `pickleloaf.when_all`."""
        promises = list(promises)
        return when_all(promises) if promises else self.combine((), first=False)

    def when_any(self, promises: Iterable[Promise]) -> Promise:
        """See `pickleloaf.when_any`."""
        return when_any(promises)

    def fetch_stored(self, ident: int, *, copy: bool) -> Future[Any]:
        """Return a future of what a ref refers to."""
        return self.fetch(ident, copy=copy)

    @abstractmethod
    def fetch(self, ident: int, *, copy: bool = False) -> Future[Any]:
        """Return a future of a value."""

    @abstractmethod
    def wait(self, future: Future[Any], timeout_s: float | None) -> Any:
        """Block until a future is done, and return what it holds."""

    @abstractmethod
    def hold(self, ident: int) -> None:
        """Count a handle that has come out of a pickle."""

    @abstractmethod
    def drop(self, ident: int) -> None:
        """Give up a handle."""

    @abstractmethod
    def cancel(self, ident: int) -> None:
        """Let nobody work for a value any more."""

    @abstractmethod
    def _submit(
        self, ident: int, call: Call, to: str | None, retries: int, timeout: float | None
    ) -> None: ...

    @abstractmethod
    def _store(self, ident: int, parcel: Parcel) -> None: ...

    @abstractmethod
    def _combine(self, ident: int, idents: tuple[int, ...], *, first: bool) -> None: ...
