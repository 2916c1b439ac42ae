"""Views of dicts, classes and memory."""

import array
import collections
import io
import sys
import types

from harness import Case, drive


class DictViews(Case):
    """The keys, values and items of a dict"""

    old_protocols = True

    def make():
        table = {"a": 1, "b": lambda: 2}
        return table.keys(), table.values(), table.items()

    def same(obj):
        keys, values, items = obj
        assert keys & {"a", "z"} == {"a"} and list(values)[1]() == 2 and ("a", 1) in items
        assert type(keys) is type({}.keys()) and type(values) is type({}.values())
        assert len(items) == 2 and list(reversed(keys)) == ["b", "a"]


class ViewsOfShared(Case):
    """The keys and values of a dict and of an OrderedDict that travel as well"""

    old_protocols = True

    def make():
        table, ordered = {"a": 1}, collections.OrderedDict(b=2)
        return table.keys(), table, table.values(), ordered, ordered.keys(), ordered.values()

    def same(obj):
        keys, table, values, ordered, ordered_keys, ordered_values = obj
        table["z"], ordered["y"] = 5, 6
        assert list(keys) == ["a", "z"] and list(values) == [1, 5]
        assert list(ordered_keys) == ["b", "y"] and list(ordered_values) == [2, 6]
        del table["z"], ordered["y"]


class OrderedViews(Case):
    """The keys, values and items of an OrderedDict"""

    def make():
        table = collections.OrderedDict(b=1, a=2)
        return table.keys(), table.values(), table.items()

    def same(obj):
        import collections

        keys, values, items = obj
        assert list(keys) == ["b", "a"] and list(values) == [1, 2] and dict(items)["a"] == 2
        assert type(keys) is type(collections.OrderedDict().keys())


class ValuesKeepKeysHome(Case):
    """The values of a dict do not carry its keys"""

    def make():
        return {"key-to-the-safe": 1, "other": 2}.values()

    def same(obj):
        assert list(obj) == [1, 2]

    def payload(data):
        assert b"safe" not in data


class SharedMemory(Case):
    """A bytearray and memoryviews of it: whole, a part, backwards, read-only"""

    def make():
        data = bytearray(b"0123456789")
        view = memoryview(data)
        return view[2:5], data, view, view[::-2], view.toreadonly()

    def same(obj):
        part, data, view, backwards, read_only = obj
        before = bytes(data)
        data[2], data[9] = b"xz"
        assert view[2] == part[0] == read_only[2] == ord("x") and bytes(backwards) == b"z7531"
        part[1] = ord("y")
        assert data[3] == ord("y") and read_only.readonly and not view.readonly
        data[:] = before


class SharedArray(Case):
    """An array next to memoryviews of a part of it, one with steps; and a grid of a bytearray"""

    def make():
        numbers, grid = array.array("i", range(10)), bytearray(range(24))
        view = memoryview(numbers)
        return view[2:5], numbers, view[8:2:-2], memoryview(grid).cast("B", (4, 6)), grid

    def same(obj):
        part, numbers, steps, square, grid = obj
        numbers[4], grid[7] = 100, 99
        assert part.tolist() == [2, 3, 100] and steps.tolist() == [8, 6, 100] and part.format == "i"
        assert square[1, 1] == 99 and square.shape == (4, 6)
        numbers[4], grid[7] = 4, 7


class OverlappingMemory(Case):
    """Memoryviews that overlap, of a bytearray that is not sent"""

    def make():
        view = memoryview(bytearray(b"key to the safe: 0123456789"))
        return view[19:23], view[21:25]

    def same(obj):
        one, other = obj
        one[2] = 0
        assert bytes(one) == b"23\x005" and bytes(other) == b"\x00567"
        one[2] = ord("4")

    def payload(data):
        assert b"safe" not in data


class BufferOfFile(Case):
    """A BytesIO next to its getbuffer()"""

    refused = True
    path = "[1]"

    def make():
        file = io.BytesIO(b"abc")
        return [file, file.getbuffer()]

    def same(obj):
        obj[1][0] = ord("x")
        assert obj[0].getvalue() == b"xbc"
        obj[1][0] = ord("a")


class BufferAlone(Case):
    """The getbuffer() of a BytesIO that stays behind"""

    def make():
        return io.BytesIO(b"abc").getbuffer()

    def same(obj):
        assert bytes(obj) == b"abc" and not obj.readonly


class Proxy(Case):
    """A mappingproxy next to its mapping"""

    def make():
        table = {"a": 1}
        return types.MappingProxyType(table), table

    def same(obj):
        proxy, table = obj
        table["b"] = 2
        assert proxy["b"] == 2
        with raises(TypeError):
            proxy["c"] = 3


class ProxyAlone(Case):
    """A mappingproxy of a mapping of the script"""

    def make():
        class Upper(dict):
            def __getitem__(self, key):
                return super().__getitem__(key).upper()

        return types.MappingProxyType(Upper(a="x"))

    def same(obj):
        assert obj["a"] == "X" and obj | {"b": 1} == {"a": "x", "b": 1}


class ItemsOfShared(Case):
    """A view next to an attribute that is the same dict"""

    def make():
        class Index:
            pass

        index = Index()
        index.table = {"k": index}
        index.items = index.table.items()
        return index

    def same(obj):
        ((key, value),) = obj.items
        assert key == "k" and value is obj is obj.table["k"]


class ViewsOfFrozen(Case):
    """A frozendict, its views, and a subclass of it in a cycle"""

    python = (3, 15)

    def make():
        import builtins

        frozendict = builtins.frozendict
        table = frozendict(a=lambda: 1, b=[2])

        class Settings(frozendict):
            pass

        settings = Settings(key=table)
        settings.me = settings
        return table, table.keys(), table.items(), settings.values(), settings, {frozendict(n=1): table}

    def same(obj):
        import builtins

        table, keys, items, values, settings, index = obj
        assert type(table) is builtins.frozendict and list(keys) == ["a", "b"] and table["a"]() == 1
        assert dict(items) == table == keys.mapping and next(iter(values)) is table
        assert (
            settings.me is settings and settings["key"] is table and index[builtins.frozendict(n=1)] is table
        )


class LocalsOfFrame(Case):
    """The local variables of a frame, as f_locals shows them"""

    def make():
        def cook(dish):
            made = [dish]
            return sys._getframe().f_locals, made

        return cook("turkey")

    def same(obj):
        held, made = obj
        assert held["dish"] == "turkey" and held["made"] is made


if __name__ == "__main__":
    drive()
