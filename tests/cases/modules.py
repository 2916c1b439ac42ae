"""Modules: by name where they can be imported, by value where they cannot."""

import collections.abc
import importlib.util
import json
import sys
import tempfile
import types
from pathlib import Path

from harness import Case, drive


def dynamic(name, source, **given):
    module = types.ModuleType(name, "made up")
    vars(module).update(given)
    exec(source, vars(module))
    return module


class Standard(Case):
    """Modules and submodules of the standard library"""

    old_protocols = True

    def make():
        return json, collections.abc, sys

    def same(obj):
        import collections.abc
        import json
        import sys

        assert obj[0] is json and obj[1] is collections.abc and obj[2] is sys

    def payload(data):
        assert len(data) < 400


class Importable(Case):
    """An importable package whose submodule is reached through an attribute"""

    files = {"pantry/__init__.py": "kind = 'pkg'", "pantry/shelf.py": "def top():\n    return 'jam'\n"}

    def make():
        import pantry
        import pantry.shelf

        return pantry.shelf, lambda: pantry.shelf.top()

    def same(obj):
        shelf, top = obj
        import pantry.shelf

        assert shelf is pantry.shelf and top() == "jam"


class InAttribute(Case):
    """A module as an attribute of an instance"""

    def make():
        class Codec:
            backend = json

            def __init__(self):
                self.abc = collections.abc

        return Codec()

    def same(obj):
        import collections.abc

        assert obj.backend.loads("[1]") == [1] and obj.abc is collections.abc


class Dynamic(Case):
    """A module made at run time, whose functions share its namespace"""

    exempt = {
        "round_trip": "its class comes back as the class that left, which has the globals that it left with"
    }

    old_protocols = True

    def make():
        source = (
            "n = 1\ndef up():\n    global n\n    n += 1\n    return n\nclass K:\n    def n(self): return n\n"
        )
        return dynamic("made_up", source)

    def same(obj):
        obj.n = 5
        assert obj.up() == 6 == obj.n == obj.K().n()
        assert obj.up.__globals__ is vars(obj)
        assert obj.__name__ == "made_up" and obj.__doc__ == "made up"


class FunctionOfDynamic(Case):
    """Functions of one dynamic module share its globals"""

    def make():
        module = dynamic(
            "made_pair", "log = []\ndef put(x):\n    log.append(x)\ndef get():\n    return log\n"
        )
        return module.put, module.get

    def same(obj):
        put, get = obj
        put("a")
        assert get()[-1] == "a" and put.__globals__ is get.__globals__


class DynamicWithClass(Case):
    """A class and instance of a dynamic module"""

    def make():
        module = dynamic("made_kinds", "size = 3\nclass Box:\n    def volume(self): return size ** 3\n")
        return module.Box(), module.Box

    def same(obj):
        box, cls = obj
        assert box.volume() == 27 and type(box) is cls and cls.__module__ == "made_kinds"


class DynamicOfDynamic(Case):
    """Dynamic modules that know each other"""

    def make():
        inner = dynamic("made_inner", "def hi(): return outer.name")
        outer = dynamic("made_outer", "name = 'out'\ndef call(): return inner.hi()", inner=inner)
        inner.outer = outer
        return outer

    def same(obj):
        obj.name = "changed"
        assert obj.call() == "changed" and obj.inner.outer is obj


class ImportedInBody(Case):
    """Functions and a method whose bodies import a module made at run time"""

    exempt = {
        "round_trip": "its class comes back as the class that left, which imports the module that is there"
    }

    def make():
        sys.modules["made_for_bodies"] = dynamic(
            "made_for_bodies", "log = []\ndef put(x):\n    log.append(x)"
        )

        def put(x):
            import made_for_bodies

            made_for_bodies.put(x)

        def log():
            from made_for_bodies import log

            return log

        class Reader:
            def read(self):
                import made_for_bodies as module

                return module.log

        return put, log, Reader()

    def same(obj):
        put, log, reader = obj
        before = len(log())
        put("a")
        assert log() is reader.read() and log()[before:] == ["a"]


class InPlaceOfAnother(Case):
    """A module made at run time that stands in the place of an importable one"""

    def make():
        sys.modules["colorsys"] = dynamic("colorsys", "def rgb_to_hsv(*rgb):\n    return 'grey'")
        import colorsys

        def late():
            from colorsys import rgb_to_hsv

            return rgb_to_hsv(0, 0, 0)

        return lambda: colorsys.rgb_to_hsv(1, 1, 1), late

    def same(obj):
        now, late = obj
        assert now() == late() == "grey"


class OwnReference(Case):
    """A dynamic module that contains itself, a lock-free cycle and imports"""

    def make():
        module = dynamic("made_self", "import os.path\nfrom json import dumps as write\n")
        module.me = module
        module.table = {"module": module}
        return module

    def same(obj):
        import json
        import os.path

        assert obj.me is obj is obj.table["module"]
        assert obj.write is json.dumps and obj.os.path is os.path


class GlobalOfFunction(Case):
    """A dynamic module used by a function of the script"""

    def make():
        settings = dynamic("made_settings", "host = 'here'\ndef url(): return host + '/x'")
        return lambda: (settings.host, settings.url())

    def same(obj):
        assert obj() == ("here", "here/x")


class Subclass(Case):
    """A module object of a subclass of ModuleType"""

    def make():
        class Lazy(types.ModuleType):
            def __getattr__(self, name):
                if name.startswith("__"):
                    raise AttributeError(name)
                return name * 2

        lazy = Lazy("made_lazy")
        lazy.fixed = 1
        return lazy

    def same(obj):
        assert obj.fixed == 1 and obj.ab == "abab" and obj.__name__ == "made_lazy"


class ModuleGetattr(Case):
    """A dynamic module with a module-level __getattr__"""

    def make():
        return dynamic("made_getattr", "def __getattr__(name): return 'got ' + name\nreal = 1\n")

    def same(obj):
        assert obj.real == 1 and obj.anything == "got anything"


class FromPath(Case):
    """A function of a module loaded from a path that is on nobody's sys.path"""

    alone = True

    def make():
        path = Path(tempfile.mkdtemp(), "loose_file.py")
        path.write_text("BASE = 40\ndef answer():\n    return BASE + 2\n")
        spec = importlib.util.spec_from_file_location("loose_file", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules["loose_file"] = module
        spec.loader.exec_module(module)
        return module.answer

    def same(obj):
        assert obj() == 42


class Script(Case):
    """A function that uses the script's own module object"""

    def make():
        main = sys.modules["__main__"]
        return lambda x: (main.__name__, x)

    def same(obj):
        assert obj(1) == ("__main__", 1)


if __name__ == "__main__":
    drive()
