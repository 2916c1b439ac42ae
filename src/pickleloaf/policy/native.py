"""Modules that C has made: extension modules make parts of theirs that no import leads to, and that have no spec.

The functions in such a module are bound to it, which nobody can do to a module made by hand.
"""

from __future__ import annotations

from types import BuiltinFunctionType, ModuleType

__all__ = ["is_native_module"]


def is_native_module(module: ModuleType) -> bool:
    """Tell whether functions written in C are bound to a module."""
    held = list(vars(module).values())
    return any(type(each) is BuiltinFunctionType and each.__self__ is module for each in held)
