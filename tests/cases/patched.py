"""Patches: what somebody changed at run time is what arrives."""

import types

from harness import Case, define, drive, loaf

BIRDS = """
    class Turkey:
        voice = "gobble"
        def __init__(self, name):
            self.name = name
        def hi(self):
            return f"{self.name} says {self.voice}"
        @property
        def mood(self):
            return "calm"
        @staticmethod
        def legs():
            return 2
        @classmethod
        def hatch(cls):
            return cls("chick")
    def feed(bird):
        return bird.name + " eats"
    """


def hi2(self):
    return f"{self.name} says SQUAWK"


class TurkeyOfScript(Case):
    """An instance of a class of the script whose method was replaced by another function"""

    old_protocols = True

    def make():
        class Turkey:
            def __init__(self, name):
                self.name = name

            def hi(self):
                return "gobble"

        t = Turkey("tom")
        t.hi = types.MethodType(hi2, t)
        return t

    def same(obj):
        assert obj.hi() == "tom says SQUAWK" and obj.hi.__self__ is obj
        assert type(obj)("tim").hi() == "gobble"


class Turkey(Case):
    """An instance of an importable class whose method was replaced"""

    files = {"birds_instance.py": BIRDS}

    def make():
        import birds_instance

        t = birds_instance.Turkey("tom")
        t.hi = types.MethodType(hi2, t)
        return t

    def same(obj):
        import birds_instance

        assert obj.hi() == "tom says SQUAWK" and type(obj) is birds_instance.Turkey
        assert birds_instance.Turkey("tim").hi() == "tim says gobble"


class LambdaOnInstance(Case):
    """An instance of an importable class with a lambda for a method"""

    files = {"birds_lambda.py": BIRDS}

    def make():
        import birds_lambda

        bird = birds_lambda.Turkey("ann")
        bird.hi = lambda: f"{bird.name} hums"
        return bird

    def same(obj):
        obj.name = "bea"
        assert obj.hi() == "bea hums"


class PatchCallsOriginal(Case):
    """A replaced method that calls the original"""

    files = {"birds_original.py": BIRDS}

    def make():
        import birds_original

        bird = birds_original.Turkey("tom")
        original = bird.hi
        bird.hi = lambda: original() + " twice"
        return bird

    def same(obj):
        assert obj.hi() == "tom says gobble twice"


class PatchedClass(Case):
    """An importable class with a replaced and an added method"""

    arguments = {"patches": "carry"}
    alone = True
    files = {"birds_class.py": BIRDS}

    def make():
        import birds_class

        birds_class.Turkey.hi = hi2
        birds_class.Turkey.fly = lambda self: self.name + " flies"
        return birds_class.Turkey("tom")

    def same(obj):
        assert obj.hi() == "tom says SQUAWK" and obj.fly() == "tom flies"
        assert type(obj).hatch().fly() == "chick flies"


class PatchedClassAlone(Case):
    """An importable class with a replaced property, static and class method"""

    arguments = {"patches": "carry"}
    alone = True
    files = {"birds_kinds.py": BIRDS}

    def make():
        from birds_kinds import Turkey as Bird

        Bird.mood = property(lambda self: "wild")
        Bird.legs = staticmethod(lambda: 3)
        Bird.hatch = classmethod(lambda cls: cls("egg"))
        return Bird

    def same(obj):
        egg = obj.hatch()
        assert egg.mood == "wild" and egg.legs() == 3 and egg.name == "egg"


class PatchedModule(Case):
    """A function of the script that calls a patched function of an importable module"""

    arguments = {"patches": "carry"}
    alone = True
    files = {"birds_module.py": BIRDS}

    def make():
        import birds_module

        birds_module.feed = lambda bird: bird + " is fasting"
        return define(
            "def day(name):\n    return birds_module.feed(name)\n", "day", birds_module=birds_module
        )

    def same(obj):
        assert obj("tom") == "tom is fasting"


