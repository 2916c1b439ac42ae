"""What a class says of the ``__dict__`` of its instances: whether they have one, who makes it, who else has it."""

from __future__ import annotations

from types import CodeType, FunctionType, GetSetDescriptorType, MemberDescriptorType, ModuleType
from typing import Any

from pickleloaf.inspecting.anatomy import defined, definer

__all__ = ["has_dict", "is_set_at_once", "place_of_dict", "shares_dict", "shows_dict"]

#: Types whose instances have a dict that is looked at elsewhere.
_OTHERS = (type, ModuleType, FunctionType)


def shows_dict(kind: type) -> bool:
    """Tell whether instances have a ``__dict__`` to be asked for; that of a TypeVar cannot be had."""
    return kind.__dictoffset__ != 0 and definer(kind.__mro__, "__dict__") is not None


def has_dict(cls: type) -> bool:
    """Tell whether instances have a ``__dict__`` that is state and nothing else, and that no code of a class makes."""
    return shows_dict(cls) and not issubclass(cls, _OTHERS) and _descriptor(cls) is not None


def is_set_at_once(cls: type) -> bool:
    """Tell whether instances have a ``__dict__`` from the beginning, which is not replaced."""
    return type(_descriptor(cls)) is MemberDescriptorType


def _descriptor(cls: type) -> Any:
    """Return what gives instances their ``__dict__``, unless it is code of a class."""
    found = defined(cls, "__dict__")
    return found if type(found) in (GetSetDescriptorType, MemberDescriptorType) else None


def place_of_dict(cls: type, attributes: dict[str, Any]) -> tuple[type, str] | None:
    """Return where a class or a base of it holds the dict that is its instances' ``__dict__``, too."""
    places = (
        (base, name) for base in cls.__mro__ for name, value in base.__dict__.items() if value is attributes
    )
    return next(places, None)


def shares_dict(cls: type) -> bool:
    """Tell whether code of a class sets the ``__dict__`` of its instances past their making, or an attribute to it."""
    for base in cls.__mro__:
        for name, value in base.__dict__.items():
            if type(value) is FunctionType and name != "__new__" and _shares(value.__code__):
                return True
    return False


def _shares(code: CodeType) -> bool:
    if "__dict__" in code.co_consts:  # for setattr
        return True
    return ("__dict__" in code.co_names or "vars" in code.co_names) and _stores(code)


def _stores(code: CodeType) -> bool:
    """Tell whether some code sets ``__dict__``, or has ``one.name = other.__dict__`` or ``one.name = vars(other)``."""
    import dis

    steps = [each for each in dis.get_instructions(code) if each.opname != "EXTENDED_ARG"]
    for value, _, step in zip(steps, steps[1:], steps[2:], strict=False):
        if step.opname == "STORE_ATTR":
            is_call = value.opname == "CALL" and "vars" in code.co_names
            if (
                step.argval == "__dict__"
                or is_call
                or (value.opname, value.argval) == ("LOAD_ATTR", "__dict__")
            ):
                return True
    return False
