"""The source text of a code object, wherever Python keeps it.

Code travels with its source text and without the path and line number that it had: a traceback over
there shows the line, ``inspect.getsource`` finds it, and the bytes do not change when the file moves
or grows a blank line above. What arrives is registered in ``linecache`` under a file name that is
made from the text, ``<pickleloaf 1f3a09c2>``, in which the text starts at line 1.
"""

from __future__ import annotations

import builtins
import io
import sys
import weakref
from collections.abc import Sequence
from operator import attrgetter, itemgetter
from types import CodeType
from typing import Any

from pickleloaf.inspecting.caches import IdentityCache

__all__ = [
    "file_name",
    "find_block",
    "find_source",
    "find_source_around",
    "is_provided",
    "provide_source",
    "register_source",
]

#: Source text that is kept nowhere else, of code objects; see `provide_source`.
_provided: IdentityCache[str] = IdentityCache()

#: What has arrived and is in use, by file name; ``linecache.clearcache()`` does not reach it.
_arrived: dict[str, list[str]] = {}


def is_provided(code: CodeType) -> bool:
    """Tell whether somebody has said what the source of a code object is."""
    return id(code) in _provided


def find_source(code: CodeType) -> str:
    """Return the lines of a code object as they stand in its file, or "" when they cannot be had."""
    if id(code) in _provided:
        return _provided[id(code)]
    lines = _lines_around(code)
    first = code.co_firstlineno
    if not 0 < first <= len(lines):  # to find the last line takes long
        return ""
    last = _last_line(code)
    if not first <= last <= len(lines):
        return ""
    text = "".join(lines[first - 1 : last])
    return text if _is_named(code, text) else ""


def find_source_around(codes: Sequence[CodeType]) -> tuple[str, int]:
    """Return the lines that several definitions of one file stand in, and how many lines are above them.

    The text goes from the first line of the first to the last line of that which begins last; it is "" where
    it cannot be had.
    """
    lines = _lines_around(codes[0])
    ordered = sorted(codes, key=_FIRST_LINE)
    above = ordered[0].co_firstlineno - 1
    if not 0 <= above < len(lines):
        return "", above
    last = _last_line(ordered[-1])
    if not above < last <= len(lines):
        return "", above
    ends = [*map(_FIRST_LINE, ordered[1:]), last + 1]
    for code, end in zip(ordered, ends, strict=True):
        first = code.co_firstlineno
        text = "".join(lines[first - 1 : max(first, end - 1)])
        # That name is the compiler's (PEP 649).
        if code.co_name != "__annotate__" and not _is_named(code, text):
            return "", above
    return "".join(lines[above:last]), above


def _is_named(code: CodeType, text: str) -> bool:
    """Tell whether a text may be that of a code object.

    The file may have changed since it was compiled; a wrong line is worse than none.
    """
    if code.co_name == "<lambda>":  # since 3.13, "<string>" may be the text that follows -c
        return "lambda" in text
    return code.co_name in text or code.co_name.startswith("<")


def find_block(code: CodeType) -> str:
    """Return the lines of a definition to its very end, also what leaves no trace in the code: a docstring, say."""
    from inspect import getblock

    lines = _lines_around(code)
    if not 0 < code.co_firstlineno <= len(lines):
        return ""
    return "".join(getblock(lines[code.co_firstlineno - 1 :]))


def file_name(source: str) -> str:
    """Return the file name under which a piece of source text is known wherever it arrives."""
    if not source:
        return "<pickleloaf>"
    from pickleloaf._digests import blake2b

    return f"<pickleloaf {blake2b(source.encode('utf-8', 'surrogatepass'), digest_size=4).hexdigest()}>"


def register_source(name: str, source: str, code: CodeType) -> None:
    """Let tracebacks and ``inspect`` find the source text of code that has arrived, for as long as that lives."""
    import linecache

    if not source:
        return
    _note_use(code, name)
    if name not in linecache.cache:
        lines = _arrived[name] = source.splitlines(keepends=True)
        # No modification time: linecache then never looks for a file of this name.
        linecache.cache[name] = (len(source), None, lines, name)


def _note_use(code: CodeType, name: str) -> None:
    """Take down that a code object uses a text, and those nested in it, which may outlive it."""
    use = _Use(code, _end_use)
    use.name = name
    _uses[id(use)] = use
    _counts[name] = _counts.get(name, 0) + 1
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            _note_use(constant, name)


class _Use(weakref.ref[CodeType]):
    __slots__ = ("name",)

    name: str


#: Code objects that use what has arrived, by the ids of the references: code may be equal to other code.
_uses: dict[int, _Use] = {}

#: How many there are, by file name.
_counts: dict[str, int] = {}


def _end_use(
    use: _Use,
    uses: dict[int, _Use] = _uses,
    counts: dict[str, int] = _counts,
    arrived: dict[str, list[str]] = _arrived,
    modules: dict[str, Any] = sys.modules,
) -> None:
    """Forget the text that a code object has used, if no other does; also while the interpreter ends."""
    del uses[id(use)]
    counts[use.name] -= 1
    if not counts[use.name]:
        del counts[use.name]
        arrived.pop(use.name, None)
        linecache = modules.get("linecache")
        if linecache is not None and linecache.cache is not None:
            linecache.cache.pop(use.name, None)


def provide_source(code: CodeType, source: str) -> None:
    """Say what the source of a code object is that was compiled from a mere string."""
    _provided.keep(code, source)


def _lines_around(code: CodeType) -> list[str]:
    """Return all lines of the file that a code object is from, as far as they can be had."""
    import linecache  # before Python 3.13 it brings tokenize and re along

    name = code.co_filename
    if name.startswith("<") and name not in linecache.cache:
        return _arrived.get(name) or []
    linecache.checkcache(name)
    if builtins.open is not io.open and name not in linecache.cache:
        _read_past_patch(name)
    return _arrived.get(name) or linecache.getlines(name)


def _read_past_patch(name: str) -> None:
    """Read a file for linecache, which would call a ``builtins.open`` that somebody has patched."""
    import linecache
    from importlib.util import decode_source
    from pathlib import Path

    file = Path(name)  # which does not ask builtins
    try:
        stat = file.stat()
        text = decode_source(file.read_bytes())
    except (OSError, SyntaxError, UnicodeError):  # no file, or none that is source: linecache says the same
        return
    linecache.cache[name] = (stat.st_size, stat.st_mtime, io.StringIO(text).readlines(), name)


_FIRST_LINE = attrgetter("co_firstlineno")

#: Of a position in the source: (line, end line, column, end column).
_END_LINE = itemgetter(1)


def _last_line(code: CodeType) -> int:
    last = max(filter(None, map(_END_LINE, code.co_positions())), default=0)
    last = max(last, code.co_firstlineno)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            last = max(last, _last_line(constant))
    return last
