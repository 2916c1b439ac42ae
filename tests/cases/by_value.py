"""Importable modules that the user asked to ship by value: the receiver does not have them."""

from harness import Case, drive, loaf


class _Shipped(Case):
    """A base of cases whose files stay at the sender"""

    def __init_subclass__(cls):
        super().__init_subclass__()
        cls.files_there = False


del Case.known[_Shipped.__module__]["_Shipped"]


class Function(_Shipped):
    """A function of a registered module"""

    files = {
        "bv_tool.py": "RATE = 3\ndef helper(n):\n    return n * RATE\ndef run(n):\n    return helper(n)\n"
    }

    def make():
        import bv_tool

        loaf.register_pickle_by_value(bv_tool)
        return bv_tool.run

    def same(obj):
        assert obj(2) == 6 and obj.__module__ == "bv_tool"


class Classes(_Shipped):
    """A class of a registered module, its instance and its subclass in the script"""

    files = {"bv_kinds.py": "class Base:\n    def hi(self):\n        return type(self).__name__\n"}

    def make():
        import bv_kinds

        loaf.register_pickle_by_value(bv_kinds)

        class Child(bv_kinds.Base):
            pass

        return bv_kinds.Base(), Child()

    def same(obj):
        base, child = obj
        assert base.hi() == "Base" and child.hi() == "Child" and isinstance(child, type(base))


class SharedGlobals(_Shipped):
    """A registered module and its functions share one namespace"""

    files = {"bv_state.py": "n = 0\ndef up():\n    global n\n    n += 1\n    return n\n"}

    def make():
        import bv_state

        loaf.register_pickle_by_value(bv_state)
        return bv_state, bv_state.up

    def same(obj):
        module, up = obj
        before = module.n
        assert up() == before + 1 == module.n and up.__globals__ is vars(module)


class Package(_Shipped):
    """A registered package covers its submodules"""

    files = {
        "bv_pkg/__init__.py": "from bv_pkg.core import run\n",
        "bv_pkg/core.py": "from bv_pkg import parts\ndef run():\n    return parts.make()\n",
        "bv_pkg/parts/__init__.py": "from .deep import make\n",
        "bv_pkg/parts/deep.py": "def make():\n    return Made().name\nclass Made:\n    name = 'deep'\n",
    }

    def make():
        import bv_pkg

        loaf.register_pickle_by_value(bv_pkg)
        return bv_pkg.run

    def same(obj):
        assert obj() == "deep"


class ImportInBody(_Shipped):
    """A registered package whose functions import its modules in their bodies"""

    files = {
        "bv_body/__init__.py": "",
        "bv_body/helper.py": "def h():\n    return 20\n",
        "bv_body/more/__init__.py": "",
        "bv_body/more/far.py": "VALUE = 2\n",
        "bv_body/work.py": """
            def run():
                from bv_body.helper import h
                from .more import far
                from . import helper
                import bv_body.more.far as same
                return h() + helper.h() + far.VALUE, far is same
            """,
    }

    def make():
        import bv_body.helper
        import bv_body.more.far
        import bv_body.work

        loaf.register_pickle_by_value(bv_body)
        return bv_body.work.run

    def same(obj):
        assert obj() == (42, True)


class Circular(_Shipped):
    """A registered package with circular imports"""

    files = {
        "bv_circle/__init__.py": "from . import one, two\n",
        "bv_circle/one.py": """
            from bv_circle import two
            def ping(n):
                return two.pong(n - 1) if n else 'one'
            """,
        "bv_circle/two.py": """
            import bv_circle.one as one
            def pong(n):
                return one.ping(n - 1) if n else 'two'
            """,
    }

    def make():
        import bv_circle

        loaf.register_pickle_by_value(bv_circle)
        return bv_circle

    def same(obj):
        assert obj.one.ping(3) == "two" and obj.two.pong(1) == "one"
        assert obj.one.two is obj.two


class UnrelatedLock(_Shipped):
    """A registered module that also holds things nobody can pickle"""

    files = {
        "bv_lock.py": """
            import socket, threading
            guard = threading.Lock()
            plug = socket.socket()
            plug.close()
            running = (i for i in "abc")
            next(running)
            def work():
                return "worked"
            """
    }

    def make():
        import bv_lock

        loaf.register_pickle_by_value(bv_lock)
        return bv_lock.work, lambda: bv_lock.work() + "!"

    def same(obj):
        assert obj[0]() == "worked" and obj[1]() == "worked!"


class ChangedState(_Shipped):
    """A registered module with state that changed since its import"""

    files = {"bv_changed.py": "LEVEL = 'info'\ndef level():\n    return LEVEL\n"}

    def make():
        import bv_changed

        bv_changed.LEVEL = "debug"
        loaf.register_pickle_by_value(bv_changed)
        return bv_changed.level

    def same(obj):
        assert obj() == "debug"


class FunctionOfScript(_Shipped):
    """A function of the script that uses registered and importable modules"""

    files = {"bv_mixed.py": "import json\ndef parse(t):\n    return json.loads(t)\n"}

    def make():
        import bv_mixed
        from bv_mixed import parse

        loaf.register_pickle_by_value(bv_mixed)
        return lambda text: (parse(text), bv_mixed.parse is parse)

    def same(obj):
        assert obj("[1]") == ([1], True)


class EnumAndDataclass(_Shipped):
    """An enum, a dataclass and a named tuple of a registered module"""

    files = {
        "bv_types.py": """
            import dataclasses, enum, typing
            class Color(enum.Enum):
                RED = 1
            class Point(typing.NamedTuple):
                x: int
            @dataclasses.dataclass(slots=True)
            class Dot:
                color: Color
                at: Point
            def dot():
                return Dot(Color.RED, Point(3))
            """
    }

    def make():
        import bv_types

        loaf.register_pickle_by_value(bv_types)
        return bv_types.dot, bv_types.dot()

    def same(obj):
        dot, one = obj
        assert dot() == one and one.at.x == 3 and dot().color is one.color


class Local(_Shipped):
    """by_value="local": modules of the user's own folder, with what they import"""

    arguments = {"by_value": "local"}
    files = {
        "own_main.py": "import own_helper\nimport json\ndef run():\n    return own_helper.help(json)\n",
        "own_helper.py": "def help(module):\n    return module.dumps([1])\n",
    }

    def make():
        import own_main

        return own_main.run

    def same(obj):
        assert obj() == "[1]"


class ImportToCome(_Shipped):
    """Functions of a registered package that import its modules in their bodies, and were never called"""

    files = {
        "bv_late/__init__.py": "",
        "bv_late/spice.py": "def salt():\n    return 'salt'\n",
        "bv_late/work.py": """
            def run():
                from . import spice
                return spice.salt()

            def careful():
                try:
                    from . import pepper
                except ImportError:
                    return "none"
                return pepper
            """,
    }

    def make():
        import bv_late.work

        loaf.register_pickle_by_value(bv_late)
        return bv_late.work.run, bv_late.work.careful

    def same(obj):
        run, careful = obj
        assert run() == "salt" and careful() == "none"


class LocalToCome(_Shipped):
    """by_value="local": a function that imports modules in its body, and was never called"""

    arguments = {"by_value": "local"}
    files = {
        "own_cook.py": "def cook():\n    import own_oven, json\n    return json.dumps(own_oven.heat())\n",
        "own_oven.py": "def heat():\n    return [180]\n",
    }

    def make():
        import own_cook

        return own_cook.cook

    def same(obj):
        assert obj() == "[180]"


if __name__ == "__main__":
    drive()
