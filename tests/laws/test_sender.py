"""Dumping leaves no trace: neither on the object nor on the next payload."""

import pickle
import pickletools
from itertools import zip_longest

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
    holds(difference(outcome["payload"], outcome["again"]))


@law("sender")
def test_same_without_recursion(case, outcome):
    """What is nested too deep for the C pickler is written as it would be, step by step."""
    holds(outcome["error"])
    if outcome["flat"] is not None:
        holds(difference(outcome["payload"], outcome["flat"]))


@law("elsewhere")
def test_same_bytes_elsewhere(case, outcome, lab):
    """Another process, folder, hash seed and order of dumps make the same bytes."""
    first = lab.ask("sender", case).result()
    holds(first["error"] or outcome["error"])
    holds(difference(first["payload"], outcome["payload"]))


def difference(one, two):
    """Where two payloads part, as text; empty if they are the same."""
    if one == two:
        return ""
    steps = [[(op.name, arg) for op, arg, _ in pickletools.genops(data)] for data in (one, two)]
    steps = [[step for step in each if step[0] != "FRAME"] for each in steps]
    pairs = [(a, b) for a, b in zip_longest(*steps) if a != b]
    if not pairs:
        return ""
    shown = "\n".join(f"{a}\n    {b}" for a, b in pairs[:3])
    return f"{len(one)} and {len(two)} bytes, first different steps:\n{shown}"


def test_difference_is_shown():
    """The text of a difference has what differs, and there is none between equal payloads."""
    one, two = (pickle.dumps(["a", n]) for n in (1000, 2000))
    assert "1000" in difference(one, two)
    assert not difference(one, one)
