"""What every program sends, at the head of its `__main__`: cloudpickle, or the framework, loses a part of it."""

import types


class Turkey:
    """An instance of this is patched."""

    def hi(self):
        return "hello"


def hi2(self):
    return "SQUAWK"


def patched_turkey():
    """The bird of the story: the method sits on the instance."""
    turkey = Turkey()
    turkey.hi = types.MethodType(hi2, turkey)
    return turkey


def counter():
    """Two closures over one variable, which cloudpickle splits."""
    count = 0

    def increment():
        nonlocal count
        count += 1
        return count

    return increment, lambda: count


def use(turkey, pair):
    """What is done over there: let both be used, and send both back."""
    pair[0]()
    return turkey.hi(), pair[1](), turkey, pair


def check(answer):
    """What has to be true of the answer here."""
    said, counted, turkey, (increment, tell) = answer
    assert said == "SQUAWK", said
    assert counted == 1, counted
    assert turkey.hi() == "SQUAWK"
    assert type(turkey) is Turkey
    increment()
    assert tell() == 2, tell()
    print("arrived")
