"""Closure cells: what they hold, and the names under which functions use them."""

from __future__ import annotations

from types import CellType, FunctionType
from typing import Any

__all__ = ["NOTHING", "cells_of", "contents_of"]

#: Stands for a value that is not there.
NOTHING: Any = object()


def contents_of(cell: CellType) -> Any:
    """Return what a cell holds, or NOTHING."""
    try:
        return cell.cell_contents
    except ValueError:
        return NOTHING


def cells_of(function: FunctionType) -> dict[str, CellType]:
    """Return the closure of a function by the names of its free variables."""
    return dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
