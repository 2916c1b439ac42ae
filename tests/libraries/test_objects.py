"""Objects of libraries that people ship arrive in a fresh process and work there."""

import pytest
from objects import OBJECTS
from travel import Failed, missing, send, trip

pytestmark = pytest.mark.stress

TIMEOUT_S = 60

#: Objects that do not arrive, with the reason.
KNOWN: dict[tuple[str, str], str] = {
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
    assert trip(entry.situation, "control", timeout_s=TIMEOUT_S) == ("right", "")


def test_arrives(entry, request, tmp_path):
    """The object works in a fresh process as it did in the script, or is refused with its place and a hint."""
    if reason := KNOWN.get((entry.library, entry.title)):
        request.applymarker(pytest.mark.xfail(reason=reason, raises=AssertionError))
    if not entry.refused:
        assert trip(entry.situation, "pickleloaf", timeout_s=TIMEOUT_S) == ("right", "")
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
