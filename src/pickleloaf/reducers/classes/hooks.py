"""Hooks of class creation, which have run already where a class comes from.

``__init_subclass__``, ``__set_name__`` and the methods of metaclasses run when a class is made, and the copy of a
class is made, too. Which of them run then?

1. A hook of a class that is a copy itself is passed over. What it did to the class is part of the class, and what it
   did to anything else that travels is part of that: a registry must not list a class twice, a counter not count it
   twice, and who refuses a second class of a name must not refuse this one.
2. A hook of an importable class, or of one that was made here, runs: that is who has to know of the new class. What
   it does to classes and descriptors that are copies is taken back, for the reason of rule 1.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import BuiltinFunctionType, FunctionType, MethodWrapperType
from typing import Any

from pickleloaf._locks import new_lock
from pickleloaf.inspecting.anatomy import definer, inner
from pickleloaf.reducers.classes import identities
from pickleloaf.reducers.classes.body import has_set_name

__all__ = ["settled"]

#: Hooks by where they are looked up: on bases, on the types of attributes, on the metaclass, on its own type.
_OF_BASES = ("__init_subclass__",)
_OF_ATTRIBUTES = ("__set_name__",)
_OF_METACLASS = ("__prepare__", "__new__", "__init__")
_OF_ITS_TYPE = ("__call__",)


@contextmanager
def settled(metaclass: type, bases: tuple[type, ...], names: Mapping[str, Any]) -> Iterator[None]:
    """Let this thread make the copy of a class without hooks of copies, and take back what other hooks do to copies."""
    told = [each for each in names.values() if type(each) is not FunctionType and has_set_name(type(each))]
    kinds = {id(type(each)): type(each) for each in told}.values()
    looked_up = [
        *((base, _OF_BASES) for base in bases),
        *((kind, _OF_ATTRIBUTES) for kind in kinds),
        (metaclass, _OF_METACLASS),
        (type(metaclass), _OF_ITS_TYPE),
    ]
    found = [
        (cls, hook)
        for looked_at, hooks in looked_up
        for cls in _copies(looked_at)
        for hook in hooks
        if hook in cls.__dict__
    ]
    memories = [_Memory(cls) for each in (metaclass, *bases) for cls in _copies(each)]
    memories += [_Memory(each) for each in told if hasattr(each, "__dict__") and _is_copy(type(each))]
    with ExitStack() as stack:
        for cls, hook in dict.fromkeys(found):
            stack.enter_context(_passed_over(cls, hook))
        yield
    for memory in memories:
        memory.put_back()


def _copies(cls: type) -> Iterator[type]:
    """Yield a class and its bases, as far as they are copies of classes of another process."""
    return filter(_is_copy, cls.__mro__)


def _is_copy(cls: type) -> bool:
    return identities.keywords_of(cls) is not None


@contextmanager
def _passed_over(cls: type, name: str) -> Iterator[None]:
    """Pass over a hook of a class for what this thread does meanwhile; other threads do not notice."""
    thread = threading.get_ident()
    with _lock:
        stands = cls.__dict__[name]
        if type(stands) is not _PassedOver:
            stands = _PassedOver(cls, name, stands)
            type.__setattr__(cls, name, stands)
        stands.threads[thread] += 1
    try:
        yield
    finally:
        with _lock:
            stands.threads -= Counter((thread,))
            if not stands.threads:
                type.__setattr__(cls, name, stands.hook)


_lock = new_lock()


class _PassedOver:
    """Stands in the place of a hook: for some threads the next in line answers, for all others the hook itself."""

    def __init__(self, cls: type, name: str, hook: Any) -> None:
        self.cls = cls
        self.name = name
        self.hook = hook
        self.threads: Counter[int] = Counter()

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if threading.get_ident() not in self.threads:
            return self.hook.__get__(instance, owner) if hasattr(self.hook, "__get__") else self.hook
        return lambda *args, **keywords: self._go_on(instance, owner, args, keywords)

    def _go_on(self, instance: Any, owner: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call the hook of the next class, with the keywords that this one does not take for itself."""
        makes = self.name == "__new__"
        found = getattr(
            super(self.cls, args[0] if makes else owner if instance is None else instance), self.name, None
        )
        if found is None:  # nobody else wants to be told a name
            return None
        if type(found) in _BUILTIN and not (makes and _asks_for_keywords(args[2])):
            return found(*args)
        code = getattr(inner(self.hook), "__code__", None)
        taken = () if code is None else code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        return found(*args, **{name: value for name, value in keywords.items() if name not in taken})


#: Types of hooks of Python's own, which take no keywords.
_BUILTIN = (BuiltinFunctionType, MethodWrapperType)


def _asks_for_keywords(bases: tuple[type, ...]) -> bool:
    """Tell whether ``type.__new__`` passes keywords on to a hook that runs."""
    hooked = (definer((each for each in base.__mro__ if not _is_copy(each)), *_OF_BASES) for base in bases)
    return any(each not in (None, object) for each in hooked)


class _Memory:
    """A copy of one class or descriptor: its objects, and what the lists, dicts and sets among them hold."""

    def __init__(self, place: Any) -> None:
        self.place = place
        self.objects = dict(vars(place))
        self.contents = [
            (each, each.copy()) for each in self.objects.values() if type(each) in (list, dict, set)
        ]

    def put_back(self) -> None:
        now = vars(self.place)
        put = type.__setattr__ if isinstance(self.place, type) else object.__setattr__
        for name, value in self.objects.items():
            if now.get(name) is not value:
                put(self.place, name, value)
        for each, contents in self.contents:
            each.clear()
            each.extend(contents) if type(each) is list else each.update(contents)
