"""Makes the harness importable, and starts the processes of the selected laws at once."""

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))

from lab import Lab


def pytest_addoption(parser):
    """Add the option for the full form of the suite."""
    parser.addoption(
        "--fresh",
        action="store_true",
        help="start a new interpreter for every receiver, and check every law on every case",
    )


def pytest_configure(config):
    """Start the lab; and let properties hold on a busy machine as well."""
    config.lab = Lab(config.option.fresh)
    settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("any speed")


@pytest.hookimpl(trylast=True)  # a case that was asked for by name is there
def pytest_collection_modifyitems(config, items):
    """In the short form, keep one case a family of the sampled laws."""
    if config.option.fresh:
        return
    seen, kept, left_out = set(), [], []
    for item in items:
        mark = item.get_closest_marker("stage")
        if mark and mark.kwargs["sampled"]:
            case = item.callspec.params["case"]
            law = _law_name(item), case.family
            if law in seen or case.why_skipped() or _law_name(item) in case.exempt:
                left_out.append(item)
                continue
            seen.add(law)
        kept.append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left_out)


def pytest_collection_finish(session):
    """Queue every stage that the selected tests will ask for."""
    if not session.config.option.collectonly:
        laws = ((item, item.get_closest_marker("stage")) for item in session.items)
        session.config.lab.prefetch(
            (mark.args[0], item.callspec.params["case"])
            for item, mark in laws
            if mark and _law_name(item) not in item.callspec.params["case"].exempt
        )


def pytest_terminal_summary(terminalreporter, config):
    """With `--durations=N`, the slowest processes as well, which the tests only wait for."""
    if config.option.durations:
        terminalreporter.section(f"slowest of {len(config.lab.processes.seconds)} processes")
        for seconds, what in sorted(config.lab.processes.seconds, reverse=True)[: config.option.durations]:
            terminalreporter.write_line(f"{seconds:.2f}s {what}")


def pytest_unconfigure(config):
    """No process and no file outlives the run."""
    config.lab.close()


def _law_name(item):
    return item.originalname.removeprefix("test_")


@pytest.fixture
def outcome(request, case):
    """What the law's stage found for this case; skips what this Python cannot have."""
    stage = request.node.get_closest_marker("stage").args[0]
    reason = case.why_skipped() or case.exempt.get(_law_name(request.node))
    if reason:
        pytest.skip(reason)
    return request.config.lab.ask(stage, case).result()


@pytest.fixture
def lab(request):
    """The session's queue of processes."""
    return request.config.lab
