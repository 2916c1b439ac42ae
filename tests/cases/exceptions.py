"""Exceptions: type, arguments, attributes, chain, notes and a printable traceback."""

import asyncio
import sys

from harness import Case, drive


class AppError(Exception):
    """Base of the errors below."""


class QuotaError(AppError):
    def __init__(self, user, *, limit):
        super().__init__(f"{user} is over {limit}")
        self.user, self.limit = user, limit


def caught(function, *args):
    try:
        function(*args)
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


class Builtin(Case):
    """Builtin exceptions with arguments and attributes"""

    old_protocols = True

    def make():
        error = ValueError("bad", 3)
        error.extra = ["more"]
        return error, KeyError("k"), StopIteration(5), SystemExit(2), Exception()

    def same(obj):
        value, key, stop, leave, empty = obj
        assert value.args == ("bad", 3) and value.extra == ["more"] and type(value) is ValueError
        assert str(key) == "'k'" and stop.value == 5 and leave.code == 2 and empty.args == ()


class OperatingSystem(Case):
    """OSError subclasses with errno and file names"""

    exempt = {"same_bytes_elsewhere": "names the file in which the error happened"}

    def make():
        return caught(open, "/no/such/file"), OSError(17, "there", "a", None, "b")

    def same(obj):
        missing, exists = obj
        assert type(missing) is FileNotFoundError and missing.errno == 2
        assert missing.filename == "/no/such/file"
        assert type(exists) is FileExistsError and exists.filename2 == "b"


class Structured(Case):
    """Builtin exceptions with fields: Unicode, syntax, import, attribute, name"""

    exempt = {"same_bytes_elsewhere": "names the file in which the error happened"}

    def make():
        return (
            caught(b"\xff".decode, "utf-8"),
            caught(compile, "a b", "file.py", "exec"),
            ImportError("no", name="mod", path="/p"),
            caught(lambda: [].nothing),
            caught(lambda: no_such_name),  # noqa: F821
        )

    def same(obj):
        unicode, syntax, missing, attribute, name = obj
        assert unicode.object == b"\xff" and unicode.start == 0 and unicode.encoding == "utf-8"
        assert syntax.filename == "file.py" and syntax.lineno == 1 and syntax.text
        assert missing.name == "mod" and missing.path == "/p"
        assert attribute.name == "nothing" and name.name == "no_such_name"


class OwnClass(Case):
    """An exception class of the script with keyword-only arguments"""

    old_protocols = True

    def make():
        return QuotaError("ann", limit=5), AppError

    def same(obj):
        error, base = obj
        assert str(error) == "ann is over 5" and error.limit == 5 and error.user == "ann"
        with raises(base, "bob is over 1"):
            raise type(error)("bob", limit=1)


class RequiredArguments(Case):
    """An exception whose __init__ passes nothing on"""

    def make():
        class HttpError(Exception):
            def __init__(self, status, body):
                self.status = status
                self.body = body

            def __str__(self):
                return f"{self.status}: {self.body}"

        return HttpError(404, "gone")

    def same(obj):
        assert str(obj) == "404: gone" and obj.args == (404, "gone")


class InitChangesArguments(Case):
    """An exception whose __init__ must not run again"""

    def make():
        class Coded(Exception):
            made = 0

            def __init__(self, code):
                Coded.made += 1
                super().__init__("code", code + 1)

        return Coded(1)

    def same(obj):
        assert obj.args == ("code", 2) and type(obj).made == 1


class Importable(Case):
    """An importable exception that plain pickle loses"""

    files = {
        "errors_lib.py": """
            class Failure(Exception):
                def __init__(self, what, *, where):
                    super().__init__(f"{what} at {where}")
                    self.where = where
            """
    }

    def make():
        from errors_lib import Failure

        return Failure("fire", where="home")

    def same(obj):
        import errors_lib

        assert type(obj) is errors_lib.Failure and str(obj) == "fire at home" and obj.where == "home"


