"""Refusals deep inside: the path leads to the culprit, as Python would write it."""

import collections
import dataclasses
import functools
import types

from harness import Case, drive


def culprit():
    """Something that nobody can ship: a generator in mid-run."""

    def gen():
        yield 1
        yield 2

    made = gen()
    next(made)
    return made


class Holder:
    def __init__(self, **attributes):
        vars(self).update(attributes)


class Attribute(Case):
    """An attribute of an attribute"""

    refused = True
    path = ".client.inflight"

    def make():
        return Holder(name="app", client=Holder(retries=3, inflight=culprit()))

    def same(obj):
        assert next(obj.client.inflight) == 2


class Index(Case):
    """An item of a list in a tuple"""

    refused = True
    path = "[1][2]"

    def make():
        return 0, ["a", "b", culprit()]

    def same(obj):
        assert next(obj[1][2]) == 2


class KeyText(Case):
    """A value of a dict under a text"""

    refused = True
    path = "['jobs']['first one']"

    def make():
        return {"other": 1, "jobs": {"first one": culprit()}}

    def same(obj):
        assert next(obj["jobs"]["first one"]) == 2


class KeyNumber(Case):
    """A value of a dict under a number, a tuple and None"""

    refused = True
    path = "[7][(1, 'a')][None]"

    def make():
        return {7: {(1, "a"): {None: culprit()}}}

    def same(obj):
        assert next(obj[7][1, "a"][None]) == 2


class ClosureVariable(Case):
    """A variable of a closure"""

    refused = True
    path = ".__closure__['lines']"

    def make():
        lines, n = culprit(), 3
        return lambda: (n, next(lines))

    def same(obj):
        assert obj() == (3, 2)


class Callbacks(Case):
    """A closure variable of a callback in a list in an attribute"""

    refused = True
    path = ".callbacks[2].__closure__['stream']"

    def make():
        stream = culprit()
        return Holder(callbacks=[print, lambda: 1, lambda: next(stream)])

    def same(obj):
        assert obj.callbacks[2]() == 2


class GlobalVariable(Case):
    """A global of a function"""

    refused = True
    path = ".__globals__['the_feed']"

    def make():
        space = {"the_feed": culprit()}
        exec("def read():\n    return next(the_feed)\n", space)
        return space["read"]

    def same(obj):
        assert obj() == 2


class Default(Case):
    """A default of a function"""

    refused = True
    path = ".__defaults__[1]"

    def make():
        def read(n=0, feed=culprit()):
            return next(feed)

        return read

    def same(obj):
        assert obj() == 2


class KeywordDefault(Case):
    """A keyword-only default of a function"""

    refused = True
    path = ".__kwdefaults__['feed']"

    def make():
        def read(*, feed=culprit()):
            return next(feed)

        return read

    def same(obj):
        assert obj() == 2


class FunctionAttribute(Case):
    """An attribute of a function"""

    refused = True
    path = ".pending"

    def make():
        def work():
            return next(work.pending)

        work.pending = culprit()
        return work

    def same(obj):
        assert obj() == 2


class ClassAttribute(Case):
    """An attribute of an instance's class"""

    refused = True
    path = ".source"

    def make():
        class Reader:
            source = culprit()

        return Reader()

    def same(obj):
        assert next(obj.source) == 2


class MethodClosure(Case):
    """A closure variable of a method of a class"""

    refused = True
    path = "['source']"

    def make():
        source = culprit()

        class Reader:
            def read(self):
                return next(source)

        return [Reader()]

    def same(obj):
        assert obj[0].read() == 2


class BoundMethod(Case):
    """An attribute of the object that a bound method is bound to"""

    refused = True
    path = ".__self__.feed"

    def make():
        class Reader:
            def read(self):
                return next(self.feed)

        reader = Reader()
        reader.feed = culprit()
        return reader.read

    def same(obj):
        assert obj() == 2


class PartialArgument(Case):
    """An argument of a partial"""

    refused = True
    path = ".args[1]"

    def make():
        return functools.partial(print, 1, culprit())

    def same(obj):
        assert next(obj.args[1]) == 2


