"""What happens to patches where they arrive."""

import copyreg
import json
import os
import pickle
import subprocess
import sys
import threading
import types
import warnings
from pathlib import Path

import pytest

import pickleloaf
from pickleloaf import KeptPatchWarning, PatchError
from pickleloaf.patching.ship import CarryingPolicy

SOURCE = Path(__file__).parent.parent.parent / "src"


@pytest.fixture
def sent(birds, script):
    """Call `sent(source, obj)`: patch the module by code of a script, dump, and take the patch back.

    So that this process is, for the module, the receiver.
    """

    def run(source, obj="use", **arguments):
        module_names = dict(vars(birds))
        class_names = dict(vars(birds.Bird))
        scope = script(source, birds=birds)
        payload = pickleloaf.dumps(eval(obj, scope), patches="carry", **arguments)
        vars(birds).clear()
        vars(birds).update(module_names)
        for name in {*vars(birds.Bird), *class_names} - {"__dict__", "__weakref__"}:
            if name not in class_names:
                delattr(birds.Bird, name)
            elif vars(birds.Bird)[name] is not class_names[name]:
                setattr(birds.Bird, name, class_names[name])
        return payload

    return run


FASTING = """
    def fasting(bird):
        return bird + ' is fasting'
    birds.feed = fasting
    def use():
        return birds.feed('tom')
    """
EATING = FASTING.replace("is fasting", "eats a lot")


def test_applied_and_reverted(birds, sent):
    """A patch is in force as soon as its payload is loaded, is listed with its origin, and can be taken back."""
    original = birds.feed
    use = pickleloaf.loads(sent(FASTING))
    assert use() == "tom is fasting"
    (patch,) = pickleloaf.patches()
    assert str(patch.place) == f"{birds.__name__}.feed"
    assert patch.origin == "function __main__.fasting"
    assert patch.value is birds.feed
    assert repr(patch) == f"<Patch: {birds.__name__}.feed = function __main__.fasting>"
    pickleloaf.revert_patches()
    assert birds.feed is original
    assert pickleloaf.patches() == []


def test_plain_pickle_applies(birds, sent):
    """pickle.loads does what loads does by default."""
    assert pickle.loads(sent(FASTING))() == "tom is fasting"


def test_second_arrival(birds, sent):
    """The same patch again changes nothing; another one takes its place; both wrap the original."""
    first = sent(FASTING)
    pickleloaf.loads(first)
    applied = birds.feed
    pickleloaf.loads(first)
    assert birds.feed is applied
    original = birds.feed
    pickleloaf.revert_patches()
    second = sent(EATING)
    pickleloaf.loads(first)
    assert pickleloaf.loads(second)() == "tom eats a lot"
    assert len(pickleloaf.patches()) == 1
    pickleloaf.revert_patches()
    assert birds.feed is not original
    assert birds.feed("tom") == "tom eats"


def test_wrapper_does_not_pile_up(birds, sent):
    """However often a wrapper arrives, also changed, it wraps the original."""
    source = """
        def more(function, {suffix!r}=None):
            return lambda bird: function(bird) + {suffix!r}
        birds.feed = more(birds.feed)
        def use():
            return birds.feed('tom')
        """
    original = birds.feed
    payloads = [sent(source.format(suffix=suffix).replace(f", {suffix!r}=None", "")) for suffix in "!?!"]
    for payload, suffix in zip(payloads, "!?!", strict=True):
        assert pickleloaf.loads(payload)() == "tom eats" + suffix
        assert birds.feed.__closure__[0].cell_contents is original


def test_shared_state_is_renewed(birds, sent):
    """A patch that shares state with its payload counts for that payload, each time it arrives."""
    payload = sent("""
        count = 0
        def counted(bird):
            global count
            count += 1
            return bird
        birds.feed = counted
        def use():
            birds.day('tom')
            return count
        """)
    assert pickleloaf.loads(payload)() == 1
    assert pickleloaf.loads(payload)() == 1