class Cause(Case):
    """An exception raised from another, and from None"""

    exempt = {"same_bytes_elsewhere": "names the file in which the error happened"}

    def make():
        def fail():
            try:
                {}["key"]
            except KeyError as error:
                raise QuotaError("ann", limit=1) from error

        def hide():
            try:
                fail()
            except AppError:
                raise ValueError("hidden") from None

        return caught(fail), caught(hide)

    def same(obj):
        failed, hidden = obj
        assert type(failed.__cause__) is KeyError and failed.__cause__.args == ("key",)
        assert failed.__suppress_context__ and failed.__context__ is failed.__cause__
        assert hidden.__cause__ is None and hidden.__suppress_context__
        assert hidden.__context__.user == "ann"


class Context(Case):
    """An exception raised while another was handled"""

    exempt = {"same_bytes_elsewhere": "names the file in which the error happened"}

    def make():
        def fail():
            try:
                1 / 0  # noqa: B018
            except ZeroDivisionError:
                int("x")

        return caught(fail)

    def same(obj):
        assert type(obj) is ValueError and type(obj.__context__) is ZeroDivisionError
        assert obj.__cause__ is None and not obj.__suppress_context__


class Notes(Case):
    """An exception with notes"""

    def make():
        error = ValueError("v")
        error.add_note("first")
        error.add_note("second")
        return error

    def same(obj):
        import traceback

        assert obj.__notes__ == ["first", "second"]
        assert "second" in "".join(traceback.format_exception(obj))


class Group(Case):
    """An exception group with nested groups and errors of the script"""

    def make():
        inner = ExceptionGroup("inner", [QuotaError("bob", limit=2)])
        return ExceptionGroup("outer", [KeyError("k"), inner]), AppError

    def same(obj):
        group, base = obj
        ours, others = group.split(base)
        assert ours.exceptions[0].exceptions[0].limit == 2 and group.message == "outer"
        assert type(others.exceptions[0]) is KeyError


class GroupSubclass(Case):
    """A subclass of ExceptionGroup with derive and a field"""

    def make():
        class Failures(ExceptionGroup):
            def __new__(cls, message, errors, code):
                self = super().__new__(cls, message, errors)
                self.code = code
                return self

            def derive(self, errors):
                return Failures(self.message, errors, self.code)

        return Failures("all", [OSError(1), KeyError(2)], 7)

    def same(obj):
        match, rest = obj.split(KeyError)
        assert match.code == rest.code == 7 and type(match) is type(obj)


class Traceback(Case):
    """The traceback of an exception: file, line, function, source"""

    def make():
        def deepest(n):
            raise QuotaError("eve", limit=n)

        def middle(n):
            return deepest(n + 1)

        return caught(middle, 1)

    def same(obj):
        import traceback

        frames = traceback.extract_tb(obj.__traceback__)
        assert [frame.name for frame in frames][-2:] == ["middle", "deepest"]
        assert frames[-1].filename.endswith("exceptions.py")
        assert frames[-1].lineno == frames[-2].lineno - 3
        text = "".join(traceback.format_exception(obj))
        assert "in deepest" in text and "eve is over 2" in text
        assert 'raise QuotaError("eve", limit=n)' in text

    exempt = {"same_bytes_elsewhere": "names the file in which the error happened"}


class RaiseAgain(Case):
    """An exception that is raised again keeps its traceback and gets new frames"""

    def make():
        def origin():
            raise LookupError("lost")

        return caught(origin)

    def same(obj):
        import traceback

        def again():
            raise obj

        try:
            again()
        except LookupError as error:
            names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        assert names[-1] == "origin" and "again" in names

    exempt = {"same_bytes_elsewhere": "names the file in which the error happened"}


class TracebackAlone(Case):
    """A traceback object and sys.exc_info()"""

    def make():
        def fail():
            raise KeyError("k")

        try:
            fail()
        except KeyError:
            return sys.exc_info()

    def same(obj):
        import traceback

        kind, error, trace = obj
        assert kind is KeyError and error.args == ("k",)
        assert "in fail" in "".join(traceback.format_tb(trace))

    exempt = {"same_bytes_elsewhere": "names the file in which the error happened"}


