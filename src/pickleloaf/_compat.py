"""The only file that asks which Python this is.

Everything else asks for a feature by the name it has here.
"""

from __future__ import annotations

import sys
import types
from typing import Any

__all__ = [
    "DOCSTRING_FLAG",
    "EXPRESSIONS_ITERATE",
    "HAS_INFERRED_VARIANCE",
    "HAS_LAZY_ANNOTATIONS",
    "HAS_PARAMETER_DEFAULTS",
    "HAS_REPLACE",
    "HAS_RING_QUEUE",
    "HAS_SLICE_CONSTANTS",
    "LAZY_IMPORT",
    "LAZY_MODULES",
    "MAPPING_KEEPS_NO_DESCRIPTOR",
    "NAME_SHIFTS",
    "VERSION",
]

#: (major, minor) of the running interpreter.
VERSION = sys.version_info[:2]

#: PEP 649 and 749: annotations are a function (``__annotate__``) that runs when they are asked for.
HAS_LAZY_ANNOTATIONS = sys.version_info >= (3, 14)

#: PEP 810: the type of what stands for a module in a namespace until it is needed. Before, there is none.
LAZY_IMPORT: Any = getattr(types, "LazyImportType", None)

#: The names of modules that are to be imported once somebody asks their package for them; Python keeps it up to date.
LAZY_MODULES: set[str] = getattr(sys, "lazy_modules", set())

#: The compiler folds ``x[1:2]`` to a constant, which marshal writes only in its version 5.
HAS_SLICE_CONSTANTS = sys.version_info >= (3, 14)

#: A ``queue.SimpleQueue`` holds its items in a ring buffer of its own, no longer in a list.
HAS_RING_QUEUE = sys.version_info >= (3, 13)

#: Arguments for ``mmap.mmap`` not to hold a descriptor of its own, of which a process may have few (3.13).
MAPPING_KEEPS_NO_DESCRIPTOR: dict[str, bool] = {"trackfd": False} if sys.version_info >= (3, 13) else {}

#: By how many bits instructions shift the number of the name that they use, to make room for flags.
NAME_SHIFTS = {"LOAD_GLOBAL": 1, "LOAD_ATTR": 1 if sys.version_info >= (3, 12) else 0}

#: Which code has a docstring for its first constant: any whose first constant is text, from 3.14 on only code
#: with this flag, CO_HAS_DOCSTRING.
DOCSTRING_FLAG = 0x4000000 if sys.version_info >= (3, 14) else 0

#: PEP 695: a TypeVar may leave its variance to be inferred, and there are type aliases.
HAS_INFERRED_VARIANCE = sys.version_info >= (3, 12)

#: PEP 696: type parameters have defaults.
HAS_PARAMETER_DEFAULTS = sys.version_info >= (3, 13)

#: ``copy.replace`` asks for ``__replace__``, and classes know their ``__static_attributes__``.
HAS_REPLACE = sys.version_info >= (3, 13)

#: The code of a generator expression asks for the iterator itself; before that it has to be given one.
EXPRESSIONS_ITERATE = sys.version_info >= (3, 15)
