"""Functions that are nothing but their code: pickled once, and made once by each worker that calls them.

A function is pickled for every task, and made anew for every task, since it may have changed meanwhile, or a task may
have changed it (see calls). Neither can happen to one

1. that is of ``__main__``, and has no defaults and no attributes of its own;
2. whose code, and code nested in it, looks no global up, assigns none and imports nothing;
3. whose annotations, if it has any, are builtin classes.

So all there is to look at is whether it still has the same code, names and annotations. If it is a closure, of nothing
but atoms, then what is made once is *hollow*: it takes what is in the cells as its first arguments, and fills new ones.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from types import CellType, CodeType, FunctionType
from typing import Any

from pickleloaf.code.codec import FACETS
from pickleloaf.inspecting.caches import IdentityCache
from pickleloaf.inspecting.names import find_names
from pickleloaf.tasks.plain import ATOMS
from pickleloaf.wire import verb

__all__ = [
    "Hollow",
    "function_of",
    "is_standalone",
    "may_be_remembered",
    "pickle_of",
    "rebuild_hollow",
    "remember_function",
    "remember_pickle",
]

#: Pickles of functions by the id of their code, with the code, which so stays alive, and the `FACETS` they had.
_pickles: dict[int, tuple[CodeType, tuple[Any, ...], bytes]] = {}
#: What was made of pickles.
_functions: dict[bytes, FunctionType] = {}
#: Whether code has no use for globals.
_alone: IdentityCache[bool] = IdentityCache()
#: How many pickles, and functions, are remembered.
_MOST = 1000

#: What a function has besides, and what that is where it stands alone.
_REST = operator.attrgetter("__defaults__", "__kwdefaults__", "__module__")
_ALONE = (None, None, "__main__")


def pickle_of(f: Any) -> tuple[bytes, tuple[Any, ...]] | None:
    """Return a pickle that is remembered and says all of a function, with the arguments to be put before its own."""
    if type(f) is not FunctionType:
        return None
    known = _pickles.get(id(f.__code__))
    if (
        known is None
        or known[1] != FACETS(f)
        or _REST(f) != _ALONE
        or f.__globals__.get("__name__") != "__main__"
    ):
        return None
    contents: tuple[Any, ...] = ()
    if f.__closure__ is not None:
        try:
            contents = tuple([cell.cell_contents for cell in f.__closure__])
        except ValueError:  # one of them is empty
            return None
        if not ATOMS.issuperset(map(type, contents)):
            return None
    return known[2], contents


def function_of(pickle: bytes) -> Any:
    """Return the function that has been made of a pickle, if it has been remembered, or None."""
    return _functions.get(pickle)


def remember_function(pickle: bytes, f: Any) -> None:
    """Remember what was made of a pickle, if it stands alone."""
    if is_standalone(f):
        if len(_functions) >= _MOST:
            _functions.clear()
        _functions[pickle] = f


def remember_pickle(f: Any, pickle: bytes, pack: Callable[[Any], bytes]) -> None:
    """Remember the pickle of a function, if it stands alone; of a closure, that of a hollow one."""
    if not may_be_remembered(f):
        return
    name, qualname, doc, attributes, notes, *more = FACETS(f)
    notes = None if notes is None else dict(notes)
    if len(_pickles) >= _MOST:
        _pickles.clear()
    facets = (name, qualname, doc, dict(attributes), notes, *more)
    _pickles[id(f.__code__)] = (f.__code__, facets, pickle if f.__closure__ is None else pack(Hollow(f)))


def may_be_remembered(f: Any) -> bool:
    """Tell whether a function that is not remembered yet may stand alone, as far as a glance tells."""
    return (
        type(f) is FunctionType
        and id(f.__code__) not in _pickles
        and _REST(f) == _ALONE
        and not f.__dict__
        and _is_alone(f.__code__)
        and _are_plain(FACETS(f)[4])
    )


def _are_plain(notes: Any) -> bool:
    """Tell whether annotations are builtin classes; from Python 3.14 on it is None, or a function that makes them."""
    return notes is None or (type(notes) is dict and all(map(_is_builtin_class, notes.values())))


def is_standalone(f: Any) -> bool:
    """Tell whether a function is nothing but its code, so that no call of it leaves a trace in it."""
    if type(f) is not FunctionType:
        return type(f) is Hollow
    return f.__closure__ is None and _REST(f)[:2] == (None, None) and not f.__dict__ and _is_alone(f.__code__)


def _is_alone(code: CodeType) -> bool:
    known = _alone.get(id(code))
    if known is None:
        names = find_names(code)
        known = _alone.keep(code, not (names.globals or names.imports or names.touches_scope))
    return known


def _is_builtin_class(note: Any) -> bool:
    return type(note) is type and note.__module__ == "builtins"


class Hollow:
    """A closure without what is in its cells, which comes first among the arguments."""

    __slots__ = ("__qualname__", "_f", "_size")

    def __init__(self, f: FunctionType) -> None:
        self._f = f
        self._size = len(f.__code__.co_freevars)
        self.__qualname__ = f.__qualname__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function with new cells."""
        f, size = self._f, self._size
        cells = tuple(map(CellType, args[:size]))
        return FunctionType(f.__code__, f.__globals__, f.__name__, None, cells)(*args[size:], **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild_hollow, (self._f,)


@verb
def rebuild_hollow(f: FunctionType) -> Hollow:
    """Make a closure whose cells are filled when it is called."""
    return Hollow(f)
