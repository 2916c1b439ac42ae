"""A class that was dumped before is only sent as it was when nothing about it has changed."""

import gc
import inspect
import sys
import weakref
from unittest import mock

import pytest

import pickleloaf
from pickleloaf.reducers.classes import identities, image

SOURCE = '''
class Base:
    pass

class Shop(Base):
    limit = 1
    ends = 1000, "a"

    def sell(self, count=1, *, price=2):
        return count * price

    def buy(self, count=1):
        return count

    @property
    def open(self):
        """Whether it is open."""
        return True

    @staticmethod
    def vat(amount):
        return amount * 2

    def closed(self):
        return super().__init__

def other(self):
    return "other"

def unsell(self, count=1, *, price=2):
    return -count
'''


def _make(source=SOURCE):
    scope = {"__name__": "__main__"}
    exec(compile(source, "shop", "exec"), scope)
    return scope["Shop"], scope


def _empty_cell(cls, scope):
    del cls.closed.__closure__[0].cell_contents


CHANGES = {
    "an atom for another": lambda cls, scope: setattr(cls, "limit", 2),
    "an atom for an equal one of another type": lambda cls, scope: setattr(cls, "limit", True),
    "a tuple for an equal one": lambda cls, scope: setattr(cls, "ends", (1000.0, "a")),
    "one more attribute": lambda cls, scope: setattr(cls, "more", 1),
    "one attribute less": lambda cls, scope: delattr(cls, "limit"),
    "a method": lambda cls, scope: setattr(cls, "buy", scope["other"]),
    "a method for what is equal to anything": lambda cls, scope: setattr(cls, "buy", mock.ANY),
    "the module of a method": lambda cls, scope: setattr(cls.buy, "__module__", "shops"),
    "all attributes of a method": lambda cls, scope: setattr(cls.buy, "__dict__", {"mark": 1}),
    "the code of a method": lambda cls, scope: setattr(cls.buy, "__code__", scope["other"].__code__),
    "a default": lambda cls, scope: setattr(cls.buy, "__defaults__", (2,)),
    "a default, equal": lambda cls, scope: setattr(cls.buy, "__defaults__", (True,)),
    "a keyword default in its dict": lambda cls, scope: cls.sell.__kwdefaults__.update(price=3),
    "a keyword default in its dict, equal": lambda cls, scope: cls.sell.__kwdefaults__.update(price=2.0),
    "an attribute of a method": lambda cls, scope: setattr(cls.buy, "mark", 1),
    "an annotation": lambda cls, scope: cls.buy.__annotations__.update(count="int"),
    "the docstring of a method": lambda cls, scope: setattr(cls.buy, "__doc__", "Buy."),
    "the name of a method": lambda cls, scope: setattr(cls.buy, "__name__", "acquire"),
    "a property": lambda cls, scope: setattr(cls, "open", property(scope["other"])),
    "a property for a setter": lambda cls, scope: setattr(cls, "open", property(None, cls.open.fget)),
    "the docstring of a property": lambda cls, scope: setattr(cls.open, "__doc__", "Open?"),
    "a static method for a class method": lambda cls, scope: setattr(cls, "vat", classmethod(cls.vat)),
    "the code of a static method": lambda cls, scope: setattr(cls.vat, "__code__", scope["other"].__code__),
    "the name of the class": lambda cls, scope: setattr(cls, "__name__", "Store"),
    "the qualified name of the class": lambda cls, scope: setattr(cls, "__qualname__", "Store"),
    "the bases": lambda cls, scope: setattr(cls, "__bases__", (type("Other", (scope["Base"],), {}),)),
    "the cell of the class": _empty_cell,
}


