"""Warnings that point at the line from which pickleloaf was called.

Each is given once, and again only where the warnings filter asks for that: at the place where it was first given,
since a filter that shows a warning once for each place would show it for every dump of a program.
"""

from __future__ import annotations

import sys
import warnings
from typing import Any

__all__ = ["warn"]

#: Where each warning was first given, and what the warnings module notes about it.
_sites: dict[str, tuple[str, int]] = {}
_registry: dict[Any, Any] = {}


def warn(message: str, category: type[Warning]) -> None:
    """Give a warning."""
    file, line = _sites.setdefault(message, _caller())
    warnings.warn_explicit(message, category, file, line, registry=_registry)


def _caller() -> tuple[str, int]:
    """Return where the package was called from."""
    frame: Any = sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == __package__:
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno
