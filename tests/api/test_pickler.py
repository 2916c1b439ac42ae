"""`Pickler` is used as frameworks use it: subclassed, with hooks, several times."""

import copyreg
import io
import pickle
import weakref

import pytest
from harness import define, loaf


class Handle:
    """Something that a framework ships in its own way."""

    def __init__(self, name):
        self.name = name


def dumps(pickler_class, obj, **options):
    """Bytes that a pickler class makes."""
    file = io.BytesIO()
    pickler_class(file, **options).dump(obj)
    return file.getvalue()


def test_reducer_override():
    """A subclass decides about some objects and leaves the others to super()."""

    class Mine(loaf.Pickler):
        def reducer_override(self, obj):
            if isinstance(obj, Handle):
                return str.upper, (obj.name,)
            return super().reducer_override(obj)

    handle = Handle("h")
    loaded = pickle.loads(dumps(Mine, [handle, lambda: handle, len]))
    assert loaded[0] == "H"
    assert loaded[1]() == "H"
    assert loaded[2] is len


def test_reducer_override_of_functions():
    """A subclass may decide about functions and classes too."""

    class Named(loaf.Pickler):
        def reducer_override(self, obj):
            if getattr(obj, "__name__", "") == "<lambda>":
                return str, ("a lambda",)
            return super().reducer_override(obj)

    def real():
        return 1

    text, function = pickle.loads(dumps(Named, (lambda: 1, define("def real(): return 1", "real"))))
    assert text == "a lambda"
    assert function() == 1


def test_reducer_override_not_implemented():
    """NotImplemented means: as usual."""

    class Shy(loaf.Pickler):
        def reducer_override(self, obj):
            return NotImplemented if isinstance(obj, Handle) else super().reducer_override(obj)

    handle = Handle("h")
    assert pickle.loads(dumps(Shy, [handle, lambda: 2]))[1]() == 2


def test_persistent_id():
    """Objects with a persistent id stay out of the payload, also deep in closures."""
    database = Handle("db")

    class External(loaf.Pickler):
        def persistent_id(self, obj):
            return ("db", 7) if obj is database else None

    class Resolving(pickle.Unpickler):
        def persistent_load(self, pid):
            assert pid == ("db", 7)
            return database

    payload = dumps(External, {"f": lambda: database, "d": database})
    loaded = Resolving(io.BytesIO(payload)).load()
    assert loaded["f"]() is database is loaded["d"]
    with pytest.raises(pickle.UnpicklingError):
        loaf.loads(payload)


@pytest.mark.parametrize("protocol", [0, 5])
def test_persistent_id_that_has_one_itself(protocol):
    """An id is not asked about, also where the object is nested deeply, or is written once more to say what failed."""

    class Identity(loaf.Pickler):
        def persistent_id(self, obj):
            return obj if isinstance(obj, str) else None

    class Resolving(pickle.Unpickler):
        def persistent_load(self, pid):
            return f"({pid})"

    obj = ["a", "b", "a"]
    for _ in range(100_000):
        obj = [obj]
    loaded = Resolving(io.BytesIO(dumps(Identity, obj, protocol=protocol))).load()
    while len(loaded) == 1:
        loaded = loaded[0]
    assert loaded == ["(a)", "(b)", "(a)"]
    running = (n for n in "bc")
    next(running)
    with pytest.raises(loaf.EncodeError, match="generator"):
        dumps(Identity, ["a", running], protocol=protocol)
    if protocol == 0:
        with pytest.raises(loaf.EncodeError, match="must be ASCII"):
            dumps(Identity, ["\N{EMPTY SET}"], protocol=0)


def test_dispatch_table_of_instance():
    """A pickler's own dispatch table is asked."""
    file = io.BytesIO()
    pickler = loaf.Pickler(file)
    pickler.dispatch_table = copyreg.dispatch_table.copy()
    pickler.dispatch_table[Handle] = lambda handle: (str.title, (handle.name,))
    pickler.dump([Handle("one"), lambda: 5])
    loaded = pickle.loads(file.getvalue())
    assert loaded[0] == "One"
    assert loaded[1]() == 5


