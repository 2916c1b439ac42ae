"""Dumping leaves no trace: neither on the object nor on the next payload."""

from lab import holds, law


@law("sender")
def test_sender_unchanged(case, outcome):
    """The original still works after it was dumped and its copy was loaded next to it."""
    holds(outcome["error"])
    holds(outcome["unchanged"])


@law("sender")
def test_same_bytes_again(case, outcome):
    """Two dumps of one object in one process are the same bytes."""
    holds(outcome["error"])
    assert outcome["payload"] == outcome["again"], difference(outcome["payload"], outcome["again"])


@law("elsewhere")
def test_same_bytes_elsewhere(case, outcome, lab):
    """Another process, folder, hash seed and order of dumps make the same bytes."""
    first = lab.ask("sender", case).result()
    holds(first["error"] or outcome["error"])
    assert first["payload"] == outcome["payload"], difference(first["payload"], outcome["payload"])


def difference(one, two):
    """Where two payloads part, as text."""
    same = next(
        (i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b),
        min(len(one), len(two)),
    )
    near = slice(max(0, same - 40), same + 40)
    return f"{len(one)} and {len(two)} bytes, differ at {same}:\n{one[near]!r}\n{two[near]!r}"
