"""Processes that run a script from its beginning: children of a zygote, or interpreters of their own.

`Processes.run` is `subprocess.run` for scripts. Unless a new interpreter is asked for, the script runs in a child of a
zygote (see `zygote`), which has imported what the script imports anyway. There is a zygote for each set of such modules
and each environment of the interpreter, and for each thread that waits for a child.
"""

import contextlib
import marshal
import os
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

FLAGS = ["-P", "-W", "ignore"]
PROGRAM = Path(__file__).with_name("zygote.py")


class Processes:
    """Runs scripts, for several threads at a time; with zygotes, which need a folder for their files, or without."""

    def __init__(self, scratch=None, *, fresh=False):
        self.scratch, self.fresh = scratch, fresh
        self.program = scratch and shutil.copy(PROGRAM, scratch)
        self.lock = threading.Lock()
        self.idle = {}
        self.seconds = []

    def run(self, script, *argv, env, cwd, path=(), data=b"", timeout_s=60, preload=(), name=None):
        """Run a script as `__main__`; return its `subprocess.CompletedProcess`.

        Args:
            script: path of the script.
            *argv: its arguments.
            env: its environment.
            cwd: its working directory.
            path: folders that it can import from, besides those of `env`.
            data: its standard input.
            timeout_s: seconds after which it is killed.
            preload: modules that it may find imported; without any it gets a new interpreter.
            name: what it is called among the slowest processes.

        Raises:
            subprocess.TimeoutExpired: it was killed.
        """
        start = time.perf_counter()
        given = [str(each) for each in (script, *argv)]
        path = [str(folder) for folder in path]
        outer = {**env, "PYTHONPATH": os.pathsep.join(filter(None, [*path, env.get("PYTHONPATH")]))}
        try:
            if self.fresh or not preload:
                program = [sys.executable, *FLAGS, *given]
                options = {"env": outer, "cwd": cwd, "timeout": timeout_s, "capture_output": True}
                return subprocess.run(program, input=data, check=False, **options)
            request = {"script": given[0], "argv": given[1:], "path": path, "cwd": str(cwd), "environ": outer}
            with (
                self._zygote(preload, env) as zygote,
                tempfile.TemporaryDirectory(dir=self.scratch) as folder,
            ):
                return zygote.run(request, Path(folder), data, timeout_s)
        finally:
            self.seconds.append((time.perf_counter() - start, name or given[0]))

    @contextlib.contextmanager
    def _zygote(self, preload, env):
        """Lend a zygote that nobody uses; one that fails is not used again."""
        key = (*preload, *sorted(item for item in env.items() if item[0].startswith("PYTHON")))
        with self.lock:
            idle = self.idle.setdefault(key, [])
            zygote = idle.pop() if idle else None
        zygote = zygote or Zygote([sys.executable, *FLAGS, self.program, *preload], env, self.scratch)
        try:
            yield zygote
        except BaseException:
            zygote.close()
            raise
        with self.lock:
            idle.append(zygote)

    def close(self):
        """End the zygotes."""
        with self.lock:
            for idle in self.idle.values():
                while idle:
                    idle.pop().close()


class Zygote:
    """A process that forks one child at a time, see `zygote`."""

    def __init__(self, program, env, cwd):
        self.process = subprocess.Popen(
            program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, cwd=cwd, bufsize=0
        )

    def run(self, request, folder, data, timeout_s):
        """Let a child run a script; return how it ended."""
        files = [folder / name for name in ("in", "out", "err")]
        files[0].write_bytes(data)
        message = marshal.dumps({**request, "files": [str(file) for file in files]})
        self.process.stdin.write(len(message).to_bytes(8, "little") + message)
        child = self._number()
        late = not select.select([self.process.stdout], [], [], timeout_s)[0]
        if late:
            os.kill(child, 9)  # it is not waited for yet, so the number is its own
        code = self._number()
        if late:
            raise subprocess.TimeoutExpired(request["script"], timeout_s)
        output = [file.read_bytes() if file.exists() else b"" for file in files[1:]]
        return subprocess.CompletedProcess(request["script"], code, *output)

    def _number(self):
        answer = b""
        while len(answer) < 8:
            piece = self.process.stdout.read(8 - len(answer))
            if not piece:
                raise RuntimeError(f"a zygote ended with {self.process.wait()}")
            answer += piece
        return int.from_bytes(answer, "little", signed=True)

    def close(self):
        """Let it end, since there is nothing more to read."""
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()
