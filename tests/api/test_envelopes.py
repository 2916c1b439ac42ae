"""Envelopes of code: the older kind still opens, and what zlib is told beforehand stays the same for ever."""

import binascii
import hashlib
import inspect
import pickle
import sys
import traceback
import zlib
from pathlib import Path

import pytest
from harness import define

import pickleloaf as loaf
from pickleloaf.code.envelope import seal, unseal
from pickleloaf.code.phrases import PHRASES

#: Payloads for one Python, of the first kind: deflated without a dictionary, a source text for each function.
OWN = Path(__file__).parent.parent / "golden" / "own" / f"python-3.{sys.version_info[1]}.pickle"


def test_phrases_stay():
    """Whoever changes these bytes makes every payload unreadable that was written before."""
    assert (
        hashlib.sha256(PHRASES).hexdigest()
        == "70f980375ffdf9377dc2d1b5f00b8a63b7f4a10c3390b40b0ce811a1c382105b"
    )


@pytest.mark.parametrize("contents", [b"", b"x", b"def f(x):\n    return x\n" * 9, bytes(range(256)) * 99])
def test_sealed_and_opened(contents):
    """What is sealed is what is found, whatever zlib makes of it."""
    assert unseal(seal(contents)) == contents


@pytest.mark.parametrize("kind", [1, 5])
def test_made_to_fill_the_memory(kind):
    """What is made to inflate to gigabytes is refused before it does."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, *[PHRASES] * (kind == 5))
    body = bytes([kind]) + b"".join(deflate.compress(bytes(1 << 20)) for _ in range(65)) + deflate.flush()
    sealed = seal(b"")[:4] + binascii.crc32(body).to_bytes(4, "little") + body
    with pytest.raises(loaf.DecodeError, match="inflates to more than 64 MB"):
        unseal(sealed)


def test_large_contents():
    """Contents that are as large as that themselves are sealed as they are."""
    contents = bytes((1 << 26) + 1)
    assert unseal(seal(contents)) == contents


@pytest.mark.skipif(not OWN.exists(), reason="no payload of the first kind for this Python")
def test_first_kind():
    """Code that was sealed before there were dictionaries works, and shows its lines."""
    payloads = pickle.loads(OWN.read_bytes())
    assert loaf.loads(payloads["function"])(2) == 10
    account = loaf.loads(payloads["instance"])
    assert (account.deposit(3), account.twice, account.name(), account.make().owner) == (
        8,
        16,
        "account",
        "me",
    )
    with pytest.raises(ValueError, match="101") as caught:
        account.deposit(101)
    assert "raise ValueError(amount)" in "".join(traceback.format_exception(caught.value))


def test_lambdas_of_one_line():
    """Many lambdas on one line bring that line once, and all have it over there."""
    sizes = []
    for count in (100, 200):
        functions = define(f"many = [{', '.join(f'lambda x: x + {n}' for n in range(count))}]", "many")
        payload = loaf.dumps(functions)
        sizes.append(len(payload))
        copies = loaf.loads(payload)
        assert [copy(1) for copy in copies] == list(range(1, count + 1))
        assert inspect.getsource(copies[7]) == inspect.getsource(functions[7])
    assert sizes[1] < 2.2 * sizes[0]
    assert loaf.dumps(copies) == payload
