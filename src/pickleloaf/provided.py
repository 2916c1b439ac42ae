"""Which distribution provided the modules that a portable payload names, for whoever lacks one of them.

A portable payload begins with a note: a text that is put on the unpickler's stack and taken off again, so that
every unpickler passes over it. It says for each top-level module what provided it at the sender, and in which
version: a distribution, or Python itself.
"""

from __future__ import annotations

import functools
import json
import re
import sys
from typing import Any

from pickleloaf._compat import VERSION

__all__ = ["provider_of", "with_note"]

_MARK = "pickleloaf:provided "
_HEAD = 2  # PROTO and its argument
_BINUNICODE, _POP = b"X", b"0"
#: Texts that are memoized, as the names of modules are.
_TEXT = re.compile(rb"(?:\x8c.|X.{4})([A-Za-z_]\w*)(?:\.[\w.]*)?\x94", re.DOTALL)
_OURS = frozenset({"builtins", "pickleloaf", "__main__"})


def with_note(payload: bytes) -> bytes:
    """Return a payload with the note in front, where it names modules."""
    names = {name.decode() for name in _TEXT.findall(payload)}
    found = {name: _provider(name) for name in sorted(names & sys.modules.keys() - _OURS)}
    known = {name: provider for name, provider in found.items() if provider}
    if not known:
        return payload
    text = (_MARK + json.dumps(known)).encode()
    note = _BINUNICODE + len(text).to_bytes(4, "little") + text + _POP
    return payload[:_HEAD] + note + payload[_HEAD:]


def provider_of(payload: Any, module: str) -> str:
    """Return what provided a module at the sender, as "numpy 2.1.0", or "" where the payload does not say."""
    view = memoryview(payload).cast("B")
    start = _HEAD + 5
    if view[_HEAD : _HEAD + 1] != _BINUNICODE or view[start : start + len(_MARK)] != _MARK.encode():
        return ""
    end = start + int.from_bytes(view[_HEAD + 1 : start], "little")
    try:
        known: dict[str, str] = json.loads(bytes(view[start + len(_MARK) : end]))
        return known.get(module.partition(".")[0], "")
    except (ValueError, AttributeError):  # damaged; the error that is being explained stands
        return ""


@functools.lru_cache(maxsize=1024)
def _provider(module: str) -> str:
    if module in sys.stdlib_module_names:
        return f"Python {VERSION[0]}.{VERSION[1]}"
    from importlib import metadata

    distributions = _distributions().get(module)
    return f"{distributions[0]} {metadata.version(distributions[0])}" if distributions else ""


@functools.cache
def _distributions() -> dict[str, list[str]]:
    """Return the distributions of every top-level module; reading them takes tenths of a second."""
    from importlib import metadata

    return {name: sorted(found) for name, found in metadata.packages_distributions().items()}
