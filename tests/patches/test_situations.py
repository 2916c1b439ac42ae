"""Every situation of the table comes out right, on whatever Python runs the tests."""

import os

import pytest
from situations import SITUATIONS
from travel import Failed, missing, receive, send

CARRY = "{'patches': 'carry'}"

titles = [f"{each.group}: {each.title}" for each in SITUATIONS]


@pytest.fixture(params=SITUATIONS, ids=titles)
def situation(request):
    """One row; skipped where a library is not installed."""
    if absent := missing(request.param):
        pytest.skip(f"needs {', '.join(absent)}")
    return request.param


@pytest.fixture
def processes(lab):
    """Where the scripts run."""
    return lab.processes


def test_holds_in_the_script(situation, tmp_path, processes):
    """What is asserted is so where the patch was made."""
    send(situation, "control", str(tmp_path), processes=processes)


def test_travels(situation, tmp_path, processes):
    """The object behaves in a fresh process as it did in the script; plain pickle loads it as well."""
    payload = send(situation, "pickleloaf", str(tmp_path), CARRY, processes=processes)
    receive(situation, "pickleloaf", str(tmp_path), payload, processes=processes)
    receive(situation, "pickle", str(tmp_path), payload, processes=processes)


def test_bytes_are_the_same(situation, tmp_path, monkeypatch, processes):
    """The same script dumps the same bytes under another hash seed and in another directory.

    Here the package was imported before anything was patched; in `test_travels` afterwards.
    """
    payloads = set()
    for seed in ("1", "2"):
        folder = tmp_path / seed
        folder.mkdir()
        monkeypatch.setenv("HASHSEED", seed)
        payloads.add(send(situation, "pickleloaf", str(folder), CARRY, processes=processes, early=True))
    assert len(payloads) == 1


def test_wrong_outcome_is_seen(tmp_path):
    """A situation whose patch is left behind fails, so the tests above can."""
    lost = next(each for each in SITUATIONS if each.title == "a method that is new")
    payload = send(lost, "pickleloaf", str(tmp_path), "{'patches': 'ignore'}")
    with pytest.raises(Failed, match="use"):
        receive(lost, "pickleloaf", str(tmp_path), payload)


def test_environment_sets_the_default(tmp_path, monkeypatch):
    """With PICKLELOAF_PATCHES=carry in the environment, patches travel without an argument."""
    monkeypatch.setenv("PICKLELOAF_PATCHES", "carry")
    row = next(each for each in SITUATIONS if each.title == "a method that is new")
    receive(row, "pickleloaf", str(tmp_path), send(row, "pickleloaf", str(tmp_path)))
    assert os.environ["PICKLELOAF_PATCHES"] == "carry"
