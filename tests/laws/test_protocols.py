"""Payloads of the older protocols carry the same objects."""

from lab import holds, law


@law("protocol4", sampled=True)
def test_protocol_4(case, outcome):
    """Every object travels by protocol 4, which lacks out-of-band buffers only."""
    holds(outcome["error"])


@law("protocol3", over=lambda case: case.old_protocols, sampled=True)
def test_protocol_3(case, outcome):
    """The objects that it can describe travel by protocol 3."""
    holds(outcome["error"])


@law("protocol2", over=lambda case: case.old_protocols, sampled=True)
def test_protocol_2(case, outcome):
    """The objects that it can describe travel by protocol 2."""
    holds(outcome["error"])
