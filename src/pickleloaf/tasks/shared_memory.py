"""Shared memory that has no name, so a killed process leaves none behind.

A segment is an anonymous file in memory (``memfd_create``, Linux) or an unlinked file (elsewhere, and where
memory is short). Processes share it by passing its file descriptor over a socket: the kernel counts who
holds it, and frees it with the last descriptor and the last mapping, however their owners ended.

1. Room is reserved before anybody maps: what a mapping cannot store would be SIGBUS, which no Python
   survives; what cannot be reserved is an ``OSError`` that says how much was wanted.
2. A segment never shrinks: it is sealed against that from the start, so what the receiver measured when it
   attached stays true. (An unlinked file cannot be sealed; nobody but our own processes ever holds it.)
3. Contents that are complete are sealed against writing as well. From then on not even a mapping for writing
   can be had, so a reader may trust what it has read.
4. A mapping outlives its segment: closing gives the descriptor back, a view stays good while it is referred to.
5. A segment is mapped for reading once, however many views there are: the pages that one of them has touched
   are there for the next. As the segment holds its memory anyway, keeping the mapping costs none.
6. A private mapping is one view's own, and may be written though the segment is sealed: the kernel copies each page
   when it is first written, and shares all others.

What only Linux has is in this file and `room`, and nowhere else in the package.
"""

from __future__ import annotations

import errno
import fcntl
import itertools
import mmap
import os
import stat
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from pickleloaf._compat import MAPPING_KEEPS_NO_DESCRIPTOR
from pickleloaf.tasks.room import check_room

__all__ = ["Segment", "places"]

#: What a file in memory answers when there is no room: the limit of a tmpfs, of the machine, of the process.
_NO_ROOM = frozenset({errno.ENOSPC, errno.ENOMEM, errno.EDQUOT, errno.EFBIG})
#: A piece of at most this many bytes is written at a time: Linux stops short of 2 GiB by itself.
_PIECE = 1 << 30
#: Where a piece may begin: what the vector instructions of numpy like best, and a line of the cache.
_ALIGNMENT = 64
#: What can be copied into a segment.
Piece = bytes | bytearray | memoryview


