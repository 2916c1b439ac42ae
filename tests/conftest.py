"""Makes the harness importable, and starts the processes of the selected laws at once."""

import itertools
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))

from lab import FAMILIES, Lab


def pytest_addoption(parser):
    """Add the options for the full form of the suite, and for other examples of its properties."""
    parser.addoption(
        "--fresh",
        action="store_true",
        help="start a new interpreter for every receiver, and check every law on every case",
    )
    parser.addoption(
        "--search",
        action="store_true",
        help="check properties on examples that nobody has tried, instead of the same in each run",
    )


def pytest_configure(config):
    """Start the lab; and let properties hold on a busy machine as well."""
    if _is_worker(config):
        signal.signal(
            signal.SIGINT, signal.default_int_handler
        )  # execnet ignores it, and so would what tests start
    config.left_out = 0
    config.lab = Lab(config.option.fresh, getattr(config, "workerinput", {}).get("compiled"))
    settings.register_profile(
        "any speed",
        deadline=None,
        derandomize=not config.option.search,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("any speed")


@pytest.hookimpl(trylast=True)  # a case that was asked for by name is there
def pytest_collection_modifyitems(config, items):
    """In the short form, keep one case a family of the sampled laws."""
    if _is_worker(config):
        items[:] = mixed(items)
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
    config.left_out = len(left_out)
    config.hook.pytest_deselected(items=left_out)


def pytest_collection_finish(session):
    """Queue every stage that the selected tests will ask for, or plan them where tests come one by one."""
    config = session.config
    if config.option.collectonly:
        return
    laws = [(item, item.get_closest_marker("stage")) for item in session.items]
    wanted = [
        (mark.args[0], item.callspec.params["case"])
        for item, mark in laws
        if mark and _law_name(item) not in item.callspec.params["case"].exempt
    ]
    (config.lab.plan if _is_worker(config) else config.lab.prefetch)(wanted)


def pytest_terminal_summary(terminalreporter, config):
    """Tell what the short form left out; with `--durations=N`, the slowest processes as well."""
    if config.left_out:
        terminalreporter.write_line(
            f"short form: {config.left_out} tests of laws left out, which --fresh has"
        )
    seconds = config.lab.processes.seconds
    if config.option.durations:
        terminalreporter.section(f"slowest of {len(seconds)} processes")
        for each, what in sorted(seconds, reverse=True)[: config.option.durations]:
            terminalreporter.write_line(f"{each:.2f}s {what}")


def pytest_unconfigure(config):
    """No process and no file outlives the run."""
    config.lab.close()


# ---------------------------------------------------------------- several workers (pytest-xdist)


def _is_worker(config):
    return hasattr(config, "workerinput")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """All workers share the bytecode that their processes compile."""
    node.workerinput["compiled"] = node.config.lab.bytecode


def pytest_sessionfinish(session):
    """A worker reports what its lab has seen."""
    config = session.config
    if _is_worker(config):
        config.workeroutput |= {"left_out": config.left_out, "seconds": config.lab.processes.seconds}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Take over what a worker reports; each has left out the same tests."""
    seen = getattr(node, "workeroutput", {})
    node.config.left_out = seen.get("left_out", 0)
    node.config.lab.processes.seconds += seen.get("seconds", [])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give a worker whole files, and of the laws a whole family: its scripts run once."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFamily(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file, _, test = nodeid.partition("::")
            family = test.partition("[")[2].partition("-")[0]
            return f"laws of {family}" if file.startswith("tests/laws/") and family in FAMILIES else file

    config.option.loadscopereorder = False  # they come in a good order
    return ByFamily(config, log)


# ---------------------------------------------------------------- fixtures


def _law_name(item):
    return item.originalname.removeprefix("test_")


def mixed(items):
    """Order tests so that those of the tasks, which wait, come among those that compute, and begin at once."""
    waiting = [item for item in items if "tasks" in item.path.parts]
    others = [item for item in items if "tasks" not in item.path.parts]
    files = [list(group) for _, group in itertools.groupby(waiting, key=lambda item: item.path)]
    share = len(others) // (len(files) + 1) + 1
    mixture = []
    for n, file in enumerate(files):
        mixture += [*file, *others[n * share : (n + 1) * share]]
    return mixture + others[len(files) * share :]


@pytest.fixture
def outcome(request, case):
    """What the law's stage found for this case; skips what this Python cannot have."""
    stage = request.node.get_closest_marker("stage").args[0]
    reason = case.why_skipped() or case.exempt.get(_law_name(request.node))
    if reason:
        pytest.skip(reason)
    request.config.lab.begin(case.family)
    return request.config.lab.ask(stage, case).result()


@pytest.fixture
def lab(request):
    """The session's queue of processes."""
    return request.config.lab
