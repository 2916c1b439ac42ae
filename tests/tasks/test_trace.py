"""Profiles and timelines of several workers as one."""

import cProfile
import json
import pickle
import pstats

import pytest

from pickleloaf.tasks.trace import Profile, Span, merge, table_of, timeline


def work(rounds):
    """Call something that a profiler sees."""
    return [helper(number) for number in range(rounds)]


def helper(number):
    """Be called."""
    return number * number


def record(rounds):
    """Return the table of a profiler that saw `work`."""
    profiler = cProfile.Profile()
    profiler.enable()
    work(rounds)
    profiler.disable()
    return table_of(profiler)


def calls(stats, name):
    """Return how often a function was called, according to a pstats.Stats."""
    return {key[2]: row[1] for key, row in stats.stats.items()}.get(name)


def bars(*spans):
    """Return the bars of a timeline: name to (row, start, duration)."""
    events = timeline(spans)["traceEvents"]
    return {
        event["name"]: (event["tid"], event["ts"], event["dur"]) for event in events if event["ph"] == "X"
    }


def test_calls_of_all_workers_are_summed():
    """One function on three workers is one row, with all of its calls."""
    stats = merge([record(3), record(5), record(10)])
    assert calls(stats, "helper") == 18
    assert calls(stats, "work") == 3
    assert isinstance(stats, pstats.Stats)


def test_tables_travel_and_are_not_used_up():
    """A table is plain data: it can be pickled, and merged a second time with the same result."""
    tables = pickle.loads(pickle.dumps([record(3), record(4)]))
    assert calls(merge(tables), "helper") == calls(merge(tables), "helper") == 7


def test_merged_stats_can_be_printed(capsys):
    """What comes out is a full pstats.Stats: sorted, printed, with callers."""
    stats = merge([record(3), record(4)])
    stats.sort_stats("cumulative").print_stats("helper")
    stats.print_callers("helper")
    assert "helper" in capsys.readouterr().out


@pytest.mark.parametrize("tables", [[], [{}], [{}, {}]])
def test_nothing_recorded(tables):
    """Workers that did nothing make a Stats with nothing in it, and no error."""
    assert merge(tables).total_calls == 0


def test_idle_worker_beside_a_busy_one():
    """An empty table changes nothing."""
    assert calls(merge([{}, record(3)]), "helper") == 3


def test_bars_begin_at_zero_and_count_microseconds():
    """The first task starts the clock."""
    assert bars(Span("a", "first", 100.0, 100.5), Span("b", "second", 100.25, 100.75)) == {
        "first": (1, 0, 500_000),
        "second": (1, 250_000, 500_000),
    }


def test_workers_are_named_processes():
    """Each worker is a process of the trace that carries its name, and its tasks are in it."""
    events = timeline([Span("left", "x", 0, 1), Span("right", "y", 0, 1)])["traceEvents"]
    names = {event["pid"]: event["args"]["name"] for event in events if event["ph"] == "M"}
    assert sorted(names.values()) == ["left", "right"]
    assert {names[event["pid"]]: event["name"] for event in events if event["ph"] == "X"} == {
        "left": "x",
        "right": "y",
    }


def test_tasks_in_turn_share_a_row():
    """A task that starts when another has ended goes to its row."""
    assert {row for row, _, _ in bars(Span("a", "x", 0, 1), Span("a", "y", 1, 2)).values()} == {1}


def test_nested_tasks_share_a_row():
    """A task within another, as when one waits for the other on the same worker, is a bar below it."""
    rows = bars(Span("a", "outer", 0, 10), Span("a", "inner", 1, 5), Span("a", "later", 6, 10))
    assert {row for row, _, _ in rows.values()} == {1}


def test_overlapping_tasks_get_rows_of_their_own():
    """Bars that overlap without one enclosing the other would be dropped by Perfetto."""
    rows = bars(Span("a", "x", 0, 4), Span("a", "y", 2, 6), Span("a", "z", 5, 7))
    assert (rows["x"][0], rows["y"][0], rows["z"][0]) == (1, 2, 1)


def test_saved_file_is_json_that_perfetto_takes(tmp_path):
    """Every event of the file has the fields that the format demands of its kind."""
    profile = Profile()
    profile.add(record(2), [Span("a", "x", 0.5, 1)])
    profile.add(record(3), [Span("b", "y", 0.6, 2)])
    profile.save(tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text(encoding="utf-8"))["traceEvents"]
    assert len(events) == 4
    for event in events:
        assert {"ph", "name", "pid", "tid", "ts"} <= event.keys()
        assert ("dur" in event) == (event["ph"] == "X")
    assert calls(profile.stats, "helper") == 5


def test_empty_timeline():
    """No spans, no events."""
    assert timeline([])["traceEvents"] == []
