"""What cannot travel says so, where it is and what to do."""

from lab import holds, law


@law("sender", over=lambda case: case.refused)
def test_refused(case, outcome):
    """`dumps` raises an EncodeError that names the place and a way out."""
    holds(outcome["error"])
    assert "EncodeError" in outcome["kinds"], f"{outcome['kinds'][0]}: {outcome['text']}"
    assert "PicklingError" in outcome["kinds"]
    assert outcome["path"], "no path"
    assert outcome["hint"], "no hint"
    assert case.path in outcome["path"], f"{case.path!r} is not in {outcome['path']!r}"
    assert outcome["path"] in outcome["text"], "the message does not show the path"


@law("sender", over=lambda case: case.refused)
def test_refused_unharmed(case, outcome):
    """An object that was refused works as before."""
    holds(outcome["error"])
    holds(outcome["unchanged"])
