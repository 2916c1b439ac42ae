"""Values of the standard library that tell pickle nothing, or the wrong thing.

Takes apart: what their constructors take. Travels as: those, by name.
Keeps: formats of struct, lexicons of `re.Scanner`, settings of JSON scanners, dictionaries of zstd.
Loses: nothing.

A match of a regular expression is refused: nothing but a search makes one.
"""

from __future__ import annotations

import copyreg
from types import SimpleNamespace
from typing import Any

from pickleloaf.errors import EncodeError
from pickleloaf.inspecting.anatomy import members_of
from pickleloaf.reducers._dump import Dump


def reduce_struct(value: Any, dump: Dump) -> Any:
    return type(value), (value.format,), getattr(value, "__dict__", None) or None


def reduce_stateless(value: Any, dump: Dump) -> Any:
    return type(value), ()


def reduce_scanner(value: Any, dump: Dump) -> Any:
    return type(value), (value.lexicon, value.scanner.flags)


def reduce_json_scanner(value: Any, dump: Dump) -> Any:
    return type(value), (SimpleNamespace(**dict(members_of(value))),)


def reduce_zstd_dictionary(value: Any, dump: Dump) -> Any:
    options = {"is_raw": value.dict_id == 0}  # what was trained has an id (RFC 8878, section 5)
    return copyreg.__newobj_ex__, (type(value), (value.dict_content,), options)  # type: ignore[attr-defined]


def refuse_match(value: Any, dump: Dump) -> Any:
    msg = "cannot pickle re.Match object: nothing but a search makes one"
    raise EncodeError(msg, hint="send what you need of it: match.groups(), match.span(), match.string")