class Segment:
    """A piece of memory that several processes may map.

    Make one with `create`, or from a received descriptor with `attach`. As a context manager it closes itself.

    Attributes:
        nbytes: the size.
        in_memory: whether it lies in memory, rather than in a file.
    """

    __slots__ = ("__weakref__", "_descriptor", "_mapping", "in_memory", "nbytes")

    def __init__(self, fd: int, nbytes: int, *, in_memory: bool) -> None:
        self._descriptor = _Descriptor(fd)
        self.nbytes = nbytes
        self.in_memory = in_memory
        self._mapping: mmap.mmap | None = None  # for reading

    @property
    def fd(self) -> int:
        """The descriptor to pass on, which is this object's to close; -1 once it is closed."""
        return self._descriptor.fd

    @classmethod
    def create(cls, nbytes: int) -> Self:
        """Make a segment of zeros, in memory if there is room, else in the directory for temporary files.

        Raises:
            ValueError: the size is negative.
            OSError: there is room in neither.
        """
        if nbytes < 0:
            raise ValueError(f"a segment has at least 0 bytes, not {nbytes}")
        return cls._somewhere(nbytes, _reserve)

    @classmethod
    def holding(cls, pieces: Sequence[Piece]) -> Self:
        """Make a sealed segment with copies of these pieces in it, at the offsets that `places` tells.

        It takes half the time of `create` and `write`: memory that is written at once is not cleared before.

        Raises:
            OSError: there is room for them neither in memory nor in a file.
            TypeError: a piece is no contiguous buffer.
        """
        offsets = places(pieces)

        def fill(fd: int, nbytes: int) -> None:
            os.ftruncate(fd, nbytes)  # what stays unwritten here is the padding
            for offset, piece in zip(offsets, pieces, strict=False):
                _write(fd, piece, offset)

        segment = cls._somewhere(offsets[-1], fill)
        segment.seal()
        return segment

    @classmethod
    def _somewhere(cls, nbytes: int, fill: Callable[[int, int], None]) -> Self:
        shortage: OSError | None = None
        for make in (_memory, _unlinked_file):
            fd = make()
            if fd is None:
                continue
            try:
                check_room(fd, nbytes, in_memory=make is _memory)
                fill(fd, nbytes)
            except BaseException as error:
                os.close(fd)
                if not isinstance(error, OSError) or error.errno not in _NO_ROOM:
                    raise
                shortage = error
                continue
            segment = cls(fd, nbytes, in_memory=make is _memory)
            segment._add_seals("SHRINK", "GROW")
            return segment
        import tempfile

        raise OSError(
            errno.ENOSPC,
            f"no room for {nbytes:,} bytes of shared memory, neither in memory nor in a file in "
            f"{tempfile.gettempdir()!r}; free some, send less at a time, or set TMPDIR to a larger disk",
        ) from shortage

    @classmethod
    def attach(cls, fd: int, nbytes: int) -> Self:
        """Take over a descriptor that was received. It is closed if this fails.

        Raises:
            ValueError: it is no memory, or less than was announced.
            OSError: it is no descriptor.
        """
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size < nbytes:
            os.close(fd)
            raise ValueError(f"expected a segment of {nbytes:,} bytes, received one of {status.st_size:,}")
        return cls(fd, nbytes, in_memory=_seals(fd) is not None)

    def map(self, *, writable: bool = False, private: bool = False) -> memoryview:
        """Map the segment; the mapping lives as long as the view, or what was made from it.

        Args:
            writable: for all to see what is written.
            private: what is written changes a copy of the page, which nobody else sees; also where it is sealed.

        Raises:
            PermissionError: it is to be written, but is sealed.
            OSError: there are too many mappings.
            ValueError: the segment is closed.
        """
        if self.fd < 0:  # for which mmap would make new memory, all zeros
            raise ValueError("the segment is closed, and cannot be mapped any more")
        if not self.nbytes:  # cannot be mapped
            return memoryview(bytearray() if writable or private else b"")
        if writable:
            return memoryview(self._map(mmap.ACCESS_WRITE))
        try:
            if private:
                return memoryview(self._map(mmap.ACCESS_COPY))
            if self._mapping is None:
                self._mapping = self._map(mmap.ACCESS_READ)
        except OSError as error:  # up to 3.12 a mapping takes a descriptor, and none may be left
            if error.errno != errno.EMFILE or not self.sealed:
                raise
            data = b"".join(os.pread(self.fd, _PIECE, at) for at in range(0, self.nbytes, _PIECE))
            return memoryview(bytearray(data) if private else data)
        return memoryview(self._mapping)

    def _map(self, access: int) -> mmap.mmap:
        return mmap.mmap(self.fd, self.nbytes, access=access, **MAPPING_KEEPS_NO_DESCRIPTOR)

    def write(self, data: bytes | bytearray | memoryview, offset: int = 0) -> None:
        """Copy data into the segment, without a mapping.

        Raises:
            ValueError: it would reach beyond the end.
            TypeError: the data does not lie in one piece.
            PermissionError: the segment is sealed.
        """
        nbytes = memoryview(data).nbytes
        if offset < 0 or offset + nbytes > self.nbytes:
            raise ValueError(f"{nbytes:,} bytes at {offset:,} do not fit into {self.nbytes:,}")
        _write(self.fd, data, offset)

    def seal(self) -> None:
        """Forbid writing, to everybody and for ever. A file outside memory stays as it is.

        Raises:
            BlockingIOError, OSError: somebody still holds a mapping for writing.
        """
        try:
            self._add_seals("WRITE")
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            text = "the segment is still mapped for writing: release the view, and what was made of it"
            raise OSError(errno.EBUSY, text) from None

    @property
    def sealed(self) -> bool:
        """Whether its contents can no longer change."""
        return bool((_seals(self.fd) or 0) & getattr(fcntl, "F_SEAL_WRITE", 0))

    def close(self) -> None:
        """Give back the descriptor; a second time does nothing. Views stay."""
        self._mapping = None
        self._descriptor.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        where = "memory" if self.in_memory else "a file"
        return f"<Segment of {self.nbytes:,} bytes in {where}, fd {self.fd}>"

    def _add_seals(self, *names: str) -> None:
        if self.in_memory:
            fcntl.fcntl(self.fd, fcntl.F_ADD_SEALS, sum(getattr(fcntl, f"F_SEAL_{name}") for name in names))


class _Descriptor:
    """A descriptor that is closed when it is forgotten.

    It is not the segment that closes it then: an object with a finalizer can still be had from weak
    references while the finalizer is at work.
    """

    __slots__ = ("fd",)

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def close(self) -> None:
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)

    __del__ = close


def places(pieces: Sequence[Piece]) -> list[int]:
    """Return the offset of each piece in a segment that holds them all, and where the last of them ends.

    Raises:
        TypeError: a piece is no buffer.
    """
    sizes = [memoryview(piece).nbytes for piece in pieces]
    return [0, *itertools.accumulate(-(-nbytes // _ALIGNMENT) * _ALIGNMENT for nbytes in sizes)]


def _memory() -> int | None:
    """Return a new file in memory, where the system has such a thing."""
    if not hasattr(os, "memfd_create"):
        return None
    return os.memfd_create("pickleloaf", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)


def _unlinked_file() -> int:
    """Return a new file that has no name (any more)."""
    import tempfile  # it imports much, and is hardly ever needed

    with tempfile.TemporaryFile(prefix="pickleloaf-", buffering=0) as file:
        return os.dup(file.fileno())


def _write(fd: int, data: bytes | bytearray | memoryview, offset: int) -> None:
    with memoryview(data) as view, view.cast("B") as whole:
        done = 0
        while done < whole.nbytes:
            done += os.pwrite(fd, whole[done : done + _PIECE], offset + done)


def _reserve(fd: int, nbytes: int) -> None:
    """Make a file so large, with every block of it allotted."""
    if not nbytes:
        return
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(fd, 0, nbytes)
        return
    zeros = bytes(min(nbytes, 1 << 20))  # macOS
    done = 0
    while done < nbytes:
        done += os.pwrite(fd, zeros[: nbytes - done], done)


def _seals(fd: int) -> int | None:
    """Tell what a file in memory is sealed against; None: this one is not in memory."""
    if not hasattr(fcntl, "F_GET_SEALS"):
        return None
    try:
        return fcntl.fcntl(fd, fcntl.F_GET_SEALS)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return None
