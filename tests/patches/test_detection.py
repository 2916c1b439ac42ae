"""What counts as a patch, and what dumping does about it."""

import importlib
import importlib.util
import json
import pkgutil
import sys
import textwrap
import types
import unittest.mock
import warnings

import pytest

import pickleloaf
from pickleloaf import EncodeError, LostPatchWarning
from pickleloaf.patching.constants import changed_constants
from pickleloaf.patching.scan import scanner_for
from pickleloaf.policy.by_value import Registry, ValuePolicy
from pickleloaf.policy.handles import Handles


def places_behind(obj, **policy):
    """The patches that a payload of an object carries, as text."""
    payload = pickleloaf.dumps(obj, patches="carry", **policy)
    return [str(patch.place) for patch in pickleloaf.loads(payload, patches="collect").patches]


def warned(obj, **arguments):
    """The warnings of one dump."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pickleloaf.dumps(obj, **arguments)
    return [str(each.message) for each in caught if each.category is LostPatchWarning]


def _importable():
    """Names of modules that can be imported without side effects."""
    skipped = {"antigravity", "this", "idlelib", "turtledemo", "test", "lib2to3"}
    names = [name for name in sys.stdlib_module_names if name not in skipped and not name.startswith("_test")]
    return [*names, "numpy", "attrs", "requests", "wrapt", "pytest", "hypothesis", "pandas"]


def test_nothing_is_patched_in_the_standard_library():
    """In modules that nobody has touched no patch is seen, neither by their values nor by their source."""
    policy = ValuePolicy(Registry(), Handles())
    watch = scanner_for(policy)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in _importable():
            try:
                watch.find_all([importlib.import_module(name)])
            except BaseException:  # noqa: S112 - what cannot be imported here says nothing
                continue
    scopes = [scope for top in watch._snapshots.values() for scope in top.walk()]
    seen = {str(place) for scope in scopes for place in (*scope.patched, *changed_constants(scope))}
    touched = {
        "sys",
        "builtins",
        "warnings",
        "unittest",
        "pytest",
        "_pytest",
        "hypothesis",
    }  # by the test runner
    assert len(scopes) > 1000
    assert not [place for place in seen if place.partition(".")[0] not in touched]


def test_default_is_to_warn(patched):
    """A warning names the attribute, what is there, and the remedy; the payload is as without it."""
    (message,) = warned(patched["use"])
    name = patched["birds"].__name__
    assert f"{name}.feed" in message
    assert "function __main__.feed" in message
    assert "patches='carry'" in message
    assert pickleloaf.dumps(patched["use"], patches="ignore") == _silently(patched["use"])


def _silently(obj):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pickleloaf.dumps(obj)


def test_warns_once(patched):
    """By the default filter each patch is told of once, at whatever line; another patch is told of again."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        pickleloaf.dumps(patched["use"])
        pickleloaf.dumps(patched["use"])
        pickleloaf.dumps([patched["use"]])
        assert len(caught) == 1
        assert caught[0].filename == __file__
        patched["birds"].day = patched["feed"]
        pickleloaf.dumps(patched["use"])
        assert len(caught) == 2


def test_warning_as_error_leaves_the_pickler_clean(patched, tmp_path):
    """Where the warning is an error, nothing is written, and the pickler goes on."""
    with (tmp_path / "file").open("wb+") as file:
        pickler = pickleloaf.Pickler(file)
        with pytest.raises(LostPatchWarning):
            pickler.dump(patched["use"])
        pickler.dump("next")
        file.seek(0)
        assert pickleloaf.load(file) == "next"


def test_refuse(patched):
    """With "refuse", dumping fails and says where."""
    with pytest.raises(EncodeError, match="is patched here") as caught:
        pickleloaf.dumps(patched["use"], patches="refuse")
    assert caught.value.path == f"{patched['birds'].__name__}.feed"
    assert "carry" in caught.value.hint
    pickleloaf.dumps(json.loads, patches="refuse")


def test_ignore(patched):
    """With "ignore" there is no word."""
    assert not warned(patched["use"], patches="ignore")


