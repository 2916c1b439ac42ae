"""Weak references: alive where their object is in the payload as well, dead where it is not."""

import weakref

from harness import Case, drive


class Node:
    def __init__(self, name):
        self.name = name

    def hello(self):
        return "hello " + self.name


keeper = Node("keeper")


class Reference(Case):
    """A weak reference next to its object"""

    def make():
        node = Node("n")
        return weakref.ref(node), node

    def same(obj):
        import gc

        ref, node = obj
        assert ref() is node and ref is type(ref)(node)
        del node, obj
        gc.collect()

    def payload(data):
        assert len(data) < 2000


class Dies(Case):
    """A weak reference does not keep its object alive where it arrived"""

    def make():
        node = Node("n")
        return [weakref.ref(node), node]

    def same(obj):
        import gc

        assert obj[0]().name == "n"
        del obj[1]
        gc.collect()
        assert obj[0]() is None

    def here(obj):
        assert obj[0]() is obj[1]


class Absent(Case):
    """A weak reference whose object is not in the payload arrives dead"""

    def make():
        return weakref.ref(keeper)

    def same(obj):
        import gc
        import weakref

        gc.collect()
        assert type(obj) is weakref.ref and obj() is None

    def here(obj):
        assert obj().name == "keeper"


class Dead(Case):
    """A dead weak reference"""

    def make():
        return weakref.ref(Node("gone"))

    def same(obj):
        assert obj() is None


class Callback(Case):
    """A weak reference with a callback"""

    def make():
        node, seen = Node("n"), []
        return [weakref.ref(node, lambda ref: seen.append(ref)), node], seen

    def same(obj):
        import gc

        pair, seen = obj
        ref = pair[0]
        pair.clear()
        gc.collect()
        assert ref() is None and seen == [ref]

    def here(obj):
        pair, seen = obj
        assert pair[0]() is pair[1] and not seen


class ParentLink(Case):
    """A tree whose children refer weakly to their parent"""

    def make():
        root, leaf = Node("root"), Node("leaf")
        root.children, leaf.parent = [leaf], weakref.ref(root)
        return root

    def same(obj):
        assert obj.children[0].parent() is obj


class ToImportable(Case):
    """A weak reference to something importable"""

    def make():
        import collections

        return weakref.ref(collections.OrderedDict)

    def same(obj):
        import collections

        assert obj() is collections.OrderedDict


class ToClassAndFunction(Case):
    """Weak references to a class and a function of the payload"""

    def make():
        def work():
            return "done"

        class Kind:
            pass

        return weakref.ref(work), weakref.ref(Kind), work, Kind

    def same(obj):
        work, kind, strong, cls = obj
        assert work() is strong and work()() == "done" and kind() is cls


class Method(Case):
    """A WeakMethod next to its object"""

    def make():
        node = Node("bob")
        return weakref.WeakMethod(node.hello), node

    def same(obj):
        method, node = obj
        assert method()() == "hello bob" and method().__self__ is node


class Proxy(Case):
    """A weak proxy next to its object"""

    def make():
        node = Node("p")
        return weakref.proxy(node), node

    def same(obj):
        import weakref

        proxy, node = obj
        node.name = "q"
        assert proxy.hello() == "hello q" and type(proxy) is weakref.ProxyType


class CallableProxy(Case):
    """A weak proxy of a function"""

    def make():
        def work(n):
            return n + 1

        return weakref.proxy(work), work

    def same(obj):
        proxy, work = obj
        assert proxy(1) == 2 and proxy.__name__ == "work"


class Values(Case):
    """A WeakValueDictionary next to its values"""

    def make():
        one, two = Node("1"), Node("2")
        return weakref.WeakValueDictionary(a=one, b=two), [one, two]

    def same(obj):
        table, nodes = obj
        assert table["a"] is nodes[0] and sorted(table) == ["a", "b"]
        table["c"] = nodes[0]
        assert len(table) == 3
        del table["c"]


class ValuesAbsent(Case):
    """A WeakValueDictionary without the values that nothing else carries"""

    def make():
        one = Node("1")
        return weakref.WeakValueDictionary(a=one, b=keeper), one

    def same(obj):
        import gc

        table, one = obj
        gc.collect()
        assert dict(table) == {"a": one}

    def here(obj):
        assert len(obj[0]) == 2


class Keys(Case):
    """A WeakKeyDictionary next to its keys"""

    def make():
        one, two = Node("1"), Node("2")
        table = weakref.WeakKeyDictionary({one: "first", two: two})
        return table, one, two

    def same(obj):
        table, one, two = obj
        assert table[one] == "first" and table[two] is two and len(table) == 2


class Members(Case):
    """A WeakSet next to its members"""

    def make():
        one = Node("1")
        return weakref.WeakSet([one]), one

    def same(obj):
        members, one = obj
        assert one in members and len(members) == 1
        members.discard(one)
        assert not members
        members.add(one)


class Subclass(Case):
    """A subclass of weakref.ref with attributes"""

    def make():
        class Named(weakref.ref):
            __slots__ = ("label",)

            def __init__(self, target, label):
                super().__init__(target)
                self.label = label

            def __new__(cls, target, label):
                return super().__new__(cls, target)

        node = Node("n")
        return Named(node, "tag"), node

    def same(obj):
        ref, node = obj
        assert ref() is node and ref.label == "tag"


class OfInstances(Case):
    """A class that keeps a WeakSet of its instances"""

    exempt = {"round_trip": "the class that comes back is the one that left, and does not know the copies"}

    def make():
        class Tracked:
            alive = weakref.WeakSet()

            def __init__(self):
                self.alive.add(self)

        return Tracked()

    def same(obj):
        assert obj in type(obj).alive
        other = type(obj)()
        assert other in obj.alive


if __name__ == "__main__":
    drive()
