"""Forks processes that look as if they had just been started, at a tenth of the price.

Run as ``python zygote.py [MODULE ...]``: it imports the modules, and then runs a script in a child of its own for each
request on standard input, one after the other. A request is a dict, marshalled, behind its length in eight bytes:

    script  path of what runs as ``__main__``
    argv    its arguments
    path    folders that go to the front of ``sys.path``
    cwd     working directory
    environ the whole environment
    files   what standard input is read from, and what standard output and standard error go to

For each, standard output gets the number of the child and then, once it has ended, its exit code, each in eight bytes.
The zygote has no thread, and keeps nothing of a request but the code of the script, so every child starts alike.
"""

BARE = dict(globals())  # what a script finds

import marshal  # noqa: E402 - after the line above
import os  # noqa: E402
import sys  # noqa: E402


def child():
    """Fork a child for each request; in the child return the script's path and code, at the end None."""
    requests, answers = os.dup(0), os.dup(1)
    codes = {}
    while data := _read(requests):
        given = marshal.loads(data)
        key = given["script"], os.stat(given["script"]).st_mtime_ns  # noqa: PTH116 - as below
        if key not in codes:
            codes[key] = _compile(given["script"])
        number = os.fork()
        if not number:
            os.close(requests)
            os.close(answers)
            _become(given)
            return given["script"], codes[key]
        os.write(answers, number.to_bytes(8, "little"))
        code = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
        os.write(answers, code.to_bytes(8, "little", signed=True))
    return None


def _freeze():
    """Let the collector pass over what is there, so that a child does not copy the memory that all share."""
    known = "gc" in sys.modules
    __import__("gc").freeze()
    if not known:
        del sys.modules["gc"]


def _compile(script):
    with open(script, "rb") as file:  # noqa: PTH123 - pathlib is not among what is imported at the start
        return compile(file.read(), script, "exec", dont_inherit=True)


def _read(pipe):
    """Return the next request, or nothing at the end."""
    data, wanted = b"", 8
    while len(data) < wanted:
        piece = os.read(pipe, wanted - len(data))
        if not piece:
            return b""
        data += piece
        if len(data) == 8:
            wanted += int.from_bytes(data, "little")
    return data[8:]


def _become(given):
    """Take over what a process is given when it starts."""
    for number, name in enumerate(given["files"]):
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND if number else os.O_RDONLY, 0o600)
        os.dup2(file, number)
        os.close(file)
    os.chdir(given["cwd"])
    for name in os.environ.keys() - given["environ"].keys():
        del os.environ[name]
    os.environ.update(given["environ"])
    sys.path[:0] = given["path"]
    sys.argv[:] = [given["script"], *given["argv"]]


def main_of(script):
    """Return the namespace of ``__main__``, made that of a script which has not begun."""
    scope = globals()
    bare = {**BARE, "__doc__": None, "__file__": script, "__loader__": type(__loader__)("__main__", script)}
    if "__annotations__" in bare:
        bare["__annotations__"] = {}
    scope.clear()
    scope.update(bare)
    return scope


if __name__ == "__main__":
    for name in sys.argv[1:]:
        __import__(name)
    _freeze()
    if begun := child():
        exec(begun[1], main_of(begun[0]))
