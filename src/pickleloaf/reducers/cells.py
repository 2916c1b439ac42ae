"""Closure cells.

Takes apart: the contents. Travels as: wire.cell, wire.fill_cell; wire.cell_of for a cell of a function.
Keeps: sharing between closures, emptiness. Loses: nothing.

Cells mostly travel inside the functions that have them (see functions).
"""

from __future__ import annotations

from types import CellType, FunctionType
from typing import Any

from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb


def reduce_cell(cell: CellType, dump: Dump) -> Any:
    place = dump.cells.get(id(cell))
    if place is cell:  # functions give it its contents
        return rebuild_cell, ()
    if place is not None:
        return rebuild_cell_of, place
    dump.cells[id(cell)] = cell
    try:
        return rebuild_cell, (), (cell.cell_contents,), None, None, fill_cell
    except ValueError:
        return rebuild_cell, ()


@verb
def rebuild_cell() -> CellType:
    return CellType()


@verb
def fill_cell(cell: CellType, contents: tuple[Any]) -> None:
    cell.cell_contents = contents[0]


@verb
def rebuild_cell_of(function: FunctionType, index: int) -> Any:
    return (function.__closure__ or ())[index]
