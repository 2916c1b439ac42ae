"""Values of the standard library: dates, numbers, patterns, paths, buffers, trees."""

import argparse
import array
import ast
import calendar
import codecs
import collections
import collections.abc
import configparser
import datetime
import decimal
import email.message
import fractions
import http.cookies
import io
import ipaddress
import json
import pathlib
import random
import re
import string
import struct
import sys
import textwrap
import unittest
import urllib.parse
import urllib.request
import uuid
import xml.etree.ElementTree as ElementTree
import zoneinfo

from harness import Case, define, drive


class Struct(Case):
    """A struct.Struct"""

    def make():
        return struct.Struct("<hI")

    def same(obj):
        assert obj.unpack(obj.pack(-2, 7)) == (-2, 7) and obj.size == 6 and obj.format == "<hI"


class MemoryView(Case):
    """A memoryview: contents, format, read-only"""

    def make():
        return memoryview(b"hello"), memoryview(bytearray(b"abc"))

    def same(obj):
        fixed, open_ = obj
        assert bytes(fixed) == b"hello" and fixed.readonly and not open_.readonly
        open_[0] = 122
        assert open_.tobytes() == b"zbc"
        open_[0] = 97


class MemoryViewShape(Case):
    """A memoryview with another format, two dimensions, and a strided one"""

    def make():
        grid = memoryview(struct.pack("6i", *range(6))).cast("B").cast("i", (2, 3))
        return grid, memoryview(b"abcdef")[::2]

    def same(obj):
        grid, strided = obj
        assert grid.tolist() == [[0, 1, 2], [3, 4, 5]] and grid.format == "i"
        assert grid.shape == (2, 3) and grid[1, 2] == 5
        assert strided.tobytes() == b"ace"


class Dates(Case):
    """Dates and times with zones: of the library and of the script"""

    def make():
        class Shift(datetime.tzinfo):
            def utcoffset(self, when):
                return datetime.timedelta(hours=5)

            def dst(self, when):
                return datetime.timedelta(0)

            def tzname(self, when):
                return "shift"

        noon = datetime.datetime(2024, 3, 31, 12, fold=1)
        return (
            noon.replace(tzinfo=Shift()),
            noon.replace(tzinfo=datetime.timezone.utc),
            datetime.time(1, 2, tzinfo=datetime.timezone(datetime.timedelta(hours=-2), "west")),
            datetime.timedelta(days=-1, microseconds=3),
        )

    def same(obj):
        import datetime

        own, utc, west, delta = obj
        assert own.tzname() == "shift" and utc - own == datetime.timedelta(hours=5)
        assert own.fold == 1 and utc.tzinfo is datetime.timezone.utc
        assert west.tzname() == "west" and delta.microseconds == 3


class Zone(Case):
    """A datetime in a zoneinfo zone"""

    def make():
        try:
            zone = zoneinfo.ZoneInfo("Europe/Berlin")
        except zoneinfo.ZoneInfoNotFoundError:
            zone = zoneinfo.ZoneInfo("UTC")
        return datetime.datetime(2024, 7, 1, tzinfo=zone)

    def same(obj):
        import zoneinfo

        assert obj.tzinfo is zoneinfo.ZoneInfo(obj.tzinfo.key)
        assert obj.utcoffset().total_seconds() in (0, 7200)


class ExactNumbers(Case):
    """Decimals and fractions, also of subclasses"""

    def make():
        class Money(decimal.Decimal):
            def shown(self):
                return f"{self:.2f}"

        return decimal.Decimal("1.10"), decimal.Decimal("sNaN"), Money("2.5"), fractions.Fraction(1, 3)

    def same(obj):
        exact, signal, money, third = obj
        assert str(exact) == "1.10" and signal.is_snan() and money.shown() == "2.50"
        assert third * 3 == 1


class Pattern(Case):
    """A compiled pattern with flags"""

    old_protocols = True

    def make():
        return re.compile(r"(?P<word>\w+)!", re.IGNORECASE | re.ASCII), re.compile(rb"\d")

    def same(obj):
        words, digits = obj
        assert words.match("Hey!")["word"] == "Hey" and not words.match("é!")
        assert digits.findall(b"a1b2") == [b"1", b"2"]


class Identifiers(Case):
    """UUIDs, addresses and networks"""

    def make():
        return (
            uuid.UUID(int=5),
            ipaddress.ip_address("10.0.0.1"),
            ipaddress.ip_network("10.0.0.0/30"),
            ipaddress.ip_address("::1"),
        )

    def same(obj):
        one, address, network, six = obj
        assert one.int == 5 and one.is_safe.name and address in network
        assert len(list(network)) == 4 and six.is_loopback


