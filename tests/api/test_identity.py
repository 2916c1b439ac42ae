"""The same class is one class there, and comes back as the class that left."""

import enum
import sys

import pytest
from harness import define, loaf

COUNTER = """
    class Counter:
        made = 0
        def __init__(self):
            type(self).made += 1
    """


def test_two_payloads_one_class(receive):
    """A class that arrives in two payloads is one class there."""
    kind = define(COUNTER, "Counter")

    def check(objects):
        instance, cls = next(objects), next(objects)
        assert type(instance) is cls
        assert type(cls()) is type(instance)

    receive(check, loaf.dumps(kind()), loaf.dumps(kind))


def test_arriving_again_keeps_state(receive):
    """The same definition arriving again does not reset what the class counted there."""
    kind = define(COUNTER, "Counter")

    def check(objects):
        cls = next(objects)
        before = cls.made
        cls(), cls()
        again = next(objects)
        assert again is cls
        assert cls.made == before + 2

    receive(check, loaf.dumps(kind), loaf.dumps(kind))


def test_redefined(receive):
    """A class redefined and shipped again is the new class; old instances stay what they were."""
    source = "class Model:\n    def run(self): return {}\n"
    old, new = define(source.format(1), "Model"), define(source.format(2), "Model")

    def check(objects):
        first, second = next(objects), next(objects)
        assert first.run() == 1
        assert second.run() == 2
        assert type(first) is not type(second)

    receive(check, loaf.dumps(old()), loaf.dumps(new()))


def test_patched_between(receive):
    """A class that got a method between two payloads has it after the second."""
    kind = define(COUNTER, "Counter")
    first = loaf.dumps(kind())
    kind.added = define("def added(self):\n    return 'added'\n", "added")

    def check(objects):
        next(objects)
        assert next(objects).added() == "added"

    receive(check, first, loaf.dumps(kind()))


BIRD = """
    LIMIT = 3
    def twice(number):
        return 2 * number
    class Bird:
        sound = "chirp"
        wings = [2]
        made = 0
        def speak(self, times=1):
            return self.sound * times, twice(LIMIT)
        @staticmethod
        def limit():
            return LIMIT
        @property
        def half(self):
            return LIMIT / 2
    """

