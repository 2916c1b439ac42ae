"""Closure cells.

Takes apart: the contents. Travels as: wire.cell, wire.fill_cell.
Keeps: sharing between closures, emptiness. Loses: nothing.

A cell of a function arrives empty, and the function puts the contents in (see functions)."""

from __future__ import annotations

from types import CellType
from typing import Any

from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb


def reduce_cell(cell: CellType, dump: Dump) -> Any:
    if id(cell) in dump.shells:
        return rebuild_cell, ()
    try:
        contents = cell.cell_contents
    except ValueError:
        return rebuild_cell, ()
    return rebuild_cell, (), (contents,), None, None, fill_cell


@verb
def rebuild_cell() -> CellType:
    return CellType()


@verb
def fill_cell(cell: CellType, contents: tuple[Any]) -> None:
    cell.cell_contents = contents[0]
