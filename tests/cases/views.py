"""Views of dicts and classes."""

import collections
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


if __name__ == "__main__":
    drive()
