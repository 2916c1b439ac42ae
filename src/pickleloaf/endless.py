"""Objects without end: what is asked for its state makes a new object, which makes another when it is asked.

Far down in such an object it shows: ask one that is being pickled once more, and what it gives is not what
lies below it. In a structure that is merely deep it is, since that was there before. One that is made up
while it is pickled but ends, such as a chain of wrappers around what is there, ends sooner than that.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise
from types import FunctionType
from typing import Any

__all__ = ["makes_new_ones"]

#: As many of the objects met last are looked at.
_LAST = 200
#: Fewer that make a new one prove nothing.
_ENOUGH = 5
#: Objects that are looked for at most in what an object gives.
_WIDE = 1000

_CONTAINERS = frozenset({tuple, list, dict, set, frozenset})
_SAYING = ("__reduce_ex__", "__reduce__", "__getstate__", "__getnewargs_ex__", "__getnewargs__")


def makes_new_ones(trail: list[Any], protocol: int, registered: Any) -> type | None:
    """Return the type of which every object makes a new one when it is pickled, or None.

    Args:
        trail: the objects from the root to the one that is being pickled.
        protocol: pickle protocol.
        registered: functions that reduce objects of a type, as in `copyreg`.
    """
    last = [each for each in trail[-_LAST:] if type(each) not in _CONTAINERS]
    makers = [(maker, made) for maker, made in pairwise(last) if _says_itself(type(maker), registered)]
    if len(makers) < _ENOUGH or any(_gives(maker, made, protocol, registered) for maker, made in makers):
        return None
    return type(makers[-1][0])


def _says_itself(cls: type, registered: Any) -> bool:
    """Tell whether it is code of a user's that says what pickle gets of an object."""
    if issubclass(cls, type):
        return False
    said = (base.__dict__.get(name) for base in cls.__mro__ for name in _SAYING)
    return cls in registered or any(type(each) is FunctionType for each in said)


def _gives(maker: Any, made: Any, protocol: int, registered: Any) -> bool:
    """Tell whether an object, asked once more, gives the very object that it gave before."""
    reduce = registered.get(type(maker))
    reduced = maker.__reduce_ex__(protocol) if reduce is None else reduce(maker)
    return any(part is made for part in islice(_parts(reduced), _WIDE))


def _parts(reduced: Any) -> Iterator[Any]:
    """Yield what a reduction holds, in containers too."""
    pending = [iter([reduced])]
    while pending:
        for each in pending[-1]:
            yield each
            if type(each) in _CONTAINERS or hasattr(type(each), "__next__"):
                pending.append(iter(each.items() if type(each) is dict else each))
                break
        else:
            pending.pop()
