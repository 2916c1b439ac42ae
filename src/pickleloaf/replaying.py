"""Record what the hooks of a user's pickler and of its buffers answer, so that a later pass replays it.

Pickle calls ``persistent_id`` for each reference, ``reducer_override`` for each object and the buffer callback for
each buffer. These may have effects, such as an entry in a store. So a pass that writes an object once more calls them
for nothing that they have answered already.
"""

from __future__ import annotations

import pickle
import weakref
from collections import deque
from collections.abc import Callable
from types import FunctionType
from typing import Any

from pickleloaf.inspecting.anatomy import defined
from pickleloaf.reducers._asking import with_items_anew, with_items_held

__all__ = ["Buffers", "Overrides", "PersistentIds"]


class Buffers:
    """Calls a buffer callback once per buffer, also when the object is pickled once more."""

    def __init__(self, callback: Callable[[pickle.PickleBuffer], Any]) -> None:
        self._callback = callback
        self._answers: list[Any] = []
        self._next = 0

    def __call__(self, obj: pickle.PickleBuffer) -> Any:
        """Return the callback's answer for the next buffer, asking only the first time."""
        if self._next == len(self._answers):
            self._answers.append(self._callback(obj))
        self._next += 1
        return self._answers[self._next - 1]

    def replay(self) -> None:
        """Expect the same buffers again, from the first one on."""
        self._next = 0

    def forget(self) -> None:
        """Expect other buffers: a dump is over."""
        self._answers.clear()
        self._next = 0


def _hook(cls: type, name: str) -> Callable[[Any, Any], Any]:
    """Return the hook of a pickler's class as a function of the pickler and an object."""
    found = defined(cls, name)
    if type(found) is FunctionType:
        return found
    bind = getattr(type(found), "__get__", None)
    return lambda pickler, obj: (found if bind is None else bind(found, pickler, cls))(obj)


class PersistentIds:
    """Calls the ``persistent_id`` of a subclass once per reference, also when the object is pickled once more."""

    def __init__(self, pickler: Any) -> None:
        self._pickler = weakref.ref(pickler)
        self._hook = _hook(type(pickler), "persistent_id")
        #: Objects asked about in this pass, each followed by the answer.
        self._answers: list[Any] = []
        #: Answers of earlier passes, by the id of the object, which is kept with them.
        self._known: dict[int, tuple[Any, deque[Any]]] = {}

    def __call__(self, obj: Any) -> Any:
        """Return the answer for the next reference to an object."""
        _, known = self._known.get(id(obj), _NONE)
        answer = known.popleft() if known else self._hook(self._pickler(), obj)
        self._answers += obj, answer
        return answer

    def replay(self) -> None:
        """Expect the same references again."""
        while self._answers:  # the last first, before what has not been asked for in this pass
            answer, obj = self._answers.pop(), self._answers.pop()
            self._known.setdefault(id(obj), (obj, deque()))[1].appendleft(answer)

    def forget(self) -> None:
        """Expect other references: a dump is over."""
        self._answers.clear()
        self._known.clear()


class Overrides:
    """Calls the ``reducer_override`` of a subclass once per object, also when the object is pickled once more."""

    def __init__(self, pickler: Any) -> None:
        self._pickler = weakref.ref(pickler)
        self._hook = _hook(type(pickler), "reducer_override")
        self._answers: dict[int, tuple[Any, Any]] = {}
        self._is_replay = False

    def __call__(self, obj: Any) -> Any:
        """Return the answer of the subclass, or in a later pass our own where the subclass has returned ours."""
        pickler: Any = self._pickler()
        known = self._answers.get(id(obj)) if self._is_replay else None
        if known is not None:
            return pickler._override(obj) if known[1] is _OURS else with_items_anew(known[1])
        pickler._answered = _OURS
        answer = self._hook(pickler, obj)
        if answer is pickler._answered:
            self._answers[id(obj)] = (obj, _OURS)
            return answer
        answer = with_items_held(answer)
        self._answers[id(obj)] = (obj, answer)
        return with_items_anew(answer)

    def replay(self) -> None:
        """Expect the same objects again."""
        self._is_replay = True

    def forget(self) -> None:
        """Expect other objects: a dump is over."""
        self._answers.clear()
        self._is_replay = False


#: Stands for an object and its answers, where none are known.
_NONE: tuple[Any, deque[Any]] = (None, deque())

#: Stands for what our own ``reducer_override`` answers.
_OURS: Any = object()
