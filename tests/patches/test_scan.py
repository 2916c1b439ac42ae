"""How far is looked for patches, and when: a glance, what is near, and slices of everything else."""

import importlib
import sys
import textwrap
import unittest.mock

import pytest

import pickleloaf
from pickleloaf.patching import scan
from pickleloaf.patching.scan import PatchScanner
from pickleloaf.policy.by_value import Registry, ValuePolicy
from pickleloaf.policy.handles import Handles

#: Modules of which each imports the next, and nothing else.
CHAIN = 40


@pytest.fixture
def chain(tmp_path, monkeypatch):
    """The first and the last of many modules that import each other, and names by which to call them."""
    test_name = f"chain_{abs(hash(str(tmp_path))) % 10**8}"
    for n in range(CHAIN):
        imports = f"import {test_name}_{n + 1} as following\n" if n + 1 < CHAIN else ""
        (tmp_path / f"{test_name}_{n}.py").write_text(f"{imports}def call(): return {n}\nclass Here: pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    first = importlib.import_module(f"{test_name}_0")
    return first, sys.modules[f"{test_name}_{CHAIN - 1}"]


@pytest.fixture
def scanner():
    """A scanner that has seen nothing."""
    return PatchScanner(ValuePolicy(Registry(), Handles()), frozenset())


def patched(module, name):
    """A patch of a module by a function of a script."""
    return unittest.mock.patch.object(module, name, eval("lambda: 'mine'", {"__name__": "__main__"}))


def test_what_is_far_waits(chain, scanner, monkeypatch):
    """Without time for it nothing far is read; with time it is, and what is near is seen at once."""
    first, last = chain
    monkeypatch.setattr(scan, "_SHARE", 1e-9)
    scanner._credit_s = 0
    with patched(last, "call"):
        assert scanner.find([first]) == []
        assert last.__name__ not in scanner._snapshots
        with patched(first, "call"):
            assert [str(place) for place in scanner.find([first])] == [f"{first.__name__}.call"]
        scanner.due, scanner._credit_s = 0.0, 100.0
        monkeypatch.setattr(scan, "_AT_ONCE_S", 100.0)
        assert [str(place) for place in scanner.find([first])] == [f"{last.__name__}.call"]


def test_everything_is_found_in_slices(chain, scanner, monkeypatch):
    """One dump after the other, each with next to no time, reads all that is behind."""
    first, last = chain
    monkeypatch.setattr(scan, "_SHARE", 1e-9)
    scanner._credit_s = 0
    scanner.find([first])
    for _ in range(10 * CHAIN):
        scanner.due = 0.0
        scanner.find([first])
    assert last.__name__ in scanner._snapshots


def test_slices_are_not_put_off(chain, scanner):
    """Dumps that look closely each time, since something is patched, leave the time of the next slice as it is."""
    first, _ = chain
    scanner.find([first])
    with patched(first, "call"):
        scanner.due = due = scanner.due + 1000
        for _ in range(3):
            assert [str(place) for place in scanner.find([first])] == [f"{first.__name__}.call"]
        assert scanner.due == due


def test_find_patches_closes_the_window(chain):
    """After an explicit look at everything a dump knows what is far."""
    first, last = chain
    pickleloaf.dumps(first, patches="carry")
    with patched(last, "call"):
        found = [patch for patch in pickleloaf.find_patches() if patch.place.module == last.__name__]
        assert [str(patch) for patch in found] == [f"{last.__name__}.call, by function __main__.<lambda>"]
        carried = pickleloaf.loads(pickleloaf.dumps(first, patches="carry"), patches="collect").patches
        assert [str(patch.place) for patch in carried] == [f"{last.__name__}.call"]


def test_refuse_looks_at_everything(chain):
    """``patches="refuse"`` has no window."""
    first, last = chain
    pickleloaf.dumps(first, patches="refuse")
    with patched(last, "call"), pytest.raises(pickleloaf.EncodeError, match="call is patched here"):
        pickleloaf.dumps(first, patches="refuse")


def test_first_dump_after_tracking_looks_at_everything(chain):
    """What has changed anywhere is seen by the first dump after a module is tracked."""
    first, last = chain
    pickleloaf.dumps(first, patches="carry")
    with patched(last, "call"):
        pickleloaf.track_patches(first)
        carried = pickleloaf.loads(pickleloaf.dumps(first, patches="carry"), patches="collect").patches
        assert [str(patch.place) for patch in carried] == [f"{last.__name__}.call"]


def test_namespaces_that_grow_are_seen_in_the_next_slice(chain, scanner):
    """A name that is new anywhere shows by the size of its namespace, wherever the round is."""
    first, last = chain
    scanner.find_all([first])
    scanner._go_round(10**6)
    scanner._round.take(10**6)
    last.new = eval("lambda: 1", {"__name__": "__main__"})
    scanner._look_at_sizes()
    assert [str(place) for place in scanner.find([first])] == [f"{last.__name__}.new"]


def test_started_mocks_are_looked_at(chain, scanner):
    """A patch that `unittest.mock` has started is seen by the next slice, though no namespace has grown."""
    first, last = chain
    scanner.find_all([first])
    patch = patched(last, "call")
    patch.start()
    try:
        scanner._look_at_sizes()
        assert last.__name__ in scanner._patched
    finally:
        patch.stop()


def test_glance_sees_attributes_of_classes(birds):
    """A chain of attributes is followed into the class that it leads to."""
    scope = {"__name__": "__main__", "birds": birds}
    exec("def use(): return birds.Turkey.hi", scope)
    assert places_of(scope["use"]) == []
    birds.Bird.hi = scope["use"]
    assert places_of(scope["use"]) == [f"{birds.__name__}.Bird.hi"]


def places_of(obj):
    """The places of the patches that a payload carries."""
    return [
        str(each.place)
        for each in pickleloaf.loads(pickleloaf.dumps(obj, patches="carry"), patches="collect")[1]
    ]


def test_script_that_is_imported_too(tmp_path, monkeypatch):
    """A file that is run, and imported under its own name, is not patched by itself."""
    source = textwrap.dedent("""
        def feed(): return 1
        class Bird:
            def hi(self): return feed()
    """)
    file = tmp_path / f"job_{abs(hash(str(tmp_path))) % 10**8}.py"
    file.write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(file), raising=False)
    job = importlib.import_module(file.stem)
    assert PatchScanner(ValuePolicy(Registry(), Handles()), frozenset()).find_all([job, job.Bird]) == []