def test_state_of_its_own_is_kept(birds, sent):
    """A patch that shares no state goes on counting when it arrives again."""
    payload = sent("""
        def counter():
            count = 0
            def counted(bird):
                nonlocal count
                count += 1
                return str(count)
            return counted
        birds.feed = counter()
        def use():
            return birds.feed('tom')
        """)
    assert pickleloaf.loads(payload)() == "1"
    assert pickleloaf.loads(payload)() == "2"


def test_added_and_removed(birds, sent):
    """Additions and deletions are taken back as well."""
    payload = sent("""
        import pickleloaf
        birds.Bird.fly = lambda self: 'flies'
        del birds.feed
        pickleloaf.mark_patched(birds, 'feed')
        use = birds.Bird
        """)
    bird = pickleloaf.loads(payload)("tom")
    assert bird.fly() == "flies"
    assert not hasattr(birds, "feed")
    pickleloaf.revert_patches()
    assert not hasattr(bird, "fly")
    assert birds.feed("tom") == "tom eats"


TWO = """
    birds.Bird.hi = lambda self: 'HI'
    birds.feed = lambda bird: 'none'
    def use():
        return birds.feed('tom'), birds.Bird('tom').hi()
    """


def test_all_or_none(birds, sent):
    """When one patch of a payload cannot be applied, none is, and the error names it."""
    payload = sent(TWO)
    del birds.feed
    hi = birds.Bird.hi
    with pytest.raises(PatchError, match="has no") as caught:
        pickleloaf.loads(payload)
    assert caught.value.place == f"{birds.__name__}.feed"
    assert birds.Bird.hi is hi
    assert pickleloaf.patches() == []
    assert pickle.loads(pickle.dumps(caught.value)).place == caught.value.place


def test_all_or_none_while_setting(birds, sent, monkeypatch):
    """The same when setting the last of them fails."""
    payload = sent(TWO)
    hi = birds.Bird.hi

    class Stubborn(dict):
        def __setitem__(self, name, value):
            raise RuntimeError(name)

    from pickleloaf.patching import registry

    put = registry.put

    def fail_at_feed(owner, name, value):
        if name == "feed":
            raise RuntimeError(name)
        put(owner, name, value)

    monkeypatch.setattr(registry, "put", fail_at_feed)
    with pytest.raises(PatchError, match="cannot be patched"):
        pickleloaf.loads(payload)
    monkeypatch.undo()
    assert birds.Bird.hi is hi
    assert pickleloaf.patches() == []


def test_other_version(birds, sent):
    """A receiver whose original is another one refuses the patch."""
    payload = sent(FASTING)

    def feed(bird):
        return bird * 2

    birds.feed = types.FunctionType(feed.__code__, vars(birds), "feed")
    with pytest.raises(PatchError, match="its code differs"):
        pickleloaf.loads(payload)


def test_other_kind(birds, sent):
    """So does one where it is another kind of thing."""
    payload = sent("""
        def more(function):
            return lambda bird: function(bird)
        birds.feed = more(birds.feed)
        use = birds.day
        """)
    birds.feed = 3
    with pytest.raises(PatchError, match="is a function at the sender"):
        pickleloaf.loads(payload)


def test_missing_module(birds, sent, monkeypatch):
    """A receiver that cannot import the module says so."""
    payload = sent(FASTING)
    monkeypatch.delitem(__import__("sys").modules, birds.__name__)
    monkeypatch.undo()
    monkeypatch.setattr("sys.path", [])
    __import__("sys").modules.pop(birds.__name__, None)
    with pytest.raises(PatchError, match="can be imported"):
        pickleloaf.loads(payload)


def test_refuse(birds, sent):
    """A receiver may refuse patches; payloads without any load all the same."""
    payload = sent(FASTING)
    with pytest.raises(PatchError, match="feed"):
        pickleloaf.loads(payload, patches="refuse")
    assert birds.feed("tom") == "tom eats"
    assert pickleloaf.loads(pickleloaf.dumps([1]), patches="refuse") == [1]


def test_collect(birds, sent):
    """Collected patches are data: they can be looked at, sent on and applied for a block or for good."""
    payload = sent(FASTING)
    use, patches = pickleloaf.loads(payload, patches="collect")
    assert use() == "tom eats"
    with pickleloaf.applied(patches):
        assert use() == "tom is fasting"
        assert [str(patch.place) for patch in pickleloaf.patches()] == [f"{birds.__name__}.feed"]
    assert use() == "tom eats"
    again = pickleloaf.loads(pickleloaf.dumps(patches))
    pickleloaf.apply_patches(again)
    assert use() == "tom is fasting"
    assert pickleloaf.loads(pickleloaf.dumps([1]), patches="collect") == ([1], ())