def test_argument_is_checked():
    """Another word is an error."""
    with pytest.raises(ValueError, match="'carry'"):
        pickleloaf.dumps(1, patches="yes")
    with pytest.raises(ValueError, match="'collect'"):
        pickleloaf.loads(pickleloaf.dumps(1), patches="yes")


def test_part_of_an_extension_module(birds, script):
    """A module that C has made, which no import leads to and which has no spec, is nobody's patch; one by hand is."""
    found = (
        importlib.util.find_spec(name) for name in ("_json", "_bisect", "_ctypes", "_asyncio", "_testcapi")
    )
    spec = next((each for each in found if each is not None and each.has_location), None)
    if spec is None:
        pytest.skip("this Python has no extension module in a file")
    made = importlib.util.spec_from_file_location(f"_nowhere.{spec.name}", spec.origin)
    birds.native = importlib.util.module_from_spec(made)
    birds.native.__spec__ = None
    use = script("def use():\n    return birds.native", birds=birds)["use"]
    assert not warned(use)
    birds.native = types.ModuleType(f"_nowhere.{spec.name}")
    assert warned(use)


def test_patch_is_seen_at_once(birds, script):
    """A dump right after a patch warns, also when the dump before it did not."""
    scope = script("def use():\n    return birds.feed('tom')\nlost = lambda bird: bird", birds=birds)
    for _ in range(20):
        original = birds.feed
        pickleloaf.dumps(scope["use"])
        birds.feed = scope["lost"]
        with pytest.warns(LostPatchWarning):
            pickleloaf.dumps(scope["use"])
        birds.feed = original
        pickleloaf.dumps(scope["use"])


def test_patch_of_a_class_is_seen_at_once(birds, script):
    """So does one after a method of a class was replaced, though no code says which methods it uses."""
    bird = birds.Bird("tom")
    original = birds.Bird.hi
    for _ in range(3):
        pickleloaf.dumps(bird)
        birds.Bird.hi = script("hi = lambda self: 'HI'")["hi"]
        with pytest.warns(LostPatchWarning, match="Bird.hi"):
            pickleloaf.dumps(bird)
        birds.Bird.hi = original
        pickleloaf.dumps(bird)


#: A library with copies of two modules. One hides another of its name, as Ray's does; one only the library can import.
LIBRARY = """
    import importlib.util, sys
    from pathlib import Path

    import hidden_{n}                          # which was imported before
    copies = Path(__file__).parent / "copies"
    sys.path.insert(0, str(copies))
    spec = importlib.util.spec_from_file_location("vendored_{n}", copies / "sub" / "vendored_{n}.py")
    vendored = importlib.util.module_from_spec(spec)
    sys.modules["vendored_{n}"] = vendored
    spec.loader.exec_module(vendored)
    work, Work = vendored.work, vendored.Work
    """


@pytest.mark.parametrize("n", [1, 2])
def test_what_libraries_bring_along(n, tmp_path, monkeypatch):
    """Of an installed library, modules that are hidden since or that nobody else can import are no patches."""
    is_installed = n == 1
    work = "def work(): return 1\nclass Work:\n    def do(self): return 1\n"
    for name, source in {
        f"hidden_{n}": work,
        f"copies/hidden_{n}": work,
        f"copies/sub/vendored_{n}": work,
        f"library_{n}": textwrap.dedent(LIBRARY).replace("{n}", str(n)),
    }.items():
        file = tmp_path / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    if is_installed:
        monkeypatch.setattr("site.getsitepackages", lambda: [str(tmp_path)])
    library = importlib.import_module(f"library_{n}")
    behind = warned(library)
    assert bool(behind) is not is_installed
    assert all(f"library_{n}" in message for message in behind)