class OwnReduce(Case):
    """An exception with __reduce__, __getstate__ and slots"""

    def make():
        class Reduced(Exception):
            def __init__(self, n, m):
                self.n, self.m = n, m

            def __reduce__(self):
                return Reduced, (self.n, self.m), {"seen": True}

        class Slotted(Exception):
            __slots__ = ("code",)

        slotted = Slotted("text")
        slotted.code = 9
        reduced = Reduced(1, 2)
        reduced.seen = True
        return reduced, slotted

    def same(obj):
        reduced, slotted = obj
        assert (reduced.n, reduced.m, reduced.seen) == (1, 2, True)
        assert slotted.code == 9 and slotted.args == ("text",)


class Cycle(Case):
    """An exception that refers to itself through its arguments and cause"""

    def make():
        one, two = ValueError("one"), ValueError("two")
        one.__cause__, two.__context__ = two, one
        one.args = (one, "x")
        return one

    def same(obj):
        assert obj.args[0] is obj and obj.__cause__.__context__ is obj


class CarriesAnything(Case):
    """An exception with a lambda, a class and a lock-free object of the script"""

    def make():
        class Where:
            line = 3

        error = AppError("x", lambda: 4)
        error.where = Where()
        return error

    def same(obj):
        assert obj.args[1]() == 4 and obj.where.line == 3


class Warnings(Case):
    """A warning class of the script"""

    def make():
        class Careful(UserWarning):
            level = 3

        return Careful("slow")

    def same(obj):
        import warnings

        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            warnings.warn(obj, stacklevel=1)
        assert seen[0].message is obj and seen[0].category.level == 3


class Library(Case):
    """Exceptions of the standard library that need arguments"""

    exempt = {"same_bytes_elsewhere": "names the file in which the error happened"}

    def make():
        import json
        import subprocess

        return (
            caught(json.loads, "{"),
            subprocess.CalledProcessError(3, ["cmd"], b"out"),
            asyncio.IncompleteReadError(b"part", 9),
            asyncio.CancelledError("why"),
        )

    def same(obj):
        parse, called, incomplete, cancelled = obj
        assert parse.pos == 1 and parse.doc == "{" and called.returncode == 3
        assert called.output == b"out" and incomplete.expected == 9
        assert cancelled.args == ("why",)


class FieldsOfTheLibrary(Case):
    """Exceptions of the interpreter with the fields that tell what was wrong"""

    def make():
        found = []
        for fail in (
            lambda: open("/no such file"),
            lambda: b"\xff".decode(),
            lambda: compile("a b", "name", "exec"),
            lambda: __import__("no_such_module"),
            lambda: None.missing,
            lambda: no_such_name,  # noqa: F821
            lambda: {}["key"],
        ):
            try:
                fail()
            except Exception as error:
                found.append(error.with_traceback(None))
        return found, StopIteration(5), SystemExit(3)

    def same(obj):
        (file, text, syntax, module, attribute, name, key), stop, leave = obj
        assert (
            file.filename == "/no such file" and file.errno == 2 and (text.start, text.object) == (0, b"\xff")
        )
        assert (syntax.filename, syntax.lineno) == ("name", 1) and module.name == "no_such_module"
        assert attribute.name == "missing" and name.name == "no_such_name" and key.args == ("key",)
        assert stop.value == 5 and leave.code == 3


class LeadsToItself(Case):
    """Exceptions whose arguments and contexts lead back to them; a group that makes its own kind"""

    def make():
        class Group(ExceptionGroup):
            def derive(self, exceptions):
                return Group(self.message, exceptions)

        one, other = ValueError("one"), KeyError("other")
        one.__context__, one.peer, other.peer, other.args = other, other, one, (one,)
        group = Group("outer", [one, Group("inner", [KeyError(2)])])
        group.tag = 1
        return one, group

    def same(obj):
        one, group = obj
        assert one.__context__ is one.peer and one.peer.peer is one and one.peer.args[0] is one
        matched, rest = group.split(KeyError)
        assert type(matched) is type(rest) is type(group) and group.tag == 1 and rest.exceptions[0] is one


class ExceptionBesideAttributes(Case):
    """An exception beside the dict of its attributes"""

    refused = True
    path = "[0]"

    def make():
        error = ValueError("wrong")
        error.more = 1
        return [error, vars(error)]

    def same(obj):
        assert vars(obj[0]) is obj[1]


if __name__ == "__main__":
    drive()
