"""Cases: the kinds of object that every law of the serializer is checked against.

A case is a class without instances. Its docstring's first line names the kind of object
(it becomes a row in the table of supported objects), and its functions take no `self`:

    class Tally(Case):
        \"\"\"A closure that counts its calls.\"\"\"

        def make():
            ...
            return count

        def same(obj):
            assert [obj(), obj()] == [1, 2]

`make` runs in a process whose `__main__` is the case's own file, so whatever that file
defines is script code. `same` uses the object and asserts how it behaves. It travels as
source text to processes that never saw the file: it imports what it needs and knows no
other name but `raises`. See the attributes of `Case` for what else a case may say.
"""

import functools
import importlib
import importlib.util
import inspect
import io
import linecache
import os
import pickle
import sys
import textwrap
import types
import zlib
from pathlib import Path
from typing import ClassVar

from receiver import compile_check, describe, raises

__all__ = ["Case", "define", "drive", "loaf", "raises"]

SERIALIZER = os.environ.get("PICKLELOAF_TEST_SERIALIZER", "pickleloaf")


class _Loaf:
    """The serializer under test, imported on first use."""

    def __getattr__(self, name):
        return getattr(importlib.import_module(SERIALIZER), name)


loaf = _Loaf()


class Case:
    """One kind of object: how to build it, and how to tell that it works.

    Optional functions next to `make` and `same`:
        here(obj): what holds for the original at the sender, where that is not `same`
            (a locked lock, say, that arrives unlocked).
        payload(data): asserts about the bytes.
        close(obj): ends what `make` started.
    """

    #: Oldest Python that has this kind of object, and the first that no longer does.
    python = (3, 11)
    python_before = (9, 0)
    #: Modules that have to be installed.
    needs = ()
    #: Importable files, path -> source. Names are unique over all cases.
    files: ClassVar = {}
    #: Whether the receiver can import `files` as well.
    files_there = True
    #: Whether `dumps` has to refuse this object, and what `.path` of the error contains.
    refused = False
    path = ""
    #: Law -> reason why it does not hold for this case.
    exempt: ClassVar = {}
    #: Extra arguments of `dumps`.
    arguments: ClassVar = {}
    #: Whether the object also travels by the protocols of Python 2 and early Python 3.
    old_protocols = False
    #: Needs a driver process of its own, because `make` changes something global.
    alone = False

    #: Whether somebody asks for the payloads of older protocols; the lab says so.
    older = False

    known: ClassVar = {}

    def __init_subclass__(cls):
        for name in ("make", "same", "here", "payload", "close"):
            if name in vars(cls):
                setattr(cls, name, staticmethod(vars(cls)[name]))
        family = Case.known.setdefault(cls.__module__, {})
        assert cls.__name__ not in family, f"two cases are called {cls.__name__}"
        family[cls.__name__] = cls
        cls.family = cls.__module__.rpartition(".")[2]
        cls.id = f"{cls.family}-{cls.__name__}"
        cls.title = inspect.cleandoc(cls.__doc__ or "").partition("\n")[0]

    def make():
        """Build the object."""
        raise NotImplementedError

    def same(obj):  # noqa: N805 - a case has no instances
        """Use the object and assert how it behaves."""
        raise NotImplementedError

    def close(obj):  # noqa: N805
        """End what `make` started."""

    @classmethod
    @functools.cache
    def source(cls, name="same"):
        """Source text of one of the functions, for a process that cannot import it."""
        return textwrap.dedent(inspect.getsource(vars(cls)[name].__func__))

    @classmethod
    def expectation(cls):
        """Name of the function that holds at the sender."""
        return "here" if "here" in vars(cls) else "same"

    @classmethod
    def why_skipped(cls):
        """Why this Python or machine does not have this kind of object, or an empty string."""
        here = sys.version_info[:2]
        if not cls.python <= here < cls.python_before:
            return f"not on Python {here[0]}.{here[1]}"
        missing = [name for name in cls.needs if importlib.util.find_spec(name) is None]
        return f"needs {', '.join(missing)}" if missing else ""


def define(source, *names, **given):
    """Run source text as a notebook runs a cell; return the thing it defines, or all named.

    For syntax that an older Python cannot parse, and for code with its own globals.
    """
    source = textwrap.dedent(source)
    filename = f"<cell {zlib.crc32(source.encode()):08x}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    namespace = {"__name__": "__main__", **given}
    exec(compile(source, filename, "exec", dont_inherit=True), namespace)
    found = tuple(namespace[name] for name in names)
    return found[0] if len(found) == 1 else found