@pytest.mark.parametrize("without_keywords", [False, True], ids=["with keyword defaults", "without"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_changes_show(change, without_keywords):
    """Whatever was changed about a class since it was last dumped changes what is sent."""
    source = SOURCE.replace(", *, price=2", ", price=2") if without_keywords else SOURCE
    cls, scope = _make(source)
    if without_keywords and cls.sell.__kwdefaults__ is None and "keyword default" in str(_name_of(change)):
        pytest.skip("it has none")
    before = pickleloaf.dumps(cls)
    assert pickleloaf.dumps(cls) == before
    change(cls, scope)
    assert pickleloaf.dumps(cls) != before


def _name_of(change):
    return next(name for name, each in CHANGES.items() if each is change)


ANNOTATED = """
class Empty:
  pass
class Shop:
  limit: int
  rates: list[int] | None
  def sell(self, count: int, to: "Shop") -> list[int]:
    return count
"""
LAZY = pytest.mark.skipif(sys.version_info < (3, 14), reason="annotations are there from the start")


@pytest.mark.parametrize("name", ["Empty", "Shop"])
def test_asking_for_annotations_is_no_change(name):
    """To evaluate annotations (PEP 649) changes neither what is sent nor that nothing has changed."""
    cls = _make(ANNOTATED)[1][name]
    before = pickleloaf.dumps(cls)
    for each in (cls, getattr(cls, "sell", cls)):
        assert pickleloaf.dumps(cls) == before
        inspect.get_annotations(each)
        getattr(each, "__annotate__", None)
    assert pickleloaf.dumps(cls) == before
    assert identities.known(cls).changes is None


@LAZY
def test_an_image_of_evaluated_annotations_serves(monkeypatch):
    """A class whose annotations were evaluated is read once more, and no more."""
    cls = _make(ANNOTATED)[0]
    for each in (cls, cls.sell):
        assert each.__annotations__
    before = pickleloaf.dumps(cls)
    monkeypatch.setattr(image, "Draft", mock.Mock(side_effect=AssertionError))
    assert pickleloaf.dumps(cls) == before


@pytest.mark.parametrize("change", [{"more": str}, {"limit": str, "count": str}], ids=["one more", "another"])
@pytest.mark.parametrize("when", ["before it is dumped", "later", "evaluated, and later"])
def test_changed_annotations_are_sent(change, when):
    """Annotations that differ from what evaluates them are sent, whenever they were changed."""
    cls = _make(ANNOTATED)[0]
    function = _make("def Shop(limit: int, count: int): pass")[0]
    for each in (cls, cls.sell, function):
        if when != "before it is dumped":
            if when != "later":
                assert each.__annotations__
            pickleloaf.dumps(each)
        before = pickleloaf.dumps(_make(ANNOTATED)[0])
        each.__annotations__.update(change)
        assert pickleloaf.dumps(cls) != before
    assert pickleloaf.dumps(function) != pickleloaf.dumps(_make("def Shop(limit: int, count: int): pass")[0])


USING = "RATE = 3\nclass Shop:\n  total = {}\n  def buy(self):\n    return RATE\n"


def test_an_image_is_worked_out_once(monkeypatch):
    """A class that has not changed is read once, whatever its methods use and whatever it holds."""
    cls, _ = _make(USING)
    before = pickleloaf.dumps(cls)
    monkeypatch.setattr(image, "Draft", mock.Mock(side_effect=AssertionError))
    assert pickleloaf.dumps(cls) == before
    cls.total["a"] = 1  # what may change in place is no part of the image
    assert pickleloaf.dumps(cls) != before


@pytest.mark.parametrize("part", ["", "@property", "@classmethod", "@staticmethod"])
def test_a_dumped_class_does_not_live_for_ever(part):
    """Dumping a class twice keeps neither it nor the namespace alive in which it was made."""
    cls, scope = _make(f"class Shop:\n  {part}\n  def buy(self):\n    return Shop, __class__\n")
    scope["Shop"] = 1  # closed: a global that is a class of this kind would not be
    scope["held"] = cls
    pickleloaf.dumps(cls)
    pickleloaf.dumps(cls)
    gone = weakref.ref(cls)
    del cls, scope
    gc.collect()
    assert gone() is None


def test_a_class_with_a_large_cache_may_change():
    """The size of a cache is no function of the class, however it is written down."""
    shop, _ = _make(
        "import functools\n\n"
        "class Shop:\n    def name(self):\n        return 1\n\n"
        "    @functools.lru_cache(maxsize=1000)\n    def price(self):\n        return 2\n"
    )
    before = pickleloaf.dumps(shop)
    shop.limit = 1
    assert pickleloaf.dumps(shop) != before
