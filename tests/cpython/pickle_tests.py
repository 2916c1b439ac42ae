"""Apply CPython's own tests of pickle to another serializer.

The classes of `test.test_pickle` combine the mixins of `test.pickletester`. `classes` derives from those for the
pickler in C, with the functions and classes of the serializer in place of pickle's. The tests come with the Python
that runs them, so each Python brings its own; no line of them is copied here.

Left out are the tests of the pickler in Python (`pickle._Pickler`), of the sizes of C structures, and of the tables of
names that Python 2 used. Tests that need gigabytes skip themselves.
"""

import importlib
import pickle
import unittest

#: The tested classes by a name of ours: the class of `test.test_pickle`, and its attributes that are replaced.
CLASSES = {
    "Module": ("CPickleTests", ("dump", "dumps", "load", "loads", "Pickler", "Unpickler")),
    "Functions": ("InMemoryPickleTests", ("dumps", "loads")),
    "PicklerTests": ("CPicklerTests", ("pickler", "unpickler")),
    "UnpicklerTests": ("CUnpicklerTests", ("unpickler",)),
    "PicklingErrors": ("CPicklingErrorTests", ("pickler",)),  # from 3.13 on
    "PersistentIds": ("CPersPicklerTests", ("pickler", "unpickler")),
    "IdentityPersistentIds": ("CIdPersPicklerTests", ("pickler", "unpickler")),
    "Objects": ("CPicklerUnpicklerObjectTests", ("pickler_class", "unpickler_class")),
    "DispatchTable": ("CDispatchTableTests", ("pickler_class",)),
    "ChainDispatchTable": ("CChainDispatchTableTests", ("pickler_class",)),
    "Hooks": ("CPicklerHookTests", ("hooked_class",)),
}


def classes(serializer, folder):
    """Make the classes of tests for a serializer.

    Args:
        serializer: the name of a module like `pickle`; what it lacks is pickle's.
        folder: a further place of the `test` package, where a Python that was installed without it may have it.

    Raises:
        ImportError: the tests are not installed.
    """
    importlib.import_module("test").__path__.append(folder)
    suite = importlib.import_module("test.test_pickle")
    module = importlib.import_module(serializer)
    return [
        type(
            name,
            (getattr(suite, base),),
            dict(replaced(attribute, module, suite) for attribute in attributes),
        )
        for name, (base, attributes) in CLASSES.items()
        if hasattr(suite, base)
    ]


def replaced(attribute, module, suite):
    """Return the name and the value of an attribute of a class of tests."""
    if attribute == "hooked_class":
        mixins = (named(module, "Pickler"), suite.AbstractCustomPicklerClass)
        return "pickler_class", type("CustomPickler", mixins, {})
    name = attribute.removesuffix("_class")
    if name in {"pickler", "unpickler"}:
        return attribute, named(module, name.capitalize())
    value = named(module, attribute)
    return attribute, value if isinstance(value, type) else staticmethod(value)


def named(module, name):
    """Return what a module has by a name, or else what pickle has."""
    return getattr(module, name, None) or getattr(pickle, name)


def suite_of(serializer, folder):
    """Load the tests for a serializer; see `classes`."""
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    return unittest.TestSuite(map(load, classes(serializer, folder)))
