"""What is left of definitions that have been loaded and dropped: ``python -m benchmarks.soak [COUNT]``.

A process dumps so many distinct lambdas, closures and classes, another one loads each and lets it go. The memory of the
loading process is compared between a third of the way and the end, so that what grows to a fixed size does not count.
"""

import gc
import linecache
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pickleloaf

#: Definitions, each another one for another number.
SOURCES = {
    "lambda": "it = lambda x: x + {n}\n",
    "closure": "def make(y):\n    def it(x):\n        return x + y + {n}\n    return it\nit = make(2)\n",
    "class": "class it:\n    limit = {n}\n    def go(self, x):\n        return x + {n}\n",
}

#: Bytes that may be left of each.
LIMIT = 20


def main() -> int:
    """Print what is left of each kind, and return how many are above the limit."""
    if sys.argv[1:2] == ["dump"]:
        _dump(sys.argv[2], int(sys.argv[3]))
        return 0
    count = int(sys.argv[1]) if sys.argv[1:] else 100_000
    above = 0
    print(f"| {count:,} of them | bytes left of each |\n| --- | ---: |")
    for kind in SOURCES:
        left = _left(kind, count)
        above += left > LIMIT
        print(f"| {kind} | {left:.1f} |", flush=True)
    return above


def _left(kind: str, count: int) -> float:
    sizes = []
    for done, payload in enumerate(_payloads(kind, count), 1):
        pickleloaf.loads(payload)
        if done in (count // 3, count):
            gc.collect()
            sizes.append(_memory())
    return (sizes[1] - sizes[0]) / (count - count // 3)


def _payloads(kind: str, count: int) -> Iterator[bytes]:
    command = [sys.executable, "-m", "benchmarks.soak", "dump", kind, str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        if process.stdout is None:
            raise AssertionError
        while size := process.stdout.read(4):
            yield process.stdout.read(int.from_bytes(size, "little"))


def _dump(kind: str, count: int) -> None:
    for n in range(count):
        source, name = SOURCES[kind].format(n=n), f"<cell {n}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        scope = {"__name__": "__main__"}
        exec(compile(source, name, "exec"), scope)  # noqa: S102 - our own text
        payload = pickleloaf.dumps(scope["it"])
        sys.stdout.buffer.write(len(payload).to_bytes(4, "little") + payload)
        del linecache.cache[name]


def _memory() -> int:
    """Return the bytes that this process has in memory (Linux)."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    sys.exit(main())
