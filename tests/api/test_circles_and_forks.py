"""Loads that wait for each other, that have failed, or that were under way when the process was forked."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from harness import define, loaf

from pickleloaf.reducers.classes import identities

SOURCE = Path(__file__).parent.parent.parent / "src"


class Gate:
    """Stops whoever makes one again, until it is opened, or lets him fail."""

    def __init__(self):
        self.reached, self.opened = threading.Event(), threading.Event()
        self.fails = False


GATES: dict[str, Gate] = {}


class Stop:
    """Stops at a gate when it is made again."""

    def __init__(self, name, held):
        self.name, self.held = name, held

    def __reduce__(self):
        return pass_gate, (self.name, self.held)


def pass_gate(name, held):
    """Make what stood at a gate."""
    gate = GATES[name]
    gate.reached.set()
    if gate.fails:
        raise OSError(name)
    assert gate.opened.wait(60)
    return Stop(name, held)


@pytest.fixture
def gates():
    """Two gates."""
    GATES.update(one=Gate(), two=Gate())
    yield GATES
    GATES.clear()


def foreign(cls):
    """The payload of a class, which this process then has forgotten: it is as if it came from elsewhere."""
    payload = loaf.dumps(cls)
    known = identities.known(cls)
    identities._by_identity.pop(known.identity, None)
    identities._by_class.pop(id(cls), None)
    return payload


class Loading(threading.Thread):
    """Loads a payload in a thread of its own."""

    def __init__(self, payload):
        super().__init__(daemon=True)
        self.payload = payload
        self.result = None
        self.start()

    def run(self):
        """Load it."""
        try:
            self.result = loaf.loads(self.payload)
        except Exception as error:
            self.result = error


def test_half_loaded_class_is_not_waited_for(gates):
    """Loading a class fails half-way in one thread; another one begins anew at once."""
    cls = define("class Half:\n    registry = [[]]\n    def me(self): return Half", "Half")
    cls.stop = Stop("one", cls)
    payload = foreign(cls)
    gates["one"].fails = True
    first = Loading(payload)
    first.join(60)
    assert isinstance(first.result, OSError)
    gates["one"].fails = False
    gates["one"].opened.set()
    second = Loading(payload)
    second.join(60)
    assert second.result().me() is second.result
    assert second.result.stop.held is second.result


def test_slow_load_is_waited_for(gates):
    """While the load goes on that builds a class, others wait for it, and get that class."""
    cls = define("class Slow:\n    registry = [[]]\n    def me(self): return Slow", "Slow")
    cls.stop = Stop("one", cls)
    payload = foreign(cls)
    first = Loading(payload)
    assert gates["one"].reached.wait(60)
    second = Loading(payload)
    second.join(0.2)
    assert second.is_alive()
    gates["one"].opened.set()
    first.join(60)
    second.join(60)
    assert first.result is second.result
    assert first.result().me() is first.result


def test_circle(gates):
    """Two threads load two classes that refer to each other, from either end: each gets one class of each."""
    source = (
        "class Left:\n    registry = [[1]]\n    def other(self): return Right\n"
        "class Right:\n    registry = [[2]]\n    def other(self): return Left\n"
    )
    left, right = define(source, "Left", "Right")
    left.stop, right.stop = Stop("one", left), Stop("two", right)
    left.both, right.both = [left, right], [right, left]
    payloads = [loaf.dumps(left), loaf.dumps(right)]
    foreign(left)
    foreign(right)
    first = Loading(payloads[0])
    assert gates["two"].reached.wait(60)  # what the other class holds comes first
    second = Loading(payloads[1])
    second.join(0.2)
    for gate in gates.values():
        gate.opened.set()
    first.join(60)
    second.join(60)
    assert first.result().other() is second.result
    assert second.result().other() is first.result


FORKS = """
import faulthandler, os, sys, threading
import pickleloaf

SOURCE = "class C:\\n    registry = {'k': [1]}\\n    a = %d\\n    def f(self): return C\\n"

def make(n):
    scope = {"__name__": "__main__"}
    exec(SOURCE % n, scope)
    return scope["C"]

if len(sys.argv) == 1:
    payloads = [pickleloaf.dumps(make(n)) for n in range(40)]
    sys.stdout.buffer.write(pickleloaf.dumps(payloads))
    sys.exit()
payloads = pickleloaf.loads(sys.stdin.buffer.read())
sys.setswitchinterval(1e-5)
stop = False

def dump():
    n = 1000
    while not stop:
        pickleloaf.dumps(make(n))
        n += 1

def load():
    while not stop:
        for payload in payloads:
            pickleloaf.loads(payload)

for work in (dump, dump, load, load):
    threading.Thread(target=work, daemon=True).start()
for n in range(30):
    child = os.fork()
    if child == 0:
        faulthandler.dump_traceback_later(60, exit=True)
        try:
            for payload in payloads[n % 7 :: 7]:
                assert pickleloaf.loads(payload)().f()
            pickleloaf.loads(pickleloaf.dumps(make(5)))
            os._exit(0)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(9)
    _, status = os.waitpid(child, 0)
    if status:
        sys.exit(f"child {n} ended with {status}")
os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_fork_while_others_dump_and_load(tmp_path):
    """A child has locks of its own, and waits for nobody who is not there."""
    script = tmp_path / "forks.py"
    script.write_text(FORKS)
    command = [sys.executable, "-W", "ignore", str(script)]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    made = subprocess.run(command, env=environment, check=True, capture_output=True, timeout=100)
    done = subprocess.run(
        [*command, "there"], env=environment, input=made.stdout, capture_output=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
