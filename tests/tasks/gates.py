"""Gates at which tasks wait until a test, or another task, opens them: for order without sleeping."""

import time
from pathlib import Path


class Gate:
    """A gate for all processes: a file that is there when it is open."""

    def __init__(self, path):
        self._path = Path(path)

    def open(self):
        """Let everybody pass, also those who come later."""
        self._path.touch()

    def wait(self, result=None):
        """Wait until it is open; return what is to be returned then."""
        while not self._path.exists():
            time.sleep(0.003)
        return result

    def open_and_run(self, function, *args):
        """Tell by this gate that a task has begun, and do its work."""
        self.open()
        return function(*args)