def test_dispatch_table_of_class():
    """A dispatch table of a subclass is asked, and does not leak into others."""

    class Tabled(loaf.Pickler):
        dispatch_table = copyreg.dispatch_table.copy()

    Tabled.dispatch_table[Handle] = lambda handle: (str.title, (handle.name,))
    handle = Handle("two")
    assert pickle.loads(dumps(Tabled, handle)) == "Two"
    assert Handle not in copyreg.dispatch_table
    assert type(pickle.loads(loaf.dumps(handle))) is Handle


def test_global_dispatch_table():
    """What is registered with copyreg is used, also when it is registered late."""
    kind = define("class Late:\n    n = 1\n", "Late")
    loaf.dumps(kind())
    copyreg.pickle(kind, lambda late: (int, ("42",)))
    try:
        assert pickle.loads(loaf.dumps([kind()])) == [42]
    finally:
        del copyreg.dispatch_table[kind]


def test_several_dumps():
    """One pickler dumps several times: later payloads refer to earlier ones through the memo."""
    file = io.BytesIO()
    pickler = loaf.Pickler(file)
    shared, function = ["shared"], define("def f(): return 3", "f")
    pickler.dump([shared, function])
    first = file.tell()
    pickler.dump([shared, function])
    assert file.tell() - first < first
    file.seek(0)
    unpickler = pickle.Unpickler(file)
    one, two = unpickler.load(), unpickler.load()
    assert one[0] is two[0]
    assert one[1] is two[1]
    assert two[1]() == 3


def test_several_dumps_with_sets():
    """Sets of one payload leave the memo as it is, to which later payloads refer."""
    file = io.BytesIO()
    pickler = loaf.Pickler(file)
    words = ["alpha", "beta", "gamma", "delta", "epsilon"]
    for each in (set(words), words, frozenset(words), {"all": set(words), "some": words[::-1]}):
        pickler.dump(each)
    file.seek(0)
    unpickler = pickle.Unpickler(file)
    loaded = [unpickler.load() for _ in range(4)]
    assert loaded == [set(words), words, frozenset(words), {"all": set(words), "some": words[::-1]}]


def test_clear_memo():
    """After `clear_memo` a payload stands alone, and is the same as the first."""
    file = io.BytesIO()
    pickler = loaf.Pickler(file)
    kind = define("class K:\n    def f(self): return 4\n", "K")
    payloads = []
    for _ in range(2):
        file.seek(0)
        file.truncate()
        pickler.dump([kind(), kind])
        payloads.append(file.getvalue())
        pickler.clear_memo()
    assert payloads[0] == payloads[1]
    instance, cls = pickle.loads(payloads[1])
    assert instance.f() == 4
    assert type(instance) is cls


def test_dump_after_failure():
    """A pickler that failed once still works."""
    file = io.BytesIO()
    pickler = loaf.Pickler(file)
    running = iter(define("def gen():\n    yield 1\n    yield 2\n", "gen")())
    next(running)
    with pytest.raises(pickle.PicklingError):
        pickler.dump([lambda: 1, running])
    file.seek(0)
    file.truncate()
    pickler.clear_memo()
    pickler.dump([lambda: 2])
    assert pickle.loads(file.getvalue())[0]() == 2


def test_failed_dump_writes_nothing():
    """A `dump` that fails leaves the file as it was."""
    file = io.BytesIO(b"before")
    file.seek(0, 2)
    running = iter(define("def gen():\n    yield 1\n    yield 2\n", "gen")())
    next(running)
    with pytest.raises(loaf.EncodeError):
        loaf.dump([lambda: 1, "x" * 100_000, running], file)
    assert file.getvalue() == b"before"


def test_out_of_band():
    """Buffers go out of band when a callback asks for them, also from closures."""
    data = bytearray(b"x" * 100_000)
    holder = define("class Big:\n    pass\n", "Big")()
    holder.data = pickle.PickleBuffer(data)
    buffers = []
    payload = loaf.dumps(lambda: holder.data, protocol=5, buffer_callback=buffers.append)
    assert len(payload) < 5000
    assert len(buffers) == 1
    loaded = loaf.loads(payload, buffers=buffers)
    assert bytes(loaded()) == bytes(data)


