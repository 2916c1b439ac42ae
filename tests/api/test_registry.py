"""Registering modules by value behaves, and complains, as in cloudpickle."""

import sys
import textwrap
import types

import pytest
from harness import loaf


@pytest.fixture
def module(tmp_path, monkeypatch):
    """An importable module with a function, gone afterwards."""
    (tmp_path / "reg_mod.py").write_text("N = 5\ndef f():\n    return N\n")
    monkeypatch.syspath_prepend(tmp_path)
    import reg_mod

    yield reg_mod
    if "reg_mod" in loaf.list_registry_pickle_by_value():
        loaf.unregister_pickle_by_value(reg_mod)
    sys.modules.pop("reg_mod", None)


def test_register(module, receive):
    """A registered module's function works where the module is missing."""
    loaf.register_pickle_by_value(module)
    assert loaf.list_registry_pickle_by_value() == {"reg_mod"}

    def check(objects):
        assert next(objects)() == 5
        with raises(ModuleNotFoundError):  # noqa: F821 - the receiver's
            import reg_mod  # noqa: F401

    receive(check, loaf.dumps(module.f))


def test_unregister(module):
    """An unregistered module goes by reference again, at once."""
    loaf.register_pickle_by_value(module)
    by_value = loaf.dumps(module.f)
    loaf.unregister_pickle_by_value(module)
    assert loaf.list_registry_pickle_by_value() == set()
    assert loaf.loads(loaf.dumps(module.f)) is module.f
    assert len(by_value) > len(loaf.dumps(module.f))


def test_list_is_a_copy():
    """Changing the listed set changes nothing."""
    loaf.list_registry_pickle_by_value().add("os")
    assert loaf.list_registry_pickle_by_value() == set()


@pytest.mark.parametrize("thing", [1, len])
def test_only_modules(thing):
    """Anything but a module or a name is a ValueError, both ways."""
    with pytest.raises(ValueError, match="module object"):
        loaf.register_pickle_by_value(thing)
    with pytest.raises(ValueError, match="module object"):
        loaf.unregister_pickle_by_value(thing)


def test_unimported_module():
    """A module that nobody can import is a ValueError."""
    with pytest.raises(ValueError, match="was not imported correctly"):
        loaf.register_pickle_by_value(types.ModuleType("never_imported"))


def test_unregister_unknown(module):
    """Unregistering what is not registered is a ValueError."""
    with pytest.raises(ValueError, match="is not registered"):
        loaf.unregister_pickle_by_value(module)


def test_submodule_of_registered(tmp_path, monkeypatch, receive):
    """A submodule that is imported after the package was registered is covered as well."""
    package = tmp_path / "reg_pkg"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "late.py").write_text("def f():\n    return 'late'\n")
    monkeypatch.syspath_prepend(tmp_path)
    import reg_pkg

    loaf.register_pickle_by_value(reg_pkg)
    try:
        from reg_pkg import late

        def check(objects):
            assert next(objects)() == "late"

        receive(check, loaf.dumps(late.f))
    finally:
        loaf.unregister_pickle_by_value(reg_pkg)


def test_local_modules(tmp_path, script, receive):
    """by_value="local" ships the user's own modules, and leaves installed ones alone."""
    (tmp_path / "mine_util.py").write_text("import json\ndef pack(x):\n    return json.dumps(x)\n")
    source = """
        import sys
        sys.path.insert(0, {folder!r})
        import functools, SERIALIZER
        import mine_util
        dumps = SERIALIZER.dumps
        SERIALIZER.dumps = functools.partial(dumps, by_value="local")
        obj = mine_util.pack
        """
    from harness import SERIALIZER

    text = textwrap.dedent(source).format(folder=str(tmp_path)).replace("SERIALIZER", SERIALIZER)
    payload = script(text)

    def check(objects):
        import json

        pack = next(objects)
        assert pack([1]) == "[1]"
        assert pack.__globals__["json"] is json

    receive(check, payload)


def test_threads_register(module):
    """Registering from many threads leaves the registry right."""
    import threading

    def flip():
        for _ in range(200):
            loaf.register_pickle_by_value(module)
            loaf.list_registry_pickle_by_value()

    threads = [threading.Thread(target=flip) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert loaf.list_registry_pickle_by_value() == {"reg_mod"}


def test_local_code_is_never_ours():
    """With `by_value="local"`, pickleloaf itself goes by reference from whichever checkout it runs."""
    payload = loaf.dumps(lambda: loaf.errors.PickleloafError, by_value="local")
    assert len(payload) < 20_000
    assert (
        loaf.loads(loaf.dumps(loaf.errors.PickleloafError, by_value="local")) is loaf.errors.PickleloafError
    )