#: What is done at the sender, how it is undone, and what an old instance then says at the receiver.
CHANGES = {
    "nothing": ("", "", ("chirp", 6, 3, 1.5, 2)),
    "an atom": ("Bird.sound = 'quack'", "Bird.sound = 'chirp'", ("quack", 6, 3, 1.5, 2)),
    "an object": ("Bird.wings = [4]", "Bird.wings = [2]", ("chirp", 6, 3, 1.5, 4)),
    "a global": ("LIMIT = 1", "LIMIT = 3", ("chirp", 2, 1, 0.5, 2)),
    "a helper": (
        "def twice(number): return number",
        "def twice(number): return 2 * number",
        ("chirp", 3, 3, 1.5, 2),
    ),
    "a property": (
        "Bird.half = property(lambda self: 7)",
        "Bird.half = property(lambda self: 1.5)",
        ("chirp", 6, 3, 7, 2),
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_changed_between(what, receive):
    """What is changed about a class between two payloads is changed where it already is, and can be changed back."""
    kind = define(BIRD, "Bird")
    scope = kind.speak.__globals__
    do, undo, expected = CHANGES[what]
    payloads = [loaf.dumps(expected), loaf.dumps(kind())]
    for statement in (do, undo):
        exec(statement, scope)
        payloads.append(loaf.dumps(kind))

    def check(objects):
        def said():
            sound, doubled = bird.speak()
            return sound, doubled, bird.limit(), bird.half, bird.wings[0]

        expected, bird = next(objects), next(objects)
        assert said() == ("chirp", 6, 3, 1.5, 2)
        assert next(objects) is type(bird)
        assert said() == expected
        next(objects)
        assert said() == ("chirp", 6, 3, 1.5, 2)

    receive(check, *payloads)


def test_changed_on_both_sides(receive):
    """What the receiver has set itself stays, whatever the sender has made of it meanwhile."""
    kind = define(BIRD, "Bird")
    first = loaf.dumps(kind)
    kind.sound, kind.made = "quack", 5
    second = loaf.dumps(kind)
    del kind.sound
    third = loaf.dumps(kind)

    def check(objects):
        bird = next(objects)
        bird.made = 2
        next(objects)
        assert (bird.sound, bird.made) == ("quack", 2)
        next(objects)
        assert not hasattr(bird, "sound")
        assert bird.made == 2

    receive(check, first, second, third)


def test_closed_no_more(receive):
    """A class of nothing but code and atoms that gets more is changed where it already is."""
    kind = define(
        "class Box:\n    size = 1\n    count = 0\n    def area(self): return self.size ** 2\n", "Box"
    )
    first = loaf.dumps(kind)
    kind.size, kind.count, kind.lid = 3, 4, [5]

    def check(objects):
        box = next(objects)
        box.count = 9
        next(objects)
        assert (box().area(), box.lid, box.count) == (9, [5], 9)

    receive(check, first, loaf.dumps(kind))


def test_comes_back():
    """A class, its subclass and an instance loaded where they were made are the same classes."""
    kind = define(COUNTER, "Counter")
    child = type("Child", (kind,), {"__module__": "__main__"})
    cls, sub, instance = loaf.loads(loaf.dumps((kind, child, kind())))
    assert cls is kind
    assert sub is child
    assert type(instance) is kind


def test_comes_back_from_there(lab):
    """A class that another process sends back is the class that left."""
    kind = define(COUNTER, "Counter")
    color = define("import enum\nclass Color(enum.Enum):\n    RED = 1\n", "Color")
    from harness import SERIALIZER

    answer = lab.receive(
        {
            "loader": SERIALIZER,
            "payload": loaf.dumps([kind, kind(), color.RED]),
            "redump": SERIALIZER,
            "name": "send back",
            "path": [],
        }
    )
    assert not answer["error"], answer["error"]
    cls, instance, red = loaf.loads(answer["payload"])
    assert cls is kind
    assert type(instance) is kind
    assert red is color.RED


@pytest.mark.parametrize("order", [1, -1])
def test_senders_do_not_mix(script, receive, order):
    """Classes of one name from two senders stay two, whatever number each had at home."""
    payloads = [
        script(f"class Job:\n    def run(self): return {n}\nobj = Job()\n", name=f"{n}/job.py")
        for n in (1, 2)
    ][::order]

    def check(objects):
        assert sorted(job.run() for job in objects) == [1, 2]

    receive(check, *payloads)


def test_enum_members(receive):
    """Members of one enum in two payloads are the same members."""
    color = define("import enum\nclass Color(enum.Enum):\n    RED = 1\n    BLUE = 2\n", "Color")

    def check(objects):
        red, table, cls = next(objects), next(objects), next(objects)
        assert red is cls.RED
        assert table[red] == "r"
        assert cls(2) is cls.BLUE

    receive(check, loaf.dumps(color.RED), loaf.dumps({color.RED: "r"}), loaf.dumps(color))
    assert loaf.loads(loaf.dumps(color.BLUE)) is color.BLUE
    assert issubclass(color, enum.Enum)


def test_class_state_here_survives():
    """Loading an old payload does not turn back the class that lives here."""
    kind = define(COUNTER, "Counter")
    payload = loaf.dumps(kind())
    kind.made = 50
    kind.later = "kept"
    loaf.loads(payload)
    assert kind.made == 50
    assert kind.later == "kept"


def test_closures_here_survive():
    """Loading a class does not cut the methods of the one that lives here off their variables."""
    build = define(
        """
        def build():
            log = []
            class Writer:
                def write(self, x):
                    log.append(x)
            return Writer, log
        """,
        "build",
    )
    writer, log = build()
    loaded = loaf.loads(loaf.dumps(writer()))
    writer().write("a")
    assert log == ["a"]
    assert type(loaded) is writer


def test_functions_are_copies():
    """A function loaded where it was made is another function with its own variables."""
    count = define("def make():\n    n = 0\n    def count():\n        nonlocal n\n        n += 1\n"
                   "        return n\n    return count\n", "make")()  # fmt: skip
    copy = loaf.loads(loaf.dumps(count))
    assert copy is not count
    assert [count(), count(), copy()] == [1, 2, 1]


def test_equal_classes(receive):
    """Classes that compare equal stay apart, also in two payloads."""
    make = define(
        """
        class Meta(type):
            def __eq__(cls, other): return True
            def __hash__(cls): return 1
        def make(n):
            class K(metaclass=Meta):
                value = n
            return K
        """,
        "make",
    )

    def check(objects):
        assert [cls.value for cls in objects] == [1, 2]

    receive(check, loaf.dumps(make(1)), loaf.dumps(make(2)))


def test_name_of_module_by_value(monkeypatch):
    """What says that it is a name of a by-value module is refused: nobody could look the name up there."""
    kind = define("class Mark:\n    def __reduce__(self):\n        return 'MARK'\n", "Mark")
    monkeypatch.setattr(sys.modules["__main__"], "MARK", kind(), raising=False)
    with pytest.raises(loaf.EncodeError, match=r"asks to travel as the name __main__\.MARK"):
        loaf.dumps([sys.modules["__main__"].MARK])


TYPES = """
    import typing
    T = typing.TypeVar("T", bound="Box")
    P = typing.ParamSpec("P")
    Name = typing.NewType("Name", str)
    class Box(typing.Generic[T]):
        def __init__(self, content: T): self.content = content
    def unbox(box: Box[T], how: typing.Callable[P, Name]) -> T: return box.content
    def names() -> Name: return Name("n")
    """


def test_type_parameters_and_new_types_in_two_payloads(receive):
    """They are one object there, whichever payload brings them, and keep what they say of themselves."""
    box, unbox, names = (define(TYPES, name) for name in ("Box", "unbox", "names"))
    scope = unbox.__globals__
    box, names = scope["Box"], scope["names"]

    def check(objects):
        generic, function, new = next(objects), next(objects), next(objects)
        parameter = generic.__parameters__[0]
        assert function.__annotations__["return"] is parameter
        assert parameter.__bound__.__forward_arg__ == "Box"
        kind = function.__annotations__["how"].__args__[-1]
        assert new.__annotations__["return"] is kind
        assert kind.__supertype__ is str
        assert kind.__name__ == "Name"

    receive(check, loaf.dumps(box), loaf.dumps(unbox), loaf.dumps(names))


def test_type_parameters_come_back_as_themselves():
    """Those that left this process are what comes back."""
    function = define(TYPES, "unbox")
    scope = function.__globals__
    for name in ("T", "P", "Name"):
        assert loaf.loads(loaf.dumps(scope[name])) is scope[name]


def test_type_parameters_defined_again(receive):
    """One that is defined in another way is another one; so is a second one that looks the same."""
    source = 'import typing\nT = typing.TypeVar("T"{})\ndef f(x: T): pass\n'
    first, second, third = (define(source.format(more), "f") for more in ("", "", ", covariant=True"))

    def check(objects):
        kinds = [next(objects).__annotations__["x"] for _ in range(4)]
        assert len({id(kind) for kind in kinds}) == 3
        assert kinds[0] is kinds[3]

    receive(check, *map(loaf.dumps, (first, second, third, first)))