def test_module_by_value_that_pytest_has_rewritten(tmp_path, monkeypatch, birds):
    """What a module imports from one that travels by value is known from its file, where its loader has no code."""
    (tmp_path / "by_value_helper.py").write_text("def help(): return 1\ndef more(): return 2\n")
    importing = (
        "from by_value_helper import help\nfrom by_value_helper import *\ndef feed(bird): return help()\n"
    )
    (tmp_path / "rewritten.py").write_text(importing)
    monkeypatch.syspath_prepend(tmp_path)
    rewritten = importlib.import_module("rewritten")

    class Loader(type(rewritten.__spec__.loader)):
        get_code = None

    rewritten.__spec__.loader = Loader("rewritten", str(tmp_path / "rewritten.py"))
    birds.feed = rewritten.feed
    modules = [rewritten, sys.modules["by_value_helper"]]
    for module in modules:
        pickleloaf.register_pickle_by_value(module)
    try:
        assert places_behind([birds, rewritten.feed]) == [f"{birds.__name__}.feed"]
        rewritten.more = lambda: 3
        assert places_behind(rewritten) == []  # it brings its own
    finally:
        for module in modules:
            pickleloaf.unregister_pickle_by_value(module)
            del sys.modules[module.__name__]


AT_ONCE = {
    "a method": ("birds.Bird('tom')", "birds.Bird.hi = lambda self: 'HI'", "Bird.hi"),
    "a method of a base": ("birds.Turkey", "birds.Bird.hi = lambda self: 'HI'", "Bird.hi"),
    "a new method": ("birds.Bird", "birds.Bird.fly = lambda self: 'flies'", "Bird.fly"),
    "a value": ("birds.Bird('tom')", "birds.Bird.brain = Brain()", "Bird.brain"),
    "a static method": ("birds.Bird", "birds.Bird.legs = staticmethod(lambda: 3)", "Bird.legs"),
    "what a function uses": ("birds.day", "birds.feed = lambda bird: bird", "feed"),
    "an attribute": ("lambda: birds.feed(1)", "birds.feed = lambda bird: bird", "feed"),
    "a new attribute": ("lambda: birds.count(1)", "birds.count = lambda bird: bird", "count"),
    "an import": ("imports", "birds.feed = lambda bird: bird", "feed"),
}


@pytest.mark.parametrize("what", AT_ONCE)
def test_patch_near_is_seen_without_waiting(what, birds, script):
    """What a payload itself refers to is looked at each time: also when nothing else is due for a long time."""
    made, patch, name = AT_ONCE[what]
    scope = script(
        f"class Brain: pass\ndef imports():\n    from {birds.__name__} import feed\n    return feed",
        birds=birds,
    )
    obj = eval(made, scope)
    pickleloaf.dumps(obj)
    watch = scanner_for(ValuePolicy(pickleloaf.pickler.REGISTRY, Handles()))
    watch.due = float("inf")
    try:
        assert not warned(obj)
        script(patch, **scope)
        assert [f"{birds.__name__}.{name} is patched" in message for message in warned(obj)] == [True]
    finally:
        watch.due = 0.0


@pytest.mark.parametrize("name", ["feed", "Bird.hi"])
def test_code_replaced_in_place_is_carried(name, birds):
    """Code that was replaced after a module had been looked at is seen once everything has been looked at."""
    target = birds.feed if name == "feed" else birds.Bird.hi
    assert places_behind(birds.day) == places_behind(birds.Bird) == []
    scope = {}
    exec(compile("def mine(bird):\n    return 'mine'", "<stdin>", "exec"), scope)
    target.__code__ = scope["mine"].__code__
    assert f"{birds.__name__}.{name}.__code__" in [str(found.place) for found in pickleloaf.find_patches()]
    assert places_behind(birds.Bird) == [f"{birds.__name__}.{name}.__code__"]


def test_registering_is_noticed(birds, tmp_path):
    """A module that is registered between two dumps of one payload makes its functions patches elsewhere."""
    (tmp_path / "farmer.py").write_text("def feed(bird):\n    return bird\n")
    farmer = importlib.import_module("farmer")
    birds.feed = farmer.feed
    assert not warned(birds.day)
    pickleloaf.register_pickle_by_value(farmer)
    try:
        assert len(warned(birds.day)) == 1
    finally:
        pickleloaf.unregister_pickle_by_value(farmer)
    assert not warned(birds.day)


