"""What users of pickle and cloudpickle find under the names that they know."""

import colorsys
import copy
import dataclasses
import io
import os
import pickle
import string
import sys
import types
from unittest import mock

import cloudpickle
import pytest
from harness import define

import pickleloaf
from pickleloaf.integrations._framework import FrameworkPickler
from pickleloaf.integrations.parcels import Parcel, parcel


def test_names_of_pickle():
    """What pickle has is there, and is the same."""
    for name in (
        "HIGHEST_PROTOCOL", "PickleBuffer", "PickleError", "PicklingError", "UnpicklingError",
    ):  # fmt: skip
        assert getattr(pickleloaf, name) is getattr(pickle, name)
    assert issubclass(pickleloaf.Unpickler, pickle.Unpickler)
    with pytest.raises(pickleloaf.PicklingError):
        pickleloaf.dumps(sys._getframe())


def test_loads_takes_pickles_of_python_2():
    """Encoding and errors mean what they mean to pickle, in all three ways to load."""
    data = b"U\x01\xe9."
    assert pickleloaf.loads(data, encoding="latin1", fix_imports=True, errors="strict") == "é"
    assert pickleloaf.load(io.BytesIO(data), encoding="bytes") == b"\xe9"
    assert pickleloaf.Unpickler(io.BytesIO(data), errors="replace").load() == "\ufffd"
    obj, patches = pickleloaf.loads(data, encoding="latin1", patches="collect")
    assert (obj, patches) == ("é", ())


def test_unpickler():
    """Several objects in a file, buffers, and a find_class of the user's."""
    file = io.BytesIO()
    buffers = []
    pickleloaf.dump([1], file)
    pickleloaf.dump(lambda: 2, file)
    pickleloaf.dump(pickle.PickleBuffer(bytearray(b"abc")), file, 5, buffers.append)
    file.seek(0)
    assert pickleloaf.Unpickler(file).load() == [1]
    assert pickleloaf.Unpickler(file).load()() == 2
    assert bytes(pickleloaf.Unpickler(file, buffers=buffers).load()) == b"abc"
    with pytest.raises(EOFError):
        pickleloaf.Unpickler(file).load()

    class Strict(pickleloaf.Unpickler):
        def find_class(self, module, name):
            raise pickle.UnpicklingError(f"blocked {module}.{name}")

    with pytest.raises(pickle.UnpicklingError, match=r"blocked pickleloaf\.wire\.function"):
        Strict(io.BytesIO(pickleloaf.dumps(lambda: 1))).load()
    with pytest.raises(ValueError, match="patches is"):
        pickleloaf.Unpickler(file, patches="no")


@pytest.mark.parametrize(
    ("make", "asked"),
    [
        (lambda: colorsys, ("colorsys", "__name__")),
        (lambda: string.Formatter.__mro__, ("string", "Formatter")),
        (lambda: os.environ, ("os", "environ")),
        (lambda: dataclasses.MISSING, ("dataclasses", "MISSING")),
        (lambda: types.FunctionType, ("types", "FunctionType")),
        (lambda: parcel(os.environ), ("os", "environ")),
    ],
)
def test_names_are_not_hidden_from_find_class(make, asked):
    """Whatever is imported is asked for, whether pickle names it or a verb of ours."""
    names = []

    class Asked(pickleloaf.Unpickler):
        def find_class(self, module, name):
            names.append((module, name))
            return super().find_class(module, name)

    class Strict(pickleloaf.Unpickler):
        def find_class(self, module, name):
            if (module, name) == asked:
                raise pickle.UnpicklingError(f"blocked {module}.{name}")
            return super().find_class(module, name)

    obj = make()
    data = pickle.dumps(obj) if type(obj) is Parcel else pickleloaf.dumps(obj)
    assert Asked(io.BytesIO(data)).load() == (obj.contents if type(obj) is Parcel else obj)
    assert asked in names
    with pytest.raises(pickle.UnpicklingError, match=r"blocked"):
        Strict(io.BytesIO(data)).load()


def test_find_class_may_forbid_patches():
    """The module that a payload would patch is asked for before anything is patched."""
    squawk, use = define(
        "import colorsys\ndef squawk(*args): return 'SQUAWK'\ndef use(): return colorsys.rgb_to_yiq(1, 1, 1)\n",
        "squawk",
        "use",
    )
    with mock.patch.object(colorsys, "rgb_to_yiq", squawk):
        data = pickleloaf.dumps(use, patches="carry")

    class Strict(pickleloaf.Unpickler):
        def find_class(self, module, name):
            if (module, name) == ("colorsys", "__name__"):
                raise pickle.UnpicklingError("blocked")
            return super().find_class(module, name)

    with pytest.raises(pickle.UnpicklingError, match="blocked"):
        Strict(io.BytesIO(data)).load()
    assert colorsys.rgb_to_yiq(0, 0, 0) == (0, 0, 0)


