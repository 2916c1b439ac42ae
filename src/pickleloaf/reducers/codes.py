"""Code objects.

Takes apart: their bytes (see code/codec.py). Travels as: wire.code.
Keeps: everything that runs, and the source lines. Loses: path and absolute line numbers.
"""

from __future__ import annotations

from types import CodeType
from typing import Any

from pickleloaf.code.codec import decode, facts_of
from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers._eager import blob_of
from pickleloaf.wire import verb


def reduce_code(code: CodeType, dump: Dump) -> Any:
    return rebuild_code, (blob_of(facts_of(code), dump),)


@verb
def rebuild_code(blob: bytes | tuple[bytes, str]) -> CodeType:
    return decode(blob)