def test_out_of_band_declined():
    """A callback that answers True keeps the buffer in the payload."""
    data = pickle.PickleBuffer(b"y" * 1000)
    seen = []
    payload = loaf.dumps([data], buffer_callback=lambda buffer: seen.append(buffer) or True)
    assert len(payload) > 1000
    assert len(seen) == 1
    assert bytes(loaf.loads(payload)[0]) == b"y" * 1000


def test_out_of_band_memoryview():
    """A memoryview goes out of band and keeps its format and shape."""
    view = memoryview(bytearray(range(240))).cast("i", (6, 10))
    buffers = []
    payload = loaf.dumps(lambda: view, buffer_callback=buffers.append)
    assert len(payload) < 2000
    assert len(buffers) == 1
    loaded = loaf.loads(payload, buffers=buffers)()
    assert loaded.tolist() == view.tolist()
    assert (loaded.format, loaded.shape) == ("i", (6, 10))


@pytest.mark.parametrize(
    ("spans", "at"),  # of views, or of the data itself; and where in two of them the same byte is
    [
        ([None, (0, 10), (2, 5)], [4, 2]),
        ([(2, 5), None], [2, 4]),
        ([(3, 7), (2, 5)], [1, 2]),
    ],
)
def test_out_of_band_memory_that_is_shared(spans, at):
    """What looks into the same memory still does where memory goes out of band, and each buffer is in its turn."""
    data = bytearray(b"0123456789")
    objects = [data if span is None else memoryview(data)[slice(*span)] for span in spans]
    objects.append(memoryview(bytearray(b"last")))
    buffers = []
    payload = loaf.dumps(objects, buffer_callback=buffers.append)
    assert len(buffers) == sum(type(each) is memoryview for each in objects)
    loaded = loaf.loads(payload, buffers=[bytearray(each) for each in buffers])
    assert [bytes(each) for each in loaded] == [bytes(each) for each in objects]
    first, other = loaded[0], loaded[len(spans) - 1]
    first[at[0]] = 0
    assert other[at[1]] == 0


def test_chunks_go_out_of_band_uncopied():
    """Views that lie side by side share nothing, so what they are of does not travel."""
    view = memoryview(bytearray(100_000))
    buffers = []
    payload = loaf.dumps([view[:50_000], view[50_000:]], buffer_callback=buffers.append)
    assert len(payload) < 1000
    assert len(buffers) == 2


def test_out_of_band_array():
    """A numpy array in an instance of the script goes out of band."""
    np = pytest.importorskip("numpy")
    holder = define("class Holder:\n    pass\n", "Holder")()
    holder.array = np.arange(100_000)
    buffers = []
    payload = loaf.dumps(holder, buffer_callback=buffers.append)
    assert len(payload) < 5000
    assert len(buffers) == 1
    assert loaf.loads(payload, buffers=buffers).array.sum() == holder.array.sum()


def test_nothing_stays_alive():
    """`dumps` keeps no reference to what it dumped."""
    import gc

    kind = define("class Short:\n    def f(self): return self\n", "Short")
    thing = kind()
    dead = weakref.ref(thing)
    gc.collect()
    gc.disable()
    try:
        loaf.dumps([thing])
        del thing
        assert dead() is None
    finally:
        gc.enable()


def test_class_can_die():
    """A class that was dumped and loaded can be collected."""
    import gc

    kind = define("class Short:\n    def f(self): return super().__init__()\n", "Short")
    dead = weakref.ref(kind)
    loaf.loads(loaf.dumps([kind, kind()]))
    del kind
    gc.collect()
    assert dead() is None


def test_reentrant_reduce():
    """A `__reduce__` that itself calls `dumps` works, for functions and classes too."""
    kind = define(
        """
        class Envelope:
            def __init__(self, inner):
                self.inner = inner
            def __reduce__(self):
                return unpack, (dumps([self.inner, Envelope, lambda: 1]),)
        def unpack(data):
            import pickle
            inner, cls, one = pickle.loads(data)
            return cls((inner, one()))
        """,
        "Envelope",
        dumps=loaf.dumps,
    )
    loaded = loaf.loads(loaf.dumps([kind("letter"), lambda: 2]))
    assert loaded[0].inner == ("letter", 1)
    assert loaded[1]() == 2


