"""The control: what the cases expect is true where no serializer has touched the object."""

from lab import holds, law


@law("identity", over=lambda case: True)
def test_expectation(case, outcome):
    """What a case asserts holds for the very object that it makes."""
    holds(outcome["error"])
