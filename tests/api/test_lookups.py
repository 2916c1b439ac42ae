"""Objects that are pickled as look-ups on a class which travels with them."""

import pytest
from harness import define, loaf

CONSTANT = """
    class Color:
        def __init__(self, name): self.name = name
        def __reduce__(self): return getattr, (Color, self.name)
    Color.RED = Color("RED")
    """

LOOKED_UP = """
    class Found:
        def __init__(self, function): self.function = function
        def __set_name__(self, owner, name): self.owner, self.name = owner, name
        def __get__(self, instance, owner=None): return self
        def __reduce__(self): return Found.find, (self.owner, self.name)
        @staticmethod
        def find(owner, name): return owner.__dict__[name]
    class Holder:
        @Found
        def method(self, x): return x * 2
    """

SINGLETON = """
    class One:
        only = None
        def __new__(cls):
            if cls.only is None:
                cls.only = object.__new__(cls)
            return cls.only
    one = One()
    """


@pytest.mark.parametrize("whole", [True, False])
def test_attribute_of_its_own_class(receive, whole):
    """It is what the class has, also in a second payload, where the look-up finds it."""
    color = define(CONSTANT, "Color")
    payload = loaf.dumps([color.RED, color] if whole else [color.RED])

    def check(objects):
        first, second = next(objects), next(objects)
        color = type(first[0])
        assert first[0] is second[0] is color.RED
        assert color.RED.name == "RED"

    receive(check, payload, payload)


def test_look_up_of_what_is_more_than_attributes():
    """A number that is pickled as an attribute of its class: nobody says what it consists of."""
    source = CONSTANT.replace("class Color:", "class Color(int):").replace("self, name", "self, name, *more")
    source = source.replace(
        "def __init__", "def __new__(cls, name): return int.__new__(cls, 3)\n        def __init__"
    )
    color = define(source, "Color")
    with pytest.raises(loaf.EncodeError, match=r"it is pickled as Color.RED, which travels by value"):
        loaf.dumps(color)


def test_other_attributes_of_classes():
    """One that is found on a class but is not what the class holds there arrives."""
    maker = define(
        "class Maker:\n    def __reduce__(self): return getattr, (Maker, 'name')\n    name = 'n'\n", "Maker"
    )
    assert loaf.loads(loaf.dumps(maker())) == "n"


IN_A_REGISTRY = """
    class Unit:
        known = {}
        def __init__(self, name): self.name = name; Unit.known[name] = self
        @classmethod
        def find(cls, name): return cls.known.get(name)
        def __reduce__(self): return Unit.find, (self.name,)
    """

MADE_ANEW = """
    class Unit:
        made = []
        def __init__(self, name): self.name = name; Unit.made.append(name)
        @classmethod
        def make(cls, name): return cls(name)
        def __reduce__(self): return Unit.make, (self.name,)
    """


def test_look_up_in_what_travels(receive):
    """Whatever finds it: a method of a descriptor's class, or of its own class, in a registry there."""
    holder = define(LOOKED_UP, "Holder")
    unit = define(IN_A_REGISTRY, "Unit")
    metre, second = unit("metre"), unit("second")

    def check(objects):
        holder = next(objects)
        assert vars(holder)["method"].owner is holder
        assert vars(holder)["method"].function(None, 4) == 8
        for metre, second in (next(objects), next(objects)):
            unit = type(metre)
            assert unit.find("metre") is metre
            assert list(unit.known.values()) == [metre, second]
            assert second.name == "second"

    payload = loaf.dumps((metre, second))
    receive(check, loaf.dumps(holder), payload, payload)


def test_what_makes_is_not_run_to_see_whether_it_finds():
    """A constructor that keeps a list is called by the load alone."""
    unit = define(MADE_ANEW, "Unit")
    made = unit("metre")
    copy = loaf.loads(loaf.dumps(made))
    assert copy.name == "metre"
    assert unit.made == ["metre", "metre"]  # by us, and by the load


def test_look_up_that_finds_nothing_is_told(receive):
    """A look-up that nobody can see through fails where it is made, and never arrives as None."""
    source = LOOKED_UP.replace("return owner.__dict__[name]", "return dict(vars(owner))[name]")
    holder = define(source, "Holder")

    with pytest.raises(pytest.fail.Exception, match=r"Holder\.method cannot be made here"):
        receive(_load, loaf.dumps(holder))


def _load(objects):
    next(objects)


def test_singleton(receive):
    """A class that keeps its only instance, and makes it when it has none, is made again with that."""
    one = define(SINGLETON, "one")

    def check(objects):
        one = next(objects)
        assert type(one).only is one
        assert type(one)() is one

    receive(check, loaf.dumps(one))
