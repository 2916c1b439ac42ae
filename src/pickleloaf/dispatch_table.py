"""The dispatch table of pickler classes: a mapping that can be read and written on the class, as cloudpickle's can.

A pickler in C looks its table up once, when it is made, and finds it in a slot of its own; an attribute of the instance
beside that slot would be passed over. So what is set on an instance goes into the slot, and a class shows a mapping
that all its picklers share.
"""

from __future__ import annotations

import copyreg
import pickle
from collections import ChainMap
from collections.abc import Callable
from typing import Any

__all__ = ["ClassTable", "DispatchTable"]

#: The C pickler's own slot.
_slot: Any = pickle.Pickler.__dict__["dispatch_table"]


class ClassTable(ChainMap[type, Callable[[Any], Any]]):
    """The reducers of a class of picklers, in front of what is registered with `copyreg`.

    Attributes:
        on_change: called when an entry is set or deleted.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        super().__init__({}, copyreg.dispatch_table)
        self.on_change = on_change

    def __setitem__(self, cls: type, reduce: Callable[[Any], Any]) -> None:
        super().__setitem__(cls, reduce)
        self.on_change()

    def __delitem__(self, cls: type) -> None:
        super().__delitem__(cls)
        self.on_change()

    def copy(self) -> ChainMap[type, Callable[[Any], Any]]:  # type: ignore[override]
        """Return a table of its own, with the same entries."""
        return ChainMap(dict(self.maps[0]), *self.maps[1:])

    __copy__ = copy  # type: ignore[assignment]


class DispatchTable:
    """The attribute ``dispatch_table`` of a class of picklers, and of a pickler."""

    def __init__(self, table: ClassTable) -> None:
        self._table = table

    def __get__(self, pickler: Any, cls: type | None = None) -> Any:
        if pickler is None:
            return self._table
        try:
            return _slot.__get__(pickler)
        except AttributeError:
            if self._table.maps[0]:
                return self._table
            raise

    def __set__(self, pickler: Any, table: Any) -> None:
        _slot.__set__(pickler, table)

    def __delete__(self, pickler: Any) -> None:
        _slot.__delete__(pickler)
