"""Parcels: objects that bring their own pickler, for frameworks that have theirs built in.

    object -- parcel --> our payload, inside of the framework's pickle -- plain pickle --> object

Ray and PySpark carry a copy of cloudpickle and ask nobody. But any pickler asks an object how it is to be made
again. A parcel answers: by loading this payload. So what is in it arrives, and the parcel itself is gone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pickleloaf import wire
from pickleloaf.pickler import dumps
from pickleloaf.unpickler import loads, loads_by

__all__ = ["Parcel", "parcel"]


class Parcel:
    """An object that any pickler sends as pickleloaf would; see `parcel`.

    Attributes:
        contents: the object.
        policy: arguments of `pickleloaf.dumps`.
    """

    __slots__ = ("contents", "policy")

    def __init__(self, contents: Any, policy: dict[str, Any]) -> None:
        self.contents = contents
        self.policy = policy

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the contents."""
        return self.contents(*args, **kwargs)

    def __reduce__(self) -> tuple[Callable[[bytes], Any], tuple[bytes]]:
        return wire.parcel, (dumps(self.contents, **self.policy),)


@wire.verb
def rebuild_parcel(payload: bytes) -> Any:
    """Make what lies in a parcel, by the ``find_class`` of the unpickler that it lies in."""
    finder = wire.FINDER.get()
    return loads(payload) if finder is None else loads_by(finder, payload)


def parcel(obj: Any, *, returns: bool = False, **policy: Any) -> Parcel:
    """Wrap an object so that any pickler sends it as pickleloaf would; it arrives unwrapped.

    Args:
        obj: anything; where it can be called, the parcel can.
        returns: whether what it returns over there comes back in a parcel as well.
        policy: arguments of `pickleloaf.dumps`: ``by_value="local"``, ``patches="carry"``.

    Raises:
        EncodeError: later, when it is sent, and a part of it cannot travel.
    """
    return Parcel(_returning(obj, policy) if returns else obj, policy)


def _returning(function: Callable[..., Any], policy: dict[str, Any]) -> Callable[..., Parcel]:
    def call(*args: Any, **kwargs: Any) -> Parcel:
        return Parcel(function(*args, **kwargs), policy)

    return call
