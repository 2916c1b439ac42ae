"""A live view of a cluster in the terminal: its workers, what they run, what waits, how much memory is used."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

__all__ = ["Watch", "view"]


def view(statistics: dict[str, Any]) -> str:
    """Return what `Cluster.statistics` says, as a few lines of text."""
    lines = [f"{'worker':<12} {'pid':>8} {'memory':>9} {'queued':>7}  running"]
    for name, worker in statistics["workers"].items():
        running = ", ".join(worker["running"]) or ("-" if worker["up"] else "(starting)")
        memory = f"{worker['rss_bytes'] / 1e6:.0f} MB"
        lines.append(
            f"{name:<12} {worker['pid'] or '-':>8} {memory:>9} {worker['queued']:>7}  {running[:60]}"
        )
    lines.append(
        f"{statistics['queued']} waiting, {statistics['pending']} not ended, {statistics['done']} done, "
        f"{statistics['failed']} failed; {statistics['values']} values, {statistics['stored_bytes'] / 1e6:.1f} MB"
    )
    return "\n".join(lines)


class Watch:
    """Shows the view again and again, for a ``with`` block or until `stop`."""

    def __init__(self, statistics: Callable[[], dict[str, Any]], period_s: float, file: Any = None) -> None:
        self._statistics = statistics
        self._period_s = period_s
        self._file = file or sys.stderr
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._show, name="pickleloaf-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Show it for the last time."""
        self._over.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _show(self) -> None:
        above = 0
        while True:
            last = self._over.wait(self._period_s)
            text = view(self._statistics())
            up = f"\x1b[{above}F\x1b[J" if above and self._file.isatty() else ""
            self._file.write(f"{up}{text}\n")
            self._file.flush()
            above = text.count("\n") + 1
            if last:
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