@pytest.mark.parametrize("hash_", ["None", "lambda cls: 1"])
def test_classes_that_compare_in_their_own_way(hash_, tmp_path, birds):
    """Classes that are equal to others, or have no hash, are told apart all the same."""
    name = f"odd_{abs(hash(hash_))}"
    (tmp_path / f"{name}.py").write_text(
        f"class Meta(type):\n    __hash__ = {hash_}\n    def __eq__(cls, other):\n        return True\n"
        "class One(metaclass=Meta): pass\nclass Two(metaclass=Meta): pass\n"
    )
    odd = importlib.import_module(name)
    assert warned(odd.One) == warned(odd.Two) == []
    odd.Two.hi = eval("lambda self: 'hi'", {"__name__": "__main__"})
    assert warned(odd.One) == []
    assert len(warned(odd.Two)) == 1


def test_other_payloads_are_glanced_at_while_something_is_patched(birds, script, patched):
    """Where one thing is patched, payloads that have nothing to do with it still need no closer look."""
    assert warned(patched["use"])
    pickleloaf.dumps(json.loads)
    policy = ValuePolicy(pickleloaf.pickler.REGISTRY, Handles())
    scanner_for(policy)
    assert not policy.glance([json.loads])
    assert policy.glance([birds])


def test_patch_of_a_builtin_is_seen_at_once(script, monkeypatch):
    """So does one that uses a builtin by name."""
    scope = script("def use():\n    return round(1.5)\nlost = lambda number: number")
    pickleloaf.dumps(scope["use"])
    monkeypatch.setattr("builtins.round", scope["lost"])
    with pytest.warns(LostPatchWarning, match="builtins.round"):
        pickleloaf.dumps(scope["use"])
    monkeypatch.undo()
    pickleloaf.dumps(scope["use"])


def test_no_word_about_others(patched):
    """A payload that does not refer to the patched module is not concerned."""
    assert not warned(json.loads)
    assert not warned({"a": 1})
    assert places_behind(json.loads) == []


def test_taken_back(patched):
    """A patch that was taken back is none."""
    patched["birds"].feed = patched["original"]
    assert not warned(patched["use"])
    assert places_behind(patched["use"]) == []


def test_hooks_of_the_process(script, monkeypatch):
    """Names that are there to be set are no patches."""
    scope = script("import sys\ndef hook(*args): ...\ndef use():\n    return sys.argv")
    monkeypatch.setattr(sys, "excepthook", scope["hook"])
    assert places_behind(scope["use"]) == []


def test_main_module_held_by_another(birds, script):
    """A library that imports ``__main__`` is not patched."""
    birds.main = sys.modules["__main__"]
    assert places_behind(birds.day) == []


def test_containers_are_not_looked_into(birds, script):
    """A hook in a registry of a library is its state."""
    birds.hooks = {"feed": script("def hook(): ...")["hook"]}
    assert places_behind(birds.day) == []


def test_generated_code_is_no_patch(birds):
    """What a library makes with exec, namedtuple or dataclasses belongs to it."""
    namespace = {}
    exec("def made(): return 1", namespace)
    birds.made = namespace["made"]
    assert places_behind(birds.day) == []


def test_dynamic_module_in_a_library(birds):
    """A module made at run time is a patch where a library holds it, since nobody can import it."""
    birds.tools = types.ModuleType("made_at_run_time")
    assert places_behind(birds.day) == [f"{birds.__name__}.tools"]


def test_registered_module(birds, tmp_path, monkeypatch):
    """What a library imports from a module that travels by value belongs there; what was put there does not."""
    (tmp_path / "mine.py").write_text("def tool(): return 1\ndef other(): return 2\n")
    (tmp_path / "uses_mine.py").write_text("from mine import tool\ndef work(): return tool()\n")
    import uses_mine

    registry = Registry()
    registry.register(sys.modules["mine"])
    assert places_behind(uses_mine.work, by_value=registry) == []
    uses_mine.tool = sys.modules["mine"].other
    assert places_behind(uses_mine.work, by_value=registry) == ["uses_mine.tool"]


