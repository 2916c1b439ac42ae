"""A process that loads one payload, uses what arrives and reports back.

Run as ``python -P receiver.py`` with a job, a pickled dict, on standard input:

    loader   name of the module whose ``loads`` is used
    payload  the bytes
    redump   None, or name of the module whose ``dumps`` packs the object again
    check    None, or source text of a function of one argument that then uses the object
    name     what to call ``check`` in tracebacks
    path     folders that this process can import from

The answer, a pickled dict on standard output, has ``error`` (the stage that failed and
a traceback, or None) and ``payload`` (of ``redump``, or why there is none). Neither the script that built the
object nor any of its names can be seen from here; imports are few, because there are
thousands of these processes.
"""

import os
import pickle
import sys


class raises:  # noqa: N801 - reads as a statement: `with raises(KeyError):`
    """Context manager: the block has to raise this exception; it is kept as `.value`."""

    def __init__(self, expected, text=""):
        self.expected, self.text, self.value = expected, text, None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        assert kind is not None, f"{self.expected} was not raised"
        self.value = value
        if not issubclass(kind, self.expected):
            return False
        assert self.text in str(value), f"{self.text!r} is not in {str(value)!r}"
        return True


def compile_check(source, name):
    """The function that `source` defines, knowing no names but `raises`."""
    import linecache

    filename = f"<{name}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    # What is defined goes into a dict of its own: into the globals Python may put a registry of warnings any time.
    known, defined = {"__name__": "receiver", "raises": raises}, {}
    exec(compile(source, filename, "exec", dont_inherit=True), known, defined)
    (function,) = defined.values()
    return function


def describe(stage, error):
    """The failed stage and the whole traceback as one string."""
    import traceback

    try:
        return f"{stage}: " + "".join(traceback.format_exception(error))
    except BaseException as second:  # an exception that cannot even be printed
        return f"{stage}: {type(error).__name__}, whose traceback raises {second!r}"


def attempt(job):
    """Load, dump again and check; what the harness wants to know."""
    from importlib import import_module

    answer = {"error": None}
    stage = "loads"
    try:
        obj = import_module(job["loader"]).loads(job["payload"])
        if job.get("redump"):
            answer["payload"] = dump_again(obj, job)
        if job.get("check"):
            stage = "use"
            compile_check(job["check"], job["name"])(obj)
    except BaseException as error:
        answer["error"] = describe(stage, error)
    return answer


def dump_again(obj, job):
    """The object's bytes, or a text about why there are none, which is no error of who uses it."""
    from importlib import import_module

    try:
        return import_module(job["redump"]).dumps(obj, **job.get("arguments", {}))
    except BaseException as error:
        return describe("dumps", error)


def main():
    """Answer one job; prints of the object under test go to standard error."""
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    job = pickle.load(sys.stdin.buffer)
    sys.path[:0] = job["path"]
    pickle.dump(attempt(job), answer)
    answer.close()


if __name__ == "__main__":
    main()
