"""The scheduler, as transcripts: an event, and the instructions that it answers with."""

import pytest

from pickleloaf.tasks.instructions import Deliver, Forget, Interrupt, Retire, Send, Settle, Start, TakeBack
from pickleloaf.tasks.scheduler import Scheduler


def with_workers(*names, **options):
    """A scheduler whose workers are up."""
    scheduler = Scheduler(**options)
    for name in names:
        scheduler.joined(name)
    return scheduler


def test_task_goes_to_a_worker_and_its_result_is_settled():
    """A task is sent at once; its result is remembered for who holds it, and forgotten with the handle."""
    s = with_workers("a")
    assert s.submitted(1) == [Send("a", 1), Start(1)]
    assert s.finished("a", 1, ok=True) == [Settle(1, ok=True)]
    assert s.dropped("", 1) == [Forget(1)]
    assert len(s.values) == 0


def test_result_nobody_holds_is_forgotten_at_once():
    """As for an executor's future, which gets the result and keeps no handle."""
    s = with_workers("a")
    s.submitted(1, holder=None)
    assert s.finished("a", 1, ok=False) == [Settle(1, ok=False), Forget(1)]


def test_tasks_are_spread_and_sent_ahead():
    """The worker with the least to do gets the next, a few each; the others wait here."""
    s = with_workers("a", "b", ahead=2)
    sent = [step for ident in range(1, 7) for step in s.submitted(ident) if type(step) is Send]
    assert sent == [Send("a", 1), Send("b", 2), Send("a", 3), Send("b", 4)]
    assert list(s.queue) == [5, 6]
    assert s.finished("b", 2, ok=True) == [Start(4), Settle(2, ok=True), Send("b", 5)]


def test_worker_that_runs_out_is_given_more_in_advance():
    """Who has run all tasks of its line while others waited gets twice as many; until some are taken back."""
    s = with_workers("a", ahead=2)
    for ident in range(1, 12):
        s.submitted(ident)
    s.batch_begins()
    assert s.finished("a", 1, ok=True) == [Start(2), Settle(1, ok=True)]
    assert s.finished("a", 2, ok=True) == [Settle(2, ok=True)]
    assert [step for step in s.batch_ends() if type(step) is Send] == [Send("a", n) for n in (3, 4, 5, 6)]
    assert [step for step in s.finished("a", 3, ok=True) if type(step) is Send] == [Send("a", 7)]
    assert [len(s.workers["a"].line), s.workers["a"].ahead] == [4, 4]
    for ident in range(4, 10):
        s.finished("a", ident, ok=True)
    assert s.joined("b") == [TakeBack("a", (11,))]
    assert s.workers["a"].ahead == 2


def test_idle_worker_takes_from_a_busy_one():
    """What has not begun is asked back when somebody has nothing to do."""
    s = with_workers("a", ahead=4)
    for ident in (1, 2, 3):
        s.submitted(ident)
    assert s.joined("b") == [TakeBack("a", (3,))]
    assert s.returned("a", (3,)) == [Send("b", 3), Start(3)]


def test_task_that_was_asked_back_too_late_stays():
    """A worker that has begun a task says that it gives nothing back, and is not asked in a circle."""
    s = with_workers("a", ahead=4)
    s.submitted(1)
    s.submitted(2)
    assert s.joined("b") == [TakeBack("a", (2,))]
    assert s.finished("a", 1, ok=True) == [Start(2), Settle(1, ok=True)]
    assert s.returned("a", ()) == []
    assert s.finished("a", 2, ok=True) == [Settle(2, ok=True)]


def test_task_waits_for_what_it_needs():
    """And is sent once that is there; then nobody needs it any more."""
    s = with_workers("a")
    s.submitted(1)
    assert s.submitted(2, needs=[1]) == []
    assert s.dropped("", 1) == []
    assert s.finished("a", 1, ok=True) == [Settle(1, ok=True), Send("a", 2), Start(2)]
    assert s.finished("a", 2, ok=True) == [Settle(2, ok=True), Forget(1)]


def test_failure_passes_to_what_needs_it():
    """Through any number of tasks, of which none is run."""
    s = with_workers("a")
    s.submitted(1)
    s.submitted(2, needs=[1])
    s.submitted(3, needs=[2])
    assert s.finished("a", 1, ok=False) == [Settle(1, ok=False), Settle(2, ok=False), Settle(3, ok=False)]
    assert s.values.root(3) == 1
    assert s.submitted(4, needs=[3]) == [Settle(4, ok=False)]


def test_death_fails_what_ran_and_moves_what_had_not_begun():
    """Only the task that was running has failed."""
    s = with_workers("a", ahead=3)
    for ident in (1, 2, 3):
        s.submitted(ident)
    assert s.died("a") == [Settle(1, ok=False, cause="died")]
    assert s.joined("a") == [Send("a", 2), Start(2), Send("a", 3)]