def test_state_of_a_library_is_no_patch(tmp_path, monkeypatch):
    """Constants that the library itself sets, and private ones, are state."""
    source = """
        READY = False
        LIMIT = 1
        LIKELY = LIMIT or 2
        NEW = 1 if LIMIT else 2
        make = len or (lambda _: 0)
        _private = 1
        class Thing:
            count = 0
            def __init__(self):
                Thing.count += 1
        def start():
            global READY
            READY = True
        """
    import textwrap

    (tmp_path / "stateful.py").write_text(textwrap.dedent(source))
    monkeypatch.syspath_prepend(tmp_path)
    import stateful

    stateful.start()
    stateful.Thing()
    stateful._private = 2
    assert places_behind(stateful.start) == []
    stateful.LIMIT = 2
    assert places_behind(stateful.start) == ["stateful.LIMIT"]


def test_mark(birds):
    """Importable replacements and deletions travel when they are marked; what is marked and as it was, does no harm."""
    birds.feed = json.dumps
    assert places_behind(birds.day) == []
    pickleloaf.mark_patched(birds, "feed")
    assert places_behind(birds.day) == [f"{birds.__name__}.feed"]
    assert warned(birds.day)
    with pytest.raises(TypeError, match="no module, class or function"):
        pickleloaf.mark_patched(object(), "feed")


def test_mark_swapped(birds):
    """Two functions that changed places do so over there, too."""
    birds.feed, birds.day = birds.day, birds.feed
    pickleloaf.mark_patched(birds, "feed", "day")
    obj = [birds.feed, birds.day]
    patches = pickleloaf.loads(pickleloaf.dumps(obj, patches="carry"), patches="collect").patches
    assert [patch.value for patch in patches] == [birds.day, birds.feed] or len(patches) == 2


def test_track(birds, script):
    """Whatever differs from the moment of tracking on is a patch: replaced, new, gone, changed."""
    pickleloaf.track_patches(birds)
    assert places_behind(birds.day) == []
    birds.feed = json.dumps
    birds.extra = len
    birds.LIMIT = 11
    del birds.Bird.hi
    birds.Nest.Egg.crack = len
    names = {"Bird.hi", "LIMIT", "Nest.Egg.crack", "extra", "feed"}
    assert set(places_behind(birds.day)) == {f"{birds.__name__}.{name}" for name in names}


def test_function_as_a_target(birds):
    """Attributes of functions can be marked."""
    birds.feed.__kwdefaults__ = {"what": 1}
    pickleloaf.mark_patched(birds.feed, "__kwdefaults__")
    assert places_behind(birds.day) == [f"{birds.__name__}.feed.__kwdefaults__"]


def test_mock_object_cannot_travel(birds):
    """A patch that cannot travel is an error that says so, and nothing else is lost on the way."""
    begun = (each for each in "ab")
    next(begun)
    scope = {"__name__": "__main__", "lock": begun}
    exec("def feed(bird):\n    return next(lock)", scope)
    birds.feed = scope["feed"]
    with unittest.mock.patch.object(birds, "day", birds.day), pytest.raises(EncodeError) as caught:
        pickleloaf.dumps(birds.day, patches="carry")
    assert "lock" in caught.value.path


def test_submodules_of_numpy():
    """A patch is found through a package that only holds the patched module."""
    np = pytest.importorskip("numpy")
    scope = {"__name__": "__main__", "np": np}
    exec("def norm(x): return 1\ndef use(x): return np.mean(x)", scope)
    with unittest.mock.patch.object(np.linalg, "norm", scope["norm"]):
        pickleloaf.find_patches()
        assert places_behind(scope["use"]) == ["numpy.linalg.norm"]
        assert warned(scope["use"])
    assert places_behind(scope["use"]) == []


def test_names_of_modules():
    """All modules of the package that detection is made of can be imported on their own."""
    for module in pkgutil.iter_modules(importlib.import_module("pickleloaf.policy").__path__):
        importlib.import_module(f"pickleloaf.policy.{module.name}")
