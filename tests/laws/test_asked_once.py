"""No object is asked for its state twice, and no hook of a pickler is called more often than pickle calls it.

A dump that succeeds asks `__getstate__`, `__reduce__` and `__reduce_ex__` of each object once, since they may take
something out of the object. Hooks of a pickler are asked about each reference, and some payloads refer once more to an
object that is filled after it was made: these are in `KNOWN`, and a case that has come right has to leave it.
"""

import sys

import pytest
from lab import holds, law

#: By law, cases that break it. A version after a colon: from that Python on; after a minus: up to that one.
KNOWN = {
    "more than pickle": """
        data-Documents dataclasses_-FieldObjects:3.15 deep-Causes exceptions-Builtin exceptions-Cause exceptions-Context
        exceptions-FieldsOfTheLibrary exceptions-Group exceptions-Importable exceptions-Library
        exceptions-Notes exceptions-OperatingSystem exceptions-OwnClass exceptions-RaiseAgain
        exceptions-Structured exceptions-Traceback functools_-RecursiveCache instances-SharedState
        iterators-Combinatorics iterators-Slicing iterators-Tee locks-AsyncParts locks-AsyncioBounds
        typings-VariableIdentity weakrefs-Proxy
    """,
    # Attributes that others have as well are written as a copy, which `persistent_id` is shown in their stead; fields
    # of a dataclass as what they were made with.
    "less than pickle": "dataclasses_-FieldObjects:3.15 instances-AttributesFromOutside instances-SharedState",
}

#: Cases with objects that pickle writes and we do not: the dict of an exception is written with its notes and its
#: traceback, and the waiters of a lock stay behind.
ANOTHER_FORM = frozenset(
    """
    data-Message deep-Causes exceptions-Builtin exceptions-Cause exceptions-Context
    exceptions-FieldsOfTheLibrary exceptions-Group exceptions-Importable exceptions-Library exceptions-Notes
    exceptions-OperatingSystem exceptions-OwnClass exceptions-RaiseAgain exceptions-Structured
    exceptions-Traceback locks-AsyncParts locks-AsyncioBounds weakrefs-Proxy
    """.split()
)


@law("asked", sampled=True)
def test_asked_once(case, outcome):
    """Neither the first dump of an object nor the next asks anything twice."""
    judge(case, outcome, "dumps")


@law("asked", sampled=True)
def test_asked_once_without_recursion(case, outcome):
    """Where the C pickler gives up, what objects have answered is used again."""
    judge(case, outcome, "without recursion")


@law("asked", sampled=True)
def test_hooks_no_more_than_pickle(case, outcome):
    """`persistent_id`, `reducer_override` and `buffer_callback` are not called more often than by pickle."""
    judge(case, outcome, "more than pickle", KNOWN["more than pickle"])


@law("asked", over=lambda case: not case.refused and case.id not in ANOTHER_FORM, sampled=True)
def test_hooks_no_less_than_pickle(case, outcome):
    """Nor are they called less often, but for what we write in another form."""
    judge(case, outcome, "less than pickle", KNOWN["less than pickle"])


def judge(case, outcome, what, known=""):
    """Fail where a case breaks the law, unless it is known to; then fail where it does not."""
    holds(outcome["error"])
    names = dict(entry.partition(":")[::2] for entry in known.split())
    if case.id not in names or not _is_of_this_python(names[case.id]):
        holds("\n".join(outcome[what]))
    elif not outcome[what]:
        pytest.fail(f"{case.id} has come right: take it out of the list", pytrace=False)


def _is_of_this_python(versions):
    """Tell whether this Python is one of those that an entry is for."""
    first, _, last = versions.partition("-")
    here = sys.version_info[:2]
    return _version(first or "3.0") <= here <= _version(last or "3.99")


def _version(text):
    return tuple(map(int, text.split(".")))
