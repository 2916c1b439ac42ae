"""Instances of classes that derive from one that tells pickle how *its* instances are made.

A set says: call my class with a list. A subclass whose ``__init__`` takes something else is then called
with that list, over there, and fails, or takes it for what it is not. And what a defaultdict says leaves
out attributes, which it has none of and a subclass may have.

1. What such a base says is carried out by that base (the *maker*) where a subclass has made its own
   ``__new__`` or ``__init__``. The attributes come with the state, so nothing is missed. Where a base that is
   written in Python says with what ``__new__`` is to be called, it is the subclass's own, as in pickle, if that can be
   called so: expressions of sympy are made like that.
2. Attributes that a base of the standard library does not mention are added; so they are where a base written in C
   has none itself, and knows nothing of those that a subclass has. An array of numpy is one; of its own library's
   subclasses, such as ``numpy.memmap``, the library knows.
3. A class of the standard library knows what it does, but for a ``__new__`` in Python that takes more than the builtin
   base whose ``__getnewargs__`` answers for it.
4. Any other base outside the standard library that has a ``__reduce__`` of its own knows what it does.
"""

from __future__ import annotations

import copyreg
import sys
from collections.abc import Callable
from types import FunctionType, MethodDescriptorType
from typing import Any

from pickleloaf.inspecting.anatomy import defined, definer, is_maker
from pickleloaf.wire import verb

__all__ = ["adapter_of"]

#: The flag of code that takes any number of arguments; `inspect` has it, but takes long to import.
_CO_VARARGS = 0x04

_SAYING = ("__reduce_ex__", "__reduce__", "__getnewargs__", "__getnewargs_ex__")


def adapter_of(cls: type) -> Callable[[Any, tuple[Any, ...]], tuple[Any, ...]] | None:
    """Return what adapts the reductions of a class's instances, or None where they are right as they are."""
    speaker = definer(cls.__mro__, *_SAYING)
    if speaker is cls or speaker is object or (_is_library(cls) and not _asks_for_more(cls, speaker)):
        return None
    maker = next(base for base in cls.__mro__ if base is speaker or _is_library(base) or is_maker(base))
    if maker is cls and _is_library(cls):
        maker = speaker
    own = cls.__mro__[: cls.__mro__.index(maker)]
    news, inits = (definer(own, name) is not None for name in ("__new__", "__init__"))
    says = speaker.__dict__.get("__reduce_ex__", speaker.__dict__.get("__reduce__"))
    if not news and says is None:
        return None
    # What is written in C and has attributes itself does not forget them; asking a partial would change it.
    complete = isinstance(says, MethodDescriptorType) and speaker.__dictoffset__
    forgets = isinstance(says, MethodDescriptorType) and not speaker.__dictoffset__ and cls.__dictoffset__
    knows_subclasses = not hasattr(speaker, "_make") and any(
        type(speaker.__dict__.get(name)) is FunctionType for name in ("__getnewargs__", "__getnewargs_ex__")
    )
    between = cls.__mro__[: cls.__mro__.index(speaker)]
    forgets = forgets and all(_package(base) != _package(speaker) for base in between)

    def adapt(instance: Any, reduced: tuple[Any, ...]) -> tuple[Any, ...]:
        make, arguments, state, *rest = (*reduced, None)[: max(3, len(reduced))]
        if make is copyreg.__newobj__ and news:  # type: ignore[attr-defined]
            if knows_subclasses and _takes(cls, len(arguments) - 1):
                return reduced
            return rebuild_derived, (maker, *arguments), state, *rest
        if make is cls and _is_library(speaker):
            if news or inits:
                make, arguments = rebuild_derived_anew, (maker, cls, *arguments)
        elif not forgets or rest[2:]:
            return reduced
        attributes = None if complete else getattr(instance, "__dict__", None)
        if attributes and not _mentions(state, attributes):
            return make, arguments, (state, attributes), *(*rest, None, None)[:2], fill_derived
        return make, arguments, state, *rest

    return adapt


def _package(cls: type) -> str:
    return str(cls.__module__).partition(".")[0]


def _is_library(cls: type) -> bool:
    return _package(cls) in sys.stdlib_module_names


def _asks_for_more(cls: type, speaker: type) -> bool:
    """Tell whether a ``__new__`` in Python is told by a builtin base what it is called with; so with CodecInfo."""
    return speaker.__module__ == "builtins" and isinstance(
        cls.__dict__.get("__new__"), FunctionType | staticmethod
    )


def _takes(cls: type, count: int) -> bool:
    """Tell whether the ``__new__`` of a class can be called with so many arguments."""
    new = getattr(defined(cls, "__new__"), "__func__", None)
    if type(new) is not FunctionType:
        return True
    code = new.__code__
    required = code.co_argcount - 1 - len(new.__defaults__ or ())
    most = count if code.co_flags & _CO_VARARGS else code.co_argcount - 1
    return required <= count <= most and code.co_kwonlyargcount <= len(new.__kwdefaults__ or ())


def _mentions(state: Any, attributes: dict[str, Any]) -> bool:
    parts = state if type(state) is tuple else (state,)
    return any(type(part) is dict and part.keys() >= attributes.keys() for part in parts)


@verb
def rebuild_derived(maker: Any, cls: type, *arguments: Any) -> Any:
    """Make an instance by the ``__new__`` of a base of its class."""
    return maker.__new__(cls, *arguments)


@verb
def rebuild_derived_anew(maker: Any, cls: type, *arguments: Any) -> Any:
    """Make an instance by ``__new__`` and ``__init__`` of a base of its class."""
    made = maker.__new__(cls) if maker.__new__ is object.__new__ else maker.__new__(cls, *arguments)
    if maker.__init__ is not object.__init__:
        maker.__init__(made, *arguments)
    return made


@verb
def fill_derived(instance: Any, state: tuple[Any, dict[str, Any]]) -> None:
    """Give an instance what its base says of its state, then its attributes."""
    said, attributes = state
    if hasattr(instance, "__setstate__") and said is not None:
        instance.__setstate__(said)
    instance.__dict__.update(attributes)
