"""cloudpickle's README, read off the installed distribution, runs with nothing but the import changed."""

import doctest
import importlib.metadata
import re
import textwrap

import pytest
from harness import SERIALIZER, loaf

pytest.importorskip("cloudpickle")

#: What the README imports and does not show; with a dependency of its own.
FILES = {
    "my_module.py": """
        import my_helper
        def my_function(x=1):
            return scaled(x) + my_helper.OFFSET
        def scaled(x):
            return x * 10
        """,
    "my_helper.py": "OFFSET = 5",
}

#: Runs statements as an interactive shell does, and keeps what it would show.
SHELL = """
    import sys
    sys.path.insert(0, {folder!r})
    values = []
    sys.displayhook = lambda value: value is None or values.append(value)
    for source in {sources!r}:
        exec(compile(source, "<shell>", "single"))
    """


@pytest.fixture
def session(tmp_path, script):
    """Call `session(number, ..., obj)`: type these blocks of the README in; returns `obj`, an expression."""
    folder = tmp_path / "files"
    folder.mkdir()
    for name, source in FILES.items():
        (folder / name).write_text(textwrap.dedent(source))

    def run(*numbers, obj):
        sources = [source for number in numbers for source in blocks()[number]]
        shell = textwrap.dedent(SHELL).format(folder=str(folder), sources=sources)
        return loaf.loads(script(f"{shell}\nobj = {obj}"))

    run.folder = folder
    return run


def blocks():
    """The statements of each shell session in the README, with the import changed."""
    readme = importlib.metadata.metadata("cloudpickle")["Description"]
    found = re.findall(r"^```python\n(.*?)```", readme, re.DOTALL | re.MULTILINE)
    sessions = [doctest.DocTestParser().get_examples(text) for text in found]
    new = f"import {SERIALIZER} as cloudpickle"
    return [[each.source.replace("import cloudpickle", new) for each in session] for session in sessions]


def test_blocks():
    """The README has the three sessions that these tests know, and the first and last have the import."""
    lambdas, functions, registered = blocks()
    assert SERIALIZER in lambdas[0]
    assert "my_function" in functions[1]
    assert SERIALIZER in registered[0]


def test_main(session, receive):
    """A lambda and a function of the shell: the README's results, also in a fresh process."""
    values, *payloads = session(0, 1, obj="[values, pickled_lambda, pickled_function]")
    assert (values[0], values[-1]) == (4, 85)

    def check(objects):
        squared, my_function = objects
        assert squared(7) == 49
        assert my_function(1) == 43
        assert my_function.__annotations__ == {"data": int, "return": int}

    receive(check, *payloads)


def test_registered(session, receive):
    """A registered module's function travels by value, and again by reference when it is unregistered."""
    by_value, by_reference = session(2, obj="values")

    def check_value(objects):
        my_function = next(objects)
        with raises(ModuleNotFoundError):  # noqa: F821 - the receiver's
            import my_module  # noqa: F401
        assert my_function(2) == 25

    def check_reference(objects):
        import my_module

        assert next(objects) is my_module.my_function

    receive(check_value, by_value, path=[helper_alone(session.folder)])
    receive(check_reference, by_reference, path=[session.folder])


def helper_alone(folder):
    """A folder that has what the registered module depends on, but not that module."""
    alone = folder / "alone"
    alone.mkdir()
    (alone / "my_helper.py").write_text(FILES["my_helper.py"])
    return alone


def test_import_in_body(session, script, receive):
    """What the README warns of works here: an import in a body, of a module that is registered."""
    source = f"""
        import sys
        sys.path.insert(0, {str(session.folder)!r})
        import {SERIALIZER} as cloudpickle
        import my_helper
        cloudpickle.register_pickle_by_value(my_helper)
        def f():
            from my_helper import OFFSET
            return OFFSET + 1
        obj = f
        """

    def check(objects):
        assert next(objects)() == 6

    receive(check, script(source))
