"""Parcels travel inside of any pickle, and are gone when they arrive."""

import io
import pickle
import subprocess
import sys
import types

import cloudpickle
import pytest
from harness import loaf

from pickleloaf.integrations import parcel
from pickleloaf.integrations._framework import FrameworkPickler


class Bird:
    """Its instances get methods of their own."""

    def hi(self):
        """Say hello."""
        return "hello"


def patched():
    """A bird with a method on the instance, which every other pickler sends by a name that is not there."""
    bird = Bird()
    bird.hi = types.MethodType(lambda self: "SQUAWK", bird)
    return bird


def shared():
    """Two closures over one variable."""
    count = 0

    def increment():
        nonlocal count
        count += 1

    return increment, lambda: count


@pytest.mark.parametrize("dumps", [pickle.dumps, cloudpickle.dumps], ids=["pickle", "cloudpickle"])
def test_contents_arrive(dumps):
    """What another pickler sends in a parcel arrives as itself, shared variables and all."""
    (increment, tell), bird = pickle.loads(dumps([parcel(shared()), parcel(patched())]))
    increment()
    assert tell() == 1
    assert type(bird) is Bird
    assert bird.hi() == "SQUAWK"


def test_contents_arrive_elsewhere():
    """A fresh process that imports nothing of ours unpacks a parcel by plain pickle."""
    program = "import pickle, sys; print(pickle.load(sys.stdin.buffer).hi())"
    data = pickle.dumps(parcel(patched(), by_value="local"))
    result = subprocess.run([sys.executable, "-c", program], input=data, stdout=subprocess.PIPE, check=True)
    assert result.stdout == b"SQUAWK\n"


def test_a_parcel_can_be_called_here():
    """Before it is sent, a parcel does what its contents do."""
    assert parcel(max)(3, 2) == 3


def test_results_come_back_in_parcels():
    """With `returns`, what the function returns over there is sent back by us as well."""
    there = pickle.loads(pickle.dumps(parcel(patched, returns=True)))
    assert pickle.loads(pickle.dumps(there())).hi() == "SQUAWK"


def test_the_error_is_ours():
    """What cannot travel is refused when the parcel is sent, with the path to it."""
    with pytest.raises(loaf.EncodeError, match="frame"):
        pickle.dumps(parcel([sys._getframe()]))


def test_a_table_keeps_what_is_the_frameworks():
    """Of a framework's dispatch table everything is used but what would lose patched methods."""
    buffer = io.BytesIO()
    pickler = FrameworkPickler(buffer)
    pickler.dispatch_table = {
        Bird: lambda bird: (str, ("a bird",)),
        types.MethodType: lambda method: (str, ("lost",)),
    }
    pickler.dump([Bird(), patched().hi])
    bird, method = pickle.loads(buffer.getvalue())
    assert bird == "a bird"
    assert method() == "SQUAWK"
