"""The turkey story: a patched object leaves this process, arrives in a fresh one, and still squawks.

In its second half the same turkey is handed to workers, who pass it on, die of it, and are replaced.

Run it with ``make demo``. Each step prints what it did. The other process shares nothing with this one:
it is a new Python that reads bytes from a pipe, and what it prints comes back over another.
"""

import os
import pathlib
import pickle
import signal
import subprocess
import sys
import tempfile
import textwrap
import types

import pickleloaf


class Turkey:
    """A bird with manners."""

    def hi(self):
        """Greet politely."""
        return "hello"


def hi2(self):
    """Greet as turkeys do."""
    return f"SQUAWK, says {type(self).__name__} from process {os.getpid()}"


class Scale:
    """A class of this script with slots, for the second part."""

    __slots__ = ("grams",)

    def __init__(self, grams):
        self.grams = grams

    def describe(self):
        """Say what it shows."""
        return f"{self.grams} g"


class KitchenScale(Scale):
    """Adds a slot and calls its base through ``super()``."""

    __slots__ = ("tare",)

    def __init__(self, grams, tare):
        super().__init__(grams)
        self.tare = tare

    def describe(self):
        """Say what it shows, and what that means."""
        return f"{super().describe()}, {self.grams - self.tare} g net"


def make_counter():
    """Return two closures that share one variable."""
    count = 0

    def increment():
        nonlocal count
        count += 1
        return count

    return increment, lambda: f"counted to {count}"


def elsewhere(obj, use):
    """Send an object to a fresh Python and return what the code in ``use`` prints about it there."""
    program = textwrap.dedent("""
        import sys, pickleloaf
        obj = pickleloaf.loads(sys.stdin.buffer.read())
    """)
    result = subprocess.run(
        [sys.executable, "-c", program + use],
        input=pickleloaf.dumps(obj),
        stdout=subprocess.PIPE,
        check=True,
    )
    return result.stdout.decode().rstrip()


def main():
    """Tell the story."""
    turkey = Turkey()
    turkey.hi = types.MethodType(hi2, turkey)
    print(f"1. here, in process {os.getpid()}:\n     {turkey.hi()}")

    print("2. with pickle, to a fresh process:")
    print(textwrap.indent(try_pickle(turkey), "     "))

    back = pickleloaf.loads(pickleloaf.dumps(turkey))
    print(f"3. with pickleloaf, here and back:\n     {back.hi()}; a Turkey still: {type(back) is Turkey}")

    payload = pickleloaf.dumps(turkey)
    print(f"4. with pickleloaf, {len(payload)} bytes through a pipe to a fresh process:")
    print("     " + elsewhere(turkey, "print(obj.hi())"))

    print("5. two closures that share a counter, there:")
    use = "increment, tell = obj; increment(); increment(); print(tell())"
    print("     " + elsewhere(make_counter(), use))

    print("6. a class of this script, with slots and super(), there:")
    use = "print(obj.describe(), '; has a __dict__:', hasattr(obj, '__dict__'))"
    print("     " + elsewhere(KitchenScale(1200, tare=200), use))

    turkey.moods = {"happy": lambda: f"gobble from process {os.getpid()}"}
    print("7. a lambda in a dict in the patched turkey, there:")
    print("     " + elsewhere(turkey, "print(obj.moods['happy'](), 'and', obj.hi())"))

    pickleloaf.run(lambda cluster: tell_of_workers(cluster, turkey), workers=["oven", "table"])


def tell_of_workers(cluster, turkey):
    """Tell the second half of the story, on two workers."""
    oven, table = cluster.workers
    print("8. as a task, on one worker and on another:")
    for worker in (oven, table):
        print(f"     {worker}: " + cluster.task(lambda bird: bird.hi(), turkey, to=worker).result())

    print("9. from worker to worker: stuffed in the oven, carved on the table:")

    def stuff(bird):
        bird.inside = f"chestnuts since process {os.getpid()}"
        return bird

    def carve(bird):
        return f"{bird.hi()}; inside: {bird.inside}"

    print("     " + cluster.task(stuff, turkey, to=oven).then(carve, to=table).result())

    print("10. fanned out, and put together again:")
    slices = [cluster.task(lambda bird, n=n: len(bird.hi()) * n, turkey) for n in range(1, 9)]
    print(f"     {pickleloaf.when_all(slices).then(sum).result()} letters in {sum(range(1, 9))} squawks")

    print("11. dying, and then tried again:")

    def die(bird):
        os.kill(os.getpid(), signal.SIGKILL)

    try:
        cluster.task(die, turkey).result()
    except pickleloaf.WorkerDied as error:
        print(f"     WorkerDied: {error}")
    with tempfile.TemporaryDirectory() as folder:
        mark = pathlib.Path(folder, "has died")

        def die_once(bird):
            if not mark.exists():
                mark.touch()
                die(bird)
            return bird.hi()

        print("     " + cluster.task(die_once, turkey, retries=1).result())


def try_pickle(obj):
    """Let the standard pickle try, and return the last line of what comes of it."""
    program = "import sys, pickle; print(pickle.load(sys.stdin.buffer).hi())"
    try:
        payload = pickle.dumps(obj)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        return f"{type(error).__name__}: {error}"
    result = subprocess.run([sys.executable, "-c", program], input=payload, capture_output=True, check=False)
    return (result.stdout + result.stderr).decode().strip().splitlines()[-1]


if __name__ == "__main__":
    main()
