"""The steps of what is logged in loops: within loops, after them, in folds, on worker threads, and left early."""

from __future__ import annotations

import itertools
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recorded import Recorded

from mlmagic.recording import progress_loops
from mlmagic.recording.progress_loops import Loop


class Heard(Loop):
    """A loop that notes what it hears."""

    def __init__(self, recorder=None):
        super().__init__(recorder)
        self.heard = []

    def hear(self, name, value, step, *, inner=False):
        self.heard.append((name, value, step, inner))
        super().hear(name, value, step, inner=inner)


@pytest.fixture
def run():
    made = Recorded()
    yield made
    progress_loops.leave_all(made.recorder)
    assert not progress_loops._running


def turns(recorder, steps, kind=Loop):
    """Yield a loop at each of its steps."""
    loop = kind(recorder)
    progress_loops.enter(loop)
    try:
        for step in steps:
            loop.at(step)
            yield loop
    finally:
        progress_loops.leave(loop)


def steps(run, name="m"):
    return [step for found, _, step in run.points if found == name]


def log(run, name="m", value=1.0, step=None):
    run.recorder.metric(name, value, step)


def test_a_value_has_the_step_of_its_loop(run):
    for _ in turns(run.recorder, range(5, 8)):
        log(run)
    assert steps(run) == [5, 6, 7]


def test_a_metric_that_begins_later_has_the_loops_step_too(run):
    for loop in turns(run.recorder, range(4)):
        if loop.step >= 2:
            log(run)
    assert steps(run) == [2, 3]


def test_several_values_in_a_turn_share_its_step(run):
    for _ in turns(run.recorder, range(2)):
        log(run)
        log(run)
    assert steps(run) == [0, 0, 1, 1]


def test_after_the_loop_the_count_goes_on(run):
    for _ in turns(run.recorder, range(3)):
        log(run)
    log(run)
    log(run, "other")
    assert (steps(run), steps(run, "other")) == ([0, 1, 2, 3], [0])


def test_a_second_loop_goes_on_where_the_first_ended(run):
    for _ in range(2):
        for _ in turns(run.recorder, range(3)):
            log(run)
    assert steps(run) == [0, 1, 2, 3, 4, 5]


def test_a_loop_goes_on_after_what_was_logged_before(run):
    log(run, step=10)
    for _ in turns(run.recorder, range(2)):
        log(run)
    assert steps(run) == [10, 11, 12]


def test_an_inner_loop_counts_for_itself_and_goes_on_in_the_next_epoch(run):
    for _ in turns(run.recorder, range(2)):
        for _ in turns(run.recorder, range(3)):
            log(run, "batch")
        log(run, "epoch")
    assert (steps(run, "batch"), steps(run, "epoch")) == ([0, 1, 2, 3, 4, 5], [0, 1])


def test_a_step_that_is_given_goes_before_the_loops(run):
    for _ in turns(run.recorder, range(2)):
        log(run, step=7)
    log(run)
    assert steps(run) == [7, 7, 8]


def test_a_curve_in_a_loop_counts_by_itself(run):
    for _ in turns(run.recorder, range(2)):
        log(run, value=[1, 2])
    assert steps(run) == [0, 1, 2, 3]


def test_before_its_first_turn_a_loop_has_no_step(run):
    loop = Loop(run.recorder)
    progress_loops.enter(loop)
    log(run)
    assert (steps(run), loop.following()) == ([0], {})
    progress_loops.leave(loop)


def test_a_loop_without_turns_changes_nothing(run):
    for _ in turns(run.recorder, ()):
        pass
    log(run)
    assert steps(run) == [0]


def test_a_loop_of_another_run_is_not_this_ones(run):
    other = Recorded()
    for _ in turns(other.recorder, range(5, 7)):
        log(run)
        log(other)
    assert (steps(run), steps(other)) == ([0, 1], [5, 6])


def test_a_loop_in_no_run_counts_for_none(run):
    for _ in turns(None, range(5, 7)):
        log(run)
    assert steps(run) == [0, 1]


def test_a_worker_thread_has_the_step_of_the_loop_that_started_it(run):
    for _ in turns(run.recorder, range(3)):
        thread = threading.Thread(target=log, args=(run,))
        thread.start()
        thread.join()
    assert steps(run) == [0, 1, 2]


def test_a_thread_with_a_loop_of_its_own_has_its_steps(run):
    def work():
        for _ in turns(run.recorder, range(10, 12)):
            log(run, "there")

    for _ in turns(run.recorder, range(2)):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        log(run, "here")
    assert (steps(run, "there"), steps(run, "here")) == ([10, 11, 12, 13], [0, 1])


def test_the_loops_around_hear_what_is_logged_within(run):
    outer = turns(run.recorder, range(1), Heard)
    one = next(outer)
    for inner in turns(run.recorder, range(2), Heard):
        log(run, "loss", 0.5)
        last = inner
    log(run, "epoch", 0.25)
    log(run, "system/cpu", 50.0)
    outer.close()
    assert last.heard == [("loss", 0.5, 0, False), ("loss", 0.5, 1, False)]
    assert one.heard == [("loss", 0.5, 0, True), ("loss", 0.5, 1, True), ("epoch", 0.25, 0, False)]


def test_what_is_to_be_done_at_the_end_is_done_once_however_it_ends(run):
    done = []
    for ending in ("close", "exhausted", "all"):
        loop = Loop(run.recorder)
        loop.at_end.append(lambda ending=ending: done.append(ending))
        progress_loops.enter(loop)
        if ending == "all":
            progress_loops.leave_all(run.recorder)
        progress_loops.leave(loop)
        progress_loops.leave(loop)
    assert done == ["close", "exhausted", "all"]


def test_a_run_that_ends_ends_its_own_loops_only(run):
    other = Loop()
    progress_loops.enter(other)
    mine = [Loop(run.recorder), Loop(run.recorder)]
    for loop in mine:
        progress_loops.enter(loop)
    run.recorder.finish()
    assert progress_loops.innermost(run.recorder) is None
    assert progress_loops.innermost(None) is other
    progress_loops.leave(other)


def test_the_loop_around_is_one_of_the_same_run_and_thread(run):
    other = Recorded()
    first, foreign, second = Loop(run.recorder), Loop(other.recorder), Loop(run.recorder)
    for loop in (first, foreign, second):
        progress_loops.enter(loop)
    assert (first.outer, foreign.outer, second.outer) == (None, None, first)
    seen = []
    thread = threading.Thread(
        target=lambda: (
            seen.append(progress_loops.innermost(run.recorder)),
            seen.append(progress_loops.innermost(run.recorder, here=True)),
        )
    )
    thread.start()
    thread.join()
    assert seen == [second, None]
    for loop in (second, foreign, first):
        progress_loops.leave(loop)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3), st.integers(0, 3)), max_size=6))
def test_the_steps_of_a_metric_in_one_loop_after_another_never_repeat(loops):
    """Each loop has a first step and a number of turns, and logs one metric."""
    made = Recorded()
    for name, first, count in loops:
        for _ in turns(made.recorder, range(first, first + count)):
            log(made, name)
        log(made, name)
    for name in "ab":
        found = steps(made, name)
        assert all(left < right for left, right in itertools.pairwise(found))