def test_blocks_overlap(birds, sent):
    """What counts is the block entered last that has not ended, in whatever order they end."""
    one = pickleloaf.loads(sent(FASTING), patches="collect").patches
    two = pickleloaf.loads(sent(EATING), patches="collect").patches
    first, second = pickleloaf.applied(one), pickleloaf.applied(two)
    first.__enter__()
    second.__enter__()
    assert birds.feed("tom") == "tom eats a lot"
    first.__exit__(None, None, None)
    assert birds.feed("tom") == "tom eats a lot"
    second.__exit__(None, None, None)
    assert birds.feed("tom") == "tom eats"


def test_block_over_a_loaded_patch(birds, sent):
    """A block ends with what was there before it; reverting inside it takes back what lies below."""
    one, two = sent(FASTING), sent(EATING)
    pickleloaf.loads(one)
    with pickleloaf.applied(pickleloaf.loads(two, patches="collect").patches):
        assert birds.feed("tom") == "tom eats a lot"
        pickleloaf.revert_patches()
        assert birds.feed("tom") == "tom eats a lot"
    assert birds.feed("tom") == "tom eats"


def test_reverting_leaves_a_later_patch(birds, sent):
    """What this process has patched after the payload did is its own: it stays, and the place is named."""
    pickleloaf.loads(sent(FASTING))
    birds.feed = own = lambda bird: "mine"
    assert pickleloaf.patches() == []
    with pytest.warns(KeptPatchWarning, match=rf"{birds.__name__}\.feed has been patched here .*<lambda>"):
        pickleloaf.revert_patches()
    assert birds.feed is own
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pickleloaf.revert_patches()  # there is nothing left to take back


def test_reverting_what_has_been_put_back(birds, sent):
    """Who puts the original back by hand has no patch that could be kept."""
    original = birds.feed
    pickleloaf.loads(sent(FASTING))
    birds.feed = original
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pickleloaf.revert_patches()
    assert birds.feed is original


def test_arrival_on_a_later_patch(birds, sent):
    """What arrives after that patches on top of it; taking it back brings the process's own patch back."""
    pickleloaf.loads(sent(FASTING))
    birds.feed = own = lambda bird: "mine"
    assert pickleloaf.loads(sent(EATING))() == "tom eats a lot"
    assert len(pickleloaf.patches()) == 1
    pickleloaf.revert_patches()
    assert birds.feed is own


def test_block_leaves_a_later_patch(birds, sent):
    """So it is with a block, and with one in it."""
    patches = pickleloaf.loads(sent(FASTING), patches="collect").patches
    with pickleloaf.applied(patches):
        birds.feed = own = lambda bird: "mine"
        with pickleloaf.applied(pickleloaf.loads(sent(EATING), patches="collect").patches):
            assert birds.feed("tom") == "tom eats a lot"
        assert birds.feed is own
    assert birds.feed is own
    assert pickleloaf.patches() == []


def test_block_after_an_error(birds, sent):
    """An error in the block takes the patches back, too."""
    patches = pickleloaf.loads(sent(FASTING), patches="collect").patches
    with pytest.raises(ZeroDivisionError), pickleloaf.applied(patches):
        raise ZeroDivisionError
    assert birds.feed("tom") == "tom eats"


def test_back_where_it_came_from(patched):
    """In the process that made the patch it stays the very object, whatever its state has become."""
    payload = pickleloaf.dumps(patched["use"], patches="carry")
    feed = patched["birds"].feed
    assert pickleloaf.loads(payload)() == "tom is fasting"
    assert patched["birds"].feed is feed
    assert pickleloaf.patches() == []


