"""A class that was dumped before arrives as it is now, wherever it is loaded."""

import gc
import threading
import weakref

import pytest

import pickleloaf
from pickleloaf.reducers.classes import identities, image, stamp


def make(source):
    """Run a script; return its namespace."""
    scope = {"__name__": "__main__"}
    exec(compile(source, "script", "exec"), scope)
    return scope


@pytest.mark.parametrize("before", [1, 2])
def test_a_global_that_begins_to_exist_arrives(receive, before):
    """A global that methods use is sent once it exists, however often the class was dumped without it."""

    def check(loaded):
        assert next(loaded)().size() == 3

    script = make("class Shop:\n  def size(self):\n    return len([])\n")
    for _ in range(before):
        pickleloaf.dumps(script["Shop"])
    exec("def len(_):\n  return 3\n", script)
    receive(check, pickleloaf.dumps(script["Shop"]))
    receive(check, pickleloaf.dumps(script["Shop"]))


def test_a_global_that_is_deleted_is_not_sent(receive):
    """A global that methods use is no longer sent when it is no longer there."""

    def check(loaded):
        with raises(NameError):  # noqa: F821 - the receiver has it
            next(loaded)().size()

    script = make("items = [1]\nclass Shop:\n  def size(self):\n    return items\n")
    pickleloaf.dumps(script["Shop"])
    pickleloaf.dumps(script["Shop"])
    del script["items"]
    receive(check, pickleloaf.dumps(script["Shop"]))


@pytest.mark.parametrize("change", ["Shop.buy.calls.append(3)", "Shop.buy.calls = [1, 3]"])
def test_attributes_of_a_decorated_method_are_merged(receive, change):
    """A receiver that has the class and has not changed it takes over an attribute of a decorated method."""

    def check(loaded):
        shop = next(loaded)
        assert shop.buy.calls == [1]
        assert next(loaded) is shop
        assert shop.buy.calls == [1, 3]

    script = make("""
def counted(method):
    def inner(self):
        calls.append(method(self))
        return calls

    calls = inner.calls = [1]
    inner.__qualname__ = method.__qualname__
    return inner

class Shop:
    @counted
    def buy(self):
        return 2
""")
    first = pickleloaf.dumps(script["Shop"])
    exec(change, script)
    receive(check, first, pickleloaf.dumps(script["Shop"]))


@pytest.mark.parametrize("size", [0, 1, 128, None])
def test_a_class_with_a_cached_method_may_change(receive, size):
    """A change beside a method with a cache arrives, whatever the size of the cache, and so does that size."""

    def check(loaded):
        shop = next(loaded)
        assert shop.limit == 1
        assert next(loaded).limit == 2
        assert shop.buy.cache_info().maxsize == 64
        assert shop().buy() == 3

    script = make(f"""
import functools

class Shop:
    limit = 1
    def sell(self):
        return 2
    @functools.lru_cache({size})
    def buy(self):
        return 3
""")
    first = pickleloaf.dumps(script["Shop"])
    exec("Shop.limit = 2\nShop.buy = functools.lru_cache(64)(Shop.buy.__wrapped__)", script)
    receive(check, first, pickleloaf.dumps(script["Shop"]))


@pytest.mark.parametrize("order", ["Shop, Shop.buy", "Shop.buy, Shop"])
def test_a_method_with_a_cache_is_one_object(receive, order):
    """A function with a cache stays one, where a class has it twice and beside the class."""

    def check(loaded):
        from functools import lru_cache

        one, other = next(loaded)
        shop, buy = (one, other) if isinstance(one, type) else (other, one)
        assert shop.buy is shop.acquire is shop.again() is buy
        assert shop.other is not buy
        assert type(buy) is type(shop.other) is type(lru_cache(len))

    script = make("""
import functools

class Shop:
    @functools.lru_cache
    def buy(self):
        return 3
    acquire = buy
    other = functools.lru_cache(buy.__wrapped__)

def again():
    return bought

bought = Shop.buy
Shop.again = again
""")
    exec(f"pair = {order}", script)
    receive(check, pickleloaf.dumps(script["pair"]))


