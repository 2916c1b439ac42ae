"""Portable payloads, with a foreign Python played by a changed version in the head of each envelope.

What other Pythons really make of them: ``make portable-matrix``, and the golden payloads.
"""

import dataclasses
import importlib.util
import linecache
import pickle
import sys

import pytest
from harness import define, loaf
from portable.specimens import GOLDEN, SOURCES

HEAD = bytes(sys.version_info[:2]) + importlib.util.MAGIC_NUMBER[:2]
FOREIGN = bytes((3, 9)) + b"a\r"


def abroad(payload):
    """The payload as if another Python had made it: its bytecode is no good, its source has to do."""
    assert HEAD in payload
    return payload.replace(HEAD, FOREIGN)


def travel(obj):
    """Dump here, load as a foreign payload."""
    return loaf.loads(abroad(loaf.dumps(obj, portable=True)))


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_foreign(source):
    """What has come by its source does what the original does, under the same names."""
    work = define(source, "work")
    twin = travel(work)
    again = travel(twin)
    assert twin() == work() == again()
    assert (twin.__qualname__, twin.__doc__) == (work.__qualname__, work.__doc__)


def test_home():
    """The maker's own Python does not compile: the bytecode is the very same."""
    work = define(SOURCES["statements"], "work")
    twin = loaf.loads(loaf.dumps(work, portable=True))
    assert twin.__code__.co_code == work.__code__.co_code
    assert twin() == work()


def test_second_trip():
    """A foreign function still has its source, whatever became of linecache."""
    first = travel(define(SOURCES["decorated"], "work"))
    linecache.clearcache()
    second = travel(first)
    assert second() == first() == ((3, 5), (3, 5))


def test_bytes():
    """The same bytes each time."""
    work = define(SOURCES["closure"], "work")
    assert loaf.dumps(work, portable=True) == loaf.dumps(work, portable=True)


def test_positions():
    """A foreign function's traceback shows its lines."""
    twin = travel(define("same = lambda f: f\n@same\n@same\ndef f():\n    a = 1\n    return a / 0\n", "f"))
    with pytest.raises(ZeroDivisionError) as caught:
        twin()
    assert str(caught.traceback[-1].statement).strip() == "return a / 0"
    assert twin.__code__.co_firstlineno == 1


def no_source():
    """A function whose text nobody keeps."""
    scope = {"__name__": "__main__"}
    exec("def lost():\n    return 5\n", scope)
    return scope["lost"]


def test_refused():
    """Code without certain source is refused by name, path and reason."""
    with pytest.raises(loaf.EncodeError) as caught:
        loaf.dumps({"jobs": [no_source()]}, portable=True)
    assert "lost" in caught.value.args[0]
    assert "no source text" in caught.value.args[0]
    assert caught.value.path == "obj['jobs'][0]"
    assert "prefer" in caught.value.hint


def test_changed_file(tmp_path):
    """Source that says something else by now is not believed."""
    file = tmp_path / "changing.py"
    file.write_text("def f():\n    return 1\n")
    scope = {"__name__": "__main__"}
    exec(compile(file.read_text(), str(file), "exec"), scope)
    file.write_text("def f():\n    return 2\n")
    with pytest.raises(loaf.EncodeError, match="may have changed"):
        loaf.dumps(scope["f"], portable=True)


def test_preferred():
    """By preference it travels for this Python, and another refuses it cleanly."""
    payload = loaf.dumps(no_source(), portable="prefer")
    assert loaf.loads(payload)() == 5
    with pytest.raises(loaf.DecodeError, match="portable=True"):
        loaf.loads(abroad(payload))


def test_not_portable():
    """Without the argument nothing changes: a foreign payload is refused, and names both versions."""
    payload = loaf.dumps(define(SOURCES["statements"], "work"))
    with pytest.raises(loaf.DecodeError, match=r"3\.9"):
        loaf.loads(abroad(payload))


def test_damaged():
    """A portable envelope with a flipped bit is refused before anything is read from it."""
    payload = abroad(loaf.dumps(define(SOURCES["statements"], "work"), portable=True))
    at = payload.index(FOREIGN) + 40
    with pytest.raises(loaf.DecodeError, match="damaged"):
        loaf.loads(payload[:at] + bytes([payload[at] ^ 1]) + payload[at + 1 :])


