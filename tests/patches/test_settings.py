"""What becomes of patches can be said on every way in."""

import multiprocessing.connection
import multiprocessing.queues
import multiprocessing.reduction

import pytest

import pickleloaf
from pickleloaf import integrations


@pytest.fixture(autouse=True)
def _as_before(monkeypatch):
    """The default, and what multiprocessing pickles with, are as they were afterwards."""
    monkeypatch.setattr(multiprocessing.reduction, "ForkingPickler", multiprocessing.reduction.ForkingPickler)
    for module in (multiprocessing.connection, multiprocessing.queues):
        monkeypatch.setattr(module, "_ForkingPickler", module._ForkingPickler)
    yield
    pickleloaf.set_default_patches("warn")


def carries(payload):
    """Whether a payload carries patches."""
    return bool(pickleloaf.loads(payload, patches="collect").patches)


def test_default(patched):
    """It holds for whoever says nothing."""
    pickleloaf.set_default_patches("carry")
    assert carries(pickleloaf.dumps(patched["use"]))
    pickleloaf.set_default_patches("refuse")
    with pytest.raises(pickleloaf.EncodeError, match="is patched here"):
        pickleloaf.dumps(patched["use"])
    assert not carries(pickleloaf.dumps(patched["use"], patches="ignore"))
    with pytest.raises(ValueError, match="patches is one of"):
        pickleloaf.set_default_patches("cary")


def test_integration(patched):
    """A framework is given it with the line that makes it use pickleloaf."""
    integrations.use_in_multiprocessing(patches="carry")
    assert carries(bytes(multiprocessing.reduction.ForkingPickler.dumps(patched["use"])))


@pytest.mark.parametrize("treatment", ["carry", "ignore"])
def test_executor(patched, treatment):
    """The local runtime carries patches unless it is told otherwise."""
    with pickleloaf.Executor(1, patches=treatment) as executor:
        result = executor.submit(patched["use"]).result()
    assert result == ("tom is fasting" if treatment == "carry" else "tom eats")


def test_executor_refuses(patched):
    """With "refuse" it is the submit that fails."""
    with pickleloaf.Executor(1, patches="refuse") as executor, pytest.raises(pickleloaf.EncodeError):
        executor.submit(patched["use"])
    with pytest.raises(ValueError, match="patches is one of"):
        pickleloaf.Executor(1, patches="cary")