# ---------------------------------------------------------------- the driver process


def _check(case, name, obj):
    compile_check(case.source(name), f"{name} of {case.id}")(obj)


def _identity(case):
    """Use the object where it was made, with no serializer at all."""
    obj = case.make()
    try:
        _check(case, case.expectation(), obj)
    finally:
        case.close(obj)
    return {"error": None}


def _sender(case):
    """Dump, dump again, dump in older protocols, load, then use the original."""
    obj = case.make()
    try:
        if case.refused:
            return _refusal(case, obj)
        found = {"error": None, "payload": loaf.dumps(obj, **case.arguments)}
        found["again"] = loaf.dumps(obj, **case.arguments)
        older = (2, 3, 4) if case.old_protocols else (4,)
        older = older if case.older else ()
        found["older"] = {protocol: _try_protocol(case, obj, protocol) for protocol in older}
        found["flat"] = _without_recursion(case, obj)
        found["unchanged"] = _still_works(case, obj, found["payload"])
        return found
    finally:
        case.close(obj)


def _without_recursion(case, obj):
    """What is written where the C pickler has to give up; None of a serializer that has no such way."""

    def give_up(pickler, obj):
        raise RecursionError

    if SERIALIZER != "pickleloaf":
        return None
    module = importlib.import_module("pickleloaf.pickler")
    known, module._dump = module._dump, give_up
    try:
        return loaf.dumps(obj, **case.arguments)
    finally:
        module._dump = known


def _refusal(case, obj):
    try:
        loaf.dumps(obj, **case.arguments)
    except BaseException as error:
        return {
            "error": None,
            "kinds": [kind.__name__ for kind in type(error).__mro__],
            "path": getattr(error, "path", None),
            "hint": getattr(error, "hint", None),
            "text": str(error),
            "unchanged": _still_works(case, obj),
        }
    return {"error": "dumps: took an object that it cannot carry"}


def _try_protocol(case, obj, protocol):
    try:
        return loaf.dumps(obj, protocol=protocol, **case.arguments)
    except BaseException as error:
        return describe("dumps", error)


def _still_works(case, obj, payload=None):
    try:
        copy = None if payload is None else loaf.loads(payload)
        _check(case, case.expectation(), obj)
        del copy
    except BaseException as error:
        return describe("use after dumping", error)
    return None


def _roundtrip(case):
    """Use a copy in the process that has the original."""
    obj = case.make()
    try:
        _check(case, "same", loaf.loads(loaf.dumps(obj, **case.arguments)))
    finally:
        case.close(obj)
    return {"error": None}


def _elsewhere(case):
    """Only the bytes."""
    obj = case.make()
    try:
        return {"error": None, "payload": loaf.dumps(obj, **case.arguments)}
    finally:
        case.close(obj)


_HOOKS = frozenset({"__getstate__", "__reduce__", "__reduce_ex__"})
#: Types of what is written more often where classes and functions are sent by value.
_EVERYWHERE = (
    *(type(atom) for atom in (None, ..., NotImplemented, True, 1, 1.0, 1j, "", b"")),
    *(type, types.FunctionType, types.BuiltinFunctionType),
)


def _asked(case):
    """Count how often a dump asks objects for their state and calls the hooks of a pickler."""
    obj = case.make()
    try:
        found = {"error": None}
        dumps = [_asked_twice(lambda: loaf.dumps(obj, **case.arguments)) for _ in range(2)]
        found["dumps"] = sorted({*dumps[0], *dumps[1]})
        found["without recursion"] = _asked_twice(lambda: _tried_twice(obj, case.arguments))
        found["more than pickle"], found["less than pickle"] = _unlike_pickle(obj, case.arguments)
        return found
    finally:
        case.close(obj)


def _asked_twice(dump):
    """Objects that are asked more than once, as text: type, function in Python, how often.

    What the standard library says of its own objects has no effects, so it may be asked again.
    """
    counts, kept = {}, []

    def profile(frame, event, arg):
        code = frame.f_code
        if event == "call" and code.co_name in _HOOKS and not _is_pure(frame):
            first = frame.f_locals[code.co_varnames[0]] if code.co_argcount else None
            kept.append(first)
            key = id(first), f"{type(first).__name__}.{code.co_name}"
            counts[key, id(code)] = counts.get((key, id(code)), 0) + 1

    sys.setprofile(profile)
    try:
        dump()
    finally:
        sys.setprofile(None)
    return sorted({f"{name}: {times} times" for ((_, name), _), times in counts.items() if times > 1})


