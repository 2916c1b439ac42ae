"""Functions made in an importable module, and globals that an import of it would not make."""

import warnings

import pytest
from harness import loaf

SOURCE = """
    LEVEL = 1
    _count = 0

    def setup():
        global tree, words
        import colorsys as tree
        words = ["a"]

    def set_level(n):
        global LEVEL, _count
        LEVEL = n
        _count += 1

    def factory():
        def use():
            return tree.__name__, words
        return use

    def reader():
        return lambda: (LEVEL, _count)

    def unknown():
        return lambda: nobody_has_this
    """


def test_what_an_import_does_not_make_travels(import_anew):
    """The module there gets what it lacks, and keeps what it has."""
    here = import_anew()
    here.setup()
    payload = loaf.dumps(here.factory())
    there = import_anew()
    assert loaf.loads(payload)() == ("colorsys", ["a"])
    assert there.tree.__name__ == "colorsys"
    there.words = ["b"]
    assert loaf.loads(payload)() == ("colorsys", ["b"])


def test_constant_that_was_changed_is_told(import_anew):
    """What the module's own code has set to something else stays behind with a warning; what is private, without."""
    here = import_anew()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaf.dumps(here.reader())
    here.set_level(7)
    with pytest.warns(loaf.LeftOutWarning, match=r"LEVEL is 7 here, where an import gives 1") as told:
        payload = loaf.dumps(here.reader())
    assert len(told) == 1
    import_anew()
    assert loaf.loads(payload)() == (1, 0)


def test_names_that_are_nowhere(import_anew):
    """A name that is not there is as wrong here as there."""
    payload = loaf.dumps(import_anew().unknown())
    with pytest.raises(NameError):
        loaf.loads(payload)()


def test_functions_of_the_standard_library():
    """What was set in one of its modules is of the process; nothing is said and nothing travels."""
    import functools

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        payload = loaf.dumps(functools.wraps(len)(lambda: 1))
    assert loaf.loads(payload)() == 1