def test_reentrant_getstate():
    """A `__getstate__` that dumps the object itself's parts does not disturb the outer dump."""
    kind = define(
        """
        class Saved:
            def __init__(self):
                self.parts = [lambda: "a", lambda: "b"]
            def __getstate__(self):
                return {"copies": [dumps(part) for part in self.parts], "parts": self.parts}
        """,
        "Saved",
        dumps=loaf.dumps,
    )
    loaded = loaf.loads(loaf.dumps(kind()))
    assert [pickle.loads(data)() for data in loaded.copies] == ["a", "b"]
    assert [part() for part in loaded.parts] == ["a", "b"]


@pytest.mark.parametrize("method", ["dump", "__init__"])
def test_reentrant_pickler(method):
    """A hook that uses the pickler which asks it is refused, and the dump goes on as if nothing had been."""
    file = io.BytesIO()
    pickler = loaf.Pickler(file)
    kind = define(
        """
        class Meddler:
            def __reduce__(self):
                with raises(RuntimeError, match="already used"):
                    meddle()
                return list, ()
        """,
        "Meddler",
        raises=pytest.raises,
        meddle=lambda: getattr(pickler, method)(file),
    )
    for _ in range(2):
        pickler.clear_memo()
        pickler.dump([kind(), lambda: 1])
    file.seek(0)
    for _ in range(2):
        loaded = pickle.load(file)
        assert loaded[0] == []
        assert loaded[1]() == 1


def test_dicts_that_are_data_are_soon_left_alone():
    """Dicts of a subclass are looked at for being somebody's attributes in the first payloads of their type only."""
    row, holder = define("class Row(dict): pass\nclass Holder: pass\n", "Row", "Holder")
    for _ in range(12):
        assert type(loaf.loads(loaf.dumps([row(a=1), *(holder() for _ in range(10))]))[0]) is row
    holding = holder()
    holding.__dict__ = row(a=1)
    other = define("class Row(dict): pass\n", "Row")
    assert type(loaf.loads(loaf.dumps(holding)).__dict__) is dict  # as documented
    holding.__dict__ = other(a=1)
    assert type(loaf.loads(loaf.dumps(holding)).__dict__) is other
    holding.__dict__ = row(a=1)
    assert type(loaf.loads(loaf.dumps(holding)).__dict__) is row  # what is known of one holder holds for all


def test_who_has_the_dict_of_an_instance_is_asked_less():
    """After a hundred instances of a type the first of each payload is asked; all, once one has a dict that travels."""
    kind = define("class Kind: pass\n", "Kind")
    for _ in range(120):
        loaf.dumps([kind(), kind()])
    late = kind()
    late.n = 1
    _, instance, attributes = loaf.loads(loaf.dumps([kind(), late, vars(late)]))
    assert vars(instance) == attributes
    assert vars(instance) is not attributes  # as documented
    first, second = loaf.loads(loaf.dumps([late, [vars(late)]]))
    assert vars(first) is second[0]
    _, instance, attributes = loaf.loads(loaf.dumps([kind(), late, vars(late)]))
    assert vars(instance) is attributes


def test_whoever_holds_the_dict_of_an_instance_is_no_part_of_the_payload():
    """A reference to the dict of an instance from elsewhere does not change what is written."""
    kind = define("class Kind: pass\n", "Kind")
    held, buffers = kind(), []
    held.n, held.big = 1, pickle.PickleBuffer(b"big")
    plain = loaf.dumps(held, buffer_callback=buffers.append)
    attributes = vars(held)
    for _ in range(130):  # as long as instances are asked, and beyond
        assert loaf.dumps(held, buffer_callback=buffers.append) == plain
    assert attributes["n"] == 1
    assert len(buffers) == 131


def test_globals_of_a_script(receive, script):
    """What globals() returns in a script is what its functions and methods look into where they travel together."""
    source = """
        rate = 3
        def scale(n): return n * rate
        class Scale:
            def get(self): return rate
        obj = scale, globals()
        """

    def check(objects):
        scale, names = next(objects)
        names["rate"] = 5
        assert scale(2) == 10
        assert names["scale"] is scale
        assert names["Scale"]().get() == 5

    receive(check, script(source))