def test_process_that_patched_by_itself(birds, sent):
    """A forked worker, say, that has the patch already: a wrapper wraps the original, not the patch."""
    source = """
        def more(function):
            def wrapper(bird):
                return function(bird) + '!'
            return wrapper
        birds.feed = more(birds.feed)
        def use():
            return birds.feed('tom')
        """
    original = birds.feed
    payload = sent(source)
    scope = {"__name__": "__main__", "birds": birds}
    exec(compile(__import__("textwrap").dedent(source), "<s>", "exec"), scope)
    own = birds.feed
    assert pickleloaf.loads(payload)() == "tom eats!"
    assert birds.feed.__closure__[0].cell_contents is original
    pickleloaf.revert_patches()
    assert birds.feed is own


def test_forwarded(birds, sent):
    """What arrived is a patch here as well: it is carried on, and nobody is warned about it."""
    use = pickleloaf.loads(sent(FASTING))
    pickleloaf.dumps(use)  # no warning, which would be an error
    payload = pickleloaf.dumps(use, patches="carry")
    pickleloaf.revert_patches()
    assert birds.feed("tom") == "tom eats"
    assert pickleloaf.loads(payload)() == "tom is fasting"
    assert pickleloaf.patches()[0].origin == "function __main__.fasting"


def test_in_force_before_the_object_is_made(birds, sent):
    """Even what the object does while it is loaded meets the patch."""
    payload = sent("""
        birds.feed = lambda bird: bird + ' is fasting'
        class Diary:
            def __init__(self):
                self.days = []
            def __setstate__(self, state):
                self.days = [birds.feed('tom')]
        use = Diary()
        """)
    assert pickleloaf.loads(payload).days == ["tom is fasting"]


def test_several_objects_in_one_stream(birds, sent, tmp_path):
    """A pickler that writes several objects carries the patch with the first that needs it, and goes on."""
    path = tmp_path / "stream"
    original = birds.feed
    scope = {"__name__": "__main__", "birds": birds}
    exec("def feed(bird):\n    return 'patched'\ndef use():\n    return birds.feed('tom')", scope)
    with path.open("wb") as file:
        pickler = pickleloaf.Pickler(file, patches="carry")
        pickler.dump("before")
        birds.feed = scope["feed"]
        pickler.dump(scope["use"])
        pickler.dump([scope["use"]])
        birds.feed = original
    with path.open("rb") as file:
        unpickler = pickle.Unpickler(file)
        assert unpickler.load() == "before"
        use = unpickler.load()
        assert use() == "patched"
        assert unpickler.load()[0] is use


def test_buffers_out_of_band(birds, sent):
    """Out-of-band buffers arrive with the objects that they belong to, those of a patch among them."""
    np = pytest.importorskip("numpy")
    for wanted in (None, True):
        buffers = []
        scope = {"__name__": "__main__", "birds": birds, "np": np}
        exec(
            "table = np.arange(5.0)\n"
            "def feed(bird):\n    return float(table.sum())\n"
            "def make(own):\n    return lambda: (birds.feed('tom'), float(own.sum()))\n"
            "use = make(np.ones(3))",
            scope,
        )
        original = birds.feed
        birds.feed = scope["feed"]

        def take(buffer, buffers=buffers, wanted=wanted):
            if not wanted:
                buffers.append(buffer)
            return wanted

        payload = pickleloaf.dumps(scope["use"], buffer_callback=take, patches="carry")
        birds.feed = original
        assert len(buffers) == (0 if wanted else 2)
        assert pickleloaf.loads(payload, buffers=[b.raw().tobytes() for b in buffers])() == (10.0, 3.0)
        pickleloaf.revert_patches()


def test_subclass_with_hooks(birds, sent):
    """A subclass of the pickler with its own reducer_override and persistent_id is asked in every writing."""
    import io

    class Mine(pickleloaf.Pickler):
        def reducer_override(self, obj):
            if obj is marker:
                return str, ("marker",)
            return super().reducer_override(obj)

        def persistent_id(self, obj):
            return "kept" if obj is kept else None

    class Unpickler(pickle.Unpickler):
        def persistent_load(self, pid):
            return pid

    marker, kept = object(), object()
    scope = {"__name__": "__main__", "birds": birds, "marker": marker, "kept": kept}
    exec("def feed(bird):\n    return marker, kept\ndef use():\n    return birds.feed('tom'), marker", scope)
    original, birds.feed = birds.feed, scope["feed"]
    file = io.BytesIO()
    Mine(file, patches="carry").dump(scope["use"])
    birds.feed = original
    file.seek(0)
    assert Unpickler(file).load()() == (("marker", "kept"), "marker")


