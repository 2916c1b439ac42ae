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
from functools import lru_cache
from types import CodeType, FrameType, FunctionType, TracebackType
from typing import Any

from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb

#: File, function's name and qualified name, its module, position (as in ``co_positions``), source text.
_Entry = tuple[str, str, str, str | None, tuple[int, int, int, int], str]

#: Stands in a position for what is not known, here and in the compiler.
_UNKNOWN = -1


def reduce_traceback(traceback: TracebackType | None, dump: Dump) -> Any:
    known: dict[Any, _Entry] = {}  # a recursion repeats its entries, which then travel once
    entries = []
    while traceback is not None:
        frame = traceback.tb_frame
        at = (id(frame.f_code), traceback.tb_lasti, id(frame.f_globals))
        if at not in known:
            known[at] = _entry(frame, traceback)
        entries.append(known[at])
        traceback = traceback.tb_next
    return rebuild_traceback, tuple(entries)


@verb
def rebuild_traceback(*entries: _Entry) -> TracebackType | None:
    made = {entry: _stand_in(entry) for entry in dict.fromkeys(entries)}
    traceback = None
    for entry in reversed(entries):
        frame, instruction = made[entry]
        traceback = TracebackType(traceback, frame, instruction, entry[4][0])
    for file, _, _, _, position, source in made:
        _register_lines(file, position[0], source)
    return traceback


def _entry(frame: FrameType, traceback: TracebackType) -> _Entry:
    code, module = frame.f_code, frame.f_globals.get("__name__")
    positions = itertools.islice(code.co_positions(), max(traceback.tb_lasti, 0) // 2, None)
    position: Any = next(positions, (None,) * 4)
    line: Any = traceback.tb_lineno
    if position[0] != line or None in position or position[::2] > position[1::2]:
        line = _UNKNOWN if line is None else line
        position = (line, line, _UNKNOWN, _UNKNOWN)
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename, frame.f_globals)
    source = "".join(lines[line - 1 : position[1]]) if line > 0 else ""
    module = module if type(module) is str else None
    return code.co_filename, code.co_name, code.co_qualname, module, position, source


def _stand_in(entry: _Entry) -> tuple[FrameType, int]:
    """Return a frame, and the offset of an instruction of its code, that print as an entry does."""
    file, name, qualname, module, position, _ = entry
    code = _code_at(position).replace(co_filename=file, co_name=name, co_qualname=qualname)
    wanted = tuple(None if part == _UNKNOWN else part for part in position)
    # There is none where this interpreter keeps no columns (python -X no_debug_ranges).
    found = (2 * at for at, each in enumerate(code.co_positions()) if each == wanted)
    return FunctionType(code, {"__name__": module})().gi_frame, next(found, _UNKNOWN)


@lru_cache(maxsize=256)
def _code_at(position: tuple[int, int, int, int]) -> CodeType:
    """Return the code of a generator function all of which stands at one position."""
    tree = ast.parse("def generator():\n    yield")
    for node in ast.walk(tree):
        if isinstance(node, (ast.stmt, ast.expr)):
            node.lineno, node.end_lineno, node.col_offset, node.end_col_offset = position
    constants = compile(tree, "", "exec", dont_inherit=True).co_consts
    return next(each for each in constants if isinstance(each, CodeType))


def _register_lines(file: str, first: int, source: str) -> None:
    """Let tracebacks find lines of a file that this process does not have."""
    if not source or linecache.getline(file, first):
        return
    known: Any = linecache.cache.get(file) or (0, None, [], file)
    if known[1] is None:  # else there is a file of that name, and it has other lines
        new = source.splitlines(keepends=True)
        lines = [*known[2], *[""] * (first - 1 - len(known[2]))]
        lines[first - 1 : first - 1 + len(new)] = new
        linecache.cache[file] = (len(lines), None, lines, file)
