"""Which run is the active one: of a thread, of the process, and in a trial of a sweep."""

from __future__ import annotations

import threading

import pytest
from recorded import Recorded

import mlmagic
from mlmagic.errors import NoActiveRunError, UsageProblem
from mlmagic.recording import open_runs


def on_a_thread(work):
    """Return what *work* returns on another thread."""
    found = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


@pytest.fixture
def trial():
    """The context of a trial of a sweep, which is no run of MLflow's."""
    context = Recorded().context()
    open_runs.enter(context)
    yield context
    open_runs.leave(context)


@pytest.fixture
def run(store_uri):
    """An open run of a block."""
    with mlmagic.track("outer", quiet=True):
        yield open_runs.on_this_thread()


def test_nothing_is_active_without_a_run():
    assert open_runs.active() is None
    assert open_runs.on_this_thread() is None
    assert open_runs.around_folds() is None
    assert (open_runs.open_here(), open_runs.open_ids()) == ([], set())
    assert open_runs.opened_in(None) == []


def test_a_trial_is_active_and_no_run(trial):
    assert open_runs.active() is open_runs.around_folds() is open_runs.require_active("it") is trial
    assert open_runs.is_open(trial)
    assert open_runs.on_this_thread() is None
    assert (open_runs.open_here(), open_runs.open_ids()) == ([], set())


def test_a_trial_has_no_runs_below_it(trial):
    with pytest.raises(
        NoActiveRunError, match=r"^mlmagic.folds was called within a trial of a sweep, whose run has none"
    ):
        open_runs.require_run("mlmagic.folds")
    with pytest.raises(
        UsageProblem, match=r"^mlmagic.track was called within a trial of a sweep, which is a run already"
    ):
        open_runs.require_no_trial("mlmagic.track")


def test_without_a_trial_a_run_may_be_opened():
    open_runs.require_no_trial("mlmagic.track")


def test_what_has_ended_is_open_no_longer(trial):
    open_runs.leave(trial)
    assert not open_runs.is_open(trial)
    open_runs.leave(trial)
    assert open_runs.active() is None


def test_the_inner_run_goes_before_the_outer_one(run):
    assert open_runs.require_run("it") is run
    with mlmagic.track("inner", quiet=True):
        inner = open_runs.on_this_thread()
        assert open_runs.active() is inner is not run
        assert open_runs.open_here() == [run, inner]
        assert open_runs.open_ids() == {run.run_id, inner.run_id}
    assert open_runs.active() is run


def test_a_run_is_that_of_another_thread_if_this_one_has_none(run):
    assert on_a_thread(open_runs.active) is run
    assert on_a_thread(open_runs.on_this_thread) is None
    assert on_a_thread(open_runs.around_folds) is run


def test_a_trial_within_a_run_is_the_active_one(run):
    context = Recorded().context()
    open_runs.enter(context)
    assert open_runs.active() is context
    with pytest.raises(UsageProblem, match="within a trial"), mlmagic.track("no"):
        pass
    open_runs.leave(context)
    open_runs.require_no_trial("it")


def test_a_context_of_another_process_is_not_this_ones(trial):
    trial.pid += 1
    assert open_runs.active() is open_runs.around_folds() is None
    with pytest.raises(NoActiveRunError, match="in another process than the run's"):
        open_runs.require_active("mlmagic.log")
    trial.pid -= 1


def test_the_last_run_is_the_one_that_ended_last(store_uri):
    with mlmagic.track("first", quiet=True):
        first = open_runs.on_this_thread().run_id
        with mlmagic.track("second", quiet=True):
            second = open_runs.on_this_thread().run_id
        assert open_runs.last_id() == second
    assert open_runs.last_id() == first
