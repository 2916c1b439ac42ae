"""A payload is an ordinary pickle that names few things."""

import importlib.util
import pickletools
import sys

import pytest
from harness import loaf
from lab import holds, law


@law("sender")
def test_vocabulary(case, outcome, lab, monkeypatch):
    """A payload names wire verbs and what the receiver can import, nothing else."""
    holds(outcome["error"])
    if case.files and case.files_there:
        monkeypatch.syspath_prepend(lab.importable(case))
    wrong = [name for name in set(names_in(outcome["payload"])) if not allowed(*name)]
    assert not wrong, wrong


@law("sender", over=lambda case: not case.refused and "payload" in vars(case))
def test_payload(case, outcome):
    """A payload has what its case says about the bytes."""
    holds(outcome["error"])
    case.payload(outcome["payload"])


def allowed(module, name):
    """Whether a payload may name this."""
    package = module.partition(".")[0]
    if package == "pickleloaf":
        return module == "pickleloaf.wire" and hasattr(loaf.wire, name)
    if package in ("__main__", "harness", "receiver", "cases", "__mp_main__"):
        return False
    if module in sys.modules:
        return True
    return importlib.util.find_spec(module) is not None


def names_in(payload):
    """The (module, name) pairs of a pickle, found without loading it."""
    memo, last = {}, ["", ""]
    for opcode, argument, _ in pickletools.genops(payload):
        match opcode.name:
            case "STRING" | "UNICODE" | "BINUNICODE" | "SHORT_BINUNICODE" | "BINUNICODE8":
                last = [last[1], argument]
            case "MEMOIZE":
                memo[len(memo)] = last[1]
            case "PUT" | "BINPUT" | "LONG_BINPUT":
                memo[argument] = last[1]
            case "GET" | "BINGET" | "LONG_BINGET":
                last = [last[1], memo[argument]]
            case "GLOBAL" | "INST":
                yield tuple(argument.split(" ", 1))
            case "STACK_GLOBAL":
                yield tuple(last)


def test_names_are_found():
    """The reader of opcodes sees what plain pickles name, by every protocol."""
    import collections
    import pickle

    thing = [collections.OrderedDict, collections.Counter, str.upper, collections.Counter]
    for protocol in range(2, 6):
        seen = {name for _, name in names_in(pickle.dumps(thing, protocol))}
        assert seen >= {"OrderedDict", "Counter", "getattr"}


@pytest.mark.parametrize("module", ["__main__", "harness", "pickleloaf.pickler", "no_such_thing"])
def test_names_are_refused(module):
    """Script names, private modules and what nobody can import are not allowed."""
    assert not allowed(module, "x")
