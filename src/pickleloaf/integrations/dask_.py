"""dask.distributed: everything it pickles goes through ``distributed.protocol.pickle.dumps``.

That function tries pickle first and cloudpickle when it failed or when it sees ``__main__`` in the bytes, so an
instance of an importable class with a method of its own is pickled without complaint and cannot be loaded.
Ours comes in its place. What only Dask knows how to take apart, by `dask_serialize`, it still does.
"""

from __future__ import annotations

import functools
import importlib
import pickle
from collections.abc import Callable
from typing import Any

from pickleloaf.errors import EncodeError
from pickleloaf.integrations._framework import heed_cloudpickle, settle_patches
from pickleloaf.pickler import dumps

__all__ = ["use_in_dask"]


def use_in_dask(client: Any = None, *, patches: str | None = None) -> None:
    """Let dask.distributed pickle with pickleloaf, here and in the workers, those to come included.

    The scheduler opens what it is sent, so pickleloaf has to be installed there as well.

    Args:
        client: whose workers shall use it as well; None for this process only.
        patches: see `settle_patches`; the workers do the same.

    Raises:
        ImportError: distributed is not installed.
    """
    protocol: Any = importlib.import_module("distributed.protocol.pickle")
    if not hasattr(protocol.dumps, "daskish"):
        protocol.dumps = _before(protocol.dumps)
    if client is not None:
        client.register_plugin(_plugin(patches))
    settle_patches(patches)


def _before(dask_dumps: Callable[..., bytes]) -> Callable[..., bytes]:
    """Return a dumps that tries ours before Dask's, and tells what ours found if neither can do it."""

    def dumps_for_dask(
        x: Any, *, buffer_callback: Any = None, protocol: int | None = pickle.HIGHEST_PROTOCOL
    ) -> bytes:
        heed_cloudpickle()
        buffers: list[pickle.PickleBuffer] = []
        out_of_band = buffer_callback is not None and protocol in (None, pickle.HIGHEST_PROTOCOL)
        try:
            payload = dumps(x, protocol, buffers.append if out_of_band else None)
        except EncodeError as error:
            try:
                return dask_dumps(x, buffer_callback=buffer_callback, protocol=protocol)
            except Exception:  # noqa: BLE001 - whatever it was, our own error says more
                raise error from None
        for buffer in buffers:
            buffer_callback(buffer)
        return payload

    dumps_for_dask.daskish = dask_dumps  # type: ignore[attr-defined]
    return dumps_for_dask


@functools.cache
def _plugin(patches: str | None) -> Any:
    """Return what Dask sets up in every worker. Its class goes by value: it is made where distributed is."""
    base: Any = importlib.import_module("distributed").WorkerPlugin

    class UsePickleloaf(base):  # type: ignore[misc]
        name = "pickleloaf"

        def setup(self, worker: Any) -> None:
            use_in_dask(patches=patches)

    return UsePickleloaf()