class PatchedFunctionByName(Case):
    """A patched module function that the script had imported by name before"""

    alone = True
    files = {"birds_name.py": BIRDS}

    def make():
        import birds_name

        old = birds_name.feed
        birds_name.feed = lambda bird: "new " + old(bird)
        return old, birds_name.feed

    def same(obj):
        import types

        old, new = obj
        tom = types.SimpleNamespace(name="tom")
        assert old(tom) == "tom eats" and new(tom) == "new tom eats"


class PatchedStandardClass(Case):
    """A function that needs a patched class of the standard library"""

    arguments = {"patches": "carry"}
    alone = True

    def make():
        import fractions

        fractions.Fraction.percent = lambda self: f"{float(self):.0%}"
        return lambda n: fractions.Fraction(n).percent()

    def same(obj):
        assert obj("1/4") == "25%"


class SwappedClass(Case):
    """An importable instance whose class was swapped for one of the script"""

    files = {"birds_swapped.py": BIRDS}

    def make():
        import birds_swapped

        class Loud(birds_swapped.Turkey):
            voice = "GOBBLE"

            def shout(self):
                return super().hi().upper()

        bird = birds_swapped.Turkey("tom")
        bird.__class__ = Loud
        return bird

    def same(obj):
        assert obj.hi() == "tom says GOBBLE" and obj.shout() == "TOM SAYS GOBBLE"


class PatchedOfScript(Case):
    """A class of the script that was patched after instances were made"""

    def make():
        class Dog:
            def bark(self):
                return "wuff"

        dog = Dog()
        Dog.bark = lambda self: "WUFF"
        Dog.sit = lambda self: "sits"
        return dog

    def same(obj):
        assert obj.bark() == "WUFF" and obj.sit() == "sits"


class PatchedDefaults(Case):
    """An importable function with changed defaults"""

    arguments = {"patches": "carry"}
    exempt = {"relay": "over there nobody has marked the patch"}
    alone = True
    files = {"birds_default.py": "def count(n=2):\n    return n\n"}

    def make():
        import birds_default

        birds_default.count.__defaults__ = (12,)
        loaf.mark_patched(birds_default.count, "__defaults__")
        return birds_default.count

    def same(obj):
        assert obj() == 12


class InstanceInPatchedDict(Case):
    """A patched instance inside a container, with a closure and a lambda in a dict"""

    files = {"birds_deep.py": BIRDS}

    def make():
        import birds_deep

        eaten = []
        bird = birds_deep.Turkey("tom")
        bird.actions = {"eat": lambda what: eaten.append(what) or len(eaten), "talk": [bird.hi]}
        bird.voice = "growl"
        return {"yard": [bird]}

    def same(obj):
        (bird,) = obj["yard"]
        assert bird.actions["eat"]("corn") == 1 and bird.actions["eat"]("corn") == 2
        assert bird.actions["talk"][0]() == "tom says growl"


class PatchedAttribute(Case):
    """A patched class attribute of an importable class"""

    arguments = {"patches": "carry"}
    exempt = {"relay": "over there nobody has marked the patch"}
    alone = True
    files = {"birds_voice.py": BIRDS}

    def make():
        import birds_voice

        birds_voice.Turkey.voice = "honk"
        loaf.mark_patched(birds_voice.Turkey, "voice")  # a plain value does not show that it is new
        return birds_voice.Turkey("tom")

    def same(obj):
        assert obj.hi() == "tom says honk"


class WrappedMethod(Case):
    """An importable class whose method was wrapped with functools.wraps"""

    arguments = {"patches": "carry"}
    alone = True
    files = {"birds_wrapped.py": BIRDS}

    def make():
        import functools

        from birds_wrapped import Turkey as Bird

        def twice(method):
            @functools.wraps(method)
            def wrapper(self):
                return method(self) + "; " + method(self)

            return wrapper

        Bird.hi = twice(Bird.hi)
        return Bird("tom").hi

    def same(obj):
        assert obj() == "tom says gobble; tom says gobble" and obj.__name__ == "hi"


if __name__ == "__main__":
    drive()
