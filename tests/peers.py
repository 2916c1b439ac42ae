"""Processes that run what they are told to, each forked from one that has done nothing but import the serializer.

    with Peers() as peers:
        peer = peers.start()
        peer.run("x = 1")
        peer.ask("x + 1")

Run as ``python peers.py ADDRESS``: accepts connections and forks for each.
"""

import contextlib
import importlib
import itertools
import linecache
import os
import signal
import subprocess
import sys
import tempfile
import traceback
import types
from multiprocessing.connection import Client, Listener
from pathlib import Path

SERIALIZER = os.environ.get("PICKLELOAF_TEST_SERIALIZER", "pickleloaf")


class Peers:
    """The process that others are forked from."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.address = str(Path(self.folder.name, "peers"))
        command = [sys.executable, "-P", "-W", "ignore", __file__, self.address]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self.process.stdout.readline()
        return self

    def __exit__(self, *error):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()
        self.folder.cleanup()

    def start(self):
        """Start a process of its own."""
        return Peer(Client(self.address, "AF_UNIX"))


class Peer:
    """One of the processes. Its namespace has the serializer as `loaf`."""

    def __init__(self, connection):
        self.connection = connection

    def run(self, source, **names):
        """Execute source text, with names from here."""
        self._tell("exec", source, names)

    def ask(self, expression, **names):
        """Return the value of an expression."""
        return self._tell("eval", expression, names)

    def close(self):
        """End the process."""
        self.connection.close()

    def _tell(self, *job):
        self.connection.send(job)
        error, found = self.connection.recv()
        assert not error, error
        return found


def serve(connection):
    """Do what a peer is told until nobody can tell it any more; sources are cells, as in a notebook."""
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    scope = vars(main)
    scope["loaf"] = importlib.import_module(SERIALIZER)
    numbers = itertools.count()
    with contextlib.suppress(EOFError):
        while True:
            how, source, names = connection.recv()
            scope.update(names)
            cell = f"<cell {next(numbers)}>"
            linecache.cache[cell] = (len(source), None, source.splitlines(keepends=True), cell)
            try:
                answer = None, {"exec": exec, "eval": eval}[how](compile(source, cell, how), scope)
            except BaseException:
                answer = f"{source}\n{traceback.format_exc()}", None
            connection.send(answer)


def warm_up(loaf):
    """Import what the serializer imports when it is first needed, with a class that nobody else has."""
    scope = {"__name__": "__main__"}
    exec("import abc\nclass Warm(abc.ABC):\n def f(self, x: int = 1): return [Warm, x]", scope)
    for value in (1, [2]):
        scope["Warm"].value = value
        loaf.loads(loaf.dumps(scope["Warm"]))


def main():
    """Fork for each connection."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    warm_up(importlib.import_module(SERIALIZER))
    with Listener(sys.argv[1], "AF_UNIX", backlog=16) as listener:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            connection = listener.accept()
            if not os.fork():
                serve(connection)
                os._exit(0)
            connection.close()


if __name__ == "__main__":
    main()
