"""Objects of libraries that people ship arrive in a fresh process and work there."""

import pytest
from objects import OBJECTS
from travel import Failed, missing, send, trip

pytestmark = pytest.mark.stress

TIMEOUT_S = 60

#: Objects that do not arrive, with the reason.
KNOWN = {
    ("statsmodels", "a result fitted by a formula that calls a function of the script"): (
        "statsmodels evaluates the formula again among the variables of whoever loads"
    ),
    ("pint", "a quantity of a registry with a unit of the script"): (
        "pint loads quantities into the registry of the process, which lacks the unit"
    ),
    ("fsspec", "a file system of the script"): (
        "the class arrives with the number of the process that made it, so it once forgets its instances"
    ),
    ("wrapt", "a class with methods under a decorator of the script"): (
        "a class method under a decorator shares its __dict__ with the proxy"
    ),
    ("blinker", "a namespace of signals with receivers of the script"): (
        "the signal refers to its receivers weakly, and nothing else of the payload does"
    ),
    ("packaging", "a set of specifiers and a version of a subclass of the script"): (
        "the state that a Version gives to pickle has no attributes of subclasses"
    ),
    ("pyparsing", "a grammar with actions of the script"): (
        "pyparsing counts arguments by file and line of its own code, which a wrapper by value has lost"
    ),
    ("filelock", "a function that works under a lock on a file"): (
        "a lock remembers its process and will not work in another"
    ),
}

names = [f"{each.library}: {each.title}" for each in OBJECTS]


@pytest.fixture(params=OBJECTS, ids=names)
def entry(request):
    """One row; skipped where a library is not installed, expected to fail where that is known."""
    if absent := missing(request.param.situation):
        pytest.skip(f"needs {', '.join(absent)}")
    return request.param


def test_holds_in_the_script(entry):
    """What is asserted is so where the object was made."""
    outcome, why = trip(entry.situation, "control", timeout_s=TIMEOUT_S)
    assert outcome == "right", why


def test_arrives(entry, request, tmp_path):
    """The object works in a fresh process as it did in the script, or is refused with its place and a hint."""
    if reason := KNOWN.get((entry.library, entry.title)):
        request.applymarker(pytest.mark.xfail(reason=reason, raises=AssertionError))
    if not entry.refused:
        outcome, why = trip(entry.situation, "pickleloaf", timeout_s=TIMEOUT_S)
        assert outcome == "right", why
        return
    with pytest.raises(Failed) as caught:
        send(entry.situation, "pickleloaf", str(tmp_path), timeout_s=TIMEOUT_S)
    where, said = caught.value.args
    _, _, error = said.rpartition("pickleloaf.errors.EncodeError: ")
    assert where == "dumps"
    assert entry.refused in error
    assert "\n  at: " in error
    assert "\n  hint: " in error


def test_names_are_unlike():
    """No library has two objects of one title, and what is known to fail is there."""
    rows = [(each.library, each.title) for each in OBJECTS]
    assert len(set(rows)) == len(rows)
    assert set(KNOWN) <= set(rows)
