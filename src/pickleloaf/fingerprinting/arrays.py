"""Data in large pieces of memory, hashed where it lies: bytes, buffers, arrays of numpy, tables of pandas.

An array counts by its type, shape and elements, not by how these lie in memory. Elements count bit by
bit, so here NaNs of different bits differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pickleloaf.fingerprinting.graph import Parts, Raw
from pickleloaf.fingerprinting.objects import Reader

#: Elements of an array that are brought into order at once.
_CHUNK = 1 << 15
#: Kinds of elements that are references: objects, and strings of any length.
_REFERENCES = "OT"


def buffer_parts(obj: bytes | bytearray, reader: Reader) -> Parts:
    return Parts(type(obj).__name__.encode(), (Raw(len(obj), (obj,)),))


def memory_parts(obj: Any, reader: Reader) -> Parts:
    with memoryview(obj) as view:
        shape, layout = view.shape, view.format
        data = view.cast("B") if view.c_contiguous else view.tobytes()
    return Parts(b"memory", (shape, layout, Raw(len(data), (data,))))


def array_parts(obj: Any, reader: Reader) -> Parts:
    return Parts(b"array", (obj.typecode, Raw(len(obj) * obj.itemsize, (memoryview(obj),))))


def ndarray_parts(obj: Any, reader: Reader) -> Parts:
    dtype = obj.dtype
    if dtype.names:  # between its fields there may be garbage
        fields = [part for name in dtype.names for part in (name, obj[name])]
        return Parts(b"ndarray of records", (obj.shape, *fields))
    if dtype.kind in _REFERENCES:
        return Parts(b"ndarray of objects", (obj.shape, str(dtype), obj.ravel().tolist()))
    return Parts(b"ndarray", (obj.shape, dtype.str, Raw(obj.nbytes, _bytes_of(obj))))


def masked_parts(obj: Any, reader: Reader) -> Parts:
    """Tell what a masked array consists of; what lies under the mask does not count."""
    return Parts(b"MaskedArray", (obj.filled(), obj.mask, obj.fill_value))


def _bytes_of(obj: Any) -> Iterator[Any]:
    """Yield the elements of an array in C order, a copy at most of a few at a time."""
    if obj.flags.c_contiguous:
        if obj.nbytes:
            yield obj.reshape(-1).view("u1")
        return
    import numpy as np

    flags: Any = ["external_loop", "buffered", "zerosize_ok"]
    operand: Any = [["readonly", "contig"]]
    chunks: Any = np.nditer(obj, flags=flags, op_flags=operand, order="C", buffersize=_CHUNK)
    for chunk in chunks:
        yield chunk.view("u1")


def frame_parts(obj: Any, reader: Reader) -> Parts:
    columns = [_column(obj.iloc[:, number]) for number in range(obj.shape[1])]
    return Parts(b"DataFrame", (obj.columns, obj.index, obj.attrs, *columns))


def series_parts(obj: Any, reader: Reader) -> Parts:
    return Parts(b"Series", (obj.name, obj.index, obj.attrs, _column(obj)))


def _column(series: Any) -> Any:
    """Return the array behind a column: numpy's where it is one, else pandas' own."""
    return series.array.to_numpy() if type(series.dtype).__module__.startswith("numpy") else series.array


def extension_parts(obj: Any, reader: Reader) -> Parts:
    """Tell what an array of pandas' own consists of; its pickle also says who may write to it."""
    values = getattr(obj, "_ndarray", None)
    return Parts(b"ExtensionArray", (type(obj).__name__, obj.dtype, list(obj) if values is None else values))


def dtype_parts(obj: Any, reader: Reader) -> Parts:
    """Tell what a dtype of pandas' own consists of: what it is compared by."""
    return Parts(b"ExtensionDtype", (type(obj).__name__, *(getattr(obj, name) for name in obj._metadata)))