class Paths(Case):
    """Paths: pure, concrete, and a subclass"""

    def make():
        class Config(type(pathlib.PurePosixPath())):
            def kind(self):
                return self.suffix

        return pathlib.Path("a") / "b.txt", pathlib.PureWindowsPath("c:/x"), Config("x.toml")

    def same(obj):
        path, windows, config = obj
        assert path.parent.name == "a" and windows.drive == "c:" and config.kind() == ".toml"


class RandomState(Case):
    """A random.Random instance and a subclass, in mid-sequence"""

    def make():
        class Dice(random.Random):
            def roll(self):
                return self.randint(1, 6)

        dice, plain = Dice(3), random.Random(4)
        dice.roll()
        plain.random()
        return dice, plain

    def same(obj):
        import random

        dice, plain = obj
        twin = random.Random(3)
        twin.randint(1, 6)
        assert [dice.roll() for _ in range(4)] == [twin.randint(1, 6) for _ in range(4)]
        twin.seed(4)
        twin.random()
        assert plain.random() == twin.random()


class Memory(Case):
    """BytesIO and StringIO at their positions, also subclasses"""

    def make():
        class Noted(io.BytesIO):
            note = "n"

        data, text, noted = io.BytesIO(b"abcdef"), io.StringIO("line1\nline2\n"), Noted(b"xy")
        data.seek(2)
        text.readline()
        noted.note = "m"
        return data, text, noted

    def same(obj):
        data, text, noted = obj
        assert data.read(2) == b"cd" and text.readline() == "line2\n"
        assert noted.getvalue() == b"xy" and noted.note == "m"
        data.seek(0, 2)
        assert data.write(b"g") == 1 and data.getvalue() == b"abcdefg"


class Template(Case):
    """string.Template and Formatter subclasses"""

    def make():
        class Percent(string.Template):
            delimiter = "%"

        class Quiet(string.Formatter):
            def get_value(self, key, args, kwargs):
                return kwargs.get(key, "?")

        return Percent("%who is %{what}"), Quiet()

    def same(obj):
        template, formatter = obj
        assert template.substitute(who="A", what="B") == "A is B"
        assert formatter.format("{a}{b}", a=1) == "1?"


class Json(Case):
    """JSON encoders and decoders of the script"""

    def make():
        class Encoder(json.JSONEncoder):
            def default(self, thing):
                return sorted(thing)

        return Encoder(indent=None), json.JSONDecoder(object_hook=lambda table: [*table])

    def same(obj):
        encoder, decoder = obj
        assert encoder.encode({"a": {2, 1}}) == '{"a": [1, 2]}'
        assert decoder.decode('{"x": 1}') == ["x"]


class SyntaxTree(Case):
    """A syntax tree, and a visitor of the script"""

    def make():
        class Names(ast.NodeVisitor):
            def __init__(self):
                self.names = []

            def visit_Name(self, node):
                self.names.append(node.id)

        return ast.parse("a = b + 1"), Names()

    def same(obj):
        import ast

        tree, visitor = obj
        visitor.names.clear()
        visitor.visit(tree)
        assert visitor.names == ["a", "b"] and ast.unparse(tree) == "a = b + 1"
        space = {"b": 2}
        exec(compile(tree, "<tree>", "exec"), space)
        assert space["a"] == 3


class Elements(Case):
    """An XML element tree"""

    def make():
        root = ElementTree.fromstring("<r a='1'><b>text</b>tail</r>")
        return root, root[0]

    def same(obj):
        root, first = obj
        assert root.get("a") == "1" and first.text == "text" and first.tail == "tail"
        assert root[0] is first


class Message(Case):
    """An e-mail message"""

    def make():
        message = email.message.EmailMessage()
        message["To"] = "a@example.org"
        message.set_content("hi")
        return message

    def same(obj):
        assert obj["to"] == "a@example.org" and obj.get_content() == "hi\n"


class Url(Case):
    """A parsed URL"""

    # urllib/parse.py, _ResultBase.__getstate__ of 3.15.2: subscripts a state that is None after a trip by pickle.
    exempt = {"relay": "pickle cannot pickle it twice"} if sys.version_info >= (3, 15) else {}

    def make():
        return urllib.parse.urlparse("http://h:1/p?q=2#f")

    def same(obj):
        assert obj.port == 1 and obj.query == "q=2" and obj._replace(path="").geturl()


class Parser(Case):
    """An ArgumentParser with types and actions of the script"""

    def make():
        class Upper(argparse.Action):
            def __call__(self, parser, namespace, value, option=None):
                setattr(namespace, self.dest, value.upper())

        def positive(text):
            return abs(int(text))

        parser = argparse.ArgumentParser(prog="loaf", add_help=False)  # help compares texts by identity
        parser.add_argument("--n", type=positive, default=3)
        parser.add_argument("--word", action=Upper)
        return parser

    def same(obj):
        assert vars(obj.parse_args(["--n", "4", "--word", "w"])) == {"n": 4, "word": "W"}
        assert obj.parse_args([]).n == 3 and obj.prog == "loaf"