def test_death_of_a_worker_that_had_not_begun():
    """Where it is known what was begun last, a task that was not is nobody's fault."""
    s = with_workers("a", ahead=3)
    s.submitted(1)
    s.submitted(2)
    assert s.died("a", last=0) == []
    assert s.joined("a") == [Send("a", 1), Start(1), Send("a", 2)]
    assert s.died("a", last=2) == [Settle(1, ok=False, cause="died"), Settle(2, ok=False, cause="died")]


def test_death_is_survived_by_a_task_that_may_be_retried():
    """As often as it may; then it has failed."""
    s = with_workers("a")
    s.submitted(1, retries=1)
    assert s.died("a") == []
    assert s.joined("a") == [Send("a", 1), Start(1)]
    assert s.died("a") == [Settle(1, ok=False, cause="died")]


def test_handles_of_a_dead_worker_count_no_more():
    """What only it held is forgotten."""
    s = with_workers("a")
    s.stored(7, holder="a")
    assert s.died("a") == [Forget(7)]


def test_task_aside_lets_the_next_run():
    """A task that waits does not count, but dies with its worker."""
    s = with_workers("a", ahead=1)
    s.submitted(1)
    assert s.submitted(2, holder="a") == []
    assert s.set_aside("a", 1) == [Send("a", 2), Start(2)]
    assert s.wanted("a", 2) == []
    assert s.finished("a", 2, ok=True) == [Settle(2, ok=True), Deliver("a", 2)]
    assert s.died("a") == [Settle(1, ok=False, cause="died"), Forget(2)]


def test_promise_that_a_task_returned_is_unwrapped():
    """The one value becomes what the other is, now or later."""
    s = with_workers("a")
    s.submitted(1)
    s.submitted(2, holder="a")
    assert s.finished("a", 1, ok=True, follows=2, mentions=[2]) == [Start(2)]
    assert s.dropped("a", 2) == []
    assert s.finished("a", 2, ok=True) == [Settle(2, ok=True), Settle(1, ok=True)]
    assert s.values.root(1) == 2
    assert s.dropped("", 1) == [Forget(1), Forget(2)]


def test_all_of_several():
    """They are remembered as long as what consists of them."""
    s = with_workers("a")
    s.submitted(1)
    s.submitted(2)
    assert s.combined(3, [1, 2]) == []
    s.dropped("", 1)
    s.dropped("", 2)
    assert s.finished("a", 1, ok=True) == [Start(2), Settle(1, ok=True)]
    assert s.finished("a", 2, ok=True) == [Settle(2, ok=True), Settle(3, ok=True)]
    assert set(s.dropped("", 3)) == {Forget(1), Forget(2), Forget(3)}
    assert s.combined(4, []) == [Settle(4, ok=True)]


@pytest.mark.parametrize("ok", [True, False])
def test_any_of_several(ok):
    """Is the first, whatever became of it."""
    s = with_workers("a", "b")
    s.submitted(1)
    s.submitted(2)
    s.combined(3, [1, 2], first=True)
    assert s.finished("b", 2, ok=ok) == [Settle(2, ok), Settle(3, ok)]
    assert s.finished("a", 1, ok=True) == [Settle(1, ok=True)]
    assert s.values.root(3) == 2


def test_worker_by_name():
    """A task for one worker waits for it, even while another has nothing to do."""
    s = with_workers("a", "b", ahead=1)
    assert s.submitted(1, to="b") == [Send("b", 1), Start(1)]
    assert s.submitted(2, to="b") == []
    assert s.died("b") == [Settle(1, ok=False, cause="died")]
    assert s.joined("b") == [Send("b", 2), Start(2)]
    assert s.submitted(3, to="nobody") == [Settle(3, ok=False, cause="gone")]


def test_cancelling():
    """What waits is taken out, what was sent is asked back, what runs is interrupted."""
    s = with_workers("a", ahead=2)
    for ident in (1, 2, 3):
        s.submitted(ident)
    assert s.cancelled(3) == [Settle(3, ok=False, cause="cancelled")]
    assert s.cancelled(2) == [TakeBack("a", (2,)), Settle(2, ok=False, cause="cancelled")]
    assert s.cancelled(1) == [Interrupt("a", 1), Settle(1, ok=False, cause="cancelled")]
    assert s.cancelled(1) == []
    assert s.returned("a", (2,)) == []
    assert s.finished("a", 1, ok=False) == []
    assert not s.workers["a"].line


def test_worker_is_replaced_after_so_many_tasks():
    """When it has done them, and not before."""
    s = with_workers("a", max_tasks=2)
    for ident in (1, 2, 3):
        s.submitted(ident)
    assert list(s.queue) == [3]
    s.finished("a", 1, ok=True)
    assert s.finished("a", 2, ok=True) == [Retire("a"), Settle(2, ok=True)]
    assert s.died("a") == []
    assert s.joined("a") == [Send("a", 3), Start(3)]
