"""Values of the standard library that tell pickle nothing, or the wrong thing.

Takes apart: what their constructors take; of a match of a regular expression, the pattern, the text and how it was
found. Travels as: those, by name; wire.match.
Keeps: formats of struct, lexicons of `re.Scanner`, settings of JSON scanners, dictionaries of zstd, matches.
Loses: nothing.
"""

from __future__ import annotations

import copyreg
import itertools
import re
from types import SimpleNamespace
from typing import Any

from pickleloaf.errors import EncodeError
from pickleloaf.inspecting.anatomy import members_of
from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb


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


def reduce_match(match: re.Match[Any], dump: Dump) -> Any:
    for how in ("search", "match", "fullmatch", "finditer"):
        found = _find(match.re, match.string, match.pos, match.endpos, how)
        for index, again in enumerate(found):
            if again is not None and again.regs == match.regs:
                return rebuild_match, (match.re, match.string, match.pos, match.endpos, how, index)
    msg = "cannot pickle re.Match object: it is not found again, since what was searched has changed"
    raise EncodeError(msg, hint="send what you need of it: match.groups(), match.span(), match.string")


def _find(pattern: re.Pattern[Any], text: Any, start: int, end: int, how: str) -> Any:
    found = getattr(pattern, how)(text, start, end)
    return found if how == "finditer" else (found,)


@verb
def rebuild_match(pattern: re.Pattern[Any], text: Any, start: int, end: int, how: str, index: int) -> Any:
    """Find a match again."""
    return next(itertools.islice(_find(pattern, text, start, end, how), index, None))