class Helpers(Case):
    """Configured helper objects: text wrapper, calendar"""

    def make():
        return textwrap.TextWrapper(width=5), calendar.TextCalendar(6)

    def same(obj):
        wrapper, days = obj
        assert wrapper.wrap("aa bb cc") == ["aa bb", "cc"] and days.getfirstweekday() == 6


class Buffer(Case):
    """bytes and bytearray subclasses with attributes"""

    def make():
        class Frame(bytes):
            pass

        class Growing(bytearray):
            def grow(self):
                self.extend(b"+")
                return self

        frame = Frame(b"data")
        frame.number = 4
        return frame, Growing(b"a")

    def same(obj):
        frame, growing = obj
        assert frame == b"data" and frame.number == 4
        assert growing.grow().endswith(b"+") and growing[:1] == b"a"


class AbstractTypes(Case):
    """Abstract types of collections and what they make of builtin objects"""

    def make():
        table = {"a": 1}
        return collections.abc.Mapping, collections.abc.KeysView(table), table

    def same(obj):
        import collections.abc

        mapping, keys, table = obj
        table["b"] = 2
        assert mapping is collections.abc.Mapping and "b" in keys and isinstance(table, mapping)


class SubclassesOfContainers(Case):
    """Subclasses of builtin and library containers that have attributes of their own"""

    def make():
        class Named:
            def __new__(cls, *args, name=None):
                return super().__new__(cls, *args)

            def __init__(self, *args, name=None):
                if not isinstance(self, (tuple, frozenset, bytes, array.array)):
                    super().__init__(*args)
                self.name = name

        bases = [(list, [1]), (set, [1]), (frozenset, [1]), (tuple, [1]), (bytearray, b"1"), (bytes, b"1")]
        made = [type(f"Own{base.__name__}", (Named, base), {})(given, name="own") for base, given in bases]
        made.append(type("OwnArray", (Named, array.array), {})("i", [1], name="own"))
        made.append(type("OwnDeque", (Named, collections.deque), {})([1, 2, 3], 2, name="own"))
        return made

    def same(obj):
        assert [each.name for each in obj] == ["own"] * 8
        assert [type(each).__name__[:3] for each in obj] == ["Own"] * 8
        assert list(obj[0]) == [1] and obj[3] == (1,) and obj[5] == b"1" and list(obj[6]) == [1]
        assert obj[7].maxlen == 2 and list(obj[7]) == [2, 3]


class SubclassesOfValues(Case):
    """Subclasses of values of the standard library, some with arguments of their own"""

    def make():
        class Text(str):
            def __new__(cls, text, language):
                made = super().__new__(cls, text)
                made.language = language
                return made

        class Length(float):
            def __new__(cls, value, *, unit):
                made = super().__new__(cls, value)
                made.unit = unit
                return made

        class Day(datetime.datetime):
            def __new__(cls, *args, tag=None, **more):
                made = super().__new__(cls, *args, **more)
                made.tag = tag
                return made

        class Money(decimal.Decimal):
            pass

        class Counting(random.Random):
            def __init__(self, *args):
                super().__init__(*args)
                self.count = 0

        class Folder(pathlib.PurePosixPath):
            def shout(self):
                return str(self).upper()

        money, counting = Money("1.5"), Counting(3)
        money.currency, counting.count = "EUR", 2
        return (
            Text("hi", "en"),
            Length(2.5, unit="m"),
            Day(2020, 1, 2, tag="t"),
            money,
            counting,
            Folder("a/b"),
        )

    def same(obj):
        text, length, day, money, counting, folder = obj
        assert text == "hi" and text.language == "en" and length == 2.5 and length.unit == "m"
        assert day.day == 2 and day.tag == "t" and str(money) == "1.5" and money.currency == "EUR"
        assert counting.count == 2 and 0 <= counting.random() < 1 and (folder / "c").shout() == "A/B/C"


class ToolsOfTheLibrary(Case):
    """A parser of arguments, a configuration, an encoder, a formatter, a template, all with code of the script"""

    def make():
        parser = argparse.ArgumentParser(prog="x")
        parser.add_argument("--n", type=lambda text: int(text) * 2, default=3)
        parser.add_subparsers(dest="c").add_parser("go").set_defaults(run=lambda: "went")
        config = configparser.ConfigParser(converters={"list": lambda text: text.split()})
        config.read_string("[a]\nx = 1 2\ny = %(x)s")

        class Encoder(json.JSONEncoder):
            def default(self, o):
                return "?"

        class Formatter(string.Formatter):
            def get_value(self, key, args, kwargs):
                return kwargs.get(key, "?")

        class Template(string.Template):
            delimiter = "%"

        return parser, config, Encoder(indent=1), Formatter(), Template("%x")

    def same(obj):
        parser, config, encoder, formatter, template = obj
        given = parser.parse_args(["--n", "4", "go"])
        assert given.n == 8 and given.run() == "went" and parser.parse_args([]).n == 3
        assert config["a"].getlist("x") == ["1", "2"] == config.getlist("a", "y")
        assert encoder.encode([object()]) == '[\n "?"\n]'
        assert formatter.format("{a}{b}", a=1) == "1?" and template.substitute(x=1) == "1"


