"""Tracebacks.

Takes apart: file, function, position and source lines of each entry. Travels as: wire.traceback.
Keeps: what is printed, also where the file is not to be had; can be raised with and sent again.
Loses: the frames with their local variables, and that two tracebacks have a common end.

An entry of a traceback needs a frame, which only running code has. The one that is made over there
belongs to a generator that never starts, whose code has the file, the name and the position of the
original; such a frame has no locals and no caller to keep alive.
"""

from __future__ import annotations

import ast
import itertools
import linecache
from types import CodeType, FrameType, FunctionType, TracebackType
from typing import Any

from pickleloaf.errors import EncodeError
from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb

#: file, function's name and qualified name, its module, position (as in ``co_positions``), source text.
_Entry = tuple[str, str, str, str | None, tuple[int, int, int, int], str]

#: Stands in a position for what is not known; the compiler takes it as that.
_UNKNOWN = -1


def reduce_traceback(traceback: TracebackType | None, dump: Dump) -> Any:  # noqa: ARG001 - every reducer takes both
    known: dict[Any, _Entry] = {}  # a recursion repeats its entries, which then travel once
    entries = []
    while traceback is not None:
        frame = traceback.tb_frame
        at = (frame.f_code, traceback.tb_lasti, id(frame.f_globals))
        if at not in known:
            known[at] = _entry(frame, traceback)
        entries.append(known[at])
        traceback = traceback.tb_next
    return rebuild_traceback, tuple(entries)


@verb
def rebuild_traceback(*entries: _Entry) -> TracebackType | None:
    traceback = None
    made = {entry: _stand_in(*entry[:5]) for entry in entries}
    for entry in reversed(entries):
        frame, instruction = made[entry]
        traceback = TracebackType(traceback, frame, instruction, entry[4][0])
    for file, _, _, _, (line, *_), source in made:
        _register_lines(file, line, source)
    return traceback


def reduce_frame(frame: FrameType, dump: Dump) -> Any:  # noqa: ARG001
    msg = f"cannot pickle the frame of {frame.f_code.co_qualname}: it belongs to this thread"
    raise EncodeError(msg, hint="send what is needed of its f_locals, or a traceback, which can travel")


def _entry(frame: FrameType, traceback: TracebackType) -> _Entry:
    code, module = frame.f_code, frame.f_globals.get("__name__")
    positions = itertools.islice(code.co_positions(), max(traceback.tb_lasti, 0) // 2, None)
    line, end, column, end_column = next(positions, (None,) * 4)
    if line != traceback.tb_lineno or None in (line, end, column, end_column) or (line, column) > (end, end_column):
        line = end = _UNKNOWN if traceback.tb_lineno is None else traceback.tb_lineno
        column = end_column = _UNKNOWN
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename, frame.f_globals)
    source = "".join(lines[line - 1 : end]) if line > 0 else ""
    module = module if type(module) is str else None
    return (code.co_filename, code.co_name, code.co_qualname, module, (line, end, column, end_column), source)


def _stand_in(
    file: str, name: str, qualname: str, module: str | None, position: tuple[int, int, int, int]
) -> tuple[FrameType, int]:
    """Return a frame, and the offset of an instruction in its code that has a position."""
    tree = ast.parse("def generator():\n    yield")
    for node in ast.walk(tree):
        if isinstance(node, (ast.stmt, ast.expr)):
            node.lineno, node.end_lineno, node.col_offset, node.end_col_offset = position
    module_code = compile(tree, "", "exec", dont_inherit=True)
    code = next(each for each in module_code.co_consts if isinstance(each, CodeType))
    code = code.replace(co_filename=file, co_name=name, co_qualname=qualname)
    frame = FunctionType(code, {"__name__": module})().gi_frame
    wanted = tuple(None if part == _UNKNOWN else part for part in position)
    return frame, 2 * list(code.co_positions()).index(wanted)


def _register_lines(file: str, first: int, source: str) -> None:
    """Let tracebacks find lines of a file that this process does not have."""
    if not source or linecache.getline(file, first):
        return
    _, modified, lines, _ = linecache.cache.get(file) or (0, None, [], file)
    if modified is None:  # else there is such a file, of another content
        new = source.splitlines(keepends=True)
        lines = [*lines, *[""] * (first - 1 - len(lines))]
        lines[first - 1 : first - 1 + len(new)] = new
        linecache.cache[file] = (len(lines), None, lines, file)
