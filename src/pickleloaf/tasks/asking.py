"""What tasks ask of the worker that they run in, and how it asks the driver."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pickleloaf.tasks.calls import Call
from pickleloaf.tasks.link import Frame, Kind, encode_frame
from pickleloaf.tasks.parcels import Parcel, mentioning, opened, unpack
from pickleloaf.tasks.running import Runners
from pickleloaf.tasks.tasking import Tasking

if TYPE_CHECKING:
    from concurrent.futures import Future

__all__ = ["Asking"]


class Asking(Tasking):
    """The runtime of a worker, as its tasks see it."""

    def __init__(self, link: Any, serial: int, runners: Runners, read_now: Callable[[], None]) -> None:
        """Set up.

        Args:
            link: to the driver; what tasks have it send is never torn.
            serial: of this worker; never used twice in a cluster.
            runners: those that run its tasks.
            read_now: called when the main thread will not read the socket for a while.
        """
        super().__init__(serial)
        self._link = link
        self._runners = runners
        self._read_now = read_now
        self._values: dict[int, Any] = {}
        self._wanted: dict[int, list[tuple[Future[Any], bool]]] = {}
        self._dropped: deque[int] = deque()

    def _submit(self, ident: int, call: Call, to: str | None, retries: int, timeout: float | None) -> None:
        arguments = call.arguments
        facts = (
            len(call.function),
            arguments.layout,
            call.needs,
            call.mentions,
            to,
            retries,
            timeout,
            call.name,
        )
        body = call.function + arguments.data
        self._link.send(encode_frame(Kind.TASK, ident, facts, body, with_fd=arguments.fd >= 0), arguments.fd)

    def _store(self, ident: int, parcel: Parcel) -> None:
        facts = (parcel.layout, parcel.mentions)
        frame = encode_frame(Kind.STORE, ident, facts, parcel.data, with_fd=parcel.fd >= 0)
        self._link.send(frame, parcel.fd)

    def _combine(self, ident: int, idents: tuple[int, ...], *, first: bool) -> None:
        self._link.send(encode_frame(Kind.COMBINE, ident, (idents, first)))

    def fetch(self, ident: int, *, copy: bool = False) -> Future[Any]:
        """Return a future of a value, which the driver is asked for."""
        from concurrent.futures import Future

        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()  # so that nobody can cancel it for the others
        self._wanted.setdefault(ident, []).append((future, copy))
        self._link.send(encode_frame(Kind.WANT, ident))
        return future

    def wait(self, future: Future[Any], timeout_s: float | None) -> Any:
        """Block until a future is done, while this worker runs other tasks."""
        if not future.done():
            for ident in self._runners.of_this_thread():
                self._link.send(encode_frame(Kind.ASIDE, ident))
            with self._runners.waiting():
                self._read_now()
                return future.result(timeout_s)
        return future.result(timeout_s)

    def hold(self, ident: int) -> None:
        """Tell the driver of a handle."""
        self._link.send(encode_frame(Kind.HOLD, ident))

    def drop(self, ident: int) -> None:
        """Note that a handle is gone. Nothing else: it may happen anywhere, even while a frame is being sent."""
        self._dropped.append(ident)

    def _tell_dropped(self) -> None:
        idents = []
        while self._dropped:
            idents.append(self._dropped.popleft())
        self._link.send(encode_frame(Kind.DROP, 0, tuple(idents)))

    def cancel(self, ident: int) -> None:
        """Tell the driver that nobody needs a value."""
        self._link.send(encode_frame(Kind.CANCEL, ident))

    def _take_value(self, frame: Frame) -> None:
        layout, parts, keep = frame.facts
        value: Any
        if parts is None:
            value = Parcel.received(frame.body, layout, frame.fd)
        else:
            value = tuple(self._values[part] for part in parts)
        if keep:
            self._values[frame.ident] = value
            return
        for future, copy in self._wanted.pop(frame.ident, ()):
            self._settle(future, value, ok=frame.kind == Kind.VALUE, copy=copy)

    def _settle(self, future: Future[Any], value: Any, *, ok: bool, copy: bool) -> None:
        try:
            made = self._open(value, copy=copy)
        except BaseException as error:  # noqa: BLE001 - whatever it takes to make it; its waiter is told
            future.set_exception(error)
            return
        if ok:
            future.set_result(made)
        else:
            future.set_exception(made)

    def _open(self, value: Any, *, copy: bool = False) -> Any:
        """Make what a parcel, or a tuple of them, holds."""
        with mentioning(self):
            return opened(value, lambda part: unpack(part, copy=copy))