@pytest.mark.parametrize(
    ("before", "after"), [((1,), (1, 2)), (((1,), 2), ()), (frozenset({1}), frozenset({2}))]
)
def test_a_constant_is_merged(receive, before, after):
    """A receiver takes over another tuple or frozenset, as it does any other atom."""

    def check(loaded):
        shop = next(loaded)
        assert shop.limits == shop.before
        assert next(loaded) is shop
        assert shop.limits == shop.after

    script = make(f"class Shop:\n  limits, before, after = {before}, {before}, {after}\n")
    first = pickleloaf.dumps(script["Shop"])
    script["Shop"].limits = after
    receive(check, first, pickleloaf.dumps(script["Shop"]))


@pytest.mark.parametrize("first", ["Leek", "Leek()", "Plant", "[Leek, Plant]"])
def test_a_metaclass_may_list_its_classes(receive, first):
    """A subclass is pickled whose metaclass lists it and its base, which only the metaclass can make."""

    def check(loaded):
        obj = next(loaded)
        obj = obj[0] if isinstance(obj, list) else obj
        cls = obj if isinstance(obj, type) else type(obj)
        plant, leek = type(cls).listed
        assert leek.__bases__ == (plant,)
        assert cls in (plant, leek)
        assert type(leek).named == {"Plant": plant, "Leek": leek}

    script = make(f"""
class Meta(type):
    listed, named = [], {{}}
    def __init__(cls, name, bases, names):
        cls.listed.append(cls)
        cls.named[name] = cls

class Plant(metaclass=Meta):
    pass

class Leek(Plant):
    pass

obj = {first}
""")
    receive(check, pickleloaf.dumps(script["obj"]))


#: What the class of the test has, beside instances in a set, and how these are hashed.
USED_WHEN_LOADED = {
    "an attribute": ("salt = [1]", "hash((self.v, *self.salt))"),
    "a later instance": ("seen = set(); salt = Salt(2)", "hash((self.v, self.salt.n))"),
    "a global": ("", "hash((self.v, *SALT))"),
    "an instance as global": ("", "hash((self.v, OTHER.n))"),
    "a function of the script": ("salt = salt", "hash((self.v, self.salt()))"),
    "a decorated class method": (
        "@marked\n    @classmethod\n    def salt(cls): return 3",
        "hash((self.v, self.salt()))",
    ),
    "a closure": ("", "hash((self.v, CLOSED()))"),
    "a bound method": ("", "hash((self.v, self.bound()[0]))"),
}


@pytest.mark.parametrize("base", ["Base", "object"])
@pytest.mark.parametrize(("has", "hashed"), USED_WHEN_LOADED.values(), ids=USED_WHEN_LOADED)
def test_code_that_loading_runs_finds_its_class_complete(receive, base, has, hashed):
    """Instances that a class holds are put into sets when everything is there that their hash needs."""

    def check(loaded):
        shop = next(loaded)
        assert shop(1) in shop.seen
        assert shop(1) in shop.known()
        assert shop(1).bound()[1].v == 7

    script = make(f"""
class Salt:
    def __init__(self, n): self.n = n

def salt(self):
    return 4

def marked(method):
    method.mark = [1]
    return method

def closing(value):
    def inner():
        return value[0], value[1].n
    return inner

def bound(self):
    return 1, self

SALT, OTHER, KNOWN, CLOSED = [1], Salt(3), {{}}, closing([1, Salt(2)])

class Base:
    pass

class Shop({base}):
    seen = ()
    bound = bound
    {has}
    def __init__(self, v):
        self.v = v
    def __hash__(self):
        return {hashed}
    def __eq__(self, other):
        return self.v == other.v
    def known(self=None):
        return KNOWN

Shop.bound = Shop(7).bound
Shop.seen = {{Shop(1)}}
KNOWN[Shop(1)] = Shop
""")
    receive(check, pickleloaf.dumps(script["Shop"]))


