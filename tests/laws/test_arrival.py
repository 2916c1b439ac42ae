"""An object arrives in another process and works there."""

from lab import holds, law


@law("fresh")
def test_fresh_process(case, outcome):
    """`loads` in a fresh process, without the script that dumped, gives an object that works."""
    holds(outcome["error"])


@law("plain", sampled=True)
def test_plain_pickle(case, outcome):
    """The standard library's `pickle.loads` gives the same object."""
    holds(outcome["error"])


@law("third")
def test_relay(case, outcome):
    """What arrived can be dumped there again, and works in a third process."""
    holds(outcome["error"])


@law("roundtrip")
def test_round_trip(case, outcome):
    """A copy loaded in the process that dumped works next to the original."""
    holds(outcome["error"])