def test_deep_object_behind_patches(birds, sent):
    """An object too deep for the C pickler is carried behind its patches, too."""
    payload = sent("""
        birds.feed = lambda bird: 'patched'
        deep = None
        for _ in range(20_000):
            deep = [deep]
        def use():
            return birds.feed('tom'), type(deep)
        """)
    assert pickleloaf.loads(payload)() == ("patched", list)


def test_no_policy_is_left_behind(patched):
    """After carrying, a pickler works by its own policy again, also when the patch could not travel."""
    import io

    file = io.BytesIO()
    pickler = pickleloaf.Pickler(file, patches="carry")
    pickler.dump(patched["use"])
    assert not isinstance(pickler._dump.policy, CarryingPolicy)
    patched["birds"].feed = types.MethodType(patched["feed"], (each for each in "ab"))
    next(patched["birds"].feed.__self__)
    with pytest.raises(pickleloaf.EncodeError):
        pickler.dump([patched["use"], 1])
    assert not isinstance(pickler._dump.policy, CarryingPolicy)


def test_threads(birds, sent):
    """Payloads that arrive in several threads apply their patch once."""
    payload = sent(FASTING)
    errors = []

    def load():
        try:
            for _ in range(20):
                assert pickleloaf.loads(payload)() == "tom is fasting"
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(pickleloaf.patches()) == 1


def test_original_behind_builtin(script, monkeypatch):
    """By default, too, an original that has lost its name is found again: it is the receiver's own."""
    scope = script("""
        import builtins
        kept = round
        def use(number):
            return kept(number)
        """)
    monkeypatch.setattr("builtins.round", lambda number: "patched")
    monkeypatch.setattr("builtins.round", script("patched = lambda number: 'patched'")["patched"])
    payload = pickleloaf.dumps(scope["use"], patches="ignore")
    monkeypatch.undo()
    assert pickleloaf.loads(payload)(1.5) == 2
    assert json.loads("1") == 1


def test_comes_back_from_a_worker(patched, tmp_path):
    """What a worker hands on is recognised by the process that made it, though its state has changed since."""
    birds = patched["birds"]
    counting = {"__name__": "__main__", "birds": birds}
    exec(
        "def make():\n    count = 0\n    def feed(bird):\n        nonlocal count\n        count += 1\n"
        "        return str(count)\n    return feed\nfeed = make()\ndef use():\n    return birds.feed('tom')",
        counting,
    )
    birds.feed = counting["feed"]
    payload = pickleloaf.dumps(counting["use"], patches="carry")
    source = (
        "import sys, pickleloaf\nuse = pickleloaf.loads(sys.stdin.buffer.read())\nuse()\n"
        "sys.stdout.buffer.write(pickleloaf.dumps(use, patches='carry'))"
    )
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{SOURCE}"}
    ended = subprocess.run(
        [sys.executable, "-c", source], input=payload, capture_output=True, env=environment, check=True
    )
    assert birds.feed("tom") == "1"
    pickleloaf.dumps(counting["use"], patches="carry")
    pickleloaf.loads(ended.stdout)
    assert birds.feed is counting["feed"]
    assert pickleloaf.patches() == []


def test_path_of_what_cannot_be_carried(birds, script, monkeypatch):
    """Where a payload with patches cannot be dumped, the path begins with the object and not with the patches."""
    scope = script("def feed(bird): return bird\ndef use():\n    return birds.feed('tom')", birds=birds)
    birds.feed = scope["feed"]

    class Once:
        dumped = 0

    def reduce(_):
        Once.dumped += 1
        if Once.dumped > 1:  # behind the patches
            raise TypeError
        return int, ()

    monkeypatch.setitem(copyreg.dispatch_table, Once, reduce)
    with pytest.raises(pickleloaf.EncodeError) as caught:
        pickleloaf.dumps([scope["use"], {"once": Once()}], patches="carry")
    assert caught.value.path == "obj[1]['once']"
