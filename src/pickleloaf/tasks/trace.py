"""Where the time went: profiles and timelines of several workers, as one.

A worker sends what it recorded as plain data: the table of a ``cProfile.Profile`` (see `table_of`), and a
`Span` for every task that it ran. Here they become one ``pstats.Stats`` and one timeline in the Chrome
trace event format, which https://ui.perfetto.dev and chrome://tracing open.

Format of the timeline: "Trace Event Format", Google, 2016. A worker is a process there, and a row of bars is
a thread. Bars in one row may only follow or enclose each other; tasks of one worker that overlap in another
way, as async ones do, go to a further row.
"""

from __future__ import annotations

import cProfile
import json
import pstats
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, cast

__all__ = ["Profile", "ProfileTable", "Span", "merge", "table_of", "timeline"]

#: What ``cProfile.Profile.stats`` holds: (file, line, function) to calls, times and callers.
ProfileTable = dict[tuple[str, int, str], tuple[Any, ...]]


class Span(NamedTuple):
    """A task as a worker ran it."""

    worker: str
    name: str
    start_s: float  # by time.monotonic, which is one clock for all processes of a machine
    end_s: float


class Profile:
    """What all workers recorded.

    Attributes:
        spans: the tasks, in the order in which they were reported.
    """

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self._tables: list[ProfileTable] = []

    def add(self, table: ProfileTable, spans: Iterable[Span]) -> None:
        """Take in what one worker recorded."""
        self._tables.append(table)
        self.spans += spans

    @property
    def stats(self) -> pstats.Stats:
        """The functions of all workers, with calls and times summed."""
        return merge(self._tables)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the timeline to a file that Perfetto opens.

        Raises:
            OSError: it cannot be written.
        """
        Path(path).write_text(json.dumps(timeline(self.spans)), encoding="utf-8")


class _Recorded:
    """A table in the dress of a profiler, which is what ``pstats.Stats`` takes."""

    def __init__(self, table: ProfileTable) -> None:
        self.stats = dict(table)  # Stats adopts the dict, and changes it

    def create_stats(self) -> None:
        """Do nothing: they have been created over there."""


def table_of(profile: cProfile.Profile) -> ProfileTable:
    """Stop a profiler and return what it recorded, as plain data."""
    profile.create_stats()
    return cast("ProfileTable", profile.stats)


def merge(tables: Iterable[ProfileTable]) -> pstats.Stats:
    """Return one ``pstats.Stats`` for the tables of several profilers."""
    recorded: list[Any] = [_Recorded(table) for table in tables if table]  # Stats refuses an empty one
    return pstats.Stats(*recorded)


def timeline(spans: Iterable[Span]) -> dict[str, Any]:
    """Return spans as a Chrome trace: what ``json.dump`` writes, Perfetto opens."""
    ordered = sorted(spans, key=lambda span: (span.start_s, -span.end_s))
    origin_s = ordered[0].start_s if ordered else 0.0
    rows: dict[
        str, list[list[float]]
    ] = {}  # of a worker: the ends of the bars that are open, a stack per row
    events: list[dict[str, Any]] = []
    for span in ordered:
        lanes = rows.setdefault(span.worker, [])
        events.append(
            {
                "ph": "X",
                "cat": "task",
                "name": span.name,
                "pid": list(rows).index(span.worker) + 1,
                "tid": _row(lanes, span) + 1,
                "ts": _microseconds(span.start_s - origin_s),
                "dur": _microseconds(span.end_s - span.start_s),
            }
        )
    return {"traceEvents": _names(rows) + events, "displayTimeUnit": "ms"}


def _row(lanes: list[list[float]], span: Span) -> int:
    """Find the first row where a bar follows all others or lies within one, and place it there."""
    for number, open_ends in enumerate(lanes):
        while open_ends and open_ends[-1] <= span.start_s:
            open_ends.pop()
        if not open_ends or span.end_s <= open_ends[-1]:
            open_ends.append(span.end_s)
            return number
    lanes.append([span.end_s])
    return len(lanes) - 1


def _names(workers: Mapping[str, object]) -> list[dict[str, Any]]:
    return [
        {"ph": "M", "name": "process_name", "pid": number, "tid": 1, "ts": 0, "args": {"name": worker}}
        for number, worker in enumerate(workers, start=1)
    ]


def _microseconds(seconds: float) -> float:
    return round(seconds * 1e6, 3)