@pytest.mark.parametrize(
    "wrapper", ["staticmethod", "classmethod", "functools.lru_cache", "functools.cached_property"]
)
@pytest.mark.parametrize("mark", ["True", "1.0", "[1]", "None"])
def test_attributes_of_wrappers_are_sent_as_they_are(receive, wrapper, mark):
    """A changed attribute of what wraps a method is in the next payload, whatever was there before."""

    def check(loaded):
        shop = next(loaded)
        assert repr(vars(shop)["buy"].mark) == shop.wanted
        assert not hasattr(vars(shop)["buy"], "old")
        assert vars(shop)["buy"].new == 2

    script = make(f"""
import functools

class Shop:
    @{wrapper}
    def buy(self):
        return 1
    wanted = "{mark}"

vars(Shop)["buy"].mark = 1
vars(Shop)["buy"].old = 2
""")
    pickleloaf.dumps(script["Shop"])
    pickleloaf.dumps(script["Shop"])
    exec(f"buy = vars(Shop)['buy']\nbuy.mark = {mark}\ndel buy.old\nbuy.new = 2", script)
    receive(check, pickleloaf.dumps(script["Shop"]))
    receive(check, pickleloaf.dumps(script["Shop"]))


@pytest.mark.parametrize("docstring", ["", "'Sells.'"])
@pytest.mark.parametrize("base", ["object", "Base"])
def test_a_comparison_that_came_later_leaves_instances_hashable(receive, base, docstring):
    """An ``__eq__`` that a class got when it existed takes nothing away, as it would in the body."""

    def check(loaded):
        shop = next(loaded)
        assert "__hash__" not in vars(shop)
        assert shop() == shop()
        assert len({shop(), shop()}) == 2

    script = make(f"class Base: pass\nclass Shop({base}):\n  {docstring}\n  limit = 1\n")
    exec("Shop.__eq__ = lambda self, other: True", script)
    receive(check, pickleloaf.dumps(script["Shop"]))


def test_a_property_has_its_own_docstring(receive):
    """The docstring of a property is that which it has, whatever its function says by now."""

    def check(loaded):
        shop = next(loaded)
        assert shop.none.__doc__ is None
        assert shop.other.__doc__ == "Other."
        assert shop.same.__doc__ == shop.same.fget.__doc__ == "Same."

    script = make("""
class Shop:
    @property
    def none(self):
        return 1
    @property
    def other(self):
        "Other."
    @property
    def same(self):
        "Same."

Shop.none.fget.__doc__ = "Documented later."
Shop.other.fget.__doc__ = None
""")
    receive(check, pickleloaf.dumps(script["Shop"]))


@pytest.mark.parametrize(
    "source",
    [
        "import enum\nclass Shop(enum.Enum):\n  A = 1\n  B = [1]\n  def buy(self):\n    return Shop\n",
        "class Meta(type):\n  def all(cls):\n    return Shop\nclass Shop(metaclass=Meta):\n  pass\n",
    ],
    ids=["an enum", "a class with a metaclass"],
)
def test_a_dumped_class_is_kept_by_nothing(source):
    """An image keeps neither a class whose members are its instances nor a metaclass that leads to its class."""
    shop = make(source)["Shop"]
    pickleloaf.dumps(shop)
    pickleloaf.dumps(shop)
    gone = weakref.ref(shop)
    del shop
    gc.collect()
    assert gone() is None


def test_a_class_that_changes_while_it_is_read_is_read_again(monkeypatch):
    """What another thread changes while an image is worked out is in the next payload, and in each one after that."""
    script = make("class Shop:\n  limit = 1\n  def buy(self, count=1):\n    return count\n")
    shop = script["Shop"]

    class Meddling(stamp.Stamp):
        def __init__(self, *args):
            if shop.limit == 1:  # after the draft, before the stamp
                shop.limit, shop.buy.__defaults__ = 2, (2,)
            super().__init__(*args)

    monkeypatch.setattr(image, "Stamp", Meddling)
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    try:
        first = pickleloaf.dumps(shop)
    finally:
        done.set()
        other.join()
    changed = make("class Shop:\n  limit = 2\n  def buy(self, count=2):\n    return count\n")["Shop"]
    assert first == pickleloaf.dumps(shop)
    assert identities.known(shop).image.contents == _contents(changed)


def _contents(cls):
    pickleloaf.dumps(cls)
    return identities.known(cls).image.contents
