"""Sealed bytes: what must not be touched unless it is whole and for this Python.

    offset  length  what
    0       2       (major, minor) of the Python that made the contents
    2       2       its bytecode's magic number, as in the head of a .pyc file
    4       4       CRC-32 of everything from offset 8 on
    8       1       1 where the contents are deflated without a zlib head (RFC 1951), plus 2 where another
                    Python finds in them what it can make its own code from (see portable), plus 4 where
                    zlib was given what most code contains (see phrases)
    9               the contents

Bytecode of another Python, or with one bit flipped, crashes an interpreter. So nothing is read from
the contents before the head and the checksum are found right.
"""

from __future__ import annotations

import binascii
import importlib.util
import zlib
from typing import Any

from pickleloaf._compat import VERSION
from pickleloaf.code.phrases import PHRASES
from pickleloaf.errors import DecodeError

__all__ = ["is_of_this_python", "is_portable", "seal", "unseal"]

_HEAD = bytes(VERSION) + importlib.util.MAGIC_NUMBER[:2]
_NO_ZLIB_HEAD = -15
#: Level, method, window (negative: without a head) and memory, strategy, dictionary. Level 6 takes half as long
#: again for a twentieth of the bytes, and several times as long for much code.
#: To copy one takes three quarters of the time that it takes to make one.
_LITTLE = zlib.compressobj(4, zlib.DEFLATED, -12, 5, zlib.Z_DEFAULT_STRATEGY, PHRASES)
_MUCH = zlib.compressobj(4, zlib.DEFLATED, _NO_ZLIB_HEAD, 8, zlib.Z_DEFAULT_STRATEGY, PHRASES)
#: For the usual window zlib gets a quarter of a megabyte and gives it back each time. The C library then asks the
#: kernel for fresh pages, which takes several times what it does to deflate a small function.
_LITTLE_BYTES = 1 << 12

_DEFLATED, _PORTABLE, _WITH_PHRASES = 1, 2, 4

#: Bytes that an envelope may inflate to; larger contents, such as a class with large constants, are not deflated.
_MOST = 1 << 26


def seal(contents: bytes, *, portable: bool = False) -> bytes:
    """Put contents for this Python into an envelope, compressed where that makes them shorter."""
    deflated = contents
    if len(contents) <= _MOST:
        deflate = (_LITTLE if len(contents) <= _LITTLE_BYTES else _MUCH).copy()
        deflated = deflate.compress(contents) + deflate.flush()
    kind, body = (_DEFLATED | _WITH_PHRASES, deflated) if len(deflated) < len(contents) else (0, contents)
    body = bytes([kind | portable * _PORTABLE]) + body
    return _HEAD + binascii.crc32(body).to_bytes(4, "little") + body


def is_portable(envelope: bytes) -> bool:
    """Tell whether an envelope says that Pythons other than its maker's can use it."""
    return bool(envelope[8:9] and envelope[8] & _PORTABLE)


def is_of_this_python(envelope: bytes) -> bool:
    """Tell whether an envelope was made by this Python."""
    return envelope[:4] == _HEAD


def unseal(envelope: bytes, *, of_any_python: bool = False) -> bytes:
    """Return the contents of an envelope.

    Raises:
        DecodeError: it was made by another Python, or is damaged.
    """
    if len(envelope) < 9 or envelope[4:8] != binascii.crc32(envelope[8:]).to_bytes(4, "little"):
        msg = "the code of a function or class in this payload is damaged: its checksum is wrong"
        raise DecodeError(msg)
    if not of_any_python and not is_of_this_python(envelope):
        theirs, ours = (".".join(map(str, head[:2])) for head in (envelope, _HEAD))
        other = " of another build" if theirs == ours else ""
        msg = (
            f"this payload carries code compiled by Python {theirs}{other}, "
            f"and this is Python {ours}, which cannot run it; "
            "dumps(..., portable=True) makes payloads for every Python"
        )
        raise DecodeError(msg)
    if envelope[8] & _WITH_PHRASES:
        return _inflated(zlib.decompressobj(_NO_ZLIB_HEAD, PHRASES), envelope[9:])
    if envelope[8] & _DEFLATED:
        return _inflated(zlib.decompressobj(_NO_ZLIB_HEAD), envelope[9:])
    return envelope[9:]


def _inflated(inflate: Any, body: bytes) -> bytes:
    """Return the contents of a deflated body, unless it is made to fill the memory."""
    contents: bytes = inflate.decompress(body, _MOST)
    if inflate.unconsumed_tail:
        msg = f"the code of a function or class in this payload inflates to more than {_MOST >> 20} MB"
        raise DecodeError(msg)
    return contents
