"""Fingerprints: digests of objects that are equal when the objects are, in every process.

The bytes of a payload say how an object is built, down to which strings are one object. A fingerprint says
what the object is. What that means, kind by kind:

1. Data: types and values; whether equal parts are one object does not count. The order of a set and of a
   dict do not count, as ``==`` does not ask for them; that of an ``OrderedDict`` does.
2. Code of the standard library and of installed distributions: its name.
3. Any other function: its source without comments, formatting, docstrings and names of variables (see
   code/syntax.py); the values of its defaults, of its closure and of the globals that it uses, followed
   through all helpers; its attributes. Where its source cannot be had, its bytecode. A fingerprint that
   hangs on bytecode holds for one version of Python and begins with that version's name.
4. Any other class: its name, bases, metaclass, annotations, and its namespace, functions as in 3.
5. Any other object: what pickle would take it apart into.

Layers: `graph` walks and hashes; `objects` knows what everything consists of, with `functions`, `classes`
and `arrays` for their kinds.
"""

from __future__ import annotations

from typing import Any

from pickleloaf.errors import EncodeError
from pickleloaf.fingerprinting.graph import Walk
from pickleloaf.fingerprinting.objects import Reader
from pickleloaf.paths import path_along

__all__ = ["fingerprint"]

_HINT = "leave it out in __getstate__, or take the fingerprint of what the result depends on instead"


def fingerprint(obj: Any) -> str:
    """Return a digest that is the same for equal objects, in every process and on every Python.

    It is made for keys of caches. See the how-to "Fingerprints" for what counts and what does not.

    >>> fingerprint({"a": 1, "b": [2.0]}) == fingerprint({"b": [2.0], "a": 1})
    True
    >>> fingerprint(1) == fingerprint(True)
    False

    Returns:
        32 hexadecimal digits. Where a function without source is part of the object, they follow the
        name of the Python whose bytecode was hashed, as in ``"cpython-313-0f..."``.

    Raises:
        EncodeError: a part of the object cannot be taken apart; says which and where it sits.
    """
    reader = Reader()
    walk = Walk(reader.describe)
    try:
        digest = walk.digest(obj).hex()
    except EncodeError as error:
        raise EncodeError(error.args[0], path_along(walk.trail), error.hint or _HINT) from error
    except Exception as error:  # whatever user code raises while it is asked for its state
        text = str(error) if isinstance(error, TypeError) else f"{type(error).__name__}: {error}"
        raise EncodeError(text, path_along(walk.trail), _HINT) from error
    return f"{reader.tied_to}-{digest}" if reader.tied_to else digest