def _is_pure(frame):
    """Whether a method belongs to the standard library, to attrs or to the serializer."""
    module = frame.f_globals.get("__name__", "")
    return module.partition(".")[0] in {*sys.stdlib_module_names, "attr", SERIALIZER} - {"__main__"}


def _tried_twice(obj, arguments):
    """Dump where the C pickler gives up at the very end."""

    def give_up(pickler, obj):
        known(pickler, obj)
        raise RecursionError

    if SERIALIZER != "pickleloaf":
        return
    module = importlib.import_module("pickleloaf.pickler")
    known, module._dump = module._dump, give_up
    try:
        loaf.dumps(obj, **arguments)
    finally:
        module._dump = known


def _unlike_pickle(obj, arguments):
    """Calls of hooks that pickle does not make, and those that only pickle makes; none if it cannot dump the object.

    Atoms, classes and functions do not count: what is sent by value has more of them than a name. Neither does what
    an object makes anew whenever it is asked for its state.
    """
    more, less = set(), set()
    try:
        pickle.dumps(obj, 5, buffer_callback=lambda buffer: None)
    except BaseException:
        return [], []
    for hook in ("persistent_id", "reducer_override", "buffer_callback"):
        # Ours comes first: where somebody else holds the attributes of an instance, they are written in another form.
        ours, also_kept = _called(loaf.Pickler, hook, obj, arguments)
        theirs, kept = _called(pickle.Pickler, hook, obj, {})
        theirs = {key: theirs[key] for key in _called(pickle.Pickler, hook, obj, {})[0] if key in theirs}
        names = {id(each): type(each).__name__ for each in kept + also_kept}
        for key, times in theirs.items():
            found = ours.get(key, 0)
            if found != times:
                text = f"{hook} of {names.get(key, 'buffers')}: {found} times, {times} times by pickle"
                (more if found > times else less).add(text)
    return sorted(more), sorted(less)


def _called(base, hook, obj, arguments):
    """How often a pickler calls a hook: by id of the object, or in all for buffers."""
    counts, kept = {}, []

    def count(obj):
        if not isinstance(obj, _EVERYWHERE) and (type(obj) is not tuple or obj):
            kept.append(obj)
            counts[id(obj)] = counts.get(id(obj), 0) + 1

    def persistent_id(self, obj):
        count(obj)

    def reducer_override(self, obj):
        count(obj)
        return NotImplemented if base is pickle.Pickler else super(counting, self).reducer_override(obj)

    def buffer_callback(buffer):
        counts["all"] = counts.get("all", 0) + 1

    hooks = {"persistent_id": persistent_id, "reducer_override": reducer_override}
    counting = type("Counting", (base,), {hook: hooks[hook]} if hook in hooks else {})
    options = {"buffer_callback": buffer_callback} if hook not in hooks else {}
    counting(io.BytesIO(), protocol=5, **options, **arguments).dump(obj)
    return counts, kept


STAGES = {
    "identity": _identity,
    "sender": _sender,
    "roundtrip": _roundtrip,
    "elsewhere": _elsewhere,
    "asked": _asked,
}


def write_files(case, folder):
    """Write the importable files of a case; return the folder they are in."""
    root = Path(folder, case.__name__)
    for name, source in case.files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(source))
    return str(root)


def drive():
    """Run one stage for the cases of the script that calls this, one record a case.

    Started as ``python script.py JOB OUT``. A record is written before a case starts and
    after it ends, so that a crash of the interpreter is blamed on the right case.
    """
    if len(sys.argv) < 3:
        sys.exit(f"{sys.argv[0]}: run by the tests")
    job = pickle.loads(Path(sys.argv[1]).read_bytes())
    cases = Case.known["__main__"]
    with Path(sys.argv[2]).open("ab") as out:
        for name in job["cases"]:
            cases[name].older = name in job["older"]
            _record(out, name, None)
            _record(out, name, _run(STAGES[job["stage"]], cases[name], job["folder"]))
    os._exit(0)  # threads and children of the cases do not keep the driver


def _record(out, name, outcome):
    pickle.dump((name, outcome), out)
    out.flush()


def _run(stage, case, folder):
    case.id = f"{Path(sys.argv[0]).stem}-{case.__name__}"
    if case.files:
        sys.path.insert(0, write_files(case, folder))
        importlib.invalidate_caches()
    try:
        return stage(case)
    except BaseException as error:
        return {"error": describe(stage.__name__.lstrip("_"), error)}