class Documents(Case):
    """Trees of XML, a message, cookies, a request"""

    def make():
        tree = ElementTree.fromstring("<a x='1'><b>t</b>tail</a>")
        message = email.message.EmailMessage()
        message["To"] = "a@b"
        message.set_content("hi")
        cookies = http.cookies.SimpleCookie()
        cookies["a"] = "1"
        cookies["a"]["path"] = "/"
        request = urllib.request.Request("http://x/y", headers={"A": "b"}, method="PUT")
        return tree, ElementTree.ElementTree(tree), message, cookies, request

    def same(obj):
        element, tree, message, cookies, request = obj
        assert element[0].tail == "tail" and tree.getroot() is element
        assert message["To"] == "a@b" and message.get_content() == "hi\n"
        assert cookies["a"].value == "1" and cookies["a"]["path"] == "/"
        assert request.get_method() == "PUT" and request.get_header("A") == "b" and request.host == "x"


class TestsOfTheLibrary(Case):
    """A unittest.TestCase of the script, and a suite of it"""

    def make():
        class Check(unittest.TestCase):
            def setUp(self):
                self.n = 1

            def test_n(self):
                self.assertEqual(self.n, 1)

        return unittest.TestSuite([Check("test_n"), Check("test_n")])

    def same(obj):
        import unittest

        result = unittest.TestResult()
        for test in obj:
            test.run(result)
        assert result.wasSuccessful() and result.testsRun == 2


class ZstdDictionary(Case):
    """A dictionary of Zstandard, trained and raw"""

    python = (3, 14)
    needs = ("_zstd",)

    def make():
        from compression import zstd

        samples = [b"turkey %d in the oven" % n * 5 for n in range(300)]
        return zstd.train_dict(samples, 400), zstd.ZstdDict(b"gravy and turkey", is_raw=True)

    def same(obj):
        from compression import zstd

        for each in obj:
            packed = zstd.compress(b"gravy and turkey", zstd_dict=each)
            assert zstd.decompress(packed, zstd_dict=each) == b"gravy and turkey"
        trained, raw = obj
        assert trained.dict_id and not raw.dict_id and raw.dict_content == b"gravy and turkey"


class TemplateString(Case):
    """A template string with values of the script (PEP 750)"""

    python = (3, 14)

    def make():
        return define(
            """
            FACTOR = 5
            def show(n): return t"{n * FACTOR!r:>{FACTOR}} of {show}"
            made = show(2)
            """,
            "show",
            "made",
        )

    def same(obj):
        show, made = obj
        for template in (made, show(2)):
            assert template.strings == ("", " of ", "") and template.values == (10, show)
            first = template.interpolations[0]
            assert (first.expression, first.conversion, first.format_spec) == ("n * FACTOR", "r", ">5")


class Codec(Case):
    """The description of a codec, and a decoder in the middle of a character"""

    def make():
        decoder = codecs.getincrementaldecoder("utf-8")()
        decoder.decode(b"\xc3")
        return codecs.lookup("utf-8"), decoder

    def same(obj):
        codec, decoder = obj
        assert codec.name == "utf-8" and codec.encode("\xe4") == (b"\xc3\xa4", 1)
        assert decoder.decode(b"\xa4") == "\xe4"
        decoder.reset()
        decoder.decode(b"\xc3")


class Matches(Case):
    """Matches of regular expressions: searched, matched from the start, one of many, in a part of a text, of bytes"""

    def make():
        import re

        word = re.compile(r"(?P<first>[a-z])(x)?[a-z]*")
        return [
            word.search("12 abc"),
            word.match("abc def"),
            word.fullmatch("abc"),
            list(word.finditer("abc de fgh"))[1],
            word.search("abc def", 3, 6),
            re.match(rb"a|ab", b"abc"),
            re.fullmatch(rb"a|ab", b"ab"),
        ]

    def same(obj):
        assert [each.group() for each in obj] == ["abc", "abc", "abc", "de", "de", b"a", b"ab"]
        assert obj[3].span("first") == (4, 5) and obj[3].group(2) is None
        assert (obj[4].pos, obj[4].endpos, obj[4].string) == (3, 6, "abc def")


if __name__ == "__main__":
    drive()
