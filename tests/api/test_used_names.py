"""The reading of instructions as bytes says what `dis` says, on every Python."""

import ast
import dis
import inspect
import typing
from pathlib import Path
from types import CodeType

import pytest

from pickleloaf.inspecting.names import find_names

GLOBAL = {"LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"}
CLOSURE = {"LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF"}
ATTRIBUTE = {"LOAD_ATTR", "LOAD_METHOD"}
PASSED = {"CACHE", "PUSH_NULL", "EXTENDED_ARG"}


def _codes_in(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes_in(constant)


def _read_with_dis(code):
    """Return globals and chains of a code object and those in it, in order of first use."""
    names, chains = {}, {}
    for each in _codes_in(code):
        chain = ()
        for instruction in [*dis.get_instructions(each), None]:
            kind = None if instruction is None else instruction.opname
            if kind in PASSED:
                continue
            if chain and kind in ATTRIBUTE:
                chain = (*chain, instruction.argval)
                continue
            if len(chain) > 1:
                chains[chain] = None
            chain = ()
            if kind in GLOBAL | CLOSURE:
                chain = (instruction.argval,)
                if kind in GLOBAL:
                    names[instruction.argval] = None
    return names, chains


@pytest.mark.parametrize("module", [ast, dis, inspect, typing], ids=lambda module: module.__name__)
def test_same_as_dis(module):
    """Globals and chains are those that dis shows, in the same order, for a whole module."""
    file = Path(module.__file__)
    code = compile(file.read_text(encoding="utf-8"), str(file), "exec")
    names, chains = _read_with_dis(code)
    found = find_names(code)
    assert list(found.globals)[: len(names)] == list(names)  # what strings spell comes after
    assert list(found.chains) == list(chains)


def test_names_with_high_numbers():
    """Instructions that need more than a byte for their argument name the right thing, in a chain too."""
    many = "\n".join(f"    name_{number}" for number in range(300))
    code = compile(f"def f():\n{many}\n    return xml.dom.minidom\n", "many", "exec")
    found = find_names(code)
    assert "name_299" in found.globals
    assert ("xml", "dom", "minidom") in found.chains


@pytest.mark.parametrize(
    ("source", "imports"),
    [
        ("import os.path", (0, "os.path", ())),
        ("from os import path, sep", (0, "os", ("path", "sep"))),
        ("from . import base", (1, "", ("base",))),
        ("from ..pack import base", (2, "pack", ("base",))),
    ],
)
def test_imports_of_a_body(source, imports):
    """An import within a function is found with its level and names."""
    assert find_names(compile(f"def f():\n    {source}\n", "importing", "exec")).imports == (imports,)
