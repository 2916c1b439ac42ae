"""Code within code: inner functions, classes, comprehensions, patterns."""

import pytest
from harness import define

from pickleloaf import fingerprint

NESTED = '''
def f(xs):
    """Outer."""
    def inner(y, scale=2):
        "Inner."
        count = y
        def innermost():
            nonlocal count
            count += 1
            return count * scale
        return innermost()
    class Local:
        attribute = 1
        def method(self):
            return [self.attribute for found in xs if (last := found)]
    try:
        with open("x") as file, open("y") as (second, *others):
            import os.path as p
            print(f"{inner(1)!r:>{len(xs)}} {file=}")
    except (OSError, ValueError) as error:
        del error
    match xs:
        case [first, *rest] | {"k": first, **rest}:
            return first, rest
    return {k: v for k, v in zip(xs, xs)}, Local, lambda q: (q, xs)
'''

#: Names of variables at all depths, and text that says nothing.
RENAMED = {
    "count": "number", "found": "each", "last": "latest", "others": "more", "second": "third", "error": "problem",
    "first": "head", "rest": "tail", "k: v for k, v": "a: b for a, b", "as p\n": "as q\n", '"Inner."': '"I."',
}  # fmt: skip
#: What inner code does, and names that can be seen from elsewhere.
DIFFERENT = {
    "scale=2": "scale=3", "attribute": "member", "inner(": "other(", "+= 1": "-= 1", "Local": "Other", "!r": "!s",
    "OSError": "KeyError", '"k"': '"l"', "lambda q: (q": "lambda z: (z", "os.path": "os", "file": "handle",
    "case [first, *rest] | ": "case ", "second, *others": "*others, second",
}  # fmt: skip


@pytest.mark.parametrize("old", RENAMED)
def test_renamed_inside(old):
    """Variables of inner functions, classes, comprehensions, patterns may have any name."""
    source = NESTED.replace(old, RENAMED[old])
    assert source != NESTED
    assert fingerprint(define(source, "f")) == fingerprint(define(NESTED, "f"))


@pytest.mark.parametrize("old", DIFFERENT)
def test_different_inside(old):
    """What inner code does counts, and so does a name that it shows: f"{file=}"."""
    source = NESTED.replace(old, DIFFERENT[old])
    assert source != NESTED
    assert fingerprint(define(source, "f")) != fingerprint(define(NESTED, "f"))


def test_source_is_found():
    """The specimen above counts by its source, on every Python."""
    assert "-" not in fingerprint(define(NESTED, "f"))
