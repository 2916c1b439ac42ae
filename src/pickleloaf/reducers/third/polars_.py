"""Frames and series of polars, which by themselves write their memory in band.

Takes apart: the Arrow arrays that they consist of, where pyarrow is installed and gives back the same types; others go
as polars says. Travels as: wire.frame, wire.series.
Keeps: names, types and values; with buffers out of band (PEP 574), the memory without a copy. Loses: flags that only
speed things up, such as that a column is sorted.
"""

from __future__ import annotations

import sys
from typing import Any

from pickleloaf.reducers._asking import ask
from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb


def reduce_frame(frame: Any, dump: Dump) -> Any:
    table = _arrow(frame, dump)
    return ask(frame, dump) if table is None else (rebuild_frame, (type(frame), table))


def reduce_series(series: Any, dump: Dump) -> Any:
    array = _arrow(series, dump)
    return ask(series, dump) if array is None else (rebuild_series, (type(series), series.name, array))


def _arrow(data: Any, dump: Dump) -> Any:
    """Return Arrow's view of a frame or series that gains by it, or None; that is not the same for every type."""
    if dump.protocol < 5 or "pyarrow" not in sys.modules or data.estimated_size() < _LARGE:
        return None
    import polars as pl

    newest = pl.CompatLevel.newest()
    try:
        arrow = data.to_arrow(compat_level=newest)
        back = pl.from_arrow(arrow)
    except Exception:  # noqa: BLE001 - a type that Arrow does not have
        return None
    same = back.schema == data.schema if hasattr(data, "schema") else back.dtype == data.dtype
    return arrow if same else None


#: Bytes from which on a copy costs more than Arrow's descriptions.
_LARGE = 1 << 14


@verb
def rebuild_frame(kind: Any, table: Any) -> Any:
    import polars as pl

    frame = pl.from_arrow(table)
    return frame if type(frame) is kind else kind(frame)


@verb
def rebuild_series(kind: Any, name: str, array: Any) -> Any:
    import polars as pl

    series = pl.from_arrow(array).alias(name)
    return series if type(series) is kind else kind(series)
