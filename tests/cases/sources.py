"""Shipped code still shows its source."""

from harness import Case, define, drive


def broken(table):
    total = 0
    return total + table["no such key"]


class TracebackLines(Case):
    """A function of the script whose error shows the source line"""

    def make():
        return broken

    def same(obj):
        import traceback

        with raises(KeyError) as caught:
            obj({})
        text = "".join(traceback.format_exception(caught.value))
        assert 'return total + table["no such key"]' in text and "in broken" in text


class CellLines(Case):
    """A function of a notebook cell whose error shows the source line"""

    def make():
        return define("def check(n):\n    assert n > 0, 'must be positive'\n    return n\n", "check")

    def same(obj):
        import traceback

        with raises(AssertionError) as caught:
            obj(-1)
        assert "assert n > 0, 'must be positive'" in "".join(traceback.format_exception(caught.value))


class GetSource(Case):
    """inspect.getsource of a function and of an inner one"""

    def make():
        def outer(n):
            def inner(m):
                return n + m  # the inner one

            return inner

        return outer, outer(1)

    def same(obj):
        import inspect

        outer, inner = obj
        assert inspect.getsource(outer).lstrip().startswith("def outer(n):")
        assert "# the inner one" in inspect.getsource(inner)
        assert "outer" not in inspect.getsource(inner)


class MethodLines(Case):
    """A method of a class of the script whose error shows the source line"""

    def make():
        class Parser:
            def parse(self, text):
                self.text = text
                return int(text)  # the failing line

        return Parser()

    def same(obj):
        import traceback

        with raises(ValueError) as caught:
            obj.parse("x")
        assert "# the failing line" in "".join(traceback.format_exception(caught.value))


class GetSourceOfAnnotated(Case):
    """inspect.getsource of methods of a class with annotations, whose functions no `def` names (PEP 649)"""

    def make():
        class Parser:
            strict: bool = False

            def parse(self, text: str) -> "int":
                return int(text)  # annotated

            def empty(self):
                return 0  # not annotated

        return Parser

    def same(obj):
        import inspect

        assert "# annotated" in inspect.getsource(obj.parse)
        assert "# not annotated" in inspect.getsource(obj.empty)


class GetSourceOfMethods(Case):
    """inspect.getsource of the methods of a class; of the class as a whole there is none, and no other"""

    def make():
        class Parser:
            def parse(self, text):
                return text  # as it is

            @property
            def size(self):
                return 1  # always

        return Parser

    def here(obj):
        import inspect

        assert "# as it is" in inspect.getsource(obj)

    def same(obj):
        import inspect

        assert "# as it is" in inspect.getsource(obj.parse)
        assert inspect.getsource(obj.size.fget).lstrip().startswith("@property")
        try:
            found = inspect.getsource(obj)
        except (OSError, TypeError):
            return
        assert "# as it is" in found  # where the receiver has the very file


class TwoVersions(Case):
    """Two functions of one cell name, whose sources differ"""

    def make():
        def cell(n):
            return define(f"def f():\n    raise ValueError  # version {n}\n", "f")

        return cell(1), cell(2)

    def same(obj):
        import traceback

        for n, function in enumerate(obj, start=1):
            with raises(ValueError) as caught:
                function()
            assert f"# version {n}" in "".join(traceback.format_exception(caught.value))


if __name__ == "__main__":
    drive()