@pytest.mark.parametrize("load", [pickleloaf.load, lambda file: pickleloaf.Unpickler(file).load()])
def test_files_say_who_wanted_what_is_missing(load, tmp_path, monkeypatch):
    """Who wanted it is read again off the file; the file stays where it stood."""
    (tmp_path / "gone_with_the_file.py").write_text("def helper(): return 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    scope = {"__name__": "__main__"}
    exec("from gone_with_the_file import helper\ndef job(): return helper()", scope)
    payload = pickleloaf.dumps(scope["job"])
    del sys.modules["gone_with_the_file"]
    monkeypatch.undo()
    file = io.BytesIO(b"x" + payload)
    file.seek(1)
    with pytest.raises(pickleloaf.MissingModuleError, match=r"gone_with_the_file.*wanted by.*job"):
        load(file)


class Amount:
    """Something that is registered below."""

    def __init__(self, n):
        self.n = n


def test_dispatch_table_of_the_class():
    """It is a mapping: what is set there is heeded by `dumps` and by picklers, and can be taken back."""
    table = pickleloaf.CloudPickler.dispatch_table
    before = dict(copy.copy(table))
    pickleloaf.dumps(Amount(1))
    table[Amount] = lambda amount: (Amount, (amount.n + 100,))
    try:
        assert table[Amount]
        assert Amount in pickleloaf.Pickler.dispatch_table
        assert pickleloaf.loads(pickleloaf.dumps(Amount(1))).n == 101
        file = io.BytesIO()
        pickleloaf.Pickler(file).dump([Amount(2)])
        assert pickle.loads(file.getvalue())[0].n == 102
    finally:
        del table[Amount]
    assert pickleloaf.loads(pickleloaf.dumps(Amount(1))).n == 1
    assert dict(table) == before


def test_dispatch_table_of_a_pickler():
    """One that is given to a pickler, or that a subclass has, holds for these alone."""
    file = io.BytesIO()
    pickler = pickleloaf.Pickler(file)
    assert not hasattr(pickler, "dispatch_table")
    pickler.dispatch_table = {Amount: lambda amount: (Amount, (amount.n + 7,))}
    pickler.dump(Amount(1))
    assert pickle.loads(file.getvalue()).n == 8

    class Own(pickleloaf.Pickler):
        dispatch_table = {Amount: lambda amount: (Amount, (amount.n + 9,))}  # noqa: RUF012

    file = io.BytesIO()
    Own(file).dump(Amount(1))
    assert pickle.loads(file.getvalue()).n == 10
    assert pickleloaf.loads(pickleloaf.dumps(Amount(1))).n == 1


@pytest.mark.parametrize("method", ["dump", "clear_memo"])
def test_forgotten_init(method):
    """A subclass that does not call `__init__` is told so, as by pickle."""

    class Forgetful(pickleloaf.Pickler):
        def __init__(self):
            pass

    arguments = [1] if method == "dump" else []
    with pytest.raises(pickle.PicklingError, match=r"Pickler.__init__\(\) was not called by Forgetful"):
        getattr(Forgetful(), method)(*arguments)


def test_forgotten_init_of_unpickler():
    """A subclass that does not call `__init__` is told so, as by pickle; one that calls pickle's own loads."""

    class Forgetful(pickleloaf.Unpickler):
        def __init__(self):
            pass

    class Direct(pickleloaf.Unpickler):
        def __init__(self, file):
            pickle.Unpickler.__init__(self, file)

    with pytest.raises(pickle.UnpicklingError, match=r"^Unpickler.__init__\(\) was not called by Forgetful"):
        Forgetful().load()
    assert Direct(io.BytesIO(pickleloaf.dumps([1]))).load() == [1]


@pytest.mark.skipif(sys.version_info < (3, 14), reason="pickle does not notice it before")
def test_reentrant_unpickler():
    """A hook that loads with the unpickler which asks it is refused with pickle's own error."""

    class Meddling(pickleloaf.Unpickler):
        def persistent_load(self, pid):
            with pytest.raises(RuntimeError, match="already used"):
                self.load()
            return pid

    assert Meddling(io.BytesIO(b"Pone\n.")).load() == "one"


def test_arguments_of_wrong_types():
    """A file, data or buffers that cannot be those raise the TypeError that they raise in pickle."""
    with pytest.raises(TypeError, match="'write'"):
        pickleloaf.Pickler(object())
    with pytest.raises(TypeError, match="bytes-like"):
        pickleloaf.loads("text")
    with pytest.raises(TypeError, match="not iterable"):
        pickleloaf.loads(pickleloaf.dumps(1), buffers=object())
    with pytest.raises(pickleloaf.DecodeError):
        pickleloaf.loads(b"N)R.", buffers=[b""])


def test_register_by_name(tmp_path, monkeypatch):
    """A module's name will do, of a package as well."""
    package = tmp_path / "by_name"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "low.py").write_text("def g(): return 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    import by_name.low

    low = sys.modules["by_name.low"]
    pickleloaf.register_pickle_by_value("by_name")
    try:
        assert pickleloaf.list_registry_pickle_by_value() == {"by_name"}
        assert pickleloaf.loads(pickleloaf.dumps(low.g)) is not low.g
    finally:
        pickleloaf.unregister_pickle_by_value(by_name)
    assert pickleloaf.loads(pickleloaf.dumps(low.g)) is low.g
    for wrong in ("no_such_module_here", 3):
        with pytest.raises(ValueError, match=r"imported correctly|module object"):
            pickleloaf.register_pickle_by_value(wrong)


def test_integrations_heed_cloudpickle(tmp_path, monkeypatch):
    """What is registered with cloudpickle travels by value through a framework, until it is taken back."""
    (tmp_path / "heeded.py").write_text("def g(): return 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    import heeded

    def sent():
        file = io.BytesIO()
        FrameworkPickler(file).dump(heeded.g)
        return pickle.loads(file.getvalue())

    assert sent() is heeded.g
    cloudpickle.register_pickle_by_value(heeded)
    assert sent() is not heeded.g
    cloudpickle.unregister_pickle_by_value(heeded)
    assert sent() is heeded.g