def test_argument():
    """Anything else is refused."""
    with pytest.raises(ValueError, match="portable"):
        loaf.dumps(1, portable="always")


NEWER = {
    "def f[T](x: T) -> T:\n    return x\n": ((3, 12), "PEP 695"),
    "def f():\n    type X = int\n    return X\n": ((3, 12), "PEP 695"),
    "def f(a={'b': 1}):\n    return f'{a['b']}'\n": ((3, 12), "PEP 701"),
    "def f():\n    return f\"{'\\n'.join('ab')}\"\n": ((3, 12), "PEP 701"),
    "def f():\n    class A[T = int]: pass\n    return A\n": ((3, 13), "PEP 696"),
    "def f():\n    return t'{1}'\n": ((3, 14), "PEP 750"),
    "def f():\n    try:\n        1 / 0\n    except ValueError, ZeroDivisionError:\n        return 1\n": (
        (3, 14),
        "PEP 758",
    ),
    "def f():\n    return [*x for x in ['ab']]\n": ((3, 15), "PEP 798"),
    "def f():\n    try:\n        pass\n    except* (ValueError, TypeError):\n        pass\n": ((3, 11), ""),
    "def f(a=1):\n    return f'{a!r:>{a}}' f\"{a}\"\n": ((3, 11), ""),
}


@pytest.mark.parametrize(("source", "needed"), NEWER.items())
def test_newer_syntax(source, needed, monkeypatch):
    """A receiver that is too old is told which construct needs which Python; one that is not compiles."""
    since, construct = needed
    if sys.version_info < since:
        pytest.skip("this Python has no such syntax")
    payload = abroad(loaf.dumps(define(source, "f"), portable=True))
    loaf.loads(payload)
    if since > (3, 11):
        from pickleloaf.code import codec, portable

        codec.decode.cache_clear()
        monkeypatch.setattr(portable, "VERSION", (3, since[1] - 1))
        with pytest.raises(loaf.DecodeError) as caught:
            loaf.loads(payload)
        assert construct in str(caught.value)
        assert "{}.{}".format(*since) in str(caught.value)
        assert "f" in str(caught.value)


@dataclasses.dataclass
class Importable:
    """Travels by reference, so that nothing about it is portable or not."""

    a: int = 1


def test_data():
    """Data and what goes by reference are no different."""
    data = {"a": [1, 2.5, Importable(3)], "f": len}
    assert loaf.loads(loaf.dumps(data, portable=True)) == data


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("*.pickle")), ids=lambda file: file.stem)
def test_golden(file):
    """What some Python has once written loads for ever, and does what it did there."""
    for name, (payload, answer) in pickle.loads(file.read_bytes()).items():
        assert loaf.loads(payload)() == answer, name


def test_golden_of_every_python():
    """There is a file of each Python, with every specimen that was there when it was written."""
    found = {file.stem: pickle.loads(file.read_bytes()) for file in GOLDEN.glob("*.pickle")}
    assert found.keys() >= {f"portable-3.{minor}" for minor in range(11, 16)}
    assert all(len(payloads) >= 10 for payloads in found.values())


def test_public_names():
    """A class goes by the name that a public module holds it under: private ones come and go."""
    from concurrent import futures

    assert b"_base" in loaf.dumps(futures.Future)
    payload = loaf.dumps([futures.Future, futures.wait], portable=True)
    assert b"_base" not in payload
    assert loaf.loads(payload) == [futures.Future, futures.wait]


def test_provider():
    """A missing module or name is blamed on what provided it at the sender, which portable payloads record."""
    import hypothesis

    function = define("import hypothesis\ndef f():\n    return hypothesis.given\n", "f")
    payload = loaf.dumps([function, hypothesis.given], portable=True)
    assert loaf.loads(payload)[1] is hypothesis.given
    with pytest.raises(loaf.MissingNameError) as caught:
        loaf.loads(payload.replace(b"\x8c\x05given", b"\x8c\x05taken"))
    assert f"hypothesis {hypothesis.__version__}" in str(caught.value)
    with pytest.raises(loaf.MissingModuleError) as missing:
        loaf.loads(payload.replace(b"hypothesis.core", b"hypothesis.none"))
    assert f"hypothesis {hypothesis.__version__}" in str(missing.value)
    assert b"provided" not in loaf.dumps([function, hypothesis.given])
