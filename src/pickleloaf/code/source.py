"""The source text of a code object, wherever Python keeps it.

Code travels with its source text and without the path and line number that it had: a traceback over
there shows the line, ``inspect.getsource`` finds it, and the bytes do not change when the file moves
or grows a blank line above. What arrives is registered in ``linecache`` under a file name that is
made from the text, ``<pickleloaf 1f3a09c2>``, in which the text starts at line 1.
"""

from __future__ import annotations

import linecache
from types import CodeType

__all__ = ["file_name", "find_source", "register_source"]


def find_source(code: CodeType) -> str:
    """Return the lines of a code object as they stand in its file, or "" when they cannot be had."""
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename)
    first, last = code.co_firstlineno, _last_line(code)
    if not 0 < first <= last <= len(lines):
        return ""
    text = "".join(lines[first - 1 : last])
    # The file may have changed since it was compiled; a wrong line is worse than none.
    expected = "lambda" if code.co_name == "<lambda>" else code.co_name.strip("<>")
    return text if expected in text or code.co_name.startswith("<") else ""


def file_name(source: str) -> str:
    """Return the file name under which a piece of source text is known wherever it arrives."""
    if not source:
        return "<pickleloaf>"
    from hashlib import blake2b

    return f"<pickleloaf {blake2b(source.encode('utf-8', 'surrogatepass'), digest_size=4).hexdigest()}>"


def register_source(name: str, source: str) -> None:
    """Let tracebacks and ``inspect`` find a piece of source text."""
    if source and name not in linecache.cache:
        # No modification time: linecache then never looks for a file of this name.
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)


def _last_line(code: CodeType) -> int:
    last = code.co_firstlineno
    for _, end, _, _ in code.co_positions():
        if end is not None and end > last:
            last = end
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            last = max(last, _last_line(constant))
    return last
