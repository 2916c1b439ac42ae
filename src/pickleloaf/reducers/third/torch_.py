"""Memory of tensors of torch, which by themselves go through ``torch.save``, in band and without what they share.

Takes apart: storages on the processor, whose memory is a buffer (PEP 574). Travels as: wire.storage,
wire.typed_storage.
Keeps: which tensors are views of the same memory; with a writable buffer, that memory without a copy.
Loses: whether memory was pinned, or shared by torch.multiprocessing. Storages of other devices go as torch says.
"""

from __future__ import annotations

import ctypes
import pickle
from typing import Any

from pickleloaf.reducers._asking import ask
from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb


def reduce_typed_storage(storage: Any, dump: Dump) -> Any:
    memory = storage._untyped_storage
    if not _is_here(memory):
        return ask(storage, dump)
    # every tensor is asked for an object of its own that stands for its memory
    return rebuild_typed_storage, (dump.boxes.setdefault(memory._cdata, memory), storage.dtype)


def reduce_storage(memory: Any, dump: Dump) -> Any:
    if not _is_here(memory):
        return ask(memory, dump)
    size = memory.nbytes()
    if not size:
        return rebuild_storage, (b"",)
    buffer = (ctypes.c_ubyte * size).from_address(memory.data_ptr())
    buffer.storage = memory  # which must live as long
    view = memoryview(buffer).cast("B")
    return rebuild_storage, (pickle.PickleBuffer(view) if dump.protocol >= 5 else bytearray(view),)


def _is_here(memory: Any) -> bool:
    """Tell whether a storage has memory that the processor can read."""
    return memory.device.type == "cpu" and (memory.data_ptr() != 0 or not memory.nbytes())


@verb
def rebuild_storage(buffer: Any) -> Any:
    """Make a storage on some memory, or on a copy where that cannot be written: torch would write it all the same."""
    import torch

    view = memoryview(buffer)
    if not view.nbytes:
        return torch.UntypedStorage(0)
    return torch.frombuffer(bytearray(view) if view.readonly else buffer, dtype=torch.uint8).untyped_storage()


@verb
def rebuild_typed_storage(memory: Any, dtype: Any) -> Any:
    from torch.storage import TypedStorage

    return TypedStorage(wrap_storage=memory, dtype=dtype, _internal=True)
