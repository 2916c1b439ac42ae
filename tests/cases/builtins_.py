"""Builtin objects: types, functions, descriptors and singletons."""

import types

from harness import Case, drive


class Singletons(Case):
    """None, Ellipsis, NotImplemented, True and their types"""

    old_protocols = True

    def make():
        return None, ..., NotImplemented, True, type(None), type(...), type(NotImplemented)

    def same(obj):
        assert obj[0] is None and obj[1] is ... and obj[2] is NotImplemented and obj[3] is True
        assert obj[4:] == (type(None), type(...), type(NotImplemented))


class Numbers(Case):
    """Numbers at the edges: huge, negative zero, nan, infinite, complex"""

    old_protocols = True

    def make():
        return [1 << 3000, -(1 << 64), -0.0, float("nan"), float("inf"), complex(0.0, -0.0), 2**31]

    def same(obj):
        import math

        huge, low, zero, nan, infinite, z, edge = obj
        assert huge == 2**3000 and low == -(2**64) and math.copysign(1, zero) == -1
        assert nan != nan and infinite == math.inf and math.copysign(1, z.imag) == -1
        assert edge == 2147483648


class Texts(Case):
    """Texts and bytes: empty, wide, lone surrogates, all byte values"""

    old_protocols = True

    def make():
        return ["", "é\0\U0001f986", "\ud83e", bytes(range(256)), b"", bytearray(b"ab"), "x" * 300]

    def same(obj):
        empty, wide, lone, data, none, array, long = obj
        assert empty == "" and wide == "é\0\U0001f986" and lone == "\ud83e"
        assert data == bytes(range(256)) and none == b"" and long == "x" * 300
        array.append(99)
        assert array == bytearray(b"abc")
        array.pop()


class Functions(Case):
    """Builtin functions and functions of extension modules"""

    old_protocols = True

    def make():
        import math
        import operator

        return len, print, math.sin, operator.add, sorted

    def same(obj):
        import math
        import operator

        assert obj == (len, print, math.sin, operator.add, sorted)
        assert obj[0]("ab") == 2 and obj[3](1, 2) == 3


class MethodDescriptors(Case):
    """Descriptors of builtin types: methods, members, getset"""

    old_protocols = True

    def make():
        return str.upper, int.real, complex.imag, dict.get, types.FunctionType.__code__, list.__len__

    def same(obj):
        import types

        upper, real, imag, get, code, length = obj
        assert upper("a") == "A" and real.__get__(3) == 3 and imag is complex.imag
        assert get({1: 2}, 1) == 2 and code is types.FunctionType.__code__ and length([1]) == 1


class NewAndInit(Case):
    """Constructors of builtin types: __new__, __init__, class methods"""

    def make():
        return object.__new__, dict.__new__, object.__init__, int.from_bytes, bytes.fromhex

    def same(obj):
        new, new_dict, init, from_bytes, fromhex = obj
        assert type(new(object)) is object and new_dict(dict) == {} and init is object.__init__
        assert from_bytes(b"\1\0", "big") == 256 and fromhex("ff") == b"\xff"


class Types(Case):
    """Types without a public name in builtins"""

    old_protocols = True

    def make():
        return [
            types.FunctionType, types.CodeType, types.CellType, types.MethodType, types.ModuleType,
            types.GeneratorType, types.MappingProxyType, types.GenericAlias, types.TracebackType,
            type({}.keys()), type(iter([])), type(zip()), types.SimpleNamespace, type, object,
        ]  # fmt: skip

    def same(obj):
        import types

        assert obj[:3] == [types.FunctionType, types.CodeType, types.CellType]
        assert obj[3:5] == [types.MethodType, types.ModuleType]
        assert obj[5] is types.GeneratorType and obj[6]({"a": 1})["a"] == 1
        assert obj[9] is type({}.keys()) and obj[10] is type(iter([])) and obj[11] is zip
        assert obj[12](a=1).a == 1 and obj[13] is type and obj[14] is object


class Ranges(Case):
    """Ranges and slices"""

    old_protocols = True

    def make():
        return range(10, 0, -3), slice(1, None, 2), slice("a", lambda: 1)

    def same(obj):
        span, cut, odd = obj
        assert list(span) == [10, 7, 4, 1] and "abcde"[cut] == "bd"
        assert odd.start == "a" and odd.stop() == 1


class BareObject(Case):
    """Bare object() instances used as marks"""

    def make():
        mark = object()
        return lambda x: x is mark, mark, object()

    def same(obj):
        is_mark, mark, other = obj
        assert is_mark(mark) and not is_mark(other) and type(mark) is object


class Builtins(Case):
    """The builtins module and its dict under a function"""

    def make():
        import builtins

        return builtins, lambda: builtins.sum([1, 2])

    def same(obj):
        import builtins

        assert obj[0] is builtins and obj[1]() == 3


class ExceptionTypes(Case):
    """Builtin exception and warning types"""

    old_protocols = True

    def make():
        return KeyError, OSError, DeprecationWarning, BaseExceptionGroup, EnvironmentError

    def same(obj):
        assert obj == (KeyError, OSError, DeprecationWarning, BaseExceptionGroup, OSError)


class SameText(Case):
    """Equal but not identical texts in one structure"""

    def make():
        text = "some key"
        return [text, "some keys"[:-1], {text: text}]

    def same(obj):
        assert obj[0] == obj[1] == obj[2]["some key"]


if __name__ == "__main__":
    drive()
