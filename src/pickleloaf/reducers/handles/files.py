"""Files that are open for reading, closed files, and the standard streams.

Takes apart: path and position; encoding, errors and newline of text. Travels as: wire.file,
wire.recreated, wire.fill_file; wire.closed_file; wire.attribute for standard streams.
Keeps: the position, and which buffer a text file reads from.
Loses: a relative path, which arrives as an absolute one.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from typing import Any

from pickleloaf import wire
from pickleloaf.errors import DecodeError
from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers.handles._parts import reduction_of, refusal
from pickleloaf.wire import verb

_STANDARD = ("stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__")
_LAYERS = ("", ".buffer", ".buffer.raw")


def reduce_stream(stream: Any, dump: Dump) -> Any:
    """Name a standard stream, of whatever type somebody put in its place."""
    return NotImplemented if isinstance(stream, io.StringIO) else _standard(stream) or NotImplemented


def reduce_text(file: io.TextIOWrapper, dump: Dump) -> Any:
    known = _standard(file) or _closed(file)
    if known is not None:
        return known
    _check(file)
    try:
        position = file.tell()
    except OSError as error:
        hint = "dump it before or after the loop, or read its lines with readline()"
        raise refusal(file, "it is in a loop over its lines, and does not tell its position", hint) from error
    file.seek(position)  # forgets what was read ahead, so that the one text left below is the newline
    newline = next((each for each in gc.get_referents(file) if type(each) is str and each in _NEWLINES), None)
    given = (file.buffer, file.encoding, file.errors, newline, file.line_buffering, file.write_through)
    return _at(position, reduction_of(file, *given))


_NEWLINES = frozenset({"", "\n", "\r", "\r\n"})


def reduce_buffered(file: Any, dump: Dump) -> Any:
    known = _standard(file) or _closed(file)
    if known is not None:
        return known
    _check(file)
    file.flush()
    return _at(file.tell(), reduction_of(file, file.raw))


def reduce_raw(file: io.FileIO, dump: Dump) -> Any:
    known = _standard(file) or _closed(file)
    if known is not None:
        return known
    _check(file)
    own = {name: value for name, value in vars(file).items() if name != "name"}
    return rebuild_file, (type(file), _path(file)), (file.tell(), own), None, None, fill_file


@verb
def rebuild_file(cls: type[io.FileIO], path: Any) -> io.FileIO:
    """Open a file for reading.

    Raises:
        DecodeError: it cannot be opened here.
    """
    file = io.FileIO.__new__(cls)
    try:
        io.FileIO.__init__(file, path)
    except OSError as error:
        msg = f"the file {path!r}, which is open for reading, cannot be opened here: {error.strerror}"
        raise DecodeError(msg) from error
    return file


@verb
def fill_file(file: Any, state: tuple[int, Any]) -> None:
    position, attributes = state
    if attributes:
        wire.fill_instance(file, attributes)
    file.seek(position)


@verb
def rebuild_closed_file(name: Any, mode: str, options: dict[str, Any]) -> Any:
    file = open(os.devnull, mode.replace("x", "w"), **options)  # noqa: PTH123, SIM115 - closed just below
    _bottom(file).name = name
    if "encoding" in options:
        file.mode = mode  # type: ignore[misc]
    file.close()
    return file


def _standard(stream: Any) -> Any:
    for name in _STANDARD:
        held: Any = getattr(sys, name, None)
        for layer in _LAYERS:
            if held is stream:
                return wire.attribute, ("sys", name + layer)
            held = getattr(held, "raw" if layer else "buffer", None)
    return None


def _closed(file: Any) -> Any:
    if not file.closed:
        return None
    if isinstance(file, io.TextIOWrapper):
        options: dict[str, Any] = {"encoding": file.encoding, "errors": file.errors}
    else:
        options = {"buffering": 0 if isinstance(file, io.FileIO) else -1}
    return rebuild_closed_file, (file.name, getattr(file, "mode", "r"), options)


def _at(position: int, reduction: tuple[Any, ...]) -> tuple[Any, ...]:
    rebuild, arguments, state, *_ = reduction
    return rebuild, arguments, (position, state), None, None, fill_file


def _bottom(file: Any) -> Any:
    """Return what a file reads its bytes from in the end."""
    for layer in ("buffer", "raw"):
        file = getattr(file, layer, file)
    return file


def _check(file: Any) -> None:
    """Raise an EncodeError unless a file can be opened again and read on."""
    bottom = _bottom(file)
    if isinstance(bottom, io.FileIO):
        name = bottom.name
        if isinstance(name, int):
            raise refusal(file, f"it was opened by its descriptor, {name}", "open it by its path")
        if bottom.writable():
            raise refusal(
                file, f"{name!r} is open for writing", "close it and send the path, or send what to write"
            )
        if not _is_there(bottom):
            raise refusal(file, f"{name!r} is no longer the path of that file", "send the contents")
    if not file.seekable():
        raise refusal(file, "it is a stream without positions", "read it, and send the contents")


def _is_there(file: io.FileIO) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(_path(file)))  # noqa: PTH116 - may be bytes
    except OSError:
        return False


def _path(file: io.FileIO) -> Any:
    return os.path.abspath(file.name)  # noqa: PTH100 - may be bytes