class DataclassField(Case):
    """A field of a dataclass with slots"""

    refused = True
    path = "[0].feed"

    def make():
        @dataclasses.dataclass(slots=True)
        class Job:
            name: str
            feed: object

        return [Job("j", culprit())]

    def same(obj):
        assert next(obj[0].feed) == 2


class DequeItem(Case):
    """An item of a deque in a namespace"""

    refused = True
    path = ".queue[1]"

    def make():
        return types.SimpleNamespace(queue=collections.deque([0, culprit()]))

    def same(obj):
        assert next(obj.queue[1]) == 2


class DictSubclassValue(Case):
    """A value and an attribute of a dict subclass"""

    refused = True
    path = "['feed']"

    def make():
        class Table(dict):
            pass

        return Table(a=1, feed=culprit())

    def same(obj):
        assert next(obj["feed"]) == 2


class SetMember(Case):
    """A member of a set"""

    refused = True
    path = ".waiting"

    def make():
        return Holder(waiting={culprit()})

    def same(obj):
        assert len(obj.waiting) == 1


class KeyItself(Case):
    """A key of a dict"""

    refused = True
    path = ".table"

    def make():
        return Holder(table={culprit(): 1})

    def same(obj):
        assert list(obj.table.values()) == [1]


class ModuleVariable(Case):
    """A variable of a dynamic module"""

    refused = True
    path = ".feed"

    def make():
        module = types.ModuleType("made_refused")
        module.feed = culprit()
        return module

    def same(obj):
        assert next(obj.feed) == 2


class ExceptionCause(Case):
    """An attribute of an exception's cause"""

    refused = True
    path = ".__cause__.feed"

    def make():
        error = ValueError("x")
        error.__cause__ = KeyError("k")
        error.__cause__.feed = culprit()
        return error

    def same(obj):
        assert next(obj.__cause__.feed) == 2


class StateOfOwn(Case):
    """Something in the state that an object states itself"""

    refused = True
    path = "hidden"

    def make():
        class Stated:
            def __init__(self):
                self.hidden = culprit()

            def __getstate__(self):
                return {"inner": [self.hidden]}

            def __setstate__(self, state):
                self.hidden = state["inner"][0]

        return Stated()

    def same(obj):
        assert next(obj.hidden) == 2


class Repeated(Case):
    """The first of two places, in a cycle"""

    refused = True
    path = "feed"

    def make():
        one, two = Holder(), Holder()
        one.two, two.one = two, one
        one.feed = two.feed = culprit()
        return [one, two]

    def same(obj):
        assert next(obj[0].feed) == 2


class Root(Case):
    """The object itself"""

    refused = True

    def make():
        return culprit()

    def same(obj):
        assert next(obj) == 2


class ReduceRaises(Case):
    """An object whose __reduce__ raises a TypeError"""

    refused = True
    path = ".parts[0]"

    def make():
        class Stubborn:
            def __reduce__(self):
                raise TypeError("not today")

        return Holder(parts=[Stubborn()])

    def same(obj):
        with raises(TypeError, "not today"):
            obj.parts[0].__reduce__()


class ReduceWrongly(Case):
    """An object whose __reduce__ returns no callable"""

    refused = True
    path = ".parts[0]"

    def make():
        class Confused:
            def __reduce__(self):
                return 1, (2,)

        return Holder(parts=[Confused()])

    def same(obj):
        assert obj.parts[0].__reduce__() == (1, (2,))


class HiddenSlot(Case):
    """A slot that hides another of its name, both of them in use"""

    refused = True
    path = ".parts[0]"

    def make():
        class Base:
            __slots__ = ("name",)

        class Sub(Base):
            __slots__ = ("name",)

        sub = Sub()
        sub.name = "sub"
        Base.name.__set__(sub, "base")
        return Holder(parts=[sub])

    def same(obj):
        assert obj.parts[0].name == "sub"


class OtherDict(Case):
    """An instance whose class calls something else its __dict__"""

    refused = True
    path = ".parts[0]"

    def make():
        class Masked:
            def __init__(self):
                self.face = 1

            @property
            def __dict__(self):
                return {"mask": 2}

        return Holder(parts=[Masked()])

    def same(obj):
        assert obj.parts[0].face == 1 and vars(obj.parts[0]) == {"mask": 2}


if __name__ == "__main__":
    drive()
