"""The loop of a sweep: which trials run again after a worker has died, which fail, and what an interrupt leaves."""

from concurrent.futures import Future

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.sweeps.loop import TrialLoop
from mlmagic.sweeps.trials.task import Task
from mlmagic.sweeps.trials.trial import Outcome


class Scripted:
    """An engine whose workers die as a table says: so many times in each trial."""

    is_remote = True

    def __init__(self, jobs, deaths, *, breaks_as_a_whole):
        self.jobs, self.breaks_as_a_whole = jobs, breaks_as_a_whole
        self.deaths = dict(deaths)
        self.live: dict[Future, Task] = {}
        self.together: list[set[int]] = []
        self.renewals, self.is_stopped = 0, False

    def submit(self, job, task):
        future = Future()
        self.live[future] = task
        self.together.append({one.number for one in self.live.values()})
        return future

    def step(self, _running):
        """End the trial that has run the longest."""
        future, task = next(iter(self.live.items()))
        if self.deaths.get(task.number, 0):
            self.deaths[task.number] -= 1
            lost = list(self.live) if self.breaks_as_a_whole else [future]
            for one in lost:
                del self.live[one]
                one.set_exception(BrokenPipeError("a worker died"))
        else:
            del self.live[future]
            future.set_result(Outcome(task.number, "FINISHED", 0, 0.0))

    def renew(self):
        self.renewals += 1

    def stop(self):
        self.is_stopped = True

    def close(self):
        """Nothing is held."""


def tasks(count):
    return (Task(number, {}, 0) for number in range(count))


def run(engine, count):
    """Return the outcomes of *count* trials, in the order in which they were reported."""
    outcomes = []
    TrialLoop(engine, None, done=outcomes.append, idle=engine.step).run(tasks(count))
    assert sorted(one.number for one in outcomes) == list(range(count))  # each is reported once
    assert not engine.live
    return outcomes


@pytest.mark.parametrize(
    ("deaths", "whole", "failed"),
    [
        pytest.param({}, False, [], id="nobody dies"),
        pytest.param({}, True, [], id="nobody dies in a pool"),
        pytest.param({1: 1}, False, [], id="one dies once"),
        pytest.param({1: 1}, True, [], id="one dies once, and its pool with it"),
        pytest.param({1: 2}, False, [1], id="one dies twice"),
        pytest.param({0: 2}, True, [0], id="one dies twice, and its pool with it"),
        pytest.param({0: 9, 4: 9}, True, [0, 4], id="two that always die"),
        pytest.param(dict.fromkeys(range(5), 9), False, [0, 1, 2, 3, 4], id="all die"),
        pytest.param(dict.fromkeys(range(5), 9), True, [0, 1, 2, 3, 4], id="all die in a pool"),
    ],
)
@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_only_a_trial_whose_worker_died_twice_fails(jobs, deaths, whole, failed):
    engine = Scripted(jobs, deaths, breaks_as_a_whole=whole)
    outcomes = run(engine, 5)
    assert sorted(one.number for one in outcomes if one.status == "FAILED") == failed
    assert {one.error for one in outcomes if one.status == "FAILED"} <= {
        "the process of this trial died twice (BrokenPipeError)"
    }


def test_what_was_lost_runs_again_one_at_a_time():
    engine = Scripted(3, {0: 1}, breaks_as_a_whole=True)
    run(engine, 6)
    assert engine.together[:3] == [{0}, {0, 1}, {0, 1, 2}]
    assert engine.together[3:6] == [{0}, {1}, {2}]
    assert max(map(len, engine.together[6:])) == 3  # the others run side by side again
    assert engine.renewals == 1


@given(
    jobs=st.integers(1, 4),
    deaths=st.dictionaries(st.integers(0, 7), st.integers(0, 3)),
    whole=st.booleans(),
)
def test_whoever_dies_every_trial_is_reported_once_and_no_innocent_one_fails(jobs, deaths, whole):
    outcomes = run(Scripted(jobs, deaths, breaks_as_a_whole=whole), 8)
    for one in outcomes:
        died = deaths.get(one.number, 0)
        assert one.status == "FINISHED" or died >= (1 if whole else 2)
        assert one.status == "FAILED" or died < 2


def test_tasks_are_asked_for_when_there_is_room():
    asked = []
    engine = Scripted(2, {}, breaks_as_a_whole=False)

    def slowly():
        for task in tasks(6):
            asked.append((task.number, len(engine.live)))
            yield task

    TrialLoop(engine, None, done=lambda _: None, idle=engine.step).run(slowly())
    assert asked == [(0, 0), (1, 1), (2, 1), (3, 1), (4, 1), (5, 1)]


@pytest.mark.parametrize("moment", ["while it waits", "while a trial begins", "while one is reported"])
def test_an_interrupt_ends_what_runs_and_reports_it(moment):
    engine = Scripted(3, {}, breaks_as_a_whole=False)
    outcomes = []

    def idle(_running):
        if moment == "while it waits":
            raise KeyboardInterrupt
        engine.step(_running)

    def done(outcome):
        outcomes.append(outcome)
        if moment == "while one is reported" and outcome.status == "FINISHED":
            raise KeyboardInterrupt

    if moment == "while a trial begins":
        submit = engine.submit
        engine.submit = lambda job, task: submit(job, task) if task.number < 2 else interrupted()
    with pytest.raises(KeyboardInterrupt):
        TrialLoop(engine, None, done=done, idle=idle).run(tasks(9))
    assert engine.is_stopped
    killed = sorted(one.number for one in outcomes if one.status == "KILLED")
    assert killed == ([1, 2] if moment == "while one is reported" else [0, 1, 2])
    assert all(one.error == "interrupted" and one.duration_s >= 0 for one in outcomes if one.status == "KILLED")


def interrupted():
    raise KeyboardInterrupt
